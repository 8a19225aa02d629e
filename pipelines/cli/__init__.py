"""The command line."""

import os
import sys

import typer


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 failed, 2 wrong use; no traceback for what a user can cause."""
    from crawler.errors import CrawlerError, TargetError
    from dedupe import DedupeError
    from pipelines.cli.app import app
    from pipelines.errors import SynsiftError, UsageError

    try:
        app()
    except (UsageError, TargetError) as exc:
        _complain(str(exc))
        sys.exit(2)
    except (SynsiftError, CrawlerError, DedupeError) as exc:
        _complain(str(exc))
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _complain(text: str) -> None:
    typer.secho(f"synsift: {text}", err=True, fg="red" if sys.stderr.isatty() else None)
