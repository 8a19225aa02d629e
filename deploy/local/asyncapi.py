"""What an AsyncAPI document looks like: the project's own JSON Schema, which tests check ours with."""

from pathlib import Path
from typing import Final

from deploy.local.services import CACHE, unpack_npm

_PACKAGE: Final = "@asyncapi/specs@6.11.1"
_VERSION: Final = "3.0.0"


def install_schema() -> Path:
    """The schema, with all that it refers to; fetched if it isn't there."""
    member = f"package/schemas/{_VERSION}-without-$id.json"
    return unpack_npm(_PACKAGE, member, CACHE / f"asyncapi-{_VERSION}.json")
