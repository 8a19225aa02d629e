"""``synsift demo``."""

import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.pipelines.cli import verbosity
from synsift.pipelines.cli.console import SYNSET_DETAILS, err, print_rows, synset_row
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import Format, OutputFormat, SetValues, configuration, follow_up
from synsift.pipelines.cli.paths import try_folder
from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.demo.run import DemoResult
    from synsift.pipelines.demo.voters import Verified
    from synsift.pipelines.demo.web import Directory


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Keep everything here; must be new or empty")
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option("--kafka", metavar="HOST:PORT", help="Use this Kafka broker, with topics of the demo's own"),
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="Use this store instead of the folder; must be empty")
    ] = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Run the whole pipeline on a small web of its own, and compare with the known truth.

    Starts an image API and some image hosts on loopback, with copies in every disguise, broken files, hosts that
    stall, forbid or lead astray; crawls them in half a minute; exits with 1 if the result is not exactly right. Then
    made-up voters, who err now and then, say which of the survivors show what they should.

    [bold]Examples[/bold]

      synsift demo

      synsift demo --out demo-result

      synsift demo --kafka localhost:9092 --store s3://bucket/demo
    """
    from synsift.pipelines.demo.run import demo_options, demo_web
    from synsift.pipelines.kafka_settings import kafka_topics, topics_shape
    from synsift.pipelines.logs import set_up_logging

    if out is not None:
        try_folder(out, "--out")
    if out is not None and out.is_dir() and any(out.iterdir()):
        raise UsageError(
            f"`--out {out}` is not empty, and the demo compares everything that it finds", hint="give it a new folder"
        )
    folder = out or Path(tempfile.mkdtemp(prefix="synsift-demo-"))
    set_up_logging(verbosity.log_level("WARNING"))
    err.print("making a small web of pictures …")
    with demo_web() as directory:
        err.print(f"crawling {len(directory.truth)} image URLs of 3 synsets at {directory.api_url} …")
        options = {**demo_options(directory), "store.url": store or str(folder)}
        if kafka is not None:
            options |= {"kafka.bootstrap": kafka, "kafka.prefix": f"synsift-demo-{secrets.token_hex(4)}-"}
        # Whoever has a fleet's configuration at hand keeps the demo out of it: of that only counts how what was named
        # here is reached.
        only = tuple(f"{part}." for part, named in (("kafka", kafka), ("store", store)) if named is not None)
        settings = configuration(None, values, only=only, **options).settings
        if kafka is not None:
            kafka_topics(settings).create(topics_shape(settings))
        result, verified = _play(settings, directory)
    status = _tell(result, folder / "report.html", output)
    _tell_verified(verified)
    if kafka is None and store is None:
        err.print(f"vote yourself: `{follow_up('review', out=str(folder))}`")
    raise typer.Exit(status)


_LEGEND = """
asked: queries; found: image URLs in their answers, of which some are repeated,
as two answers have them; all others were fetched or refused. What was fetched
is unique, or an exact or near copy; what is unique lands in the store."""


def _play(settings: "Settings", directory: "Directory") -> "tuple[DemoResult, Verified]":
    """Crawl, vote, and compare both with the truth."""
    from synsift.pipelines.assembly import open_parts
    from synsift.pipelines.cli.watch import watching
    from synsift.pipelines.demo.run import crawl_demo, judge
    from synsift.pipelines.demo.voters import VOTERS, verify_demo
    from synsift.pipelines.worker import Ending

    parts = open_parts(settings)
    try:
        if crawl_demo(parts, lambda worker: watching(parts.log, worker)) is Ending.INTERRUPTED:
            raise typer.Exit(ExitStatus.FAILED)
        err.print(f"asking {VOTERS} made-up voters, of whom one says yes to everything …")
        verified = verify_demo(parts, directory)
        return judge(parts, directory), verified
    finally:
        parts.log.close()


def _tell(result: "DemoResult", page: Path, output: Format) -> int:
    """Write the page and say how it went; gives the exit status."""
    page.parent.mkdir(parents=True, exist_ok=True)  # where all else is elsewhere, it is the only file
    page.write_text(result.report, encoding="utf-8")
    print_rows(
        (
            {**synset_row(counts), "synset": f"{result.names[wnid]} {wnid}", "truth": result.truth_of(wnid)}
            for wnid, counts in result.counts.items()
            if wnid
        ),
        output,
        details=SYNSET_DETAILS,
    )
    err.print(_LEGEND)
    if result.differences:
        err.print("\nthe result differs from the truth:", style="red")
        for line in result.differences:
            err.print(f"  {line}")
    else:
        err.print("\nequal to the truth: every copy recognised, every trap refused, nothing lost", style="green")
    err.print(f"look at it: {page.resolve()}")
    return ExitStatus.FAILED if result.differences else ExitStatus.DONE


def _tell_verified(found: "Verified") -> None:
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(found.verdicts.items()))
    right = f"{found.images - found.wrong} of {found.images} are right"
    each = found.votes / max(found.images, 1)
    err.print(f"verified by {found.votes:,} votes, {each:.1f} an image: {verdicts}; {right}")
