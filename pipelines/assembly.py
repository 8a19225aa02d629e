"""The configuration → objects, wired. The only place that knows which class stands behind each interface.

What asks the web is loaded when it is wired: Scrapy takes as long to load as all the rest, and few commands ask.
"""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from synsift import __version__
from synsift.crawler.consent import Kind, Policy
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.host_health import HealthPolicy
from synsift.crawler.download.settings import Limits
from synsift.crawler.identity import user_agent
from synsift.dedupe import MatchOptions
from synsift.dedupe.hash_kinds import KINDS
from synsift.dedupe.reference import Reference
from synsift.pipelines import verifying
from synsift.pipelines.config import Settings
from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.decoding.pool import DecoderPool
from synsift.pipelines.decoding.pool import Limits as DecodingLimits
from synsift.pipelines.errors import ConfigError, UsageError
from synsift.pipelines.folders.features import need_opencv
from synsift.pipelines.folders.hash_files import read_reference
from synsift.pipelines.image_sources import AnySource, make_sources, quotas_of
from synsift.pipelines.kafka_settings import kafka_address, kafka_topics, topics_shape
from synsift.pipelines.log.base import Log
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.matching import match_options
from synsift.pipelines.politeness import fetch_politeness, host_rules, search_politeness
from synsift.pipelines.stage import INPUTS, Stage
from synsift.pipelines.stages.annotate import AnnotateStage
from synsift.pipelines.stages.budgets import Allowed, Budget
from synsift.pipelines.stages.conflicts import ConflictsOptions, ConflictsStage
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging, SnapshotPolicy
from synsift.pipelines.stages.land import LandOptions, LandStage
from synsift.pipelines.storage.identity import claim
from synsift.pipelines.storage.objects import Objects
from synsift.pipelines.storage.snapshots import Snapshots
from synsift.pipelines.store_settings import store_address
from synsift.pipelines.topics import Router
from synsift.pipelines.web_access import make_access

if TYPE_CHECKING:
    from synsift.crawler.identity.signatures import Signer
    from synsift.pipelines.stages.mend import Manners
    from synsift.pipelines.stages.search_needs import SearchOptions

STAGES: Final = tuple(INPUTS)


def stages_of(settings: Settings) -> list[str]:
    """The stages of a whole stream: what the configuration doesn't ask for is none of it."""
    wanted = dict.fromkeys(verifying.STAGES, settings.verify.stages) | {"thorough": settings.dedupe.thorough}
    wanted |= dict.fromkeys(("conflicts", "annotate"), settings.dedupe.conflicts)
    return [name for name in STAGES if wanted.get(name, True)]


@dataclass(frozen=True, slots=True)
class Parts:
    """What every command works with."""

    settings: Settings
    log: Log
    router: Router
    objects: Objects


def log_path(settings: Settings) -> Path:
    """Where the SQLite log is."""
    if settings.log.path:
        return Path(settings.log.path).expanduser()
    folder = store_address(settings).folder
    return folder.expanduser() / "log.db" if folder is not None else Path("synsift-log.db")


def check_log(settings: Settings) -> None:
    """Make sure that there is a log, for commands that should not make one.

    Raises:
        UsageError: There is none.
    """
    path = log_path(settings)
    if not settings.kafka.bootstrap and not path.exists():
        raise UsageError(
            f"there is no log at `{path}`: nothing was crawled there", hint="name the folder with `--out DIR`"
        )


def open_log(settings: Settings, *, read_only: bool = False) -> Log:
    """Open the log that the configuration names.

    Args:
        settings: The configuration.
        read_only: Whether to create nothing and change nothing.

    Raises:
        ConfigError: The topics on Kafka would break the design.
        UsageError: There is no log, and it is only to be read.
    """
    if read_only:
        check_log(settings)
    if not settings.kafka.bootstrap:
        return SqliteLog(log_path(settings), partitions=settings.log.partitions, read_only=read_only)
    problems = kafka_topics(settings).problems(topics_shape(settings))
    if problems:
        raise ConfigError("\n".join(problems))

    from synsift.pipelines.log.kafka import KafkaLog

    worker = f"{socket.gethostname()}-{os.getpid()}"
    return KafkaLog(
        kafka_address(settings), partitions=settings.log.partitions, prefix=settings.kafka.prefix, worker=worker
    )


def open_parts(settings: Settings) -> Parts:
    """Open the log and the store, and make sure that the store answers and that the two belong together."""
    objects = Objects(store_address(settings))
    objects.check()
    log = open_log(settings)
    try:
        claim(objects, log.identity())
    except BaseException:
        log.close()
        raise
    return Parts(settings, log, Router(settings.log.partitions, host_rules(settings)), objects)


def user_agent_of(settings: Settings) -> str:
    """The User-Agent of everything that asks the web.

    Raises:
        TargetError: No contact is configured, or it is none.
    """
    return user_agent(__version__, settings.identity.contact)


def make_stages(names: Sequence[str], parts: Parts) -> list[Stage]:
    """Make stages by name.

    Raises:
        TargetError: A stage that asks the web is among them, and no contact is configured.
    """
    # Files that these name may be large: they are read once for all stages.
    match = cache(lambda: match_options(parts.settings.dedupe))
    references = cache(lambda: read_references(parts.settings, match()))
    steering = cache(lambda: Steering(parts.log, match()))
    makers: dict[str, Callable[[], Stage]] = {
        "search": lambda: _search(parts, steering()),
        "fetch": lambda: _fetch(parts, steering(), *references()),
        "dedupe": lambda: _dedupe(parts, steering(), references()[0], match()),
        "thorough": lambda: _thorough(parts, match()),
        "land": lambda: _land(parts, steering()),
        "conflicts": lambda: ConflictsStage(
            parts.log, parts.router, options=ConflictsOptions(match(), parts.settings.dedupe.batch)
        ),
        "annotate": lambda: _annotate(parts),
        **verifying.makers(parts.settings, parts.log, parts.router, parts.objects),
    }
    stages = [makers[name]() for name in names]
    for stage in stages:
        stage.patience_s = parts.settings.service.patience_s
    return stages


def _search(parts: Parts, steering: Steering) -> Stage:
    from synsift.pipelines.stages.search import SearchStage

    log, router, sources = parts.log, parts.router, make_sources(parts.settings)
    return SearchStage(log, router, sources=sources, options=search_options(parts.settings, sources), steering=steering)


def search_options(settings: Settings, sources: Mapping[str, AnySource]) -> "SearchOptions":
    """How image sources are asked.

    Args:
        settings: The configuration.
        sources: Those that are asked, by name.

    Raises:
        TargetError: No contact is configured.
    """
    from synsift.pipelines.stages.search_needs import SearchOptions

    search = settings.search
    return SearchOptions(
        politeness=search_politeness(settings),
        patience=Patience(attempts=search.attempts),
        limits=Limits(
            user_agent=user_agent_of(settings),
            timeout_s=search.timeout_s,
            max_bytes=search.max_bytes,
            # An API is asked as its documentation invites to; its robots.txt speaks to crawlers of its pages.
            obey_robots=False,
            access=make_access("search", search),
            signer=make_signer(settings),
        ),
        quotas=quotas_of(settings, sources),
        allowed=allowed_cost(settings),
        by_novelty=search.paging == "novelty",
        on_the_way=search.on_the_way,
        verdict_wait_s=search.verdict_wait_s,
    )


def make_signer(settings: Settings) -> "Signer | None":
    """What signs every request, if there is a key for that.

    Raises:
        ConfigError: The key can't be read, or nobody could find its public half.
    """
    identity = settings.identity
    if not identity.key_file:
        return None

    from synsift.crawler.errors import TargetError
    from synsift.crawler.identity.keys import read_key
    from synsift.crawler.identity.signatures import Signer

    if not identity.directory_url:
        hint = "set it to where you publish what `synsift identity show` prints"
        raise ConfigError("identity.key_file signs requests, and identity.directory_url is empty", hint=hint)
    try:
        key = read_key(Path(identity.key_file).expanduser().read_bytes())
    except OSError as exc:
        raise ConfigError(f"identity.key_file: `{identity.key_file}`: {exc.strerror or exc}") from exc
    except TargetError as exc:
        raise ConfigError(f"identity.key_file: `{identity.key_file}`: {exc}", hint=exc.hint) from exc
    return Signer(key, identity.directory_url, form=identity.signature_agent)


def consent_policy(settings: Settings) -> Policy:
    """Which statements about use refuse an image."""
    consent = settings.consent
    refuse, ignore = (frozenset(map(Kind, kinds)) for kinds in (consent.refuse, consent.ignore))
    return Policy(consent.profile, refuse, ignore)


def allowed_cost(settings: Settings) -> Allowed:
    """What synsets and sources may cost in all."""
    budget = settings.budget
    sources = {name: Budget(*each) for name, each in settings.sources.budgets().items()}
    return Allowed(Budget(budget.images, budget.requests, budget.bytes), sources)


def manners_of(settings: Settings) -> "Manners":
    """How hosts of images are asked."""
    from synsift.pipelines.stages.mend import Manners

    fetch = settings.fetch
    return Manners(
        politeness=fetch_politeness(settings),
        patience=Patience(fetch.attempts, fetch.redirects, fetch.backoff_s, fetch.max_wait_s),
        limits=Limits(
            user_agent=user_agent_of(settings),
            timeout_s=fetch.timeout_s,
            max_bytes=fetch.max_bytes,
            obey_robots=fetch.obey_robots,
            access=make_access("fetch", fetch),
            policy=consent_policy(settings),
            consent_files=settings.consent.files,
            signer=make_signer(settings),
        ),
    )


def _fetch(parts: Parts, steering: Steering, reference: Reference, deny: Reference) -> Stage:
    from synsift.pipelines.stages.fetch import FetchStage
    from synsift.pipelines.stages.fetch_needs import FetchOptions
    from synsift.pipelines.stages.wanted_pictures import WantedPictures

    settings, manners = parts.settings.fetch, manners_of(parts.settings)
    options = FetchOptions(
        politeness=manners.politeness,
        patience=manners.patience,
        limits=manners.limits,
        look_ahead=settings.look_ahead,
        threads=settings.threads,
        deny=deny or None,
        pictures=WantedPictures(settings.min_side_px, settings.max_aspect, settings.formats),
        placeholder_urls=settings.placeholder_urls,
        allowed=allowed_cost(parts.settings),
        health=HealthPolicy(
            in_a_row=settings.host_failures, sleep_s=settings.host_sleep_s, give_up_s=settings.host_down_after_s
        ),
    )
    limits = _decoding_limits(parts.settings)
    kinds = [kind for kind in KINDS if kind in {*reference.kinds, *deny.kinds}]
    pool = DecoderPool(settings.threads, limits, kinds)
    return FetchStage(parts.log, parts.router, blobs=parts.objects, decoders=pool, options=options, steering=steering)


def _decoding_limits(settings: Settings) -> DecodingLimits:
    fetch = settings.fetch
    return DecodingLimits(fetch.max_pixels, fetch.decode_cpu_s, memory_bytes=fetch.decode_memory_mb << 20)


def read_references(settings: Settings, match: MatchOptions) -> tuple[Reference, Reference]:
    """What the configuration names to reject, and to deny.

    Args:
        settings: The configuration.
        match: What counts as near.

    Raises:
        UsageError: A file can't be read.
        ConfigError: A library for its kind of hashes isn't installed.
    """
    return read_reference(settings.dedupe.reference, match), read_reference(settings.dedupe.deny, match)


def _dedupe(parts: Parts, steering: Steering, reference: Reference, match: MatchOptions) -> Stage:
    settings = parts.settings.dedupe
    policy = SnapshotPolicy(settings.snapshot_growth, settings.snapshot_age_s, settings.rest_s)
    options = DedupeOptions(Judging(match, reference.matcher, reference.lists), settings.batch, policy)
    return DedupeStage(parts.log, parts.router, options=options, snapshots=Snapshots(parts.objects), steering=steering)


def _thorough(parts: Parts, match: MatchOptions) -> Stage:
    need_opencv()

    from synsift.dedupe.local.relation import Tie
    from synsift.pipelines.decoding.describer import DescriberPool
    from synsift.pipelines.stages.thorough import ThoroughOptions, ThoroughStage
    from synsift.pipelines.storage.features import FeatureStore

    settings = parts.settings
    threads = settings.fetch.threads
    describers = DescriberPool(threads, _decoding_limits(settings))
    removing = frozenset(Tie(kind) for kind in settings.dedupe.remove)
    options = ThoroughOptions(removing, match, threads=threads)
    features = FeatureStore(parts.objects, describers)
    return ThoroughStage(parts.log, parts.router, features=features, comparer=describers, options=options)


def _annotate(parts: Parts) -> Stage:
    land = parts.settings.land
    return AnnotateStage(parts.log, parts.router, objects=parts.objects, batch=land.batch, linger_s=land.linger_s)


def _land(parts: Parts, steering: Steering) -> Stage:
    settings = parts.settings.land
    # A folder answers at once: threads would only fight for the interpreter's lock.
    threads = 1 if parts.objects.address.folder is not None else settings.threads
    options = LandOptions(settings.batch, settings.linger_s, threads)
    return LandStage(parts.log, parts.router, objects=parts.objects, options=options, steering=steering)
