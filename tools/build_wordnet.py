#!/usr/bin/env python3
"""Make the bundled ontology from WordNet 3.0 and wordnets of the Open Multilingual Wordnet.

    tools/build_wordnet.py --wordnet /usr/share/wordnet --omw DIR --cili DIR [--out crawler/ontology/data]

``--wordnet`` has ``data.noun`` and ``index.noun`` (Debian: wordnet-base). ``--omw`` has a folder for each wordnet with
one ``.tab`` file, a LICENSE and a citation.bib; further wordnets of that form load the same way: add to ``WORDNETS``.
``--cili`` is a checkout of the Collaborative Interlingual Index (globalwordnet/cili), which joins versions of WordNet.
The result is the same, byte for byte, each time. ``crawler/ontology/wordnet.py`` describes the form.
"""

import argparse
import re
import sys
import unicodedata
import zlib
from collections import deque
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDNETS = {"es": ("wikt", "spa"), "it": ("ita", "ita"), "nl": ("nld", "nld"), "zh": ("cow", "cmn")}
_POINTERS = {"@": "", "@i": "i", "~": "", "~i": "i"}


@dataclass
class Noun:
    """A line of data.noun."""

    names: list[str]
    parents: list[tuple[str, str]]
    children: list[tuple[str, str]]
    gloss: str


def read_nouns(path: Path) -> dict[str, Noun]:
    """Offset → synset, in the order of the file (wndb(5WN))."""
    nouns: dict[str, Noun] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            continue
        data, _, gloss = line.partition(" | ")
        fields = data.split()
        count = int(fields[3], 16)
        names = [fields[4 + 2 * n].replace("_", " ") for n in range(count)]
        at = 4 + 2 * count
        pointers = [fields[at + 1 + 4 * n : at + 5 + 4 * n] for n in range(int(fields[at]))]
        parents = [(_POINTERS[p[0]], p[1]) for p in pointers if p[0] in ("@", "@i") and p[2] == "n"]
        children = [(_POINTERS[p[0]], p[1]) for p in pointers if p[0] in ("~", "~i") and p[2] == "n"]
        parents.sort(key=lambda pair: pair[0])  # hypernyms before what it is an instance of; stable
        nouns[fields[0]] = Noun(names, parents, children, " ".join(gloss.split()))
    return nouns


def count_descendants(nouns: dict[str, Noun], offset: str) -> int:
    """How many synsets are below one."""
    seen, waiting = {offset}, deque([offset])
    while waiting:
        for _, child in nouns[waiting.popleft()].children:
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return len(seen) - 1


def synset_lines(nouns: dict[str, Noun], rows: dict[str, int]) -> list[str]:
    """Lines of synsets.z."""
    lines = []
    for offset in rows:
        noun = nouns[offset]
        parents, children = (
            "|".join(f"{mark}{rows[other]}" for mark, other in pairs) for pairs in (noun.parents, noun.children)
        )
        fields = [offset, "|".join(noun.names), parents, children, str(count_descendants(nouns, offset)), noun.gloss]
        if any("\t" in field or "\n" in field for field in fields) or any("|" in name for name in noun.names):
            sys.exit(f"{offset}: a separator stands in a value")
        lines.append("\t".join(fields))
    return lines


def lemma_lines(path: Path, rows: dict[str, int]) -> list[str]:
    """Lines of lemmas.z: names in lower case, with their synsets in sense order."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            continue
        fields = line.split()
        offsets = fields[-int(fields[2]) :]
        lines.append(f"{fields[0].replace('_', ' ').lower()}\t{'|'.join(str(rows[offset]) for offset in offsets)}")
    return sorted(lines)


def translation_lines(folder: Path, code: str, rows: dict[str, int]) -> list[str]:
    """Lines of a language: names of noun synsets, in the order of the file, each once."""
    (path,) = folder.glob("*.tab")
    names: dict[int, dict[str, None]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) != 3 or fields[1] not in ("lemma", f"{code}:lemma") or not fields[0].endswith("-n"):
            continue
        row = rows.get(fields[0][:8])
        # "+" joins the parts of a Chinese name; nobody writes it.
        name = " ".join(unicodedata.normalize("NFC", fields[2]).replace("_", " ").replace("+", "").split())
        if row is not None and name and "|" not in name:
            names.setdefault(row, {})[name] = None
    return [f"{row}\t{'|'.join(names[row])}" for row in sorted(names)]


def version_lines(folder: Path, rows: dict[str, int]) -> list[str]:
    """Lines of wn31.z: the first offset of each run, and by how much those of WordNet 3.1 are greater."""
    of_ili = {ili: synset for ili, synset in _pairs(folder / "ili-map-pwn31.tab") if synset.endswith("-n")}
    newer = {synset[:8]: of_ili.get(ili, "")[:8] for ili, synset in _pairs(folder / "ili-map-pwn30.tab")}
    lines: list[str] = []
    before = None
    for offset in rows:
        shift = str(int(newer[offset]) - int(offset)) if newer.get(offset) else ""
        if shift != before:
            lines.append(f"{offset}\t{shift}")
        before = shift
    return lines


def _pairs(path: Path) -> list[tuple[str, str]]:
    fields = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [(line[0], line[1]) for line in fields if len(line) == 2]


def write(path: Path, lines: list[str]) -> None:
    """Compress lines into a file."""
    path.write_bytes(zlib.compress("\n".join(lines).encode("utf-8"), 9))
    print(f"{path.name:10s} {len(lines):7d} lines  {path.stat().st_size / 1e6:5.2f} MB")  # noqa: T201


def main() -> None:
    """Build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--omw", type=Path, required=True)
    parser.add_argument("--cili", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=ROOT / "crawler/ontology/data")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    nouns = read_nouns(options.wordnet / "data.noun")
    rows = {offset: row for row, offset in enumerate(sorted(nouns))}
    write(options.out / "synsets.z", synset_lines(nouns, rows))
    write(options.out / "lemmas.z", lemma_lines(options.wordnet / "index.noun", rows))
    head = (options.wordnet / "data.noun").read_text(encoding="utf-8").split("\n00001740")[0]
    licence = "\n".join(re.sub(r"^ *\d+ ?", "", line).strip() for line in head.splitlines())
    (options.out / "licence-en.txt").write_text(f"English: WordNet 3.0, Princeton University\n\n{licence}\n")
    for lang, (folder, code) in WORDNETS.items():
        write(options.out / f"{lang}.z", translation_lines(options.omw / folder, code, rows))
        texts = [
            (options.omw / folder / name).read_text(encoding="utf-8").strip() for name in ("LICENSE", "citation.bib")
        ]
        (options.out / f"licence-{lang}.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    write(options.out / "wn31.z", version_lines(options.cili, rows))
    (options.out / "licence-cili.txt").write_text((options.cili / "LICENSE").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
