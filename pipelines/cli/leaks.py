"""``synsift leaks``: what of one set of images stands in another, as the same file or as a copy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, print_rows, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import (
    ConfigFile,
    Format,
    MaxPixels,
    NoMirror,
    NotCopiesFiles,
    OutputFormat,
    SetValues,
    Similarity,
)
from synsift.pipelines.cli.paths import try_file, whole_file
from synsift.pipelines.cli.scanning import CacheFile, Jobs, Keys, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.cli.thorough import Thorough, check_thorough, ties_across
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.dedupe import Fingerprint
    from synsift.dedupe.across import Crossing
    from synsift.pipelines.folders.files import Unreadable
    from synsift.pipelines.folders.packed import Place

_COLUMNS: Final = ("train", "train_files", "test", "test_files", "kind", "score", "transform")
_TRAIN, _TEST = "train", "test"


@dataclass(slots=True)
class _Side:
    """The images of a side.

    Attributes:
        images: Fingerprints by SHA-256.
        names: Of the files that have these bytes, by SHA-256.
        packed: Where in a file that holds many the first of them is, by SHA-256.
    """

    images: "dict[str, Fingerprint]" = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    packed: "dict[str, Place]" = field(default_factory=dict)

    def add(self, name: str, image: "Fingerprint") -> None:
        """Take an image in."""
        self.images.setdefault(image.sha256, image)
        self.names.setdefault(image.sha256, []).append(name)

    def files(self) -> dict[str, str]:
        """SHA-256 by path of images that are files here: of no others are there pixels to look at."""
        first = {self.names[sha256][0]: sha256 for sha256 in self.images if sha256 not in self.packed}
        return {path: sha256 for path, sha256 in first.items() if Path(path).is_file()}

    def __len__(self) -> int:
        return sum(map(len, self.names.values()))


@dataclass(frozen=True, slots=True)
class _Leak:
    """A test image that stands in training.

    Attributes:
        crossing: The two: ``sha256`` to train, ``other_sha256`` to test.
        tie: What the test image is to the other by local features; empty where hashes say that they are copies.
    """

    crossing: "Crossing"
    tie: str = ""

    @property
    def kind(self) -> str:
        """In a word."""
        return self.tie or ("exact" if self.crossing.is_exact else "near")


def leaks(
    train: Annotated[Path, typer.Argument(metavar="TRAIN", help="Folder, export, or file of fingerprints")],
    test: Annotated[Path, typer.Argument(metavar="TEST", help="The same; of this nothing should be in TRAIN")],
    page: Annotated[Path | None, typer.Option("--page", metavar="FILE", help="Write a page of the pictures")] = None,
    output: OutputFormat = Format.TABLE,
    similarity: Similarity = None,
    no_mirror: NoMirror = False,
    not_copies: NotCopiesFiles = None,
    max_pixels: MaxPixels = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
    thorough: Thorough = False,
) -> None:
    """Find images of a test set that stand in a training set, too: the same files, and copies of them.

    Either is a folder of images, an export (WebDataset's tar files and Parquet with images are read), or a file of
    fingerprints. The exit status is 1 if something leaks, or if a file of images breaks off, so that a script can stop
    there. With `--thorough` a test image can be copy, part_of or contains of one to train, too; images in tar files,
    in Parquet and in files of fingerprints are compared by hashes alone.

    [bold]Examples[/bold]

      synsift leaks whippets/train whippets/test

      synsift leaks ~/whippets test-split.parquet --page leaks.html

      synsift leaks train-000000.tar test-000000.tar --format jsonl

      synsift leaks whippets/train whippets/test --thorough
    """
    check_thorough(thorough)
    if page is not None:
        try_file(page, "--page")
    keys = Keys(file, values, similarity, no_mirror, not_copies, max_pixels)
    scanner = Scanner(keys, jobs=jobs, cache=cache, no_cache=no_cache)
    unreadable: list[Unreadable] = []
    one, other = (_side(path, scanner, unreadable) for path in (train, test))
    found = _across(one, other, scanner)
    if thorough:
        found += _seen_through(found, one, other, scanner)
    rows = [_row(leak, one, other) for leak in found]
    empty = f"nothing of `{test}` is in `{train}`"
    shown = rows if output is not Format.TABLE else map(_short, rows)
    print_rows(shown, output, details=("in train", "in test"), columns=_COLUMNS, empty=empty)
    list_unreadable(unreadable)
    _tell(found, one, other, has_read_all=not unreadable)
    if page is not None:
        _write_page(page, found, one, other, scanner.options.max_pixels)
    from synsift.pipelines.folders.packed import BROKEN

    broken = sum(one.reason == BROKEN for one in unreadable)
    if broken:
        warn.print(
            f"{counted(broken, 'file', 'files')} of images couldn't be read whole: nobody knows what is in the rest"
        )
    if found or broken:
        raise typer.Exit(ExitStatus.FAILED)


def _side(path: Path, scanner: Scanner, unreadable: "list[Unreadable]") -> _Side:
    """All images of a side.

    Raises:
        UsageError: There is none.
    """
    from synsift.pipelines.folders.hash_files import is_list, read_entries
    from synsift.pipelines.folders.packed import BROKEN, find_packed

    if not path.exists():
        raise UsageError(f"there is no file or folder `{path}`")
    side = _Side()
    packed = find_packed([path])
    if not packed and is_list(path):
        entries, images = read_entries(path)
        if entries:
            raise UsageError(f"`{path}` is a list of hashes", hint="make fingerprints: `synsift fingerprint DIR`")
        for name, image in images.items():
            side.add(name, image)
        return side
    if path not in packed:
        scanned = scanner.scan([path])
        for name, image in scanned.images.items():
            side.add(name, image)
        below = {str(file) for file in packed}
        unreadable += [one for one in scanned.unreadable if one.path not in below]
    _add_packed(side, packed, scanner, unreadable)
    if not side.images:
        for one in unreadable:
            if one.path == str(path) and one.reason == BROKEN:
                raise UsageError(f"`{path}` can't be read: {one.message}")
        raise UsageError(
            f"there is no image in `{path}`",
            hint="name a folder with images in it, an export of images, or a file of fingerprints",
        )
    return side


def _add_packed(side: _Side, files: Sequence[Path], scanner: Scanner, unreadable: "list[Unreadable]") -> None:
    from synsift.dedupe import Fingerprint
    from synsift.pipelines.folders.files import Unreadable
    from synsift.pipelines.folders.packed import unpack
    from synsift.pipelines.folders.pool import Pool
    from synsift.pipelines.folders.work import fingerprint_images

    if not files:
        return
    places: dict[str, Place] = {}

    def images() -> Iterator[tuple[str, bytes]]:
        with progress("files read", len(files)) as advance:
            for one in files:
                for packed in unpack(one, unreadable):
                    places[packed.name] = packed.place
                    yield packed.name, packed.data
                advance(1)

    work = partial(fingerprint_images, max_pixels=scanner.options.max_pixels)
    made: dict[str, Fingerprint] = {}
    with Pool(scanner.options.processes, work) as pool:
        for task in pool.make(images()):
            for (name, _), result in task:
                if isinstance(result, bytes):
                    made[name] = Fingerprint.from_record(result)
                else:
                    reason, message = result or ("decoder_crashed", "the decoder crashed on it")
                    unreadable.append(Unreadable(name, reason, message))
    for name in places:  # in their order: processes end in any
        if name in made:
            side.add(name, made[name])
            side.packed.setdefault(made[name].sha256, places[name])


def _across(train: _Side, test: _Side, scanner: Scanner) -> list[_Leak]:
    from synsift.dedupe.across import Crossing, View

    view = View(scanner.match)
    view.restore_all((_TEST, image) for image in test.images.values())
    found: list[Crossing] = []
    with progress("compared", len(train.images)) as advance:
        for image in train.images.values():
            found += view.crossings(_TRAIN, image)
            advance(1)
    found.sort(key=lambda one: (-one.score, train.names[one.sha256], test.names[one.other_sha256]))
    return [_Leak(one) for one in found]


def _seen_through(found: Sequence[_Leak], train: _Side, test: _Side, scanner: Scanner) -> list[_Leak]:
    """What local features see of test images for which hashes found nothing."""
    from synsift.dedupe.across import Crossing

    known = {one.crossing.other_sha256 for one in found}
    queries, against = test.files(), train.files()
    away = len(train.images) + len(test.images) - len(queries) - len(against)
    if away:
        err.print(f"{counted(away, 'image is no file', 'images are no files')} here: compared by hashes alone")
    asked = {path: sha256 for path, sha256 in queries.items() if sha256 not in known}
    return [
        _Leak(
            Crossing(
                scope=_TRAIN,
                sha256=against[one.of],
                other_scope=_TEST,
                other_sha256=queries[one.name],
                score=one.relation.agreed,
                transform="mirrored" if one.relation.mirrored else "identity",
            ),
            tie=str(one.relation.tie),
        )
        for one in ties_across(asked, against, scanner)
    ]


def _row(leak: _Leak, train: _Side, test: _Side) -> dict[str, Any]:
    crossing = leak.crossing
    ours, theirs = train.names[crossing.sha256], test.names[crossing.other_sha256]
    values = (
        *(ours[0], len(ours), theirs[0], len(theirs)),
        *(leak.kind, round(crossing.score, 4), crossing.transform),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a table shows."""
    more = {
        name: f" and {row[f'{name}_files'] - 1} more" if row[f"{name}_files"] > 1 else "" for name in ("train", "test")
    }
    word = "copy" if row["kind"] == "near" else row["kind"].replace("_", " ")
    near = f"{word}, {row['score']:.2f}" + ("" if row["transform"] == "identity" else f", {row['transform']}")
    return {
        "is": "same file" if row["kind"] == "exact" else near,
        "in train": row["train"] + more["train"],
        "in test": row["test"] + more["test"],
    }


def _tell(found: Sequence[_Leak], train: _Side, test: _Side, *, has_read_all: bool) -> None:
    exact = {one.crossing.other_sha256 for one in found if one.crossing.is_exact}
    leaked = {one.crossing.other_sha256 for one in found}
    files = sum(len(test.names[sha256]) for sha256 in leaked)
    same = sum(len(test.names[sha256]) for sha256 in exact)
    sizes = f"{counted(len(train), 'image', 'images')} to train, {len(test):,} to test"
    if not leaked:
        err.print(f"{sizes}: nothing leaks{'' if has_read_all else ', of what could be read'}")
        return
    share = 100 * files / len(test)
    others = "copies or parts" if any(one.tie for one in found) else "copies"
    err.print(
        f"{sizes}: {files:,} of the test images ({share:.1f} %) stand in training, "
        f"{same:,} as the same file, {files - same:,} as {others}"
    )


def _write_page(page: Path, found: Sequence[_Leak], train: _Side, test: _Side, max_pixels: int) -> None:
    from synsift.pipelines.pages.leaks import Shown, render_leaks

    shown = [
        Shown(
            one.crossing,
            train.names[one.crossing.sha256],
            test.names[one.crossing.other_sha256],
            partial(_picture, train, one.crossing.sha256, max_pixels),
            partial(_picture, test, one.crossing.other_sha256, max_pixels),
            one.tie,
        )
        for one in found
    ]
    with whole_file(page) as target:
        target.writelines(render_leaks(shown, len(train), len(test)))
    err.print(f"look at it: {page.resolve()}")


def _picture(side: _Side, sha256: str, max_pixels: int) -> str:
    """A thumbnail as Base64; empty where only a fingerprint is there, or nothing can be shown."""
    from synsift.pipelines.folders.packed import read_again
    from synsift.pipelines.pages.gallery import Making, make
    from synsift.pipelines.pages.thumbnails import SIDE_PX, thumbnail

    if sha256 not in side.packed:
        return make([side.names[sha256][0]], Making(SIDE_PX, max_pixels=max_pixels))[0]
    try:
        made = thumbnail(read_again(side.packed[sha256]), max_pixels=max_pixels)
    except OSError:
        return ""
    return made.to_base64() if made is not None else ""
