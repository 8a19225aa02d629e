#!/usr/bin/env python3
"""Mutated images against the decoder: each must end as a fingerprint or as a named error, in bounded time and memory.

    benchmarks/fuzz.py [--inputs 200000] [--seed N] [--max-pixels 10000000] [--pool]

Small valid files of every format are cut off, overwritten, spliced with each other, and given large numbers where sizes
stand. Prints the outcomes, the slowest input and the peak of memory, then what a decode of the largest allowed picture
of each format takes. Anything but a named error ends the run, with the input kept in a file. With --pool the decoders
are processes, as those of a worker: then a crash is a named error, too, and is counted.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.dedupe import DEFAULT_MAX_PIXELS, FORMATS, ImageError, fingerprint
from synsift.pipelines.decoding.pool import DecoderPool, Limits
from tests.dedupe.pictures import encoded, scene

_EXTREMES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00", b"\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")


def seeds() -> list[bytes]:
    """Valid files of all formats and of many modes."""
    picture = scene(7, size=(64, 48))
    found = [encoded(picture, kind) for kind in FORMATS]
    found += [encoded(picture, "JPEG", progressive=True), encoded(picture.convert("CMYK"), "JPEG")]
    found += [encoded(picture.convert(mode), "PNG") for mode in ("P", "LA", "RGBA", "1", "L")]
    found += [encoded(picture, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")]
    found += [encoded(picture, "WEBP", lossless=True), encoded(picture.convert("P"), "BMP")]
    frames = [scene(8, size=(64, 48))]
    found += [encoded(picture, kind, save_all=True, append_images=frames) for kind in ("GIF", "WEBP", "PNG", "TIFF")]
    exif = Image.Exif()
    exif[0x0112] = 6
    return [*found, encoded(picture, "JPEG", exif=exif)]


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


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-pixels", type=int, default=10_000_000)
    parser.add_argument("--pool", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = random.Random(options.seed)  # noqa: S311 - to be repeated
    files = seeds()
    outcomes: Counter[str] = Counter()
    slowest_s = 0.0
    for data in files:
        fingerprint(data)
    before_mb = peak_mb()
    pool = DecoderPool(1, Limits(options.max_pixels)) if options.pool else None
    for number in range(options.inputs):
        data = mutated(rng, files)
        start = time.monotonic()
        try:
            if pool is not None:
                pool.fingerprint(data)
            else:
                fingerprint(data, max_pixels=options.max_pixels)
            outcomes["fingerprint"] += 1
        except ImageError as exc:
            outcomes[exc.outcome] += 1
        except BaseException:
            kept = Path(tempfile.gettempdir()) / f"synsift-fuzz-{options.seed}-{number}"
            kept.write_bytes(data)
            print(f"input {number} of seed {options.seed} is in {kept}")
            raise
        slowest_s = max(slowest_s, time.monotonic() - start)
    if pool is not None:
        pool.close()
    print(f"{options.inputs} inputs of seed {options.seed}: {dict(outcomes)}")
    print(f"slowest {slowest_s:.2f} s; peak of memory {before_mb:.0f} MB before, {peak_mb():.0f} MB after")
    measure_largest()


if __name__ == "__main__":
    main()
