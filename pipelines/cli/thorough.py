"""What ``--thorough`` adds: local features of what hashes left apart, and of drawings that they took for copies."""

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.scanning import Scanner, progress
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.dedupe import Clustering, Fingerprint, NotCopies
    from synsift.dedupe.local.merging import Merged, Related
    from synsift.dedupe.local.parting import Parted
    from synsift.pipelines.folders.features import FeatureFile


_SHA256_DIGITS: Final = 64


class Removed(StrEnum):
    """Ties that may remove an image."""

    COPY = "copy"
    PART_OF = "part_of"
    CONTAINS = "contains"


Thorough = Annotated[
    bool,
    typer.Option(
        "--thorough",
        help="See crops, rotations, screenshots, images in images, too; slower; needs the extra `thorough`",
    ),
]
Remove = Annotated[
    list[Removed] | None,
    typer.Option(
        "--remove",
        metavar="RELATION",
        help="What goes: copy (the default), contains (collages), part_of (what they show); may be repeated",
    ),
]


def thorough_keys(thorough: bool, remove: Sequence[Removed] | None) -> dict[str, Any]:
    """What the options say of the configuration; None for nothing."""
    return {
        "dedupe__thorough": thorough or None,
        "dedupe__remove": [str(kind) for kind in remove] if remove else None,
    }


def check_thorough(thorough: bool, remove: Sequence[Removed] | None = None) -> None:
    """See at the start that what was asked for can be done.

    Raises:
        UsageError: ``--remove`` without ``--thorough``.
        ConfigError: OpenCV isn't installed.
    """
    if remove and not thorough:
        raise UsageError("`--remove` says what `--thorough` finds", hint="add `--thorough`")
    if thorough:
        from synsift.pipelines.folders.features import need_opencv

        need_opencv()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for beside ``--thorough``.

    Attributes:
        remove: Which ties remove an image; none for copies only.
        keep: The rules of ``--keep``.
        reference: Names by SHA-256 of what is to be kept out; what has no file here was known by hashes alone.
    """

    remove: Sequence[Removed] | None = None
    keep: Sequence[str] | None = None
    reference: Mapping[str, str] = field(default_factory=dict)


def merged_groups(
    found: "Clustering", images: "Mapping[str, Fingerprint]", scanner: Scanner, wanted: Wanted
) -> "Merged[str]":
    """Relate what hashes left apart, and join the groups of what is a copy after all.

    Before that drawings that hashes took for copies are looked at again: another state leaves its group.

    Args:
        found: Groups, as hashes made them.
        images: All fingerprints, by path.
        scanner: How images are read, and which pairs are never copies.
        wanted: What goes, and what stays.
    """
    from synsift.dedupe import Tie, better, choose
    from synsift.dedupe.local.merging import REMOVING, merge, reject
    from synsift.pipelines.folders.keeping import preference

    kept_out = _files_of(wanted.reference)
    chosen = preference(wanted.keep or [], images)

    def is_better(one: str, other: str) -> bool:
        if chosen(one) != chosen(other):
            return chosen(one) < chosen(other)
        return better(images[one], images[other])

    with _looking(scanner) as file:
        parted = _parted(found, images, scanner, file)
        found = choose(parted.clustering, images, chosen) if wanted.keep else parted.clustering
        apart = {group.name: images[group.name].sha256 for group in found.groups}
        sha256_of = {**kept_out, **apart}
        ties = [
            one
            for one in _ties(apart, sha256_of, scanner, file, sha256_of)
            if sha256_of[one.of] not in parted.not_copies.of(sha256_of[one.name])
            or one.relation.tie is Tie.SHARES_A_PART
        ]
    removing = [Tie(str(one)) for one in wanted.remove] if wanted.remove else REMOVING
    known = {path: sha256 for path, sha256 in kept_out.items() if path not in apart}
    rejected = reject(found, [one for one in ties if one.of in known], known, removing=removing)
    left = [one for one in ties if one.of not in known and not {one.of, one.name} & rejected.joined.keys()]
    merged = merge(rejected.clustering, images, left, removing=removing, is_better=is_better)
    joined, others = {**rejected.joined, **merged.joined}, [*rejected.others, *merged.others]
    return replace(merged, joined=joined, others=others, taken_back=parted.taken_back)


def _parted(
    found: "Clustering", images: "Mapping[str, Fingerprint]", scanner: Scanner, file: "FeatureFile"
) -> "Parted[str]":
    """Groups without drawings of another state."""
    from synsift.dedupe.local.parting import part

    return part(found, images, scanner.match, lambda pairs: _told_apart(pairs, images, file))


def told_apart(
    pairs: Iterable[tuple[str, str]], images: "Mapping[str, Fingerprint]", scanner: Scanner
) -> Collection[tuple[str, str]]:
    """Those of some pairs that hashes take for copies that are two drawings.

    Args:
        pairs: Paths.
        images: Fingerprints by path.
        scanner: How images are read.
    """
    with _looking(scanner) as file:
        return _told_apart(pairs, images, file)


def _told_apart(
    pairs: Iterable[tuple[str, str]], images: "Mapping[str, Fingerprint]", file: "FeatureFile"
) -> Collection[tuple[str, str]]:
    drawn = [(one, other) for one, other in pairs if images[one].fine and images[other].fine]
    return _others(drawn, {path: images[path].sha256 for pair in drawn for path in pair}, file)


def _others(
    pairs: Sequence[tuple[str, str]], sha256_of: Mapping[str, str], file: "FeatureFile"
) -> Collection[tuple[str, str]]:
    """Those of some pairs that hashes take for copies that show another state."""
    if not pairs:
        return []
    with progress("described", len(sha256_of)) as advance:
        file.describe(sha256_of, advance)
    with progress("looked at again", len(pairs)) as advance:
        return set(file.others(pairs, advance))


def _files_of(names: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 by path of what has a file here; the rest, such as that of a file of fingerprints, can't be described."""
    found = {name: sha256 for sha256, name in names.items() if len(sha256) == _SHA256_DIGITS and os.path.isfile(name)}
    if len(found) < len(names):
        err.print(f"{len(names) - len(found):,} of what is compared with are no files here: compared by hashes alone")
    return found


Again = Callable[["NotCopies", Sequence[str]], Iterable[dict[str, Any]]]
"""Pairs that are no copies, some queries → their rows, as hashes have them."""


def looked_through(
    rows: Sequence[dict[str, Any]],
    images: "Mapping[str, Fingerprint]",
    names: Mapping[str, str],
    scanner: Scanner,
    again: Again,
) -> list[dict[str, Any]]:
    """Rows of matches, with what local features say of queries that hashes found nothing for.

    Before that drawings that hashes found are looked at again: what shows another state is no match.

    Args:
        rows: As hashes have it.
        images: Fingerprints of queries, by path.
        names: Files by the SHA-256 of the images to compare with; what has no file here was known by hashes alone.
        scanner: How images are read.
        again: Asks hashes once more, where what they found is no match.
    """
    from synsift.dedupe import Tie

    against = _files_of(names)
    ties: dict[str, list[Related[str]]] = {}
    with _looking(scanner) as file:
        rows, judged = _asked_again(rows, images, against, file, again, scanner.match.not_copies)
        queries = [row["query"] for row in rows if row["kind"] in ("new", "plain")]
        sha256_of = {**{query: images[query].sha256 for query in queries}, **against}
        for one in _ties(queries, against, scanner, file, sha256_of):
            if one.relation.tie is Tie.SHARES_A_PART or against[one.of] not in judged.of(images[one.name].sha256):
                ties.setdefault(one.name, []).append(one)
    found = []
    for row in rows:
        known = sorted(ties.get(row["query"], []), key=lambda one: -one.relation.strength)
        same = next((one for one in known if one.relation.tie is not Tie.SHARES_A_PART), None)
        shares = next((one.of for one in known if one.relation.tie is Tie.SHARES_A_PART), None)
        said = {} if same is None else _said(same)
        matched = {} if same is None else {"match": said.pop("of"), **said}
        found.append(row | matched | {"shares_a_part_with": shares})
    return found


def _asked_again(
    rows: Sequence[dict[str, Any]],
    images: "Mapping[str, Fingerprint]",
    against: Mapping[str, str],
    file: "FeatureFile",
    again: Again,
    judged: "NotCopies",
) -> "tuple[list[dict[str, Any]], NotCopies]":
    """Rows without matches that show another state, and with what was next, if anything; and all that is no match."""
    found = list(rows)
    left = list(range(len(found)))
    sha256_of = {**against, **{path: image.sha256 for path, image in images.items()}}
    asked = set[tuple[str, str]]()
    while left:
        drawn = {}
        for number in left:
            one, other = found[number]["query"], found[number]["match"]
            # What is another picture by now, in a set that was made before, can't be looked at.
            is_here = other in against and against[other] == sha256_of[other]
            if found[number]["kind"] == "near" and is_here and images[one].fine and (one, other) not in asked:
                drawn[one, other] = number
        asked |= drawn.keys()
        others = _others(list(drawn), {path: sha256_of[path] for pair in drawn for path in pair}, file)
        judged = judged.and_pairs((sha256_of[one], sha256_of[other]) for one, other in others)
        left = sorted(drawn[pair] for pair in others)
        for number, row in zip(left, again(judged, [found[number]["query"] for number in left]), strict=True):
            found[number] = row
    return found, judged


def ties_across(queries: Mapping[str, str], against: Mapping[str, str], scanner: Scanner) -> "list[Related[str]]":
    """What local features say of images of one set and those of another, said of the first; the strongest first.

    What only shares a part, such as a logo or a frame, is left out, and so is what is known to be no copy.

    Args:
        queries: SHA-256 by path of the first set: files that are here.
        against: The same of the other.
        scanner: How images are read, and which pairs are never copies.
    """
    from synsift.dedupe import Tie

    never = scanner.match.not_copies
    with _looking(scanner) as file:
        found = [
            one
            for one in _ties(queries, against, scanner, file, {**queries, **against})
            if one.relation.tie is not Tie.SHARES_A_PART and against[one.of] not in never.of(queries[one.name])
        ]
    return sorted(found, key=lambda one: (-one.relation.strength, one.name, one.of))


def _ties(
    queries: Iterable[str], against: Iterable[str], scanner: Scanner, file: "FeatureFile", sha256_of: Mapping[str, str]
) -> "Iterator[Related[str]]":
    from synsift.dedupe.local.merging import Related

    with progress("described", len(sha256_of)) as advance:
        file.describe(sha256_of, advance)
    asked = list(queries)
    with progress("looked through", len(asked)) as advance:
        for pair, relation in file.relate(file.pairs(asked, list(against), advance)):
            if relation.mirrored and "mirrored" not in scanner.match.orientations:
                continue
            yield Related(pair.one, pair.other, relation)


@contextlib.contextmanager
def _looking(scanner: Scanner) -> "Iterator[FeatureFile]":
    """A file of features; who interrupts is told what is kept."""
    from synsift.pipelines.folders.features import FeatureFile

    with FeatureFile(scanner.options, scanner.features_cache) as file:
        try:
            yield file
        except KeyboardInterrupt:
            kept = "" if scanner.features_cache is None else "; what was done is kept: run it again to go on"
            warn.print(f"synsift: interrupted{kept}")
            raise typer.Exit(ExitStatus.FAILED) from None


def with_ties(rows: Iterable[dict[str, Any]], merged: "Merged[str] | None") -> Iterator[dict[str, Any]]:
    """Rows of groups, with the ties that made them."""
    for row in rows:
        tie = merged.joined.get(row["path"]) if merged is not None else None
        yield row if tie is None else row | _said(tie)


def relation_rows(merged: "Merged[str] | None", row_of: Callable[[str], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each tie that removed nothing: both images stay."""
    for tie in merged.others if merged is not None else ():
        yield row_of(tie.name) | _said(tie)


def _said(tie: "Related[str]") -> dict[str, Any]:
    turned = "mirrored" if tie.relation.mirrored else None
    return {"kind": str(tie.relation.tie), "of": tie.of, "distance": None, "transform": turned}


def in_words(merged: "Merged[str]") -> list[str]:
    """What a summary says of it."""
    parts = [f"{len(merged.joined):,} of them seen by local features"] if merged.joined else []
    if merged.taken_back:
        parts.append(f"{merged.taken_back:,} near by hashes and another drawing by local features")
    if merged.others:
        parts.append(f"{counted(len(merged.others), 'relation', 'relations')} of images that are kept")
    return parts
