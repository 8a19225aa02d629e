#!/usr/bin/env python3
"""What smaller records would give: a candidate with its fingerprint as text, as bytes in a header, and without one.

    benchmarks/records.py --photos DIR [--records 2000]

Bytes of a record before and behind compression in batches of 200, and microseconds of CPU to compress and to
decompress it, by gzip at level 9, as kafka-python does, and by Zstandard at level 3 where ``zstandard`` is installed.
Fingerprints are those of photographs, again and again.
"""

import argparse
import base64
import gzip
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.stream import candidates
from synsift.dedupe import fingerprint
from synsift.pipelines.records import encode
from synsift.pipelines.stages.image_record import image_record

_BATCH: Final = 200
_GZIP_LEVEL: Final = 9
Codec = tuple[str, Callable[[bytes], bytes], Callable[[bytes], bytes]]


def codecs() -> list[Codec]:
    """Those at hand: name, and both ways."""
    found: list[Codec] = [("gzip", lambda data: gzip.compress(data, _GZIP_LEVEL), gzip.decompress)]
    try:
        import zstandard
    except ModuleNotFoundError:
        return found
    return [*found, ("zstd", zstandard.ZstdCompressor().compress, zstandard.ZstdDecompressor().decompress)]


def microseconds(work: Callable[[], object], records: int) -> float:
    """CPU time a record: the least of three."""
    times: list[float] = []
    for _ in range(3):
        start_s = time.process_time()
        work()
        times.append(time.process_time() - start_s)
    return min(times) / records * 1e6


def forms(photos: Path, records: int) -> dict[str, list[bytes]]:
    """The same candidates in each form."""
    paths = sorted(path for path in photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    if not paths:
        sys.exit(f"{photos} has no photographs")
    images = [image_record(fingerprint(path)) for path in paths[:records]]
    texts: list[bytes] = []
    binary: list[bytes] = []
    without: list[bytes] = []
    for made, image in zip(candidates(records), itertools.cycle(images)):
        texts.append(encode(msgspec.structs.replace(made, image=image)))
        without.append(encode(msgspec.structs.replace(made, image=msgspec.structs.replace(image, hash=""))))
        binary.append(without[-1] + base64.b64decode(image.hash.partition(":")[2]))
    return {"text": texts, "bytes in a header": binary, "none": without}


def batches(records: Sequence[bytes]) -> list[bytes]:
    """Records as they are compressed, together."""
    return [b"".join(records[at : at + _BATCH]) for at in range(0, len(records), _BATCH)]


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--records", type=int, default=2_000)
    options = parser.parse_args()
    for form, records in forms(options.photos, options.records).items():
        count, together = len(records), batches(records)
        print(f"fingerprint as {form}: {sum(map(len, records)) / count:.0f} bytes")
        for name, pack, unpack in codecs():
            packed = [pack(batch) for batch in together]
            there = microseconds(lambda pack=pack, data=together: [pack(batch) for batch in data], count)
            back = microseconds(lambda unpack=unpack, data=packed: [unpack(batch) for batch in data], count)
            size = sum(map(len, packed)) / count
            print(f"    {name}: {size:4.0f} bytes, {there:5.1f} µs to compress, {back:4.1f} to decompress")
    return 0


if __name__ == "__main__":
    sys.exit(main())
