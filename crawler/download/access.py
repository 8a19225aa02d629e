"""What a stage may reach, and how: the configuration's word, before anything is loaded that connects."""

from dataclasses import dataclass
from typing import Final

UNVERIFIED: Final = "unverified"


@dataclass(frozen=True, slots=True)
class Access:
    """What may be reached, and how.

    Attributes:
        table: Of the configuration, for messages. What a source may reach is no business of URLs that it finds.
        allow_networks: Networks that may be reached although they aren't public.
        nameservers: Whom to ask for addresses of hosts, with port if need be; empty for the system's.
        dns_timeout_s: Longest time to look a host up, before its request begins.
        verify_tls: Whether hosts must prove who they are.
        ca_file: Certificates of authorities that are trusted beside the system's; empty for none.
    """

    table: str = "fetch"
    allow_networks: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    dns_timeout_s: float = 15.0
    verify_tls: bool = True
    ca_file: str = ""

    def doubt_of(self, *urls: str) -> str:
        """What provenance says of answers from these URLs: ``unverified``, where anybody may have sent them."""
        by_tls = any(url[:6].lower() == "https:" for url in urls)
        return UNVERIFIED if by_tls and not self.verify_tls else ""


DEFAULT_ACCESS: Final = Access()
