"""What sources say of licences → SPDX names, and what a licence allows. Pure.

    URL ──▶ by its path ──▶ CC-BY-SA-4.0, CC0-1.0, CC-PDM-1.0, …     the URL decides
    name ─▶ as it is written ──────────────▶ the same                where there is no URL
                          └─▶ LicenseRef-…, or nothing               what has no name there, or isn't known

SPDX (https://spdx.org/licenses) names all six licences of Creative Commons in all versions, and some ports of them to
countries. A port that it doesn't name is another licence than the unported one, and gets a name of its own.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_KINDS: Final = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_VERSIONS: Final = ("1.0", "2.0", "2.1", "2.5", "3.0", "4.0")
_PORTS: Final = frozenset(
    [
        *("CC-BY-2.5-AU", "CC-BY-3.0-AT", "CC-BY-3.0-AU", "CC-BY-3.0-DE", "CC-BY-3.0-IGO", "CC-BY-3.0-NL"),
        *("CC-BY-3.0-US", "CC-BY-NC-3.0-DE", "CC-BY-NC-ND-3.0-DE", "CC-BY-NC-ND-3.0-IGO", "CC-BY-NC-SA-2.0-DE"),
        *("CC-BY-NC-SA-2.0-FR", "CC-BY-NC-SA-2.0-UK", "CC-BY-NC-SA-3.0-DE", "CC-BY-NC-SA-3.0-IGO"),
        *("CC-BY-ND-3.0-DE", "CC-BY-SA-2.0-UK", "CC-BY-SA-2.1-JP", "CC-BY-SA-3.0-AT", "CC-BY-SA-3.0-DE"),
        "CC-BY-SA-3.0-IGO",
    ]
)
_UNPORTED: Final = frozenset(_VERSIONS) - {"2.1"}
_OLD_ORDER: Final = {"by-nd-nc": "by-nc-nd"}
_OF_PATH: Final = {
    "publicdomain/zero/1.0": "CC0-1.0",
    "publicdomain/mark/1.0": "CC-PDM-1.0",
    "licenses/mark/1.0": "CC-PDM-1.0",
    "licenses/publicdomain": "CC-PDDC",
    "licenses/sa/1.0": "CC-SA-1.0",
}
_OTHERS: Final = {
    "gfdl": "GFDL-1.2-or-later",
    "fal": "LAL-1.3",
    "free art license": "LAL-1.3",
    "public domain": "LicenseRef-Public-Domain",
    "no known copyright restrictions": "LicenseRef-No-Known-Restrictions",
    "no restrictions": "LicenseRef-No-Known-Restrictions",
    "united states government work": "LicenseRef-US-Government-Work",
    "attribution": "LicenseRef-Attribution",
    "copyrighted free use": "LicenseRef-Copyrighted-Free-Use",
    "odbl": "ODbL-1.0",
    "mit": "MIT",
}
"""Names in lower case, as Wikimedia Commons, Flickr and others write them."""
_PATH: Final = re.compile(r"(licenses|publicdomain)/([a-z+-]+)(?:/(\d\.\d))?(?:/([a-z]{2,4}))?")
_NAME: Final = re.compile(r"(?:cc|creative commons)?[ -]*(by(?:-(?:nc|nd|sa))*)(?:[ -](\d\.\d))?(?:[ -]([a-z]{2,3}))?")
_ZERO: Final = re.compile(r"(?:cc[ -]?0|cc[ -]zero|creative commons zero)(?:[ -]1\.0)?")
_MARK: Final = re.compile(r"(?:cc[ -])?(?:pdm|public domain mark)(?:[ -](?:1\.0|owner))?")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence.

    Attributes:
        spdx: Its SPDX name; ``LicenseRef-…`` for what has none; empty where nothing was said.
        commercial: Whether it surely allows commercial use.
        derivatives: Whether it surely allows changes.
        share_alike: Whether what is made of it has to bear the same licence.
    """

    spdx: str
    commercial: bool = False
    derivatives: bool = False
    share_alike: bool = False


@lru_cache(maxsize=4096)
def licence_of(name: str, url: str) -> Licence:
    """What a source's name and URL of a licence mean; the URL decides where it is one that is known."""
    return licence_named(_of_url(url) or _of_name(name) or _own_name(name or url))


def licence_named(spdx: str) -> Licence:
    """A licence by its SPDX name."""
    return Licence(spdx, *_allows(spdx))


def _of_url(url: str) -> str:
    try:
        parts = urlsplit(url.strip().lower())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    path = parts.path.strip("/")
    if host == "rightsstatements.org":
        found = re.fullmatch(r"(?:vocab|page)/([a-z-]+)/1\.0", path)
        return f"LicenseRef-RS-{_RIGHTS.get(found[1], found[1].upper())}-1.0" if found else ""
    return _of_path(path) if host == "creativecommons.org" else ""


_RIGHTS: Final = {
    "inc": "InC",
    "inc-edu": "InC-EDU",
    "inc-ow-eu": "InC-OW-EU",
    "inc-nc": "InC-NC",
    "inc-ruu": "InC-RUU",
    "noc-nc": "NoC-NC",
    "noc-oklr": "NoC-OKLR",
    "noc-cr": "NoC-CR",
    "noc-us": "NoC-US",
    "cne": "CNE",
    "und": "UND",
    "nkc": "NKC",
}


def _of_path(path: str) -> str:
    path = re.sub(r"/(?:deed|legalcode)(?:\.[a-z_-]+)?$", "", path)
    if path in _OF_PATH:
        return _OF_PATH[path]
    found = _PATH.fullmatch(path)
    if found is None:
        return ""
    folder, kind, version, port = found.groups()
    known = next((known for known in _OF_PATH if path.startswith(known + "/")), "")
    if folder == "publicdomain" or known:
        return _OF_PATH.get(known, "")
    return _creative_commons(kind, version or "", port or "") or f"LicenseRef-CC-{_safe(path.partition('/')[2])}"


def _creative_commons(kind: str, version: str, port: str) -> str:
    """The name of one of the six; empty for another one."""
    kind = _OLD_ORDER.get(kind, kind)
    if kind not in _KINDS:
        return ""
    base = f"CC-{kind.upper()}"
    if not port:
        return f"{base}-{version}" if version in _UNPORTED else f"LicenseRef-{base}" + (f"-{version}" * bool(version))
    spdx = f"{base}-{version}-{port.upper()}"
    return spdx if spdx in _PORTS else f"LicenseRef-{spdx}"


def _of_name(name: str) -> str:
    text = " ".join(name.lower().split())
    if _ZERO.fullmatch(text):
        return "CC0-1.0"
    if _MARK.fullmatch(text):
        return "CC-PDM-1.0"
    if text in _OTHERS:
        return _OTHERS[text]
    found = _NAME.fullmatch(text)
    return _creative_commons(found[1], found[2] or "", found[3] or "") if found else ""


def _own_name(text: str) -> str:
    """A name by which what nobody knows can be told apart, and asked for."""
    found = _safe(text)
    return f"LicenseRef-{found}" if found else ""


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text)[:_LONGEST].strip("-.")


@lru_cache(maxsize=4096)
def url_of(spdx: str) -> str:
    """Where the text of a licence of Creative Commons stands; empty for others."""
    path = next((path for path, name in _OF_PATH.items() if name == spdx), "")
    found = re.fullmatch(r"CC-(BY[A-Z-]*?)-(\d\.\d)(?:-([A-Z]+))?", spdx)
    if found:
        path = "/".join(["licenses", *(part.lower() for part in found.groups() if part)])
    return f"https://creativecommons.org/{path}/" if path else ""


_FREE: Final = frozenset(
    ["CC0-1.0", "CC-PDM-1.0", "CC-PDDC", "PDDL-1.0", "LAL-1.3", "GFDL-1.2-or-later", "MIT", "ODbL-1.0"]
)
_SHARED: Final = frozenset(["LAL-1.3", "GFDL-1.2-or-later", "CC-SA-1.0", "ODbL-1.0"])


def _allows(spdx: str) -> tuple[bool, bool, bool]:
    """Commercial use, changes, share-alike. What isn't known isn't allowed."""
    bare = spdx.removeprefix("LicenseRef-")
    if not bare.startswith("CC-BY"):
        return spdx in _FREE or spdx == "CC-SA-1.0", spdx in _FREE or spdx == "CC-SA-1.0", spdx in _SHARED
    parts = bare.split("-")
    return "NC" not in parts, "ND" not in parts, "SA" in parts


def is_wanted(spdx: str, wanted: frozenset[str]) -> bool:
    """Whether a licence is among those that were asked for.

    Args:
        spdx: Its name.
        wanted: As ``wanted_of`` read them: whole names, or names without version and port, in lower case.
    """
    name = spdx.lower()
    return name in wanted or _family(name) in wanted


def _family(name: str) -> str:
    """A name without version and port: ``cc-by-sa``; ``cc0``. Ports that SPDX doesn't name are of no family."""
    return re.sub(r"-\d+\.\d+.*$", "", name)


_KNOWN: Final = frozenset(
    [f"cc-{kind}" for kind in _KINDS] + ["cc0", "cc-pdm", "cc-pddc", "cc-sa", "pddl", "lal", "gfdl", "mit", "odbl"]
)


def unknown_of(wanted: frozenset[str]) -> list[str]:
    """Those of some names that can be the name of no licence."""
    return sorted(
        name
        for name in wanted
        if not name.startswith("licenseref-") and _family(name) not in _KNOWN and name.upper() not in _PORTS
    )


def wanted_of(text: str) -> frozenset[str]:
    """Read a list of licences: ``cc0,cc-by,CC-BY-SA-4.0``."""
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())
