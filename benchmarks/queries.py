#!/usr/bin/env python3
"""Queries of all noun synsets in five languages: how long, how much memory, how many by rule and language.

    benchmarks/queries.py

Also the cost of the first use and of look-ups. No peer makes such queries; what is measured is the limit that was set.
"""

import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.crawler.ontology import LANGUAGES, under, wordnet
from synsift.crawler.queries import QueryMaker


def main() -> None:
    """Run the benchmark."""
    start = time.monotonic()
    concepts = wordnet()
    print(f"first use {time.monotonic() - start:.3f} s")
    start = time.monotonic()
    wnids = list(concepts)[::100]
    for wnid in wnids:
        concepts.senses(concepts.get(wnid).lemmas[0])
    print(f"a look-up by wnid and by name {1000 * (time.monotonic() - start) / len(wnids):.3f} ms")
    start = time.monotonic()
    maker = QueryMaker(concepts, LANGUAGES)
    twelve = set(under(concepts, "imagenet12"))
    counts: dict[str, Counter[tuple[str, str]]] = {"all synsets": Counter(), "twelve subtrees": Counter()}
    for wnid in concepts:
        for query in maker.queries(wnid):
            counts["all synsets"][(str(query.rule), query.lang)] += 1
            if wnid in twelve:
                counts["twelve subtrees"][(str(query.rule), query.lang)] += 1
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"all queries in {time.monotonic() - start:.1f} s; peak memory {peak_mb:.0f} MB")
    sizes = {"all synsets": len(concepts), "twelve subtrees": len(twelve)}
    for name, found in counts.items():
        print(
            f"{name} ({sizes[name]}): {sum(found.values())} queries, {sum(found.values()) / sizes[name]:.1f} a synset"
        )
        for (rule, lang), number in sorted(found.items()):
            print(f"  {rule:12s} {lang}  {number:7d}")


if __name__ == "__main__":
    main()
