"""The images of a synset that stand → the table of them, as Parquet: what others' engines read by a plain glob.

Columns are those of manifests, as engines want them: moments are timestamps, what was said of an image's use is nested.
Where an older version kept nothing of a column, it is null. The synset stands in the folder's name and in a column,
which is a dictionary: pandas and pyarrow make one of the folder's name, and refuse two types for one column.
"""

import datetime
import email.utils
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import IO, Any, Final

import msgspec

from synsift.pipelines.said import Consent
from synsift.pipelines.storage.manifests import kind_of
from synsift.pipelines.storage.sealed import read_sealed, sealing
from synsift.pipelines.unreadable import UNREADABLE

FORM: Final = 2
"""Of the table. Raised when it changes, so that all are written anew."""

_TEXTS: Final = (
    *("object", "url", "final_url", "landing_page", "title", "author", "licence", "licence_url"),
    *("source", "query", "lang", "hash", "format", "replaces", "transform"),
    *("content_type", "etag", "tls", "train", "index", "consent_policy"),
)
_INTEGERS: Final = ("offset", "query_rank", "rank", "width_px", "height_px", "size_bytes", "distance_bits", "status")
_GROUP_ROWS: Final = 16_384
"""Fewer make engines open more groups, more are held in memory while a large synset is written, by each thread."""
_SAID: Final = ("kind", "signal", "value", "where", "train", "index")
_CONSENT: Final = msgspec.json.Decoder(Consent)


def write_current(wnid: str, rows: Iterable[Mapping[str, Any]], target: IO[bytes]) -> int:
    """Write what stands of a synset to a file. Gives the number of images; for none, nothing is written.

    Args:
        wnid: The synset.
        rows: Of its manifest, by ``standing.standing_of``.
        target: The file, empty; it can be read and sought.

    Raises:
        ValueError: A row can't be written. Arrow may raise others of its own for such.
    """
    import pyarrow

    schema, count = _schema(), 0
    waiting = (_row(wnid, row) for row in rows)
    first = list(islice(waiting, _GROUP_ROWS))
    if not first:
        return 0
    with sealing(target, schema) as writer:
        for group in _groups(first, waiting):
            writer.write_table(pyarrow.Table.from_pylist(group, schema=schema), row_group_size=_GROUP_ROWS)
            count += len(group)
    return count


def read_current(data: bytes, columns: list[str]) -> list[dict[str, Any]]:
    """Read some columns of a view.

    Raises:
        ValueError: Its bytes are none. Arrow may raise others of its own for such.
    """
    rows: list[dict[str, Any]] = read_sealed(data, columns).to_pylist()
    return rows


def _groups(first: list[dict[str, Any]], rest: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group = first
    while group:
        yield group
        group = list(islice(rest, _GROUP_ROWS))


def _schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow

    text, moment = pyarrow.string(), pyarrow.timestamp("us", tz="UTC")
    said = pyarrow.list_(pyarrow.struct([(name, text) for name in _SAID]))
    consent = pyarrow.struct(
        [("at", moment), *((name, text) for name in ("acquisition", "train", "index", "policy")), ("said", said)]
    )
    return pyarrow.schema(
        [
            ("wnid", pyarrow.dictionary(pyarrow.int32(), text)),
            ("sha256", text),
            ("kind", text),
            *((name, text) for name in _TEXTS),
            *((name, pyarrow.int64()) for name in _INTEGERS),
            ("information", pyarrow.float32()),
            ("is_cut", pyarrow.bool_()),
            ("fetched_at", moment),
            ("last_modified", moment),
            ("consent", consent),
        ],
        metadata={"synsift.form": str(FORM)},
    )


def _row(wnid: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the view. What a row of a manifest lacks, it lacks, too."""
    return {
        **{name: row.get(name) for name in (*_TEXTS, *_INTEGERS, "information", "is_cut")},
        "wnid": wnid,
        "sha256": row["sha256"],
        "kind": kind_of(row.get("relation"), row.get("replaces")),
        "fetched_at": _moment(row.get("fetched_at")),
        "last_modified": _moment_of_header(row.get("last_modified")),
        "consent": _consent(row.get("consent")),
    }


def _moment(text: object) -> datetime.datetime | None:
    """A time as records write it; None for what is none."""
    try:
        moment = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
        return None if moment is None else _in_utc(moment)
    except (ValueError, OverflowError):
        return None


def _moment_of_header(text: object) -> datetime.datetime | None:
    """A time as a server wrote it (RFC 9110, 5.6.7); None for what is none."""
    try:
        return _in_utc(email.utils.parsedate_to_datetime(text)) if isinstance(text, str) and text else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)


def _consent(text: object) -> dict[str, Any] | None:
    """What was said of the use of an image; None where nothing was kept of it."""
    if not isinstance(text, str) or not text:
        return None
    try:
        consent = _CONSENT.decode(text)
    except UNREADABLE:
        return None
    said = [{name: getattr(one, name) for name in _SAID} for one in consent.said]
    names = ("acquisition", "train", "index", "policy")
    return {"at": _moment(consent.at), **{name: getattr(consent, name) for name in names}, "said": said}
