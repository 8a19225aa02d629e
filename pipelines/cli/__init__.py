"""The command line."""

import sys

import typer


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 failed, 2 wrong use; no traceback for what a user can cause."""
    from synsift.crawler.errors import CrawlerError, TargetError
    from synsift.dedupe import DedupeError
    from synsift.pipelines.cli.app import app
    from synsift.pipelines.errors import SynsiftError, UsageError

    try:
        app()
    except (UsageError, TargetError) as exc:
        _complain(str(exc))
        sys.exit(2)
    except (SynsiftError, CrawlerError, DedupeError) as exc:
        _complain(str(exc))
        sys.exit(1)


def _complain(text: str) -> None:
    typer.secho(f"synsift: {text}", err=True, fg="red" if sys.stderr.isatty() else None)
