"""What ``--thorough`` adds: local features of what hashes left apart."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import counted, err, warn
from synsift.pipelines.cli.scanning import Scanner, progress
from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from synsift.dedupe import Clustering, Fingerprint
    from synsift.dedupe.local.merging import Merged, Related


class Removed(StrEnum):
    """Ties that may remove an image."""

    COPY = "copy"
    PART_OF = "part_of"
    CONTAINS = "contains"


Thorough = Annotated[
    bool,
    typer.Option(
        "--thorough",
        help="See crops, rotations, screenshots, images in images, too; slower; needs synsift[thorough]",
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


def merged_groups(
    found: "Clustering",
    images: "Mapping[str, Fingerprint]",
    scanner: Scanner,
    remove: Sequence[Removed] | None,
    keep: Sequence[str] | None = None,
) -> "Merged[str]":
    """Relate what hashes left apart, and join the groups of what is a copy after all.

    Args:
        found: Groups, as hashes made them.
        images: All fingerprints, by path.
        scanner: How images are read, and which pairs are never copies.
        remove: Which ties remove an image; none for copies only.
        keep: The rules of ``--keep``.
    """
    from synsift.dedupe import Tie, better
    from synsift.dedupe.local.merging import REMOVING, merge
    from synsift.pipelines.folders.keeping import preference

    apart = [group.name for group in found.groups]
    never = scanner.match.not_copies

    chosen = preference(keep or [], images)

    def is_better(one: str, other: str) -> bool:
        if chosen(one) != chosen(other):
            return chosen(one) < chosen(other)
        return better(images[one], images[other])

    ties = [
        one for one in _ties(apart, apart, scanner) if images[one.of].sha256 not in never.of(images[one.name].sha256)
    ]
    removing = [Tie(str(one)) for one in remove] if remove else REMOVING
    return merge(found, images, ties, removing=removing, is_better=is_better)


def looked_through(rows: Sequence[dict[str, Any]], names: Mapping[str, str], scanner: Scanner) -> list[dict[str, Any]]:
    """Rows of matches, with what local features say of queries that hashes found nothing for.

    Args:
        rows: As hashes have it.
        names: Files by the SHA-256 of the images to compare with; what has no file here was known by hashes alone.
        scanner: How images are read.
    """
    from synsift.dedupe import Tie

    against = [name for name in dict.fromkeys(names.values()) if os.path.isfile(name)]
    if len(against) < len(names):
        err.print(f"{len(names) - len(against):,} of what is compared with are no files here: compared by hashes alone")
    ties: dict[str, list[Related[str]]] = {}
    for one in _ties([row["query"] for row in rows if row["kind"] in ("new", "plain")], against, scanner):
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


def _ties(queries: Sequence[str], against: Sequence[str], scanner: Scanner) -> "Iterator[Related[str]]":
    from synsift.dedupe.local.merging import Related
    from synsift.pipelines.folders.features import FeatureFile

    with FeatureFile(scanner.options) as file:
        try:
            wanted = dict.fromkeys((*against, *queries))
            with progress("described", len(wanted)) as advance:
                file.describe(wanted, advance)
            with progress("looked through", len(queries)) as advance:
                for pair, relation in file.relate(file.pairs(queries, against, advance)):
                    if relation.mirrored and "mirrored" not in scanner.match.orientations:
                        continue
                    yield Related(pair.one, pair.other, relation)
        except KeyboardInterrupt:
            warn.print("synsift: interrupted; features aren't kept: the next run makes them again")
            raise typer.Exit(1) from None


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
