"""A store's manifests → the images that stand, a synset at a time, and of that a part at a time."""

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
_NAMES: Final = ["sha256", "replaces", "format", "width_px", "height_px"]


@dataclass(slots=True)
class Standing:
    """The images of a synset, in the order in which they survived. They are read as they are asked for, and once.

    Attributes:
        wnid: The synset.
        rows: Rows of its manifest, a part of it at a time.
        odd: How many rows of it name no image as this program writes them; known with the first row.
    """

    wnid: str
    rows: Iterator[dict[str, Any]] = field(default_factory=lambda: iter(()))
    odd: int = 0


def read_standing(objects: ObjectStore) -> Iterator[Standing]:
    """The images that stand, synset by synset, in the order of wnids.

    Memory is that of the SHA-256 of one synset, and of the rows of one part.

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
        standing = Standing(wnid)
        standing.rows = _standing(objects, [part.path for part in ordered], standing)
        yield standing


def _standing(objects: ObjectStore, paths: list[str], standing: Standing) -> Iterator[dict[str, Any]]:
    """What stands: each image once, with what its last row says of it, and none that another one replaced."""
    last: dict[str, tuple[int, int]] = {}
    gone: set[str] = set()
    for part, path in enumerate(paths):
        for number, row in enumerate(_rows(objects, path, _NAMES)):
            if _is_sound(row):
                last[row["sha256"]] = (part, number)
                gone.add(row["replaces"] or "")
            else:
                standing.odd += 1
    for part, path in enumerate(paths):
        for number, row in enumerate(_rows(objects, path)):
            if last.get(row["sha256"]) == (part, number) and row["sha256"] not in gone:
                yield row


def _rows(objects: ObjectStore, path: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    hint = "`synsift storage verify --fetch-again` writes parts of manifests anew by the log"
    try:
        return decode_part(objects.get(path), columns)
    except StoreError:
        raise
    except Exception as exc:  # Arrow and Python have many words for what can be wrong with old bytes
        raise StoreError(f"{path} can't be read: it is no part of a manifest", hint=hint) from exc


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
