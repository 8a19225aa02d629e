"""What the view of what stands costs, and what it saves who queries it.

    python -m benchmarks.compaction --images 50000

A store of 200 synsets whose manifests have parts of eight rows, a third of which was replaced; fingerprints are random.
The peer is the same question asked of the manifests themselves by DuckDB. Seconds are those of CPU.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.removal import strangers
from synsift.pipelines.records import Candidate, FoundBy, HttpAnswer, Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import compact
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.storage.objects import Objects, StoreAddress

_SYNSETS: Final = 200
_PART: Final = 8
_REPLACED_EVERY: Final = 3
_OF_MANIFESTS: Final = """
    SELECT wnid, count(*) FROM '{store}/manifests/*/*.parquet' AS image
    WHERE NOT EXISTS (
        SELECT 1 FROM '{store}/manifests/*/*.parquet' AS later
        WHERE later.wnid = image.wnid AND later.replaces = image.sha256
    ) GROUP BY wnid ORDER BY wnid
"""
_OF_VIEW: Final = "SELECT wnid, count(*) FROM '{store}/current/*/*.parquet' GROUP BY wnid ORDER BY wnid"


def fill(objects: Objects, images: int) -> int:
    """Make the store; gives how many images stand."""
    rows: dict[str, list[tuple[int, Survivor]]] = {}
    standing = 0
    for offset, image in enumerate(strangers(images)):
        wnid = f"n{offset % _SYNSETS:08d}"
        before = rows.setdefault(wnid, [])
        replaces = before[-1][1].candidate.image.sha256 if len(before) % _REPLACED_EVERY == 1 else ""
        candidate = Candidate(
            wnid=wnid,
            url=f"https://images.example/{offset}.jpg",
            image=image,
            found_by=FoundBy(
                source="commons", query="whippet", title=f"Whippet {offset}", author=f"Ann {offset % 977}"
            ),
            answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z"),
        )
        before.append((offset, Survivor(candidate=candidate, replaces=replaces)))
        standing += not replaces
        objects.put(layout.candidate(wnid, image), b"")
        if len(before) == _PART:
            put(objects, wnid, rows.pop(wnid))
    for wnid, left in rows.items():
        put(objects, wnid, left)
    return standing


def put(objects: Objects, wnid: str, rows: list[tuple[int, Survivor]]) -> None:
    """Write a part."""
    objects.put(layout.ManifestPart(wnid, 0, rows[0][0], rows[-1][0]).path, encode_part(rows))


def timed(work: Callable[[], object]) -> tuple[object, float]:
    """What it gives, and its seconds of CPU."""
    start_s = time.process_time()
    found = work()
    return found, time.process_time() - start_s


def main() -> int:
    """Make the store, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=50_000)
    images = parser.parse_args().images
    with tempfile.TemporaryDirectory() as folder:
        objects = Objects(StoreAddress(folder))
        standing = fill(objects, images)
        wnid = f"n{0:08d}"
        for name, work in (
            ("all anew", lambda: list(compact(objects))),
            ("nothing changed", lambda: list(compact(objects))),
            ("one synset", lambda: (objects.delete(layout.current_view(wnid)), list(compact(objects)))),
        ):
            _, spent_s = timed(work)
            print(f"{name}: {spent_s:.2f} s")
        told: dict[str, list[tuple[str, int]]] = {}
        for name, query in (("manifests", _OF_MANIFESTS), ("view", _OF_VIEW)):
            start_s = time.process_time()
            told[name] = duckdb.sql(query.format(store=folder)).fetchall()
            spent_s = time.process_time() - start_s
            print(f"DuckDB asks the {name}: {spent_s:.2f} s")
        if told["manifests"] != told["view"] or sum(count for _, count in told["view"]) != standing:
            sys.exit("they don't agree")
        for top in (layout.MANIFESTS, layout.CURRENT):
            files = list((Path(folder) / top).rglob("*.parquet"))
            print(f"{top} {len(files)} objects, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
