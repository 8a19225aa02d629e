"""A log and a store that belong together know each other: the store bears the log's name in a small object.

Without that, a store of another log would be swept of what that one needs, and a second log would land into the first
one's manifests.
"""

from typing import Final

import msgspec

from synsift.pipelines.errors import NoSuchObject, NotAFile, UnknownOwner, WrongStore
from synsift.pipelines.storage.objects import Objects
from synsift.pipelines.unreadable import UNREADABLE

PATH: Final = "synsift-store.json"


class _Identity(msgspec.Struct, frozen=True):
    log: str


def owner_of(objects: Objects) -> str:
    """The identity of the log that a store belongs to; empty for none.

    Raises:
        UnknownOwner: The store says whose it is, and that can't be read.
    """
    try:
        owner = msgspec.json.decode(objects.get(PATH), type=_Identity).log
    except NotAFile as exc:
        raise UnknownOwner(
            f"{objects.address}: {PATH} is not a file, so nobody knows whose it is",
            hint=f"move what is called {PATH} away, then `synsift log recover` writes it anew",
        ) from exc
    except NoSuchObject:
        return ""
    except UNREADABLE as exc:
        raise _unreadable(objects) from exc
    if not owner:
        raise _unreadable(objects)
    return owner


def _unreadable(objects: Objects) -> UnknownOwner:
    return UnknownOwner(
        f"{objects.address}: its {PATH} can't be read, so nobody knows whose it is",
        hint="`synsift log recover` writes it anew, if the log and the store agree",
    )


def name_anew(objects: Objects, identity: str) -> None:
    """Make a store the log's, whatever stood there. For who made sure that the two belong together."""
    objects.put(PATH, msgspec.json.encode(_Identity(identity)))
    objects.sync()


def check_together(objects: Objects, identity: str) -> None:
    """Make sure that a store is the log's or nobody's, and change nothing.

    Raises:
        WrongStore: It is another log's.
    """
    owner = owner_of(objects)
    if owner and owner != identity:
        raise WrongStore(
            f"the store {objects.address} belongs to another log ({owner}, and this one is {identity})",
            hint="choose another `--out`, or bring its log back; where that is gone for good, `synsift log recover` "
            "makes a new one of what the store knows",
        )


def claim(objects: Objects, identity: str) -> None:
    """Make a store the log's, if it is nobody's yet.

    Raises:
        WrongStore: It is another log's.
    """
    if not owner_of(objects):
        objects.put(PATH, msgspec.json.encode(_Identity(identity)), overwrite=False)
    check_together(objects, identity)
