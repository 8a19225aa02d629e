"""What a stage may reach, and how: the configuration's word, before anything is loaded that connects."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Access:
    """What may be reached, and how.

    Attributes:
        table: Of the configuration, for messages. What a source may reach is no business of URLs that it finds.
        allow_networks: Networks that may be reached although they aren't public.
    """

    table: str = "fetch"
    allow_networks: tuple[str, ...] = ()


DEFAULT_ACCESS: Final = Access()
