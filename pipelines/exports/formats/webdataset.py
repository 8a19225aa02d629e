"""WebDataset: tar files whose members come together by their names, up to the first dot of the last part.

    train-000000.tar    n02091134/<sha256>.jpg     the image, always under this ending: readers look into the bytes
                        n02091134/<sha256>.cls     number of its class
                        n02091134/<sha256>.json    all columns

Folders are a part of a name, so that an image under two synsets makes two samples. Hugging Face's reader takes the
fields from the first five samples: they all have the same. Headers are those of POSIX.1-1988 (ustar), without owner
and time, so that the same images make the same bytes.
"""

import zlib
from pathlib import Path
from typing import Final

import msgspec

from synsift.pipelines.exports.formats.base import HashedFile
from synsift.pipelines.exports.rows import Placed, columns_of

_BLOCK: Final = 512
_RECORD: Final = 20 * _BLOCK
_NAME_BYTES: Final = 100
_JSON: Final = msgspec.json.Encoder()
_ZEROS: Final = bytes(_BLOCK)


class WebDataset:
    """The format."""

    needs_bytes = True

    def __init__(self, formats: frozenset[str], most_images: int = 10_000, *, has_digests: bool = True) -> None:
        """Make it.

        Args:
            formats: Of all images that are exported.
            most_images: In a shard.
            has_digests: Whether the SHA-256 of shards is wanted.
        """
        self._has_digests = has_digests
        self.most_images = most_images
        self.field = "png" if formats == {"PNG"} else "jpg"

    def name(self, side: str, number: int) -> str:
        """What the nth shard of a side is called."""
        return f"{side}-{number:06d}.tar"

    def begin(self, folder: Path, unit: str, side: str) -> "Shard":
        """Begin a shard."""
        return Shard(HashedFile(folder / unit, has_digest=self._has_digests), self.field)


class Shard:
    """A tar file that is being written."""

    def __init__(self, file: HashedFile, field: str) -> None:
        self._file = file
        self._field = field

    def add(self, placed: Placed, data: bytes) -> None:
        """Write a sample."""
        row = placed.row
        names = [f"{row.sha256}.{ending}" for ending in (self._field, "cls", "json")]
        columns = columns_of(placed, f"{row.wnid}/{names[0]}")
        bodies = (data, b"%d" % placed.kind.label, _JSON.encode(columns))
        parts: list[bytes] = []
        for name, body in zip(names, bodies, strict=True):
            parts += (header(row.wnid, name, len(body)), body, _ZEROS[: -len(body) % _BLOCK])
        self._file.write_all(parts)

    def finish(self) -> tuple[int, str]:
        """End the archive."""
        self._file.write(_ZEROS * 2)
        self._file.write(bytes(-self._file.size_bytes % _RECORD))
        return self._file.finish()

    def abandon(self) -> None:
        """Leave nothing half."""
        self._file.abandon()


def header(folder: str, name: str, size_bytes: int) -> bytes:
    """The header of a member, of 512 bytes.

    Args:
        folder: ASCII, of at most 155 characters.
        name: In the folder; ASCII, of at most 100 characters.
        size_bytes: Of what follows, below 8 GB.
    """
    whole = f"{folder}/{name}"
    prefix, short = ("", whole) if len(whole) <= _NAME_BYTES else (folder, name)
    fields = (
        short.encode().ljust(_NAME_BYTES, b"\0")
        + b"0000644\x000000000\x000000000\0"
        + b"%011o\x0000000000000\0" % size_bytes
        + b"        "
        + b"0".ljust(101, b"\0")
        + b"ustar\x0000"
        + bytes(64)
        + b"0000000\x000000000\0"
        + prefix.encode().ljust(155, b"\0")
        + bytes(12)
    )
    return fields[:148] + b"%06o\0 " % _sum_of(fields) + fields[156:]


def _sum_of(ascii_bytes: bytes) -> int:
    """The sum of at most 512 bytes below 128, which is what Adler's checksum holds in its lower half, less 1."""
    return (zlib.adler32(ascii_bytes) & 0xFFFF) - 1
