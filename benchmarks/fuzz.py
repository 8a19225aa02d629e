#!/usr/bin/env python3
"""Mutated images against the decoder: each must end as a fingerprint or as a named error, in bounded time and memory.

    benchmarks/fuzz.py [--inputs 200000] [--seed N] [--max-pixels 10000000] [--pool] [--files FOLDER] [--state FILE]

Small valid files of every format, and those of a folder, are changed in their structure and in their bytes. Prints the
outcomes, the slowest input and the peak of memory, then what a decode of the largest allowed picture of each format
takes. Anything but a named error ends the run, with the input kept in a file. With --pool the decoders are processes,
as those of a worker: then a crash is a named error, too, and is counted and kept. With --state a run that was ended
goes on where it stood.
"""

import argparse
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.mutations import tampered
from synsift.dedupe import DEFAULT_MAX_PIXELS, ImageError, fingerprint
from synsift.dedupe.codecs import kind_of
from synsift.dedupe.decode import readable_formats
from synsift.pipelines.decoding.pool import DecoderPool, Limits
from tests.dedupe.pictures import encoded, scene

_EXTREMES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00", b"\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")


KEPT = ("decoder_crashed", "decode_timeout", "decode_memory")
"""Outcomes that cost more than a picture should: their inputs are kept."""
SLOW_S = 5.0
_LARGEST_SEED_BYTES = 30_000
_LARGEST_SEED_PIXELS = 70_000


def seeds() -> list[bytes]:
    """Valid files of all formats and of many modes."""
    picture = scene(7, size=(64, 48))
    found = [encoded(picture, kind) for kind in readable_formats()]
    found += [encoded(picture, "JPEG", progressive=True), encoded(picture.convert("CMYK"), "JPEG")]
    found += [encoded(picture, "JPEG", restart_marker_rows=1), encoded(picture.convert("L"), "JPEG", progressive=True)]
    found += [encoded(picture.convert(mode), "PNG") for mode in ("P", "LA", "RGBA", "1", "L")]
    found += [encoded(picture.convert("L").convert("I;16"), "PNG"), encoded(picture.convert("RGBA"), "AVIF")]
    found += [encoded(picture, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")]
    found += [encoded(picture.convert("1"), "TIFF", compression=name) for name in ("group3", "group4", "packbits")]
    found += [encoded(picture.convert(mode), "TIFF") for mode in ("CMYK", "P", "I", "F", "LAB")]
    found += [encoded(picture, "WEBP", lossless=True), encoded(picture.convert("RGBA"), "WEBP")]
    found += [encoded(picture.convert(mode), "BMP") for mode in ("P", "1", "L")]
    frames = [scene(8, size=(64, 48))]
    found += [encoded(picture, kind, save_all=True, append_images=frames) for kind in ("GIF", "WEBP", "PNG", "TIFF")]
    found += [encoded(picture, kind, exif=_exif(), icc_profile=b"p" * 200) for kind in ("JPEG", "PNG", "WEBP", "AVIF")]
    return found


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def read_seeds(folder: Path) -> list[bytes]:
    """Small files of a folder that are of a known format, whether they can be decoded or not."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.stat().st_size <= _LARGEST_SEED_BYTES and kind_of(data := file.read_bytes()):
            try:
                with Image.open(io.BytesIO(data)) as image:
                    pixels = image.width * image.height
            except Exception:  # noqa: BLE001 - broken ones are good seeds, too
                pixels = 0
            if pixels <= _LARGEST_SEED_PIXELS:
                found.append(data)
    return found


def mutated(rng: random.Random, files: list[bytes]) -> bytes:
    """A file that was tampered with in one to eight places."""
    data = bytearray(rng.choice(files))
    for _ in range(rng.randint(1, 8)):
        # Headers stand in front, and matter most.
        at = min(int(len(data) * rng.random() ** rng.choice((1, 3))), max(0, len(data) - 1))
        kind = rng.randrange(6)
        if kind == 0:
            data[at:] = b""
        elif kind == 1:
            data[at : at + 4] = rng.choice(_EXTREMES)
        elif kind == 2:
            data[at : at + 1] = rng.randbytes(1)
        elif kind == 3:
            data[at:at] = data[at : at + rng.randint(1, 64)]
        elif kind == 4:
            del data[at : at + rng.randint(1, 64)]
        else:
            other = rng.choice(files)
            data[at:] = other[min(at, len(other)) :]
        if not data:
            break
    return bytes(data)


def peak_mb() -> float:
    """Most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_largest() -> None:
    """Memory and time of the largest picture that is allowed, in a process of its own for each format."""
    code = (
        "import sys, time, re; sys.path.insert(0, sys.argv[1]); from synsift.dedupe import fingerprint\n"
        "def peak(): return int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024\n"
        "data = open(sys.argv[2], 'rb').read()\n"
        "before, start = peak(), time.process_time()\n"
        "fingerprint(data)\n"
        "print(f'{len(data) / 1e6:6.1f} MB, {peak() - before:6.0f} MB, {time.process_time() - start:6.2f} s CPU')\n"
    )
    side = int(DEFAULT_MAX_PIXELS**0.5)
    picture = scene(1).resize((side, side))
    with tempfile.TemporaryDirectory() as scratch:
        for name, mode, kind, options in (
            ("JPEG", "RGB", "JPEG", {}),
            ("JPEG, progressive", "RGB", "JPEG", {"progressive": True}),
            ("JPEG, CMYK", "CMYK", "JPEG", {}),
            ("PNG", "RGB", "PNG", {"compress_level": 1}),
            ("PNG, transparent", "RGBA", "PNG", {"compress_level": 1}),
            ("PNG, 16 bits", "I;16", "PNG", {"compress_level": 1}),
            ("TIFF", "RGB", "TIFF", {}),
            ("BMP", "RGB", "BMP", {}),
            ("GIF", "P", "GIF", {}),
        ):
            file = Path(scratch) / "image"
            image = picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)
            file.write_bytes(encoded(image, kind, **options))
            root = str(Path(__file__).resolve().parents[1])
            done = subprocess.run(
                [sys.executable, "-c", code, root, str(file)], capture_output=True, text=True, check=True
            )
            print(f"{side}×{side} {name:20s} {done.stdout.strip()}", flush=True)


@dataclass
class Found:
    """What a run has found so far, and where it stands."""

    inputs: int = 0
    seed: int = 1
    slowest_s: float = 0.0
    decoder_mb: float = 0.0
    by_format: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, kind: str, outcome: str, took_s: float) -> None:
        """Take one input."""
        self.inputs += 1
        self.slowest_s = max(self.slowest_s, took_s)
        counts = self.by_format.setdefault(kind or "other", {})
        counts[outcome] = counts.get(outcome, 0) + 1

    def outcomes(self) -> Counter[str]:
        """Over all formats."""
        total: Counter[str] = Counter()
        for counts in self.by_format.values():
            total.update(counts)
        return total


def outcome_of(data: bytes, decode: Callable[[bytes], object]) -> str:
    """How a picture ends."""
    try:
        decode(data)
    except ImageError as exc:
        return exc.outcome
    return "fingerprint"


def run(options: argparse.Namespace, decode: Callable[[bytes], object], found: Found) -> None:
    """Give the inputs that are left, in an order that only the seed decides."""
    files: dict[str, list[bytes]] = {}
    for data in seeds() + (read_seeds(options.files) if options.files else []):
        files.setdefault(kind_of(data), []).append(data)
    print("seeds:", {kind: len(these) for kind, these in files.items()}, flush=True)
    kept = options.state.parent if options.state else Path(tempfile.gettempdir())
    while found.inputs < options.inputs:
        number = found.inputs
        data = tampered(random.Random(f"{found.seed}/{number}"), files)  # noqa: S311 - to be repeated
        file = kept / f"synsift-fuzz-{found.seed}-{number}"
        start = time.monotonic()
        try:
            outcome = outcome_of(data, decode)
        except BaseException:
            file.write_bytes(data)
            print(f"input {number} of seed {found.seed} is in {file}")
            raise
        took_s = time.monotonic() - start
        found.count(kind_of(data), outcome, took_s)
        if outcome in KEPT or took_s > SLOW_S:
            file.write_bytes(data)
            print(f"{outcome}, {took_s:.1f} s: {file}", flush=True)
        if found.inputs % 5_000 == 0:
            found.decoder_mb = max(found.decoder_mb, children_mb())
            if options.state:
                options.state.write_text(json.dumps(asdict(found)))


def children_mb() -> float:
    """The most memory that a child has now, or had when it ended."""
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    for child in Path("/proc/self/task").glob("*/children"):
        for number in child.read_text().split():
            status = Path("/proc", number, "status").read_text()
            most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
    return most / 1024


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-pixels", type=int, default=10_000_000)
    parser.add_argument("--pool", action="store_true")
    parser.add_argument("--files", type=Path, help="a folder of pictures to begin with, beside our own")
    parser.add_argument("--state", type=Path, help="where to keep how far it is; pictures that cost are kept beside it")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = Found(seed=options.seed)
    if options.state and options.state.exists():
        found = Found(**json.loads(options.state.read_text()))
    pool = DecoderPool(1, Limits(options.max_pixels)) if options.pool else None
    decode = pool.fingerprint if pool else lambda data: fingerprint(data, max_pixels=options.max_pixels)
    for data in seeds():
        decode(data)
    before_mb = peak_mb()
    run(options, decode, found)
    if pool is not None:
        found.decoder_mb = max(found.decoder_mb, children_mb())
        pool.close()
    print(f"{found.inputs} inputs of seed {found.seed}: {dict(found.outcomes())}")
    for kind, counts in sorted(found.by_format.items()):
        print(f"  {kind:5s} {sum(counts.values()):8d}: {counts}")
    print(f"slowest {found.slowest_s:.2f} s; peak of memory {before_mb:.0f} MB before, {peak_mb():.0f} MB after")
    if pool is not None:
        print(f"the decoder's peak of memory: {found.decoder_mb:.0f} MB")
    measure_largest()


if __name__ == "__main__":
    main()
