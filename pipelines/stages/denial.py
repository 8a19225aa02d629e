"""What must never be kept: asked before the first byte of a picture is written anywhere."""

from collections.abc import Mapping
from typing import Final

import msgspec

from synsift.dedupe import Fingerprint, ImageError
from synsift.dedupe.reference import Reference
from synsift.pipelines.controls.view import Stopped, View
from synsift.pipelines.records import Fetched
from synsift.pipelines.stages.dedupe_state import fingerprint_of, hashes_in

_MESSAGE_CHARACTERS: Final = 500


class Denied(ImageError):
    """It is the same as something that must not be kept."""

    outcome = "denied"


def refuse_denied(deny: Reference | None, found: Fingerprint, hashes: Mapping[str, bytes]) -> None:
    """Let pass what may be kept.

    Raises:
        Denied: The picture may not; the message says by which entry, and nothing by which either could be found.
    """
    same = deny.match(found, hashes) if deny is not None else None
    if same is not None:
        raise Denied(same.told("dedupe.deny")[:_MESSAGE_CHARACTERS].encode("utf-8", "replace").decode())


class Blocked(ImageError):
    """Operators don't want it to come in."""

    outcome = Stopped.BLOCKED


def refuse_blocked(view: View, found: Fingerprint) -> None:
    """Let pass what operators don't block.

    Raises:
        Blocked: They do; the message says who, and why.
    """
    stop = view.of_image(found) if view.blocks_images else None
    if stop is not None:
        raise Blocked(stop.text[:_MESSAGE_CHARACTERS].encode("utf-8", "replace").decode())


def as_of_now(deny: Reference | None, view: View, known: Fetched) -> Fetched:
    """What is known of a URL that was fetched before: more may be denied, or blocked, since."""
    if known.image is None or (deny is None and not view.blocks_images):
        return known
    found = fingerprint_of(known.image)
    if not isinstance(found, Fingerprint):
        return known
    try:
        refuse_denied(deny, found, hashes_in(known.image))
        refuse_blocked(view, found)
    except (Denied, Blocked) as exc:
        return msgspec.structs.replace(known, outcome=exc.outcome, message=str(exc), image=None, answer=None)
    return known
