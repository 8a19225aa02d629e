"""A URL's host that is no name but an address, however it is written: as browsers and C libraries read it.

``127.0.0.1`` is ``2130706433``, ``0x7f.1``, ``0177.0.0.1``, ``127.1``, ``127.0.0.1.``, ``%31%32%37.0.0.1`` and
``１２７。０。０。１``, too. Whoever checks only one of these forms checks nothing.
"""

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import unquote

from synsift.crawler.download.special_addresses import Address

_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")
_MOST_PARTS: Final = 4
_MOST_DIGITS: Final = 48
_LONGEST: Final = 1_000  # four numbers with each character encoded
# UTS 46: three other full stops are one, and these are nothing.
_AS_IDNA: Final = {0x3002: ".", 0xFF61: ".", 0x00AD: None, 0x200B: None, 0x2060: None, 0xFEFF: None}


def literal_address(host: str) -> Address | None:
    """The address that a URL's host is, without its zone; None for a name, and for what can be neither."""
    if len(host) > _LONGEST:
        return None
    text = unquote(host, errors="replace").translate(_AS_IDNA)
    text = unicodedata.normalize("NFKC", text).lower().strip("[]")
    if ":" in text:
        try:
            return IPv6Address(text.partition("%")[0])
        except AddressValueError:
            return None
    return _ipv4(text.partition("%")[0])


def zone_of(host: str) -> str:
    """The zone of a URL's host, which names a link of this very machine (RFC 4007, section 11); empty without one."""
    return unquote(host, errors="replace").partition("%")[2] if ":" in host else ""


def _ipv4(text: str) -> IPv4Address | None:
    """Up to four numbers, decimal, octal or hexadecimal, the last of which takes all bytes that are left."""
    parts = text.removesuffix(".").split(".")
    if len(parts) > _MOST_PARTS or not all(_NUMBER.fullmatch(part) and len(part) <= _MOST_DIGITS for part in parts):
        return None
    try:
        *first, last = (_number(part) for part in parts)
    except ValueError:  # an 8 in an octal number
        return None
    if any(number > 0xFF for number in first) or last >= 256 ** (_MOST_PARTS - len(first)):
        return None
    value = last
    for place, number in enumerate(first):
        value |= number << 8 * (3 - place)
    return IPv4Address(value)


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)
