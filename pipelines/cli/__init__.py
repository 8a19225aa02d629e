"""The command line."""

import os
import sys

import click
import typer


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 failed, 2 wrong use; no traceback for what a user can cause."""
    from crawler.errors import CrawlerError, TargetError
    from dedupe import DedupeError
    from pipelines.cli.app import app
    from pipelines.errors import SynsiftError, UsageError

    command = typer.main.get_command(app)
    try:
        status = command(standalone_mode=False)
    except click.UsageError as exc:
        exc.show()
        sys.exit(2)
    except click.ClickException as exc:
        exc.show()
        sys.exit(1)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _complain("interrupted")
        sys.exit(1)
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
    sys.exit(status if isinstance(status, int) else 0)


def _complain(text: str) -> None:
    typer.secho(f"synsift: {text}", err=True, fg="red" if sys.stderr.isatty() else None)
