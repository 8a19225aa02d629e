"""synsift: from the concepts of an ontology to clean candidate images.

The names that a library's user needs; each is loaded when it is first used, so that ``import synsift`` costs nothing.

    synsift.crawler     what to ask, where, and how to fetch politely
    synsift.dedupe      from bytes to a verdict: fingerprints, matching, clusters
    synsift.pipelines   both joined into a stream, its command line and its service

The three are folders at the top of the repository; the links beside this file give them their name.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

__version__ = "0.1.0"

if TYPE_CHECKING:
    from synsift.dedupe import Fingerprint as Fingerprint
    from synsift.dedupe import Matcher as Matcher
    from synsift.dedupe import cluster as cluster
    from synsift.dedupe import fingerprint as fingerprint

_HOMES: Final = {
    "Fingerprint": "synsift.dedupe",
    "Matcher": "synsift.dedupe",
    "cluster": "synsift.dedupe",
    "fingerprint": "synsift.dedupe",
}

__all__ = ["Fingerprint", "Matcher", "cluster", "fingerprint"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
