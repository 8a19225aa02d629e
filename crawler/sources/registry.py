"""All image sources by name: those that come with this program, and those of other packages.

A package of somebody else's brings one by an entry point:

    [project.entry-points."synsift.sources"]
    example = "synsift_example:ExampleSource"
"""

import dataclasses
import importlib.metadata
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from synsift.crawler.sources.archive import ArchiveSource
from synsift.crawler.sources.base import About
from synsift.crawler.sources.brave import BraveSource
from synsift.crawler.sources.captions import CaptionsSource
from synsift.crawler.sources.commons import CommonsSource
from synsift.crawler.sources.europeana import EuropeanaSource
from synsift.crawler.sources.flickr import FlickrSource
from synsift.crawler.sources.foreign import printing_to_stderr
from synsift.crawler.sources.gbif import GbifSource
from synsift.crawler.sources.inaturalist import INaturalistSource
from synsift.crawler.sources.loc import LocSource
from synsift.crawler.sources.met import MetSource
from synsift.crawler.sources.nasa import NasaSource
from synsift.crawler.sources.openverse import OpenverseSource
from synsift.crawler.sources.settings import settings_of
from synsift.crawler.sources.smithsonian import SmithsonianSource
from synsift.crawler.sources.url_list import UrlListSource
from synsift.crawler.sources.wikidata import WikidataSource
from synsift.crawler.sources.wikipedia import WikipediaSource

_log: Final = logging.getLogger(__name__)

GROUP: Final = "synsift.sources"
BUILT_IN: Final[Mapping[str, type]] = {
    "commons": CommonsSource,
    "openverse": OpenverseSource,
    "flickr": FlickrSource,
    "wikipedia": WikipediaSource,
    "wikidata": WikidataSource,
    "inaturalist": INaturalistSource,
    "gbif": GbifSource,
    "europeana": EuropeanaSource,
    "archive": ArchiveSource,
    "met": MetSource,
    "smithsonian": SmithsonianSource,
    "loc": LocSource,
    "nasa": NasaSource,
    "brave": BraveSource,
    "urls": UrlListSource,
    "captions": CaptionsSource,
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NEEDED: Final = ("about", "page_size", "api_url", "request", "page")


@dataclass(frozen=True, slots=True)
class Registry:
    """What is known by name.

    Attributes:
        classes: Name → class, those of this program first.
        broken: Name → why the source of another package can't be used.
        packages: Name → the package that brings it, where that isn't this program.
    """

    classes: Mapping[str, type]
    broken: Mapping[str, str]
    packages: Mapping[str, str]

    def about(self, name: str) -> About:
        """What there is to know of a source before asking it."""
        found: About = self.classes[name].about  # type: ignore[attr-defined]  # looked at by `problem_of`
        return found


@cache
def registry() -> Registry:
    """All sources; read once. What is wrong with one of them is told where somebody wants to use it."""
    classes, broken, packages = dict(BUILT_IN), {}, {}
    for entry in _entries():
        packages[entry.name] = entry.dist.name if entry.dist is not None else "?"
        problem = "there is one of that name already" if entry.name in classes else ""
        try:
            with printing_to_stderr():
                found = None if problem else entry.load()
                problem = problem or problem_of(entry.name, found)
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - other people's code may raise anything when imported
            problem = f"{type(exc).__name__}: {exc}"
        if problem:
            broken[entry.name] = f"the package {packages[entry.name]} brings it, and it can't be used: {problem}"
            _log.debug("source %s: %s", entry.name, broken[entry.name])
        else:
            assert isinstance(found, type)  # noqa: S101 - looked at by `problem_of`
            classes[entry.name] = found
    return Registry(classes, broken, packages)


def problem_of(name: str, found: object) -> str:
    """Why something can't be a source; empty if it can."""
    if not _NAME.fullmatch(name):
        return f"`{name}` is no name of a source: small letters, digits and _"
    if not isinstance(found, type) or not dataclasses.is_dataclass(found):
        return f"{found!r} is no dataclass"
    names = {field.name for field in dataclasses.fields(found)} | set(dir(found))
    missing = [wanted for wanted in (("about", "page_size") if is_local(found) else _NEEDED) if wanted not in names]
    if missing:
        return f"{found.__name__} has no {', '.join(missing)}"
    if not isinstance(getattr(found, "about", None), About):
        return f"{found.__name__}.about is no `About`"
    if name in _TAKEN or name.startswith("model_"):
        return f"`{name}` can't be the name of a source"
    return _problem_of_settings(found)


def _problem_of_settings(source: type) -> str:
    own = {setting.name for setting in settings_of(source)}
    if reserved := sorted(own & COMMON_NAMES):
        return f"every source has the setting {reserved[0]} already"
    if odd := sorted(name for name in own if name.startswith(("_", "model_"))):
        return f"`{odd[0]}` can't be the name of a setting"
    key = source.about.key  # type: ignore[attr-defined]  # looked at before
    return f"its key, `{key}`, is none of its settings" if key and key not in own else ""


_TAKEN: Final = frozenset(
    {"all", "of", "pace_of", "budgets", "copy", "json", "dict", "construct", "schema", "validate"}
)
"""Names that mean something else, on the command line or in a table of the configuration."""
BUDGET_NAMES: Final = frozenset({"most_images", "most_requests", "most_bytes"})
"""Settings that each source has: what it may cost in all."""
COMMON_NAMES: Final = BUDGET_NAMES | {"delay_s", "concurrency", "per_minute", "per_day"}
"""Settings that each source has which is asked over a network: how often it may be, too."""


def is_local(source: type) -> bool:
    """Whether a class reads what is on this machine."""
    return hasattr(source, "read")


def _entries() -> Iterator[importlib.metadata.EntryPoint]:
    yield from sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name)
