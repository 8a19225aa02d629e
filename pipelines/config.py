"""The configuration: one frozen, typed tree, read once.

defaults ◀ TOML file ◀ SYNSIFT_… environment variables ◀ options of the command
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    field_validator,
)

from synsift.crawler.secret import Secret
from synsift.dedupe import DEFAULT_OPTIONS, ORIENTATIONS
from synsift.pipelines.config_branch import Branch
from synsift.pipelines.config_hosts import (
    NO_TABLE,
    TABLE,
    TABLE_HINT,
    host_key,
    key_of,
    leaves,
    path_of,
    problem_of_key,
    wrong_rates,
)
from synsift.pipelines.config_layers import Layer, as_list, environment_layer, find_file, toml_layer
from synsift.pipelines.config_secrets import SecretText, remember_secrets
from synsift.pipelines.config_sources import SourcesSettings
from synsift.pipelines.config_verify import VerifySettings
from synsift.pipelines.config_web import ConsentSettings, FetchSettings, SearchSettings
from synsift.pipelines.config_words import unknown_key, unknown_variable, variable_of, wrong_value
from synsift.pipelines.errors import ConfigError
from synsift.pipelines.stage import DEFAULT_PATIENCE_S
from synsift.pipelines.stages.dedupe_state import DEFAULT_POLICY
from synsift.pipelines.worker import DEFAULT_DRAIN_S


class Identity(Branch):
    """Who is crawling."""

    contact: str = Field(
        default="", description="Your e-mail address or web page, sent in the User-Agent; needed for public hosts"
    )
    key_file: str = Field(
        default="", description="Private key that signs every request (`synsift identity create`); empty to sign none"
    )
    directory_url: str = Field(
        default="",
        description="Where the directory of that key is published: https:// and your host",
    )
    signature_agent: str = Field(
        default="url",
        pattern="^(url|origin|string)$",
        description="How a request names the directory: url; origin or string for verifiers older than October 2026",
    )

    @field_validator("directory_url")
    @classmethod
    def _is_of_a_host(cls, value: str) -> str:
        if value and (not value.startswith("https://") or "?" in value):
            raise ValueError("must be https:// and your host, with a path at most")
        return value


class LogSettings(Branch):
    """The log."""

    path: str = Field(
        default="", description="SQLite file of the log; empty for log.db in the store's folder, or ./synsift-log.db"
    )
    partitions: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="Partitions of every topic; once the log exists, only `synsift topics grow` changes it, on Kafka",
    )


class KafkaSettings(Branch):
    """The log on Kafka; without ``bootstrap`` it is SQLite."""

    bootstrap: str = Field(
        default="", description="Kafka brokers, host:port, several with commas; empty to keep the log in SQLite"
    )
    prefix: str = Field(
        default="",
        pattern="^[a-zA-Z0-9._-]{0,200}$",
        description="Before the names of topics and consumer groups: letters, digits, `.`, `_`, `-`",
    )
    replication: int = Field(default=1, ge=1, description="Replication factor of the topics that are made")
    retention_days: int = Field(default=30, ge=1, description="How long `duplicates` and `dead-letters` keep records")
    keep_done: int = Field(
        default=100_000, ge=-1, description="Inputs of a partition that stay when they are done; -1 for all"
    )
    compression: str = Field(
        default="zstd", pattern="^(zstd|gzip|)$", description="Compression of batches: `zstd`, `gzip`; empty for none"
    )
    security_protocol: str = Field(
        default="PLAINTEXT",
        pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$",
        description="Protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
    )
    sasl_mechanism: str = Field(
        default="",
        pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|)$",
        description="How to log in: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    )
    username: str = Field(default="", description="User to log in as")
    password: SecretText = Field(default=Secret(), description="Password of that user")
    ca_file: str = Field(default="", description="CA certificates to check brokers with; empty for the system's")
    connect_timeout_s: float = Field(default=15.0, gt=0, description="Seconds to wait for a broker to answer")
    session_timeout_s: float = Field(default=10.0, gt=0, description="When a worker whose process is gone is replaced")
    instance: str = Field(
        default="",
        pattern="^[A-Za-z0-9._-]{0,200}$",
        description="Name of this worker that outlives its restarts (static membership); empty for none",
    )
    poll_timeout_s: float = Field(default=300.0, gt=0, description="When a worker that no longer polls is replaced")


class StoreSettings(Branch):
    """Object storage."""

    url: str = Field(default="synsift-data", description="A folder, or s3://, gs:// or az:// and the name of a bucket")
    endpoint: str = Field(default="", description="URL of an S3-compatible server")
    region: str = Field(default="", description="Region of the bucket")
    timeout_s: float = Field(
        default=30.0, gt=0, description="Longest time for one request; failed ones are tried again"
    )
    ask_instance: bool = Field(
        default=True, description="Ask the cloud's metadata address for S3 credentials where none are given"
    )
    access_key_id: str = Field(default="", description="Access key; empty to find it as the cloud's own tools do")
    secret_access_key: SecretText = Field(
        default=Secret(), description="Secret of the access key; empty to find it as the cloud's own tools do"
    )


class BudgetSettings(Branch):
    """What each synset may cost in all, all workers together."""

    images: int = Field(default=0, ge=0, description="Budget of images that came, of each synset; 0 for any number")
    requests: int = Field(
        default=0, ge=0, description="Budget of requests, for pages and images, of each synset; 0 for any number"
    )
    bytes: int = Field(default=0, ge=0, description="Budget of bytes of images, of each synset; 0 for any number")


class DedupeSettings(Branch):
    """The stage ``dedupe``."""

    radius_bits: int = Field(
        default=DEFAULT_OPTIONS.radius_bits, ge=0, le=128, description="Most bits, of 256, in which copies differ"
    )
    similarity: float = Field(
        default=DEFAULT_OPTIONS.criteria.score, ge=0, le=1, description="How well near-duplicates must agree, 0 to 1"
    )
    all_crops: bool = Field(
        default=DEFAULT_OPTIONS.all_crops,
        description="Find copies cropped or covered at one side, too; half as fast at a million",
    )
    orientations: tuple[Annotated[str, Field(pattern=f"^({'|'.join(ORIENTATIONS)})$")], ...] = Field(
        default=ORIENTATIONS, description="How copies may be turned; identity keeps b, d, p, q apart"
    )
    not_copies: tuple[str, ...] = Field(
        default=(), description="Files of pairs that are never taken for copies: two SHA-256 a line"
    )
    reference: tuple[str, ...] = Field(
        default=(),
        description="Fingerprints (`synsift fingerprint`) or lists of hashes; images near to one of them are rejected",
    )
    deny: tuple[str, ...] = Field(
        default=(),
        description="As `dedupe.reference`, of what must never be kept: such images are never written anywhere",
    )
    thorough: bool = Field(default=False, description="Look at survivors again by local features, behind the stream")
    remove: tuple[Annotated[str, Field(pattern="^(copy|part_of|contains)$")], ...] = Field(
        default=("copy",), description="What isn't kept of what that finds: copy, part_of, contains"
    )
    conflicts: bool = Field(
        default=True, description="Look for pictures that stand under two synsets, as they come (`synsift conflicts`)"
    )
    batch: int = Field(default=500, ge=1, le=10_000, description="Candidates in one transaction")
    snapshot_growth: int = Field(
        default=DEFAULT_POLICY.growth, ge=1, description="New survivors of a partition before a snapshot is written"
    )
    snapshot_age_s: float = Field(
        default=DEFAULT_POLICY.age_s, gt=0, description="Longest time before a snapshot is written, if anything is new"
    )
    rest_s: float = Field(
        default=DEFAULT_POLICY.rest_s, ge=0, description="A synset without a candidate for so long rests on disk"
    )


class LandSettings(Branch):
    """The stage ``land``."""

    batch: int = Field(
        default=500, ge=1, le=10_000, description="Most survivors in one commit, and so in one part of a manifest"
    )
    linger_s: float = Field(default=2.0, ge=0, description="Wait for a batch to fill; larger makes fewer, larger parts")
    threads: int = Field(default=8, ge=1, le=64, description="Objects to write at the same time")


class ServiceSettings(Branch):
    """What a worker serves to ops."""

    host: str = Field(default="127.0.0.1", description="Address to serve /metrics, /healthz and /readyz on")
    port: int = Field(
        default=-1, ge=-1, le=65535, description="Port to serve them on; 0 for a free one, -1 to serve nothing"
    )
    drain_s: float = Field(
        default=DEFAULT_DRAIN_S, gt=0, description="Longest time for a worker to finish after it was told to stop"
    )
    patience_s: float = Field(
        default=DEFAULT_PATIENCE_S,
        ge=0,
        description="Longest wait for brokers that are away, and at the start for the store",
    )
    liveness_s: float = Field(
        default=120.0, gt=0, description="Longest time without a poll before a stage counts as not alive"
    )


class LoggingSettings(Branch):
    """Log lines."""

    level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="Least level to log: DEBUG, INFO, WARNING or ERROR",
    )


class Settings(Branch):
    """The whole configuration."""

    identity: Identity = Identity()
    log: LogSettings = LogSettings()
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    budget: BudgetSettings = BudgetSettings()
    sources: SourcesSettings = SourcesSettings()
    search: SearchSettings = SearchSettings()
    fetch: FetchSettings = FetchSettings()
    consent: ConsentSettings = ConsentSettings()
    dedupe: DedupeSettings = DedupeSettings()
    land: LandSettings = LandSettings()
    verify: VerifySettings = VerifySettings()
    service: ServiceSettings = ServiceSettings()
    logging: LoggingSettings = LoggingSettings()


@dataclass(frozen=True, slots=True)
class Value:
    """One key of the configuration: its value for people, secrets masked, and where it came from."""

    key: str
    value: Any
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration and the origin of each key that isn't a default."""

    settings: Settings
    origins: Mapping[str, str]

    def values(self) -> Iterator[Value]:
        """Every key in order."""
        for key, value, description in _leaves(self.settings, ""):
            yield Value(key, value, self.origins.get(key, "default"), description)


def load(
    *,
    file: Path | None = None,
    options: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    only: tuple[str, ...] = ("",),
) -> Loaded:
    """Read the configuration.

    Args:
        file: The TOML file; None for ``SYNSIFT_CONFIG``, else the first of ``DEFAULT_FILES`` that exists, else none.
        options: Dotted key → value, from the command line.
        env: The environment; None for the process's own.
        names: Key → the option that set it, where that isn't ``--set``.
        only: How keys begin that are taken from file and environment; what else stands there is passed over.

    Raises:
        ConfigError: A key doesn't exist, or a value is wrong; the message names it as the user wrote it, where, and
            what is allowed.
    """
    environment = os.environ if env is None else env
    given = dict(options or {})
    known = {key: value for key, value, _ in _leaves(Settings(), "")}
    layers = (
        toml_layer(find_file(file, environment)),
        environment_layer(environment, known),
        Layer("option", given, {key: f"`{(names or {}).get(key, f'--set {key}')}`" for key in given}),
    )
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    places: dict[str, str] = {}
    for layer in layers:
        seen: dict[str, str] = {}
        for written, value in layer.values.items():
            key = host_key(written) or written
            if layer.origin != "option" and not key.startswith(only):
                continue
            _check_key(written, key, layer, known)
            if seen.setdefault(key, written) != written:
                raise ConfigError(
                    f"{layer.places[seen[key]]} and {layer.places[written]} are of the same host",
                    hint=f"give one of them: `{key}`",
                )
            origins[key] = variable_of(key) if layer.origin == "environment" else layer.origin
            places[key] = layer.places[written]
            _set(tree, key, as_list(value) if isinstance(known.get(key), tuple) else value)
    remember_secrets(tree, environment)
    try:
        loaded = Loaded(Settings(**tree), origins)
    except ValidationError as exc:
        raise ConfigError(_wrong_values(exc, places)) from exc
    problems = [f"{places.get(key, key)}: {problem}" for key, problem in wrong_rates(loaded.settings.fetch)]
    if problems:
        raise ConfigError("\n".join(problems))
    return loaded


def _check_key(written: str, key: str, layer: Layer, known: Mapping[str, Any]) -> None:
    if key != written or host_key(written) is not None:
        found = problem_of_key(key)
        if found is not None:
            raise ConfigError(f"{layer.places[written]}: {found[0]}", hint=found[1])
    elif key not in known:
        _refuse_key(key, layer, known)


def _refuse_key(key: str, layer: Layer, known: Mapping[str, Any]) -> None:
    tables = {TABLE, *(name.rpartition(".")[0] for name in known)}
    if layer.origin == "environment":
        message, hint = unknown_variable(layer.places[key].strip("`"), known.keys())
    elif key.startswith(f"{TABLE}."):
        message, hint = f"{layer.places[key]}: {NO_TABLE}", TABLE_HINT
    elif key in tables:
        message, hint = f"{layer.places[key]}: `{key}` is a table, and has keys", "`synsift config` lists all keys"
    else:
        message, hint = unknown_key(layer.places[key], key, known.keys())
    raise ConfigError(message, hint=hint)


def _set(tree: dict[str, Any], key: str, value: object) -> None:
    *tables, name = path_of(key)
    for table in tables:
        tree = tree.setdefault(table, {})
    tree[name] = value


def _leaves(branch: BaseModel, prefix: str) -> Iterator[tuple[str, Any, str]]:
    for name, field in type(branch).model_fields.items():
        value = getattr(branch, name)
        if f"{prefix}{name}" == TABLE:
            yield from leaves(value)
        elif isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value, field.description or ""


def _wrong_values(exc: ValidationError, places: Mapping[str, str]) -> str:
    problems = []
    meanings = {key: description for key, _, description in _leaves(Settings(), "")}
    for error in exc.errors(include_url=False):
        parts = [str(part) for part in error["loc"]]
        key = _key_of(parts, places)
        problems.append(wrong_value(places.get(key, f"`{key}`"), key, error, meanings.get(key, "")))
    return "\n".join(problems)


def _key_of(parts: list[str], keys: Collection[str]) -> str:
    """The key of pydantic's place, which goes on into lists."""
    return next((key for n in range(len(parts), 0, -1) if (key := key_of(parts[:n])) in keys), key_of(parts))
