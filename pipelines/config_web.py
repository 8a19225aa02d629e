"""The branches of the configuration that say how the web is asked."""

import ipaddress
import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from synsift.crawler.consent import DEFAULT_POLICY, PROFILES, Kind
from synsift.crawler.dns.system_files import server_of
from synsift.crawler.download.host_health import DEFAULT_HEALTH
from synsift.crawler.download.settings import CONSENT_FILES
from synsift.dedupe import DEFAULT_MAX_PIXELS, FORMATS
from synsift.pipelines.config_branch import Branch
from synsift.pipelines.config_hosts import HostSettings
from synsift.pipelines.stage import DEFAULT_REST_S
from synsift.pipelines.stages.placeholders import DEFAULT_URLS

_KINDS: Final = f"^({'|'.join(re.escape(kind) for kind in Kind if kind is not Kind.GRANT)})$"


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as exc:
        raise ValueError("must be networks as in `10.0.0.0/8`") from exc


def _name_server(text: str) -> str:
    try:
        server_of(text)
    except ValueError as exc:
        raise ValueError("must be addresses as in `192.0.2.1` or `[2001:db8::1]:53`") from exc
    return text.strip()


def _aspect(value: float) -> float:
    if 0 < value < 1:
        raise ValueError("must be 0 for any, or at least 1: no side is longer than the longer one")
    return value


class AccessSettings(Branch):
    """What a stage that asks the web may reach: each its own, so that a source's network is not opened to the web."""

    allow_networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), description="Private networks that may be reached, such as 10.0.0.0/8"
    )
    nameservers: tuple[Annotated[str, AfterValidator(_name_server)], ...] = Field(
        default=(),
        description="Name servers to ask for addresses of hosts, such as 192.0.2.1:53; empty for the system's",
    )
    dns_timeout_s: float = Field(default=15.0, gt=0, description="Longest time to look a host's name up")
    verify_tls: bool = Field(default=True, description="Whether hosts must prove by a certificate who they are")
    ca_file: str = Field(default="", description="Certificates of authorities to trust beside the system's (PEM)")


def _format(name: object) -> object:
    """A format as people and files name it."""
    if not isinstance(name, str):
        return name
    return {"JPG": "JPEG", "TIF": "TIFF", "HEIC": "HEIF"}.get(name.upper(), name.upper())


class SearchSettings(AccessSettings):
    """The stage ``search``."""

    concurrency: int = Field(default=8, ge=1, description="Requests in flight")
    host_concurrency: int = Field(default=1, ge=1, description="Requests in flight to one source")
    delay_s: float = Field(default=0.5, ge=0, description="Time between two requests to one source")
    timeout_s: float = Field(default=30.0, gt=0, description="Longest time for a whole request")
    attempts: int = Field(default=5, ge=1, description="How often to try before a page becomes a dead letter")
    max_bytes: int = Field(default=16 * 1024 * 1024, ge=1, description="Largest answer to read, in bytes")
    paging: str = Field(
        default="planned",
        pattern="^(planned|novelty)$",
        description="Which page is next: the plan's, or that which promises most new survivors, as always with --want",
    )
    on_the_way: int = Field(
        default=100,
        ge=1,
        description="Image URLs of a synset that may be on their way before more are asked for by what they give",
    )
    verdict_wait_s: float = Field(
        default=60.0, ge=0, description="How long to wait for news of these before asking for more all the same"
    )
    allow_people: bool = Field(default=False, description="Ask for synsets of people, too: person and all below it")
    safe_people: tuple[str, ...] = Field(
        default=(), description="Files of synsets of people that are asked for all the same: a wnid a line"
    )
    deny_synsets: tuple[str, ...] = Field(
        default=(), description="Files of synsets that are never asked for: a wnid a line"
    )


class FetchSettings(AccessSettings):
    """The stage ``fetch``."""

    concurrency: int = Field(default=64, ge=1, le=1024, description="Requests in flight")
    host_concurrency: int = Field(default=2, ge=1, description="Requests in flight to one host")
    delay_s: float = Field(default=0.1, ge=0, description="Time between two requests to one host")
    max_delay_s: float = Field(
        default=10.0,
        ge=0,
        description="Longest such time, at a host that refuses or answers late; 0 for always the same",
    )
    address_concurrency: int = Field(default=8, ge=1, description="Requests in flight to all hosts behind one address")
    address_delay_s: float = Field(
        default=0.02, ge=0, description="Time between two requests to hosts behind one address"
    )
    hosts: dict[str, HostSettings] = Field(default={}, description="What is otherwise at hosts of some names")
    timeout_s: float = Field(default=30.0, gt=0, description="Longest time for a whole request")
    max_bytes: int = Field(default=32 * 1024 * 1024, ge=1, description="Largest image to download, in bytes")
    max_pixels: int = Field(default=DEFAULT_MAX_PIXELS, ge=1, description="Most pixels of an image, by its header")
    min_side_px: int = Field(default=64, ge=0, description="Least length of an image's shorter side: `too_small`")
    max_aspect: Annotated[float, AfterValidator(_aspect)] = Field(
        default=0.0,
        ge=0,
        le=10_000,
        description="Most that the longer side may be of the shorter, 0 for any: `too_long`",
    )
    formats: tuple[Annotated[str, BeforeValidator(_format), Field(pattern=f"^({'|'.join(FORMATS)})$")], ...] = Field(
        default=(), description="Formats to keep, such as JPEG and PNG; empty for all: `unwanted_format`"
    )
    attempts: int = Field(default=4, ge=1, description="How often to try before a URL becomes a dead letter")
    backoff_s: float = Field(default=1.0, ge=0, description="Wait before the second try; doubled for each further one")
    max_wait_s: float = Field(default=120.0, ge=0, description="Longest wait between two tries of a URL")
    redirects: int = Field(default=5, ge=0, description="Most redirects to follow")
    host_failures: int = Field(
        default=DEFAULT_HEALTH.in_a_row, ge=1, description="URLs of a host that fail in a row before it is left alone"
    )
    host_sleep_s: float = Field(
        default=DEFAULT_HEALTH.sleep_s, gt=0, description="Pause for a host that fails; doubled each time, up to a day"
    )
    host_down_after_s: float = Field(
        default=DEFAULT_HEALTH.give_up_s, ge=0, description="A host that fails for so long is given up: `host_down`"
    )
    wait_for_hosts_s: float = Field(
        default=DEFAULT_REST_S, ge=0, description="Longest time that a crawl waits at its end for hosts that fail"
    )
    placeholder_urls: int = Field(
        default=DEFAULT_URLS,
        ge=0,
        description="So many URLs of a host that give one picture make it a `placeholder`; 0 for none",
    )
    look_ahead: int = Field(default=2000, ge=1, le=100_000, description="Most URLs to hold in memory")
    threads: int = Field(default=2, ge=1, le=64, description="Images decoded and stored at once, a process each")
    decode_cpu_s: int = Field(default=10, ge=1, le=86_400, description="CPU time that decoding one image may take")
    decode_memory_mb: int = Field(
        default=448, ge=400, le=1_000_000, description="Memory that decoding one image may take"
    )
    obey_robots: bool = Field(default=True, description="Ask for each host's robots.txt and obey it (RFC 9309)")


class ConsentSettings(Branch):
    """What is said of the use of an image, and what follows."""

    profile: str = Field(
        default=DEFAULT_POLICY.profile,
        pattern=f"^({'|'.join(PROFILES)})$",
        description="How refusals are read: lenient (plain ones), cautious (doubts, too), strict (silence, too)",
    )
    refuse: tuple[Annotated[str, Field(pattern=_KINDS)], ...] = Field(
        default=(), description="Kinds of statements that refuse an image, whatever the profile makes of them"
    )
    ignore: tuple[Annotated[str, Field(pattern=_KINDS)], ...] = Field(
        default=(), description="Kinds of statements that are only recorded, such as noindex"
    )
    files: tuple[Annotated[str, Field(pattern=f"^({'|'.join(map(re.escape, CONSENT_FILES))})$")], ...] = Field(
        default=CONSENT_FILES, description="Files of each host that are asked for beside robots.txt"
    )
