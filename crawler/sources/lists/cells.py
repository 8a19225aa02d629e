"""Values of JSON and of Parquet as the texts of a row: what is nested gets the names of its ways in. Pure.

{"image": {"url": "http://a/1"}, "tags": ["a", "b"]}   ▶   image.url: http://a/1   tags: a | b
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

BETWEEN: Final = " | "
"""What stands between the texts of a list; in a column of URLs it shows that there is more than one."""
_DEEPEST: Final = 4
_MOST: Final = 1_000


def texts_of(value: Mapping[str, object]) -> dict[str, str]:
    """The texts of an object; what is missing has none."""
    return dict(_leaves("", value, _DEEPEST))


def text_of(value: object, deepest: int = _DEEPEST) -> str:
    """A value as one text; what is missing is empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (Mapping, Sequence)):
        return str(value)
    if deepest == 0:
        return "…"
    if isinstance(value, Mapping):
        return json.dumps({str(key): text_of(each, deepest - 1) for key, each in value.items()})
    return BETWEEN.join(text for each in value[:_MOST] if (text := text_of(each, deepest - 1)))


def _leaves(name: str, value: Mapping[str, object], depth: int) -> Iterator[tuple[str, str]]:
    for key, each in value.items():
        path = f"{name}.{key}" if name else key
        if isinstance(each, Mapping) and each and depth > 1:
            yield from _leaves(path, each, depth - 1)
        elif each is not None:
            yield path, text_of(each)
