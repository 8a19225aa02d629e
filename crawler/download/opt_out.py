"""Responses that forbid the use of their content for machine learning.

Two conventions: ``X-Robots-Tag: noai`` or ``noimageai``, and the TDM Reservation Protocol (W3C community group,
``TDM-Reservation: 1``), which expresses the reservation of Article 4 of the EU's Directive 2019/790.
"""

from collections.abc import Mapping
from typing import Final

_DIRECTIVES: Final = frozenset({"noai", "noimageai"})


def opts_out(headers: Mapping[str, str]) -> bool:
    """Whether a response's headers, by lower-case name, opt out."""
    if any(word.strip() == "1" for word in headers.get("tdm-reservation", "").split(",")):
        return True
    tag = headers.get("x-robots-tag", "").lower()
    # A directive may follow the name of a user agent: "otherbot: noindex, noai". Ours or not, it is honoured.
    words = tag.replace(":", ",").split(",")
    return any(word.strip() in _DIRECTIVES for word in words)
