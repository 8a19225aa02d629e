"""``synsift demo``."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import err, print_rows, synset_row
from pipelines.cli.options import Format, OutputFormat, configuration
from pipelines.errors import UsageError
from pipelines.logs import set_up_logging


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Keep everything here; must be new or empty")
    ] = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Run the real pipeline on a small web of pictures with known truth, and compare.

    Starts an image API and some image hosts on loopback, with copies in every disguise, broken files, hosts that
    stall, forbid or lead astray; crawls them in half a minute; exits with 1 if the result is not exactly right.

    [bold]Examples[/bold]

      synsift demo

      synsift demo --out demo-result
    """
    from pipelines.assembly import open_parts
    from pipelines.cli.watch import watching
    from pipelines.demo.run import crawl_demo, demo_options, demo_web, judge
    from pipelines.worker import Ending

    if out is not None and out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty: the demo compares everything that it finds, so give it a new folder")
    folder = out or Path(tempfile.mkdtemp(prefix="synsift-demo-"))
    set_up_logging("WARNING")
    err.print("making a small web of pictures …")
    with demo_web() as directory:
        err.print(f"crawling {len(directory.truth)} image URLs of 3 synsets at {directory.api_url} …")
        settings = configuration(None, None, **demo_options(directory), **{"store.url": str(folder)}).settings
        parts = open_parts(settings)
        try:
            if crawl_demo(parts, lambda worker: watching(parts.log, worker)) is Ending.INTERRUPTED:
                raise typer.Exit(1)
            result = judge(parts, directory)
        finally:
            parts.log.close()
    page = folder / "report.html"
    page.write_text(result.report, encoding="utf-8")
    print_rows(
        (
            {**synset_row(counts), "synset": f"{result.names[wnid]} {wnid}", "truth": result.truth_of(wnid)}
            for wnid, counts in result.counts.items()
            if wnid
        ),
        output,
    )
    if result.differences:
        err.print("\n[red]the result differs from the truth:[/red]")
        for line in result.differences:
            err.print(f"  {line}", markup=False)
    else:
        err.print("\n[green]equal to the truth[/green]: every copy recognised, every trap refused, nothing lost")
    err.print(f"look at it: {page.resolve()}", markup=False)
    raise typer.Exit(1 if result.differences else 0)
