#!/usr/bin/env python3
"""CPU time of a fingerprint, whole, with decode, beside imagehash.phash and PDQ, on the same files in turn.

    benchmarks/fingerprint.py --photos DIR [--peer PYTHON] [--rounds 5]

Ours runs in this interpreter, on one core; ``--peer`` is a Python that has imagehash and pdqhash (and may be the same).
Small: the photographs as they are. Large: eight of them enlarged to 12 megapixels, JPEG of quality 90. Each tool is
timed ``--rounds`` times, alternating, and its best round counts: others were disturbed.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
_COMMON = """
import io, json, sys, time
from pathlib import Path
files = [Path(name).read_bytes() for name in json.loads(sys.stdin.read())]
def timed(work):
    for data in files[:4]:
        work(data)
    start = time.process_time()
    for data in files:
        work(data)
    print(1000 * (time.process_time() - start) / len(files))
"""
TOOLS = {
    "synsift": _COMMON
    + f"\nsys.path.insert(0, {str(ROOT / 'src')!r})\nfrom synsift.dedupe import fingerprint\ntimed(fingerprint)",
    "imagehash.phash": _COMMON
    + "\nimport imagehash\nfrom PIL import Image\ntimed(lambda data: imagehash.phash(Image.open(io.BytesIO(data))))",
    "PDQ": _COMMON
    + "\nimport numpy, pdqhash\nfrom PIL import Image\n"
    + "timed(lambda data: pdqhash.compute(numpy.asarray(Image.open(io.BytesIO(data)).convert('RGB'))))",
    "decode alone": _COMMON
    + "\nfrom PIL import Image\ndef work(data):\n    image = Image.open(io.BytesIO(data))\n"
    + "    image.draft('L', (64, 64))\n    image.load()\ntimed(work)",
}


def measure(python: str, code: str, files: list[str]) -> float:
    """CPU milliseconds an image."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-c", code], input=json.dumps(files), capture_output=True, text=True, check=True, env=env
    )
    return float(done.stdout)


def compare(what: str, files: list[str], options: argparse.Namespace) -> None:
    """Time all tools on some files, and print them."""
    best = dict.fromkeys(TOOLS, float("inf"))
    for _ in range(options.rounds):
        for name, code in TOOLS.items():
            python = sys.executable if name in ("synsift", "decode alone") else options.peer
            best[name] = min(best[name], measure(python, code, files))
    print(f"{what}, {len(files)} files")
    for name, ms in best.items():
        print(f"  {name:16s} {ms:7.2f} CPU ms an image   synsift takes {best['synsift'] / ms:.2f} of it", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photos = sorted(str(path) for path in options.photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    compare("0.2 megapixel", photos, options)
    with tempfile.TemporaryDirectory() as scratch:
        large = []
        for number, photo in enumerate(photos[:: max(1, len(photos) // 8)][:8]):
            with Image.open(photo) as image:
                data = io.BytesIO()
                image.convert("RGB").resize((4000, 3000), Image.Resampling.LANCZOS).save(data, "JPEG", quality=90)
            large.append(str(Path(scratch) / f"{number}.jpg"))
            Path(large[-1]).write_bytes(data.getvalue())
        compare("12 megapixels", large, options)


if __name__ == "__main__":
    main()
