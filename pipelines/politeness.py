"""The configuration → how hard hosts may be hit."""

from collections.abc import Iterable
from typing import Final, Protocol, runtime_checkable

from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.host_rules import HostRule, Pace, Paces, Rules
from synsift.crawler.sources.base import LocalSource
from synsift.pipelines.config import Settings
from synsift.pipelines.config_hosts import TABLE
from synsift.pipelines.image_sources import key_of, make_sources
from synsift.pipelines.stage import Stage


@runtime_checkable
class Paced(Protocol):
    """A stage that asks hosts."""

    name: str

    def repace(self, politeness: Politeness) -> None:
        """Hit hosts as hard as is said from now on; in the event loop."""


_LIVE: Final = frozenset(
    {
        *("fetch.delay_s", "fetch.host_concurrency", "fetch.max_delay_s"),
        *("fetch.address_delay_s", "fetch.address_concurrency"),
        *("search.delay_s", "search.host_concurrency"),
    }
)
_LIVE_OF_SOURCES: Final = (".delay_s", ".concurrency")


def is_live(key: str) -> bool:
    """Whether a key's value holds at once where it changes while a worker runs."""
    if key.startswith("sources."):
        return key.endswith(_LIVE_OF_SOURCES)
    return key in _LIVE or (key.startswith(f"{TABLE}.") and not key.endswith(".split"))


def host_rules(settings: Settings) -> Rules:
    """What is otherwise at hosts of some names."""
    return {name: found.rule() for name, found in settings.fetch.hosts.items()}


def fetch_politeness(settings: Settings, splits: Rules | None = None) -> Politeness:
    """How hard hosts of images may be hit.

    Args:
        settings: The configuration.
        splits: Rules by which hosts are split, if those of the configuration hold at the next start only.
    """
    fetch = settings.fetch
    pace = Pace(fetch.delay_s, fetch.host_concurrency, fetch.max_delay_s)
    paces = Paces(pace, host_rules(settings), splits=splits)
    at_address = Pace(fetch.address_delay_s, fetch.address_concurrency)
    return Politeness(fetch.concurrency, pace.places, pace.delay_s, pace.max_delay_s, paces, at_address)


def search_politeness(settings: Settings) -> Politeness:
    """How hard image sources may be hit: as each of them is configured. Their rate is what their owners say, always."""
    search = settings.search
    rules: dict[str, HostRule] = {}
    for name, source in make_sources(settings).items():
        configured = settings.sources.pace_of(name)
        if not isinstance(source, LocalSource) and (configured["delay_s"], configured["concurrency"]) != (None, None):
            rules[key_of(source)] = HostRule(configured["delay_s"], configured["concurrency"])
    pace = Pace(search.delay_s, search.host_concurrency)
    return Politeness(search.concurrency, pace.places, pace.delay_s, paces=Paces(pace, rules))


def repace(stages: Iterable[Stage], settings: Settings, splits: Rules) -> None:
    """Let stages that run hit hosts as hard as a changed configuration says.

    Args:
        stages: That run.
        settings: The changed configuration.
        splits: Rules by which hosts were split when they began.
    """
    for stage in stages:
        if isinstance(stage, Paced):
            is_search = stage.name == "search"
            stage.repace(search_politeness(settings) if is_search else fetch_politeness(settings, splits))
