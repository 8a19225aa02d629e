"""``synsift identity``."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from synsift.crawler.wording import code
from synsift.pipelines.cli.console import err
from synsift.pipelines.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Make the key that signs requests, and show what to publish of it.")

KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key; nobody else may read it")]


@app.command()
def create(key: KeyFile = Path("synsift-key.pem")) -> None:
    """Make a key, and print the directory to publish: with both, hosts can tell who asks (Web Bot Auth).

    Publish what is printed at /.well-known/http-message-signatures-directory of a host of yours, over https, as
    application/http-message-signatures-directory+json; then name key and host in synsift.toml.

    [bold]Examples[/bold]

      synsift identity create > http-message-signatures-directory

      synsift identity create --key keys/crawler.pem > directory.json
    """
    from synsift.crawler.identity.keys import directory, new_key, read_key

    pem = new_key()
    _write_secret(key, pem)
    typer.echo(directory(read_key(pem)).decode())
    err.print(f"the private key is in {key}: keep it to yourself, and publish what was printed")
    err.print("hint: then, in synsift.toml:\n")
    err.print(f'    [identity]\n    key_file = "{key}"\n    directory_url = "https://your-host.example"')


@app.command()
def show(key: KeyFile = Path("synsift-key.pem")) -> None:
    """Print the directory of a key that is there.

    [bold]Examples[/bold]

      synsift identity show --key keys/crawler.pem
    """
    from synsift.crawler.errors import TargetError
    from synsift.crawler.identity.keys import directory, read_key

    try:
        typer.echo(directory(read_key(key.read_bytes())).decode())
    except OSError as exc:
        hint = "" if key.exists() else "make one: `synsift identity create`"
        raise UsageError(f"{code(key)}: {exc.strerror or exc}", hint=hint) from exc
    except TargetError as exc:
        raise UsageError(f"{code(key)}: {exc}", hint=exc.hint) from exc


def _write_secret(path: Path, secret: bytes) -> None:
    """Write a file that only its owner may read; never over one that is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        hint = "`synsift identity show` prints its directory; `--key FILE` makes another one beside it"
        raise UsageError(f"there is a file {code(path)} already, which may be a key in use", hint=hint) from None
    except FileNotFoundError:
        hint = f"make it first: `mkdir -p {shlex.quote(str(path.parent))}`"
        raise UsageError(f"{code(path)} can't be written: there is no folder {code(path.parent)}", hint=hint) from None
    except OSError as exc:
        raise UsageError(f"{code(path)} can't be written: {exc.strerror or exc}") from exc
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
