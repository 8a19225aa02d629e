"""``synsift calibrate``: which thresholds fit a folder of images."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import (
    ConfigFile,
    Format,
    MaxPixels,
    NotCopiesFiles,
    OutputFormat,
    SetValues,
    Similarity,
)
from synsift.pipelines.cli.paths import try_file, unwritten, whole_file
from synsift.pipelines.cli.scanning import CacheFile, Jobs, Keys, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.cli.thorough import Thorough, check_thorough, told_apart
from synsift.pipelines.errors import SynsiftError, UsageError

if TYPE_CHECKING:
    from synsift.dedupe import Calibration, Fingerprint, Threshold
    from synsift.pipelines.folders.scan import ScanOptions

# Each makes a dozen copies, which takes a fifth of a second and more: few, so that all cores end together.
_COPIED_AT_ONCE: Final = 2
_Sample = Annotated[int, typer.Option("--sample", min=1, help="How many images to make copies of")]
_FalseRate = Annotated[
    float,
    typer.Option("--false-rate", min=0, max=1, help="Highest rate of false matches to accept, for each pair of images"),
]
_Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write an HTML page that shows the pairs that look alike"),
]
_Judged = Annotated[
    bool, typer.Option("--judged", help="Of the pairs that look alike, all but those of --not-copies are copies")
]
_KEY: Final = "dedupe.similarity"
_REMARK: Final = "by synsift calibrate"
_Apply = Annotated[bool, typer.Option("--apply", help="Write the proposed value to the configuration file")]


def calibrate(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of images like those that you will have")
    ],
    sample: _Sample = 100,
    false_rate: _FalseRate = 1e-6,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random sample")] = 0,
    report: _Report = None,
    not_copies: NotCopiesFiles = None,
    judged: _Judged = False,
    apply: _Apply = False,
    output: OutputFormat = Format.TABLE,
    similarity: Similarity = None,
    max_pixels: MaxPixels = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
    thorough: Thorough = False,
) -> None:
    """Measure recall and false matches on your own images, and propose the threshold that fits them.

    Makes copies of a sample of the images (smaller, compressed, cropped, framed, mirrored, …), and says for each value
    of `dedupe.similarity` how many of them it would find, and how many pairs of different images it would take for
    copies. Two of your images that look alike are `unsure` until you have looked at them (`--report`).

    [bold]Examples[/bold]

      synsift calibrate ~/photos --report pairs.html

      synsift calibrate ~/photos --not-copies pairs.txt --judged --apply

      synsift calibrate crawled/ --sample 500 --false-rate 1e-7
    """
    if report is not None:
        try_file(report, "--report")
    if apply:
        try_file(_configuration(file), "--apply")
        _with_value(_configuration(file), 1.0, _REMARK)
    check_thorough(thorough)
    keys = Keys(file, values, similarity, not_copies=not_copies, max_pixels=max_pixels)
    scanner = Scanner(keys, jobs=jobs, cache=cache, no_cache=no_cache)
    scanned = scanner.scan(folders)
    pictures = {name: image for name, image in scanned.images.items() if not image.is_plain}
    calibration, copied = _measure(pictures, scanner, random.Random(seed), sample, thorough=thorough)  # noqa: S311
    if judged:
        calibration.take_the_rest_for_copies()
    proposed = calibration.propose(false_rate=false_rate)
    print_rows([_row(row, proposed, thorough=thorough) for row in calibration.thresholds()], output)
    _say(calibration, proposed, false_rate, f"{copied} of {len(pictures)} images copied", thorough=thorough)
    if report is not None:
        _write_report(report, calibration, pictures, scanner, proposed)
    _apply_value(file, proposed) if apply else err.print(
        f"set it with --apply, SYNSIFT_DEDUPE__SIMILARITY={proposed.similarity} or as dedupe.similarity in synsift.toml"
    )
    list_unreadable(scanned.unreadable)


def _measure(
    pictures: "Mapping[str, Fingerprint]", scanner: Scanner, chance: random.Random, sample: int, *, thorough: bool
) -> "tuple[Calibration[str], int]":
    """Compare images with one another, and copies of some with all; how many of them were copied."""
    from synsift.dedupe import Calibration

    if len({image.sha256 for image in pictures.values()}) < 2:
        raise SynsiftError("calibrate needs at least two different images that aren't plain")
    with progress("compared", len(pictures)) as advance:
        calibration = Calibration(pictures, scanner.match, on_picture=lambda: advance(1))
    if thorough:
        alike = [(pair.one, pair.other) for pair in calibration.pairs]
        calibration.take_back(told_apart(alike, pictures, scanner))
    chosen = chance.sample(sorted(pictures), min(sample, len(pictures)))
    with progress("images copied", len(chosen)) as advance:
        copied = sum(_add_copies(calibration, chosen, pictures, scanner.options, thorough=thorough, on_done=advance))
    return calibration, copied


def _add_copies(
    calibration: "Calibration[str]",
    chosen: Sequence[str],
    pictures: "Mapping[str, Fingerprint]",
    options: "ScanOptions",
    *,
    thorough: bool,
    on_done: Callable[[int], None],
) -> Iterator[bool]:
    """Copies of some images, made by all cores; whether there are any, image by image."""
    from synsift.dedupe import Fingerprint
    from synsift.pipelines.folders.pool import Pool
    from synsift.pipelines.folders.work import copy_files

    work = partial(copy_files, max_pixels=options.max_pixels, thorough=thorough)
    with Pool(options.processes, work, at_once=_COPIED_AT_ONCE) as pool:
        for name, made in pool.make_in_order(chosen):
            on_done(1)
            if made is None or isinstance(made, str):
                err.print(f"{name}: no copies: {made or 'what decodes it crashed'}")
                yield False
                continue
            for copy in made:
                image = Fingerprint.from_record(copy.record)
                seen, back = copy.seen_through, copy.taken_back
                calibration.add_copy(copy.kind, image, pictures[name], seen_through=seen, taken_back=back)
            yield True


def _row(row: "Threshold", proposed: "Threshold", *, thorough: bool) -> dict[str, Any]:
    return {
        "similarity": f"{row.similarity:.2f}",
        "recall": f"{row.recall:.4f}",
        **({"thorough": f"{row.thorough_recall:.4f}"} if thorough else {}),
        "false_matches": row.false_matches,
        "unsure": row.unsure,
        "of_pairs": row.pairs,
        "rate_at_most": f"{row.false_rate_bound:.1e}",
        "proposed": "◀" if row == proposed else "",
    }


def _say(
    calibration: "Calibration[str]", proposed: "Threshold", false_rate: float, copied: str, *, thorough: bool
) -> None:
    recall = calibration.recall(proposed.similarity)
    err.print("found at the proposed value" + (", and with `--thorough`:" if thorough else ":"))
    through = calibration.recall(proposed.similarity, thorough=True)
    for kind, share in recall.items():
        err.print(f"  {share:6.1%} " + (f"{through[kind]:6.1%} " if thorough else "") + kind)
    err.print(f"{copied}, {proposed.pairs:,} pairs of different ones compared")
    if proposed.false_rate_bound > false_rate:
        bound = f"{proposed.false_rate_bound:.1e}"
        err.print(f"no value is shown to stay below {false_rate:g} false matches a pair, but {bound}")
        err.print("hint: more images, or a larger `--sample`, show a lower rate")
    unsure = max(row.unsure for row in calibration.thresholds())
    if unsure:
        one = "pair of your images looks alike and counts as false: look at it"
        some = "pairs of your images look alike and count as false: look at them"
        err.print(f"{unsure} {one if unsure == 1 else some} (`--report`), then say `--judged`")


def _write_report(
    report: Path,
    calibration: "Calibration[str]",
    pictures: "Mapping[str, Fingerprint]",
    scanner: Scanner,
    proposed: "Threshold",
) -> None:
    from synsift.pipelines.pages.gallery import Making
    from synsift.pipelines.pages.pairs import MOST_PAIRS, render_pairs
    from synsift.pipelines.pages.thumbnails import SIDE_PX

    making = Making(SIDE_PX, scanner.options.processes, scanner.options.max_pixels)
    pairs = calibration.pairs
    try:
        with whole_file(report) as file, progress("pictures made", 2 * len(pairs[:MOST_PAIRS])) as advance:
            file.writelines(render_pairs(pairs, pictures, making, least=proposed.similarity, on_picture=advance))
    except OSError as exc:
        raise unwritten(f"`--report {report}` can't be written", exc) from exc
    err.print(f"look at them: {report.resolve()}")


def _apply_value(file: Path | None, proposed: "Threshold") -> None:
    """Write the value to the configuration file that is read, or to a new one here."""
    from synsift.pipelines.config import load

    path = _configuration(file)
    remark = f"{_REMARK}: recall {proposed.recall:.3f}, false matches at most {proposed.false_rate_bound:.0e}"
    changed = _with_value(path, proposed.similarity, remark)
    try:
        with whole_file(path.resolve()) as target:
            target.write(changed)
    except OSError as exc:
        raise unwritten(f"`{path}` can't be written", exc) from exc
    err.print(f"set {_KEY} = {proposed.similarity:g} in {path}")
    loaded = load(file=path, only=("dedupe.",))
    stands = loaded.settings.dedupe.similarity
    if stands != proposed.similarity:
        err.print(
            f"{loaded.origins[_KEY]} stands above the file: {_KEY} is {stands:g} until it is unset", style="yellow"
        )


def _configuration(file: Path | None) -> Path:
    """The file that is read, or where a new one goes."""
    import os

    from synsift.pipelines.config_layers import find_file

    return (find_file(file, os.environ) or Path("synsift.toml")).expanduser()


def _with_value(path: Path, value: float, remark: str) -> str:
    """The text of a configuration file, or of a new one, with a value."""
    from synsift.pipelines.config_edit import with_number

    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"`{path}` can't be read: {getattr(exc, 'strerror', None) or exc}") from exc
    return with_number(before, _KEY, value, remark=remark)
