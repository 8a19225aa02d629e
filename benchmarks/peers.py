#!/usr/bin/env python3
"""What other tools say of queries and references: run in an environment of its own, by ``local_features.py --peers``.

    VENV/bin/python benchmarks/peers.py ROOT TOOL... > scores.json

Prints JSON: tool → query → reference → score, larger is nearer. A tool that can't be had is missing, and why is said.

    pdq         pdqhash, 256 bits: 256 less the distance
    imagededup  its PHash, 64 bits; it can't be imported without PyTorch
    perception  thorn's local descriptors: SIFT, FAISS, five checks; a pair or none
    fastdup     its network's cosine similarity
    czkawka     the pairs within its groups, as loose as its help recommends; ``czkawka_cli`` from the path
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Scores = dict[str, dict[str, float]]


def by_bits(queries: list[Path], references: list[Path], hash_of: Callable[[Path], np.ndarray]) -> Scores:
    """Scores of hashes, of all pairs: bits that agree."""
    known = np.stack([hash_of(path) for path in references])
    scores: Scores = {}
    for query in queries:
        same = (known == hash_of(query)).sum(1)
        scores[query.name] = {path.stem: float(bits) for path, bits in zip(references, same, strict=True)}
    return scores


def pdq(queries: list[Path], references: list[Path]) -> Scores:
    """Meta's PDQ."""
    import pdqhash

    return by_bits(
        queries, references, lambda path: pdqhash.compute(np.asarray(Image.open(path).convert("RGB")))[0].astype(bool)
    )


def imagededup(queries: list[Path], references: list[Path]) -> Scores:
    """The PHash of imagededup."""
    from imagededup.methods import PHash

    hasher = PHash(verbose=False)

    def hash_of(path: Path) -> np.ndarray:
        digits = hasher.encode_image(image_file=str(path))
        return np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8)).astype(bool)

    return by_bits(queries, references, hash_of)


def perception(queries: list[Path], references: list[Path]) -> Scores:
    """Thorn's local descriptors."""
    from perception.approximate_deduplication import pairs_to_clusters  # noqa: F401 - says early whether it is there
    from perception.local_descriptor_deduplication import deduplicate

    paths = [str(path) for path in (*queries, *references)]
    return _of_pairs([(one, other, 1.0) for one, other in deduplicate(paths)], queries, references)


def fastdup(queries: list[Path], references: list[Path]) -> Scores:
    """Fastdup's nearest neighbours."""
    import fastdup as library

    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images"
        images.mkdir()
        for path in (*queries, *references):
            shutil.copyfile(path, images / path.name)
        made = library.create(work_dir=f"{folder}/work", input_dir=str(images))
        made.run(ccthreshold=0.5, threshold=0.5, nearest_neighbors_k=20, num_images=0, overwrite=True)
        found = made.similarity()
    columns = [name for name in ("img_filename_from", "filename_from") if name in found.columns]
    one, other = columns[0], columns[0].replace("from", "to")
    pairs = [(Path(row[one]).name, Path(row[other]).name, float(row["distance"])) for _, row in found.iterrows()]
    return _of_pairs(pairs, queries, references)


_LOOSEST = ("--hash-size", "16", "--max-difference", "20", "--geometric-invariance", "mirror-flip-rotate90", "-H")


def czkawka(queries: list[Path], references: list[Path]) -> Scores:
    """Czkawka's groups."""
    program = shutil.which("czkawka_cli")
    if program is None:
        raise ImportError("czkawka_cli isn't on the path")
    with tempfile.TemporaryDirectory() as folder:
        for path in (*queries, *references):
            shutil.copyfile(path, Path(folder) / path.name)
        target = Path(folder) / "found.json"
        subprocess.run(
            [program, "image", "--directories", folder, *_LOOSEST, "--compact-file-to-save", str(target)],
            check=False,
            capture_output=True,
        )
        groups = json.loads(target.read_text()) if target.exists() else []
    pairs = []
    for group in groups:
        names = [Path(entry["path"]).name for entry in group]
        pairs += [(one, other, 1.0) for one in names for other in names if one != other]
    return _of_pairs(pairs, queries, references)


def _of_pairs(pairs: list[tuple[str, str, float]], queries: list[Path], references: list[Path]) -> Scores:
    """Scores of those pairs that are of a query and a reference."""
    asked, known = {path.name for path in queries}, {path.name for path in references}
    scores: Scores = {name: {} for name in asked}
    for one, other, score in pairs:
        for query, reference in ((one, other), (other, one)):
            query, reference = Path(query).name, Path(reference).name
            if query in asked and reference in known:
                mine = scores[query]
                mine[Path(reference).stem] = max(score, mine.get(Path(reference).stem, 0.0))
    return scores


TOOLS = {"pdq": pdq, "imagededup": imagededup, "perception": perception, "fastdup": fastdup, "czkawka": czkawka}


def main() -> None:
    """Ask the tools that are named."""
    root = Path(sys.argv[1])
    queries = sorted((root / "variants").iterdir())
    references = sorted((root / "originals").iterdir()) + sorted((root / "distractors").glob("*"))
    found: dict[str, Scores] = {}
    for name in sys.argv[2:]:
        try:
            found[name] = TOOLS[name](queries, references)
        except Exception as exc:  # noqa: BLE001 - of somebody else's program: the others go on
            print(f"{name}: {type(exc).__name__}: {exc}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
