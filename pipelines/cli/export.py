"""``synsift export``: out of a store, into what trainers load."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, print_rows, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.exporting import Only, accepted_only_of, opened, tell_behind
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Format, Out, SetValues, follow_up, settings_of
from synsift.pipelines.cli.paths import try_folder
from synsift.pipelines.cli.scanning import progress
from synsift.pipelines.errors import DiskFull, FolderInUse, StoreError, UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.crawler.ontology import Concepts
    from synsift.pipelines.config import Settings
    from synsift.pipelines.exports.card import About
    from synsift.pipelines.exports.choosing import Choice, Plan
    from synsift.pipelines.exports.judgements import Judgements
    from synsift.pipelines.exports.run import Exported, Wanted
    from synsift.pipelines.exports.spool import Spool
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.storage.objects import Objects

_NO_SPACE: Final = 28
_SHOWN_LICENCES: Final = 5


_Formats = Annotated[
    list[str],
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="One of webdataset, imagefolder, parquet, coco, csv, croissant; may be repeated",
    ),
]
_Only = Annotated[
    Only | None,
    typer.Option("--only", help="All survivors, or those that people accepted; by default these, if people voted"),
]
_Licences = Annotated[
    str | None,
    typer.Option(
        "--licence", metavar="LIST", help="Only images of these licences (SPDX), such as cc0,cc-by,CC-BY-SA-4.0"
    ),
]
_Split = Annotated[
    str | None,
    typer.Option("--split", metavar="SHARES", help="Split off by cluster, such as test=0.1,val=0.1; the rest is train"),
]
_MaxSide = Annotated[
    int | None, typer.Option("--max-side", min=16, metavar="PX", help="Scale larger images down to this longer side")
]
_References = Annotated[
    list[Path] | None,
    typer.Option(
        "--exclude-reference",
        metavar="FILE",
        help="Leave out copies of what a file of fingerprints has; may be repeated",
    ),
]
_NoBytes = Annotated[bool, typer.Option("--no-bytes", help="Parquet without the images' bytes")]
_ShardSize = Annotated[int, typer.Option("--shard-size", min=1, metavar="MB", help="Size of a shard, at most")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be exported")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line says."""

    target: Path
    formats: tuple[str, ...]
    only: Only | None
    licence: str | None
    split: str | None
    max_side: int | None
    references: list[Path] | None
    has_bytes: bool
    shard_size: int
    about: "About"
    dry_run: bool
    place: Mapping[str, Any]

    @property
    def decides(self) -> dict[str, Any]:
        """What of it decides the bytes, beside what is chosen by it."""
        names = ("formats", "licence", "split", "max_side", "has_bytes", "shard_size")
        return {name: getattr(self, name) for name in names}


def export(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Folder to write to: a new one, or an empty one")],
    formats: _Formats,
    only: _Only = None,
    licence: _Licences = None,
    split: _Split = None,
    max_side: _MaxSide = None,
    exclude_reference: _References = None,
    no_bytes: _NoBytes = False,
    shard_size: _ShardSize = 500,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Name of the data set; by default that of TARGET")
    ] = None,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Its page, for `croissant.json`")] = "",
    creator: Annotated[str, typer.Option("--creator", metavar="WHO", help="Who made it, for `croissant.json`")] = "",
    dry_run: _DryRun = False,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Write the images of a store in a form that trainers load, with a line of credit for each in `CREDITS`.

    Interrupted or killed, the same command goes on. The same store and options give the same bytes. `--split` keeps
    together what shows the same: copies, images by one author, images of one page. `croissant` and `csv` go beside any
    other format, `coco` beside `imagefolder`.

    [bold]Examples[/bold]

      synsift export whippets --out dogs --format webdataset

      synsift export whippets --out dogs --format imagefolder --max-side 512

      synsift export whippets --out dogs --format parquet --split test=0.1,val=0.1

      synsift export whippets --out dogs --format csv --licence cc0,cc-by,cc-by-sa
    """
    from synsift.pipelines.exports.card import About
    from synsift.pipelines.exports.run import check_formats, name_of

    kinds, place = tuple(dict.fromkeys(formats)), {"out": out, "file": file, "values": values}
    check_formats(kinds, has_bytes=not no_bytes)
    _check_target(target)
    about = About(name or name_of(target), url, creator)
    chosen = (only, licence, split, max_side, exclude_reference)
    asked = _Asked(target, kinds, *chosen, not no_bytes, shard_size, about, dry_run, place)
    _export(asked, settings_of(file, values, store__url=out), concepts_of(ontology))


def _export(asked: _Asked, settings: "Settings", concepts: "Concepts") -> None:
    from synsift.pipelines.exports.judgements import read_judgements
    from synsift.pipelines.exports.run import Wanted

    with contextlib.ExitStack() as stack:
        objects, log = opened(settings, stack)
        _check_apart(asked.target, settings)
        judgements = read_judgements(log, objects)
        accepted_only = accepted_only_of(asked.only, judgements, doing="exporting")
        choice = _choice(asked, settings, log, accepted_only=accepted_only)
        unit_bytes = asked.shard_size * 10**6
        wanted = Wanted(asked.formats, asked.about, asked.has_bytes, unit_bytes, accepted_only)
        tell_behind(log, asked.place)
        with _folder_errors(asked.target):
            spool = _spool(asked, stack)
            plan = _survey(choice, judgements, concepts, objects, spool)
            if asked.dry_run:
                _print_plan(plan)
                return
            exported = _run(plan, wanted, asked, objects, settings)
    _print(exported, has_shards=wanted.holder in ("webdataset", "parquet"))
    _tell(exported, plan, asked)


def _check_target(target: Path) -> None:
    if "://" in str(target) or str(target).startswith(("s3:/", "gs:/", "az:/")):
        raise UsageError(f"`{target}` is no folder", hint="export to a folder, and upload that")
    try_folder(target, "TARGET")


def _check_apart(target: Path, settings: "Settings") -> None:
    """Refuse a folder among those in which the store has its own: what was exported would be read as images of it."""
    from synsift.pipelines.storage.layout import TOPS
    from synsift.pipelines.store_settings import store_address

    store = store_address(settings).folder
    if store is not None and any(target.resolve().is_relative_to(store.resolve() / top) for top in TOPS):
        raise UsageError(f"`{target}` is among what the store itself holds", hint="name a folder beside the store")


def _choice(asked: _Asked, settings: "Settings", log: "Log | None", *, accepted_only: bool) -> "Choice":
    from synsift.pipelines.exports.choosing import Choice
    from synsift.pipelines.exports.copies import pairs_of
    from synsift.pipelines.exports.licences import unknown_of, wanted_of
    from synsift.pipelines.exports.reference import read_exclusions
    from synsift.pipelines.exports.sides import shares_of
    from synsift.pipelines.matching import match_options

    licences = wanted_of(asked.licence) if asked.licence is not None else frozenset()
    unknown = unknown_of(licences)
    if unknown or (asked.licence is not None and not licences):
        named = unknown[0] if unknown else asked.licence
        raise UsageError(f"`--licence`: there is no licence `{named}`", hint="for example `cc0,cc-by,CC-BY-SA-4.0`")
    shares = tuple(shares_of(asked.split)) if asked.split is not None else ()
    match = match_options(settings.dedupe)
    return Choice(
        accepted_only=accepted_only,
        licences=licences,
        reference=read_exclusions(asked.references, match) if asked.references else None,
        shares=shares,
        pairs=pairs_of(log) if shares else (),
        match=match,
        max_side_px=asked.max_side or 0,
    )


def _spool(asked: _Asked, stack: contextlib.ExitStack) -> "Spool":
    """Where rows are put in order: in the target; where nothing may be written there, in a place of the machine."""
    from synsift.pipelines.exports.journal import FOLDER, check_target
    from synsift.pipelines.exports.spool import Spool
    from synsift.pipelines.folder_lock import lock_folder

    if asked.dry_run:
        import tempfile

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="synsift-")))
    else:
        check_target(asked.target)
        folder = asked.target / FOLDER
        try:
            stack.enter_context(lock_folder(folder))
        except FolderInUse as exc:
            message = f"another export into `{asked.target}` is at work"
            raise FolderInUse(message, hint="wait for its end") from exc
    return stack.enter_context(Spool(folder / "rows"))


def _survey(
    choice: "Choice", judgements: "Judgements", concepts: "Concepts", objects: "Objects", spool: "Spool"
) -> "Plan":
    from synsift.pipelines.exports.choosing import Surveyor

    plan = Surveyor(choice, judgements, concepts, spool).survey(objects)
    _tell_left_out(plan, choice)
    if not plan.spool.count:
        warn.print("nothing is exported: no image is left", style="yellow")
        raise typer.Exit(ExitStatus.FAILED)
    return plan


def _run(plan: "Plan", wanted: "Wanted", asked: _Asked, objects: "Objects", settings: "Settings") -> "Exported":
    from synsift.pipelines.exports.journal import Journal
    from synsift.pipelines.exports.run import Export
    from synsift.pipelines.storage.images import ImageReader

    export = Export(plan, wanted, asked.target, Journal(asked.target))
    export.begin({**asked.decides, "accepted_only": wanted.accepted_only})
    with progress("exported", plan.spool.count) as advance:
        try:
            return export.run(ImageReader(objects), max_pixels=settings.fetch.max_pixels, on_images=advance)
        except KeyboardInterrupt:
            warn.print("synsift: interrupted; the same command goes on")
            raise typer.Exit(ExitStatus.FAILED) from None


@contextlib.contextmanager
def _folder_errors(target: Path) -> Iterator[None]:
    """What the disk says, in words."""
    try:
        yield
    except OSError as exc:
        if exc.errno == _NO_SPACE:
            raise DiskFull(f"no space left for `{target}`", hint="free some, then the same command goes on") from exc
        raise StoreError(f"`{target}` can't be written: {exc.strerror or exc}") from exc


def _tell_left_out(plan: "Plan", choice: "Choice") -> None:
    for reason, number in plan.left_out.items():
        if number:
            err.print(f"left out: {counted(number, 'image', 'images')} {reason}")
    if plan.unnamed:
        said = counted(plan.unnamed, "image wants", "images want")
        gave = "its source" if plan.unnamed == 1 else "their sources"
        err.print(f"{said} an author's name in `CREDITS`, and {gave} gave none")
    if not choice.licences and plan.licences:
        parts = [f"{number:,} {name or 'unknown'}" for name, number in plan.licences.items()]
        more = f", {len(parts) - _SHOWN_LICENCES} others" if len(parts) > _SHOWN_LICENCES else ""
        err.print(f"licences: {', '.join(parts[:_SHOWN_LICENCES])}{more}")


def _print_plan(plan: "Plan") -> None:
    from synsift.pipelines.exports.choosing import counts_of

    counts = counts_of(plan)
    rows = [
        {"side": side, "images": counts[side].total(), "synsets": len(counts[side])}
        for side in plan.side_names
        if side in counts
    ]
    print_rows(rows, Format.TABLE)


def _print(exported: "Exported", *, has_shards: bool) -> None:
    rows = [
        {
            "side": side,
            "images": number,
            "synsets": exported.synsets[side],
            **({"shards": exported.units[side]} if has_shards else {}),
            **({"MB": f"{exported.size_bytes[side] / 1e6:.1f}"} if exported.units else {}),
        }
        for side, number in sorted(exported.sides.items(), key=lambda item: (item[0] != "train", item[0]))
    ]
    print_rows(rows, Format.TABLE)


def _tell(exported: "Exported", plan: "Plan", asked: _Asked) -> None:
    for side in plan.side_names:
        if not exported.sides[side]:
            warn.print(f"no image is on the side `{side}`", style="yellow")
    if "croissant" in asked.formats and not (asked.about.url and asked.about.creator):
        err.print("`croissant.json` wants a page and a maker: `--url`, `--creator`")
    err.print(f"exported to {asked.target}; whose the images are stands in {asked.target / 'CREDITS'}")
    if exported.left_out:
        why = ", ".join(f"{number:,} {problem}" for problem, number in sorted(exported.left_out.items()))
        warn.print(f"left out for want of their bytes: {why}", style="yellow")
        again = follow_up("storage verify --fetch-again", **asked.place)
        err.print(f"hint: `{again}` makes images whole again; then the same export adds them")
        raise typer.Exit(ExitStatus.FAILED)
