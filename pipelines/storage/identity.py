"""A log and a store that belong together know each other: the store bears the log's name in a small object.

Without that, a store of another log would be swept of what that one needs, and a second log would land into the first
one's manifests.
"""

from typing import Final

import msgspec

from synsift.pipelines.errors import NoSuchObject, WrongStore
from synsift.pipelines.storage.objects import Objects

PATH: Final = "synsift-store.json"


class _Identity(msgspec.Struct, frozen=True):
    log: str


def owner_of(objects: Objects) -> str:
    """The identity of the log that a store belongs to; empty for none."""
    try:
        return msgspec.json.decode(objects.get(PATH), type=_Identity).log
    except NoSuchObject:
        return ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise WrongStore(f"{objects.address}: its {PATH} can't be read, so nobody knows whose it is") from exc


def claim(objects: Objects, identity: str) -> None:
    """Make a store the log's, if it is nobody's yet.

    Raises:
        WrongStore: It is another log's.
    """
    owner = owner_of(objects)
    if not owner:
        objects.put(PATH, msgspec.json.encode(_Identity(identity)), overwrite=False)
        owner = owner_of(objects)
    if owner != identity:
        raise WrongStore(
            f"the store {objects.address} belongs to another log ({owner}, and this one is {identity})",
            hint="choose another `--out`, or bring its log back; where that is gone for good, `synsift log recover` "
            "makes a new one of what the store knows",
        )
