"""Lists that were withdrawn, and must not be crawled: what shows that a list is LAION-5B, or its ancestor LAION-400M.

Both were taken back on 19 December 2023, after links to pictures of abused children were found in them. Re-LAION-5B is
LAION-5B without these links; its columns are those of LAION-5B, and ``key`` and ``md5``. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_RE_LAION: Final = re.compile(r"re[-_]?laion", re.IGNORECASE)
_OLD: Final = re.compile(
    r"(?<![a-z])laion[-_ ]?(?:5b|2b|1b|400m|2b-?en|2b-?multi|1b-?nolang|art|high[-_]?res)", re.IGNORECASE
)
_LAION: Final = re.compile(r"laion", re.IGNORECASE)
_OF_RE_LAION: Final = frozenset({"key", "md5"})
_OWN: Final = frozenset(
    {"SAMPLE_ID", "NSFW", "LICENSE", "similarity", "LANGUAGE", "hash", "pwatermark", "punsafe", "aesthetic"}
)
"""Beside ``URL`` and ``TEXT``, ``WIDTH`` and ``HEIGHT``, as its makers spelt them."""
_SIZES: Final = frozenset({"WIDTH", "HEIGHT"})


class Suspicion(StrEnum):
    """What a list is taken for."""

    NONE = "none"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Look:
    """What a list looks like, and by what."""

    suspicion: Suspicion
    why: str = ""


def look_at(name: str, columns: Sequence[str], metadata: Mapping[str, str], layout: str = "") -> Look:
    """What a list is taken for.

    Args:
        name: Its path or URL.
        columns: Their names.
        metadata: What Parquet says beside them.
        layout: What its user calls its form.
    """
    known = set(columns)
    if layout == "relaion":
        return Look(Suspicion.NONE)
    name = "/".join(name.rsplit("/", 2)[-2:])  # the folders above may be called as they will
    said = " ".join([name, *metadata, *metadata.values()])[:100_000]
    if _RE_LAION.search(said):
        return Look(Suspicion.NONE)
    is_family = {"URL", "TEXT"} <= known
    own = sorted(known & _OWN)
    old = _OLD.search(said)
    if is_family and known & _OF_RE_LAION and own:
        if old:
            return Look(Suspicion.UNSURE, f"it is called `{old[0]}`, and has columns of Re-LAION-5B")
        return Look(Suspicion.NONE)
    shown = ", ".join(f"`{each}`" for each in own)
    if layout == "laion":
        return Look(Suspicion.WITHDRAWN, "its layout is said to be `laion`")
    if is_family and (len(own) >= 2 or (own and known & _SIZES)):
        return Look(
            Suspicion.WITHDRAWN, f"it has LAION-5B's columns ({shown}), and none of Re-LAION-5B's (`key`, `md5`)"
        )
    if old and (is_family or {"url", "text"} <= {each.lower() for each in known} or not own):
        where = "its name" if old[0] in name else "its metadata"
        return Look(Suspicion.WITHDRAWN, f"{where} says `{old[0]}`")
    if is_family and (own or known & _SIZES or _LAION.search(said)):
        seen = shown or ", ".join(f"`{each}`" for each in sorted(known & (_SIZES | {"URL", "TEXT"})))
        return Look(Suspicion.UNSURE, f"its columns ({seen}) are spelt as LAION-5B's")
    return Look(Suspicion.NONE)
