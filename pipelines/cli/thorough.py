"""What ``--thorough`` adds: local features of what hashes left apart."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import counted, err, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.scanning import Scanner, progress
from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from synsift.dedupe import Clustering, Fingerprint
    from synsift.dedupe.local.merging import Merged, Related


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
        help="What isn't kept of what --thorough finds: copy (the default), part_of or contains; may be repeated",
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

    Args:
        found: Groups, as hashes made them.
        images: All fingerprints, by path.
        scanner: How images are read, and which pairs are never copies.
        wanted: What goes, and what stays.
    """
    from synsift.dedupe import Tie, better
    from synsift.dedupe.local.merging import REMOVING, merge, reject
    from synsift.pipelines.folders.keeping import preference

    apart = {group.name: images[group.name].sha256 for group in found.groups}
    kept_out = _files_of(wanted.reference)
    sha256_of = {**kept_out, **apart}
    never = scanner.match.not_copies
    chosen = preference(wanted.keep or [], images)

    def is_better(one: str, other: str) -> bool:
        if chosen(one) != chosen(other):
            return chosen(one) < chosen(other)
        return better(images[one], images[other])

    ties = [
        one
        for one in _ties(apart, sha256_of, scanner, sha256_of)
        if sha256_of[one.of] not in never.of(sha256_of[one.name])
    ]
    removing = [Tie(str(one)) for one in wanted.remove] if wanted.remove else REMOVING
    known = {path: sha256 for path, sha256 in kept_out.items() if path not in apart}
    rejected = reject(found, [one for one in ties if one.of in known], known, removing=removing)
    left = [one for one in ties if one.of not in known and not {one.of, one.name} & rejected.joined.keys()]
    merged = merge(rejected.clustering, images, left, removing=removing, is_better=is_better)
    return replace(merged, joined={**rejected.joined, **merged.joined}, others=[*rejected.others, *merged.others])


def _files_of(names: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 by path of what has a file here; the rest, such as that of a file of fingerprints, can't be described."""
    found = {name: sha256 for sha256, name in names.items() if len(sha256) == _SHA256_DIGITS and os.path.isfile(name)}
    if len(found) < len(names):
        err.print(f"{len(names) - len(found):,} of what is compared with are no files here: compared by hashes alone")
    return found


def looked_through(
    rows: Sequence[dict[str, Any]], images: "Mapping[str, Fingerprint]", names: Mapping[str, str], scanner: Scanner
) -> list[dict[str, Any]]:
    """Rows of matches, with what local features say of queries that hashes found nothing for.

    Args:
        rows: As hashes have it.
        images: Fingerprints of queries, by path.
        names: Files by the SHA-256 of the images to compare with; what has no file here was known by hashes alone.
        scanner: How images are read.
    """
    from synsift.dedupe import Tie

    against = _files_of(names)
    queries = [row["query"] for row in rows if row["kind"] in ("new", "plain")]
    ties: dict[str, list[Related[str]]] = {}
    for one in _ties(queries, against, scanner, {**{query: images[query].sha256 for query in queries}, **against}):
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
    found = [
        one
        for one in _ties(queries, against, scanner, {**queries, **against})
        if one.relation.tie is not Tie.SHARES_A_PART and against[one.of] not in never.of(queries[one.name])
    ]
    return sorted(found, key=lambda one: (-one.relation.strength, one.name, one.of))


def _ties(
    queries: Iterable[str], against: Iterable[str], scanner: Scanner, sha256_of: Mapping[str, str]
) -> "Iterator[Related[str]]":
    from synsift.dedupe.local.merging import Related
    from synsift.pipelines.folders.features import FeatureFile

    with FeatureFile(scanner.options, scanner.features_cache) as file:
        try:
            with progress("described", len(sha256_of)) as advance:
                file.describe(sha256_of, advance)
            asked = list(queries)
            with progress("looked through", len(asked)) as advance:
                for pair, relation in file.relate(file.pairs(asked, list(against), advance)):
                    if relation.mirrored and "mirrored" not in scanner.match.orientations:
                        continue
                    yield Related(pair.one, pair.other, relation)
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
    if merged.others:
        parts.append(f"{counted(len(merged.others), 'relation', 'relations')} of images that are kept")
    return parts
