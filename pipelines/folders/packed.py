"""Images in files that hold many: tar files, as WebDataset has them, and Parquet with a column of images.

    train-000000.tar   ─▶ train-000000.tar/n02091134/<sha256>.jpg   every member whose bytes begin as an image's do
    train-00000.parquet ─▶ train-00000.parquet/0 …                  every row of `image`, as {bytes, path} or bytes

They are unpacked one after another, into memory and nowhere else: a name in an archive is a name, and no path.
"""

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from synsift.dedupe import looks_like_image
from synsift.pipelines.folders.files import Unreadable
from synsift.pipelines.folders.scan import DEFAULT_MAX_BYTES
from synsift.pipelines.folders.work import NOT_READABLE, TOO_LARGE

SUFFIXES: Final = (".tar", ".parquet")
BROKEN: Final = "broken"
"""Why a file that holds many can't be read whole."""
_IMAGE: Final = "image"
_HEAD_BYTES: Final = 64
_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image is in a file that holds many: its first byte in a tar file, or the number of its row."""

    file: Path
    begin: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Packed:
    """An image that was unpacked: its name for people, which begins with that of the file, its place and its bytes."""

    name: str
    place: Place
    data: bytes


def holds_images(file: Path) -> bool:
    """Whether a file is one that holds images: by its ending, and of Parquet by its columns."""
    if file.suffix.lower() == ".tar":
        return file.is_file()
    return file.suffix.lower() == ".parquet" and file.is_file() and _has_images(file)


def _has_images(file: Path) -> bool:
    """Whether it has the column; so has what can't be read, for all that is known, and reading it says why."""
    try:
        return _IMAGE in pq.read_schema(file).names
    except (pa.ArrowException, OSError):
        return True


def find_packed(paths: Iterable[Path]) -> list[Path]:
    """Files that hold images, among some paths and in folders, in the order of their names; broken ones, too."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [file for file in inside if not _is_hidden(file, path) and holds_images(file)]
    return found


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def unpack(file: Path, unreadable: list[Unreadable]) -> Iterator[Packed]:
    """The images of a file.

    Args:
        file: Which.
        unreadable: Takes what can't be read: images, and the file itself as ``BROKEN`` where it isn't what its name
            says, or breaks off behind what was given.
    """
    try:
        yield from (_of_tar if file.suffix.lower() == ".tar" else _of_parquet)(file, unreadable)
    except (tarfile.TarError, pa.ArrowException, EOFError) as exc:
        why = str(exc).splitlines()[0] if str(exc) else "it breaks off"
        unreadable.append(Unreadable(str(file), BROKEN, why))
    except OSError as exc:
        unreadable.append(Unreadable(str(file), BROKEN, exc.strerror or str(exc)))


def read_again(packed: Place) -> bytes:
    """The bytes of an image that was unpacked before; empty if they are gone."""
    if packed.file.suffix.lower() == ".tar":
        with packed.file.open("rb") as source:
            source.seek(packed.begin)
            return source.read(packed.size_bytes)
    left = packed.begin
    with pq.ParquetFile(packed.file) as table:
        for number in range(table.num_row_groups):
            rows = table.metadata.row_group(number).num_rows
            if left < rows:
                return _bytes_of(table.read_row_group(number, [_IMAGE]).column(0)[left].as_py())
            left -= rows
    return b""


def _of_tar(file: Path, unreadable: list[Unreadable]) -> Iterator[Packed]:
    with tarfile.open(file, "r:") as archive:
        while (member := archive.next()) is not None:
            # An archive remembers what it read, for looking it up: of a million members too much.
            archive.members = []  # type: ignore[attr-defined]
            if not member.isreg():
                continue
            name = f"{file}/{member.name}"
            content = archive.extractfile(member)
            head = content.read(_HEAD_BYTES) if content is not None else b""
            if content is None or not looks_like_image(head):
                continue
            if member.size > DEFAULT_MAX_BYTES:
                unreadable.append(Unreadable(name, TOO_LARGE, f"more than {DEFAULT_MAX_BYTES:,} bytes"))
                continue
            place = Place(file, member.offset_data, member.size)
            yield Packed(name, place, head + content.read())
        _check_end(archive)


def _check_end(archive: tarfile.TarFile) -> None:
    """Make sure that an archive is over where no member follows: `tarfile` takes a broken head for the end, too.

    Raises:
        ReadError: Something else stands there.
    """
    source = archive.fileobj
    if source is not None:
        source.seek(archive.offset)
        if source.read(tarfile.BLOCKSIZE).strip(tarfile.NUL):
            raise tarfile.ReadError("what follows its last member is broken")


def _of_parquet(file: Path, unreadable: list[Unreadable]) -> Iterator[Packed]:
    number = without = 0
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(_ROWS, columns=[_IMAGE]):
            for row in batch.column(0):
                data = _bytes_of(row.as_py())
                if data:
                    yield Packed(f"{file}/{number}", Place(file, number, len(data)), data)
                else:
                    without += 1
                number += 1
    if without:
        unreadable.append(Unreadable(str(file), NOT_READABLE, f"{without:,} of its {number:,} rows hold no image"))


def _bytes_of(value: Any) -> bytes:  # noqa: ANN401 - what a column may hold
    found = value.get("bytes") if isinstance(value, dict) else value
    return found if isinstance(found, bytes) else b""
