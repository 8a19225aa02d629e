"""The configuration → what a stage may reach, and how."""

import ssl
from pathlib import Path

from synsift.crawler.download.access import Access
from synsift.crawler.download.tls import make_context
from synsift.pipelines.config_web import AccessSettings
from synsift.pipelines.errors import ConfigError


def make_access(table: str, settings: AccessSettings) -> Access:
    """What a stage may reach, and how.

    Args:
        table: The stage's table in the configuration.
        settings: That table.

    Raises:
        ConfigError: The file of authorities can't be used.
    """
    path = str(Path(settings.ca_file).expanduser()) if settings.ca_file else ""
    access = Access(
        table,
        allow_networks=settings.allow_networks,
        nameservers=settings.nameservers,
        dns_timeout_s=settings.dns_timeout_s,
        verify_tls=settings.verify_tls,
        ca_file=path,
    )
    if not path:
        return access
    place = f"{table}.ca_file: `{settings.ca_file}`"
    try:
        make_context(access)
    except ssl.SSLError as exc:
        hint = "certificates are text that begins with `-----BEGIN CERTIFICATE-----`"
        raise ConfigError(f"{place} has no certificates", hint=hint) from exc
    except OSError as exc:
        raise ConfigError(f"{place}: {exc.strerror or exc}") from exc
    return access
