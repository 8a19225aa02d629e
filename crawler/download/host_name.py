"""One name for a host, however it is written: ``BÜCHER.example``, ``bücher．example``, ``xn--bcher-kva.example``. Pure.

Rules, politeness and what is remembered of a host go by this name, or a host would be two.
"""

import re
from functools import lru_cache
from typing import Final

from synsift.crawler.download.literal_address import literal_address

_COMMON: Final = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z_][a-z0-9_-]*\.?")
_NO_NAME: Final = re.compile(r"[\x00-\x20\x7f\"#%/:<>?@\[\\\]^`{|}]")
_LONGEST: Final = 1_000


def host_name(name: str) -> str:
    """A host's name in ASCII and small letters, as name servers know it; an address in its usual form.

    What can be no name comes back in small letters.
    """
    return name if _COMMON.fullmatch(name) else _host_name(name)


@lru_cache(maxsize=4_096)
def _host_name(name: str) -> str:
    address = literal_address(name)
    if address is not None:
        return str(address)
    if name.isascii() or len(name) > _LONGEST or _NO_NAME.search(name):
        return name.lower()
    # Commands that only look at a log have no use for it.
    import idna

    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:  # such as an emoji, which older rules let pass, and so do browsers
        try:
            return name.encode("idna").decode().lower()
        except UnicodeError:
            return name.lower()
