"""``synsift calibrate``: which thresholds fit a folder of images."""

import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, OutputFormat, SetValues, Similarity
from synsift.pipelines.cli.scanning import CacheFile, Jobs, Keys, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.errors import SynsiftError

if TYPE_CHECKING:
    from synsift.dedupe import Calibration, Fingerprint, Threshold


def calibrate(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of images like those that you will have")
    ],
    sample: Annotated[int, typer.Option("--sample", min=1, help="How many images to make copies of")] = 100,
    false_rate: Annotated[
        float,
        typer.Option(
            "--false-rate", min=0, max=1, help="Highest rate of false matches to accept, for each pair of images"
        ),
    ] = 1e-6,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random sample")] = 0,
    output: OutputFormat = Format.TABLE,
    similarity: Similarity = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
) -> None:
    """Measure recall and false matches on your own images, and propose the threshold that fits them.

    Makes copies of a sample of the images (smaller, compressed, cropped, framed, mirrored, …), and says for each value
    of `dedupe.similarity` how many of them it would find, and how many pairs of different images it would take for
    copies. Images of the folder that are copies of each other are left out.

    [bold]Examples[/bold]

      synsift calibrate ~/photos

      synsift calibrate crawled/ --sample 500 --false-rate 1e-7
    """
    from synsift.dedupe import Calibration, cluster

    scanner = Scanner(Keys(file, values, similarity), jobs=jobs, cache=cache, no_cache=no_cache)
    scanned = scanner.scan(folders)
    kept = [group.name for group in cluster(scanned.images, scanner.match).groups]
    pictures = {name: scanned.images[name] for name in kept if not scanned.images[name].is_plain}
    if len(pictures) < 2:
        raise SynsiftError("calibrate needs at least two different images that aren't plain")
    chosen = random.Random(seed).sample(sorted(pictures), min(sample, len(pictures)))  # noqa: S311 - no secret
    calibration = Calibration(pictures, scanner.match)
    with progress("images copied", len(chosen)) as advance:
        for name in chosen:
            _add_copies(calibration, name, pictures[name])
            advance(1)
    proposed = calibration.propose(false_rate=false_rate)
    print_rows([_row(row, proposed) for row in calibration.thresholds()], output)
    recall = calibration.recall(proposed.similarity)
    err.print("found at the proposed value:")
    for kind, share in recall.items():
        err.print(f"  {share:6.1%} {kind}")
    err.print(f"{len(chosen)} of {len(pictures)} images copied, {proposed.pairs:,} pairs of different ones compared")
    err.print(f"set it with SYNSIFT_DEDUPE__SIMILARITY={proposed.similarity} or as dedupe.similarity in synsift.toml")
    list_unreadable(scanned.unreadable)


def _add_copies(calibration: "Calibration", name: str, original: "Fingerprint") -> None:
    from PIL import Image

    from synsift.dedupe import ImageError, copies_of, decode, fingerprint
    from synsift.dedupe.decode import readable_formats

    try:
        decode(Path(name).read_bytes())  # within its limits; Pillow itself has none that we set
        with Image.open(name, formats=readable_formats()) as picture:
            for kind, data in copies_of(picture):
                calibration.add_copy(kind, fingerprint(data), original)
    except (ImageError, OSError) as exc:
        err.print(f"{name}: no copies: {exc}")


def _row(row: "Threshold", proposed: "Threshold") -> dict[str, Any]:
    return {
        "similarity": f"{row.similarity:.2f}",
        "recall": f"{row.recall:.4f}",
        "false_matches": row.false_matches,
        "of_pairs": row.pairs,
        "rate_at_most": f"{row.false_rate_bound:.1e}",
        "proposed": "◀" if row == proposed else "",
    }
