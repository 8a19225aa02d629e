"""Survivors → a part of their synset's manifest, as Parquet.

A row is a record of ``survivors``. A row with ``replaces`` puts the image in the place of that one: the present set
of a synset is what its rows name, less what they replace. A row with a ``relation`` names an image that stands in an
earlier row already: what it replaces was found to be its copy, or a part of it, by local features, later. Of all parts
of a synset ``current.py`` makes the one table that stands now.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from synsift.pipelines.records import Survivor
from synsift.pipelines.said import Consent
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.sealed import read_sealed, sealed

_TEXT: Final = (
    *("sha256", "replaces", "relation", "object", "url", "landing_page", "title", "author", "licence", "licence_url"),
    *("source", "query", "lang", "hash", "format"),
    *("final_url", "content_type", "etag", "last_modified", "tls", "fetched_at"),
    *("train", "index", "consent_policy", "consent"),
    *("wnid", "kind", "transform"),
)
_INTEGERS: Final = ("offset", "query_rank", "rank", "width_px", "height_px", "size_bytes", "status", "distance_bits")


def encode_part(survivors: Sequence[tuple[int, Survivor]]) -> bytes:
    """Write survivors of one synset, each with its offset, as a Parquet file compressed with Zstandard."""
    import pyarrow

    schema = pyarrow.schema(
        [
            *((name, pyarrow.int64()) for name in _INTEGERS),
            *((name, pyarrow.string()) for name in _TEXT),
            ("information", pyarrow.float32()),
            ("is_cut", pyarrow.bool_()),
        ]
    )
    return sealed(pyarrow.Table.from_pylist([_row(offset, survivor) for offset, survivor in survivors], schema=schema))


def decode_part(data: bytes, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """Read the rows of a part, or some columns of them.

    Raises:
        ValueError: Its bytes are none. Arrow may raise others of its own for such.
    """
    rows: list[dict[str, Any]] = read_sealed(data, columns).to_pylist()
    return rows


def kind_of(relation: str | None, replaces: str | None) -> str:
    """How an image came in, in a word: ``new``, as a ``better_copy`` of an earlier one, or by a ``relation``."""
    return relation or ("better_copy" if replaces else "new")


def _row(offset: int, survivor: Survivor) -> dict[str, Any]:
    candidate = survivor.candidate
    image, found_by, answer = candidate.image, candidate.found_by, candidate.answer
    return {
        "offset": offset,
        "wnid": candidate.wnid,
        "kind": kind_of(survivor.relation, survivor.replaces),
        "sha256": image.sha256,
        "replaces": survivor.replaces,
        "relation": survivor.relation,
        "transform": survivor.transform,
        "distance_bits": survivor.distance_bits,
        "object": layout.candidate(candidate.wnid, image),
        "url": candidate.url,
        "hash": image.hash,
        "information": image.information,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "format": image.format,
        "size_bytes": image.size_bytes,
        "is_cut": image.is_cut,
        "source": found_by.source,
        "query": found_by.query,
        "lang": found_by.lang,
        "query_rank": found_by.query_rank,
        "rank": found_by.rank,
        "landing_page": found_by.landing_page,
        "title": found_by.title,
        "author": found_by.author,
        "licence": found_by.licence,
        "licence_url": found_by.licence_url,
        "status": answer.status,
        "final_url": answer.final_url,
        "content_type": answer.content_type,
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "tls": answer.tls,
        "fetched_at": answer.fetched_at,
        **_consent(candidate.consent),
    }


def _consent(consent: Consent | None) -> dict[str, str]:
    """What was said of an image's use: the judgement in columns of its own, the statements as JSON."""
    if consent is None:
        return {"train": "", "index": "", "consent_policy": "", "consent": ""}
    return {
        "train": consent.train,
        "index": consent.index,
        "consent_policy": consent.policy,
        "consent": msgspec.json.encode(consent).decode(),
    }
