"""JSON that others wrote: the one place that parses it as Python's own values."""

import json
from typing import Any


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - whatever they wrote
    """Parse it.

    Raises:
        ValueError: It is no JSON, or nested deeper than anything that somebody means.
    """
    try:
        return json.loads(text)
    except RecursionError as exc:
        raise ValueError("it is nested too deep") from exc
