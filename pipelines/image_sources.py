"""The image sources, as configured."""

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceError
from synsift.crawler.queries import Rule, SynsetQuery
from synsift.crawler.sources.base import ChoosySource, LocalSource, RationedSource, Source
from synsift.crawler.sources.captions import CaptionsSource
from synsift.crawler.sources.foreign import printing_to_stderr
from synsift.crawler.sources.registry import BUILT_IN, registry
from synsift.crawler.sources.url_list import UrlListSource
from synsift.pipelines.config import Settings
from synsift.pipelines.errors import ConfigError
from synsift.pipelines.remote_lists import make_copies
from synsift.pipelines.topics import host_of

AnySource = Source | LocalSource
Ask = tuple[str, SynsetQuery]
"""The name of a source, and what to ask it for."""
_NO_BOUND: Final = 1_000_000
_log: Final = logging.getLogger(__name__)


def make_sources(settings: Settings) -> dict[str, AnySource]:
    """Every image source, as configured. One of another package that can't be made is told of, and left out."""
    made = {}
    for name in registry().classes:
        try:
            made[name] = make_source(name, settings)
        except ConfigError as exc:
            if name in BUILT_IN:
                raise
            _log.warning("%s", exc)
    return made


def make_source(name: str, settings: Settings, **others: Any) -> Any:  # noqa: ANN401 - a `Source` or a `LocalSource`
    """One of them.

    Args:
        name: Of a known source.
        settings: The configuration.
        others: Settings that are otherwise than it says.

    Raises:
        ConfigError: Its settings don't go together.
    """
    source = registry().classes[name]
    values = {**settings.sources.of(name), **others}
    if issubclass(source, (UrlListSource, CaptionsSource)):
        values["copies"] = make_copies(settings)
    try:
        with printing_to_stderr():
            return source(**values)
    except (SourceError, ValueError) as exc:
        raise ConfigError(f"[sources.{name}]: {exc}") from exc
    except Exception as exc:
        if name in BUILT_IN:
            raise
        raise ConfigError(f"[sources.{name}]: it can't be made: {type(exc).__name__}: {exc}") from exc


def quotas_of(settings: Settings, sources: Mapping[str, AnySource]) -> dict[str, Quota]:
    """What all workers together may ask of each source: as its owner grants, or as is configured.

    Sources of one owner share what it grants: of what is said of them, the least holds.
    """
    found = {}
    for name, source in sources.items():
        if isinstance(source, LocalSource):
            continue
        quota = _quota_of(source, settings.sources.pace_of(name))
        if quota is not None:
            found[name] = quota
    tightest: dict[str, Quota] = {}
    for quota in found.values():
        known = tightest.get(quota.key)
        tightest[quota.key] = quota if known is None else quota.tightened(known)
    return {name: tightest[quota.key] for name, quota in found.items()}


def key_of(source: Source) -> str:
    """The host whose politeness counts for a source."""
    granted = _granted(source)
    return granted.key if granted is not None else host_of(source.api_url)


def _granted(source: Source) -> Quota | None:
    """What an owner grants, if it is its hosts that are asked: a mirror, or a server of one's own, is another's."""
    with printing_to_stderr():
        granted = source.quota if isinstance(source, RationedSource) else None
    if granted is None:
        return None
    domains = tuple(dict.fromkeys(host_of(f"https://{domain}") for domain in granted.domains))
    return replace(granted, domains=domains) if host_of(source.api_url) in domains else None


def _quota_of(source: Source, configured: Mapping[str, Any]) -> Quota | None:
    granted, host = _granted(source), host_of(source.api_url)
    per_minute, per_day = configured.get("per_minute"), configured.get("per_day")
    if granted is None:
        if per_minute is None and per_day is None:
            return None
        return Quota((host,), per_minute or _NO_BOUND, _NO_BOUND, per_day or 0)
    return replace(
        granted,
        per_minute=granted.per_minute if per_minute is None else per_minute,
        per_day=granted.per_day if per_day is None else per_day,
    )


def asks_of(names: Sequence[str], queries: Iterable[SynsetQuery], settings: Settings) -> Iterator[Ask]:
    """Whom to ask for what: a synset's queries together, so that no source's are read before all of another's.

    A source is asked what it has a use for; what files depict, only if it says so. Ranks are those among its own.
    """
    sources = {name: make_source(name, settings) for name in names}
    for _, group in itertools.groupby(queries, key=lambda query: query.wnid):
        of_synset = list(group)
        for name, source in sources.items():
            with nullcontext() if name in BUILT_IN else printing_to_stderr():
                wanted = [query for query in of_synset if _takes(source, query)]
            is_changed = len(wanted) < len(of_synset)
            for rank, query in enumerate(wanted):
                yield name, replace(query, rank=rank) if is_changed else query


def _takes(source: AnySource, query: SynsetQuery) -> bool:
    if isinstance(source, ChoosySource):
        return source.takes(query)
    return query.rule is not Rule.DEPICTED
