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
    from synsift import crawler as crawler
    from synsift import dedupe as dedupe
    from synsift import pipelines as pipelines
    from synsift.dedupe import Clustering as Clustering
    from synsift.dedupe import Comparison as Comparison
    from synsift.dedupe import DedupeError as DedupeError
    from synsift.dedupe import Fingerprint as Fingerprint
    from synsift.dedupe import ImageError as ImageError
    from synsift.dedupe import Matcher as Matcher
    from synsift.dedupe import MatchOptions as MatchOptions
    from synsift.dedupe import Verdict as Verdict
    from synsift.dedupe import cluster as cluster
    from synsift.dedupe import compare as compare
    from synsift.dedupe import fingerprint as fingerprint

_PACKAGES: Final = ("crawler", "dedupe", "pipelines")

__all__ = [
    "Clustering",
    "Comparison",
    "DedupeError",
    "Fingerprint",
    "ImageError",
    "MatchOptions",
    "Matcher",
    "Verdict",
    "cluster",
    "compare",
    "crawler",
    "dedupe",
    "fingerprint",
    "pipelines",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    if name in _PACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.dedupe"), name)
    globals()[name] = found  # from now on it is found without asking here
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
