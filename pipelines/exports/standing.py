"""A store's manifests → the images that stand, a synset at a time: memory is that of the largest synset."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from synsift.crawler.ontology.base import is_identifier
from synsift.crawler.wording import masked
from synsift.dedupe import EXTENSIONS
from synsift.pipelines.errors import StoreError
from synsift.pipelines.exports.judgements import NONE, Judgement
from synsift.pipelines.exports.licences import licence_of, url_of
from synsift.pipelines.exports.rows import Row
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.manifests import decode_part

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Standing:
    """The images of a synset, in the order in which they survived.

    Attributes:
        wnid: The synset.
        rows: Rows of its manifest.
        odd: How many rows of it name no image as this program writes them.
    """

    wnid: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    odd: int = 0


def read_standing(objects: ObjectStore) -> Iterator[Standing]:
    """The images that stand, synset by synset, in the order of wnids.

    Raises:
        StoreError: A part of a manifest can't be read.
    """
    parts: dict[str, list[layout.ManifestPart]] = defaultdict(list)
    for path in objects.list(layout.MANIFESTS):
        part = layout.manifest_part(path)
        # A name that could lead out of a folder is none that this program gives.
        if part is not None and is_identifier(part.wnid):
            parts[part.wnid].append(part)
    for wnid in sorted(parts):
        ordered = sorted(parts[wnid], key=lambda part: (part.partition, part.first, part.last))
        yield _standing(wnid, [_rows(objects, part.path) for part in ordered])


def _rows(objects: ObjectStore, path: str) -> list[dict[str, Any]]:
    hint = "`synsift storage verify --fetch-again` writes parts of manifests anew by the log"
    try:
        return decode_part(objects.get(path))
    except StoreError:
        raise
    except Exception as exc:  # Arrow and Python have many words for what can be wrong with old bytes
        raise StoreError(f"{path} can't be read: it is no part of a manifest", hint=hint) from exc


def _standing(wnid: str, parts: list[list[dict[str, Any]]]) -> Standing:
    found: dict[str, dict[str, Any]] = {}
    gone: set[str] = set()
    odd = 0
    for row in (row for rows in parts for row in rows):
        if not _is_sound(row):
            odd += 1
            continue
        found[row["sha256"]] = row
        gone.add(row.get("replaces") or "")
    return Standing(wnid, [row for sha256, row in found.items() if sha256 not in gone], odd)


def _is_sound(row: Mapping[str, Any]) -> bool:
    sides = row.get("width_px"), row.get("height_px")
    return (
        _SHA256.fullmatch(str(row.get("sha256"))) is not None
        and row.get("format") in EXTENSIONS
        and all(isinstance(side, int) and side > 0 for side in sides)
    )


def row_of(number: int, wnid: str, row: Mapping[str, Any], judgement: Judgement = NONE) -> Row:
    """What is exported of a row of a manifest."""

    def text(name: str) -> str:
        value = row.get(name)
        return value[:_LONGEST] if isinstance(value, str) else ""

    def count(name: str) -> int:
        value = row.get(name)
        return value if isinstance(value, int) else 0

    spdx = licence_of(text("licence"), text("licence_url")).spdx
    return Row(
        number=number,
        sha256=row["sha256"],
        wnid=wnid,
        width_px=row["width_px"],
        height_px=row["height_px"],
        format=row["format"],
        size_bytes=count("size_bytes"),
        source=text("source"),
        query=text("query"),
        lang=text("lang"),
        rank=count("rank"),
        landing_page=masked(text("landing_page")),
        url=masked(text("url")),
        title=text("title"),
        author=text("author"),
        licence=spdx,
        licence_name=text("licence"),
        licence_url=masked(text("licence_url")) or url_of(spdx),
        fetched_at=text("fetched_at"),
        decision=judgement.decision,
        confidence=judgement.confidence,
        yes=judgement.yes,
        no=judgement.no,
        decided_by=judgement.decided_by,
    )
