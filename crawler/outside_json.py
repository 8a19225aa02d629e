"""JSON that others wrote: the one place that parses it as Python's own values."""

import json
from typing import Any, Final


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - whatever they wrote
    """Parse it.

    Raises:
        ValueError: It is no JSON, or nested deeper than anything that somebody means.
    """
    try:
        return json.loads(text)
    except RecursionError as exc:
        raise ValueError("it is nested too deep") from exc


def next_value(text: str, at: int = 0) -> tuple[Any, int]:
    """Parse the value that begins at a letter, whatever follows it.

    Returns:
        The value, and the place behind it.

    Raises:
        ValueError: It is no JSON, or nested deeper than anything that somebody means, or an object has a key twice, of
            which Python keeps the last alone.
    """
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError as exc:
        raise ValueError("it is nested too deep") from exc


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"`{twice}` stands twice in an object")
    return found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object)
