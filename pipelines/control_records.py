"""Records by which operators steer a fleet while it runs: one topic, ``controls``, that every worker follows.

operator ──▶ Control ──every worker, within a second──▶ what is paused, dropped, blocked, bounded
"""

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from synsift.pipelines.record_parts import Moment, Record

MAX_PAST: Final = 20
"""Earlier words that a record keeps."""
_END: Final = r"(?![\s\S])"
Action = Annotated[str, Meta(pattern=rf"^(pause|drop|block|delay|limit|priority){_END}")]
"""What a control does."""
Subject = Annotated[str, Meta(pattern=rf"^(host|source|synset|url|sha256|fingerprint){_END}")]
"""What kind of thing it does that to."""
Target = Annotated[str, Meta(min_length=1, max_length=2_000)]
VALUED: Final = ("delay", "limit", "priority")
"""Actions whose value counts."""
MIN_VALUE: Final = 0.0
MAX_VALUE: Final = 1e12
_Value = Annotated[float, Meta(ge=MIN_VALUE, le=MAX_VALUE)]
_Words = Annotated[str, Meta(max_length=500)]
_MAX_KEY: Final = 200


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said before of the same thing.

    Attributes:
        who: Who said it.
        why: Their reason.
        at: When.
        value: As of the control.
        is_lifted: As of the control.
    """

    who: _Words
    why: _Words
    at: Moment
    value: _Value = 0.0
    is_lifted: bool = False


class Control(Record, frozen=True, kw_only=True):
    """What operators want of a host, a source, a synset or an image. Key: action, subject and target; compacted.

    The last record of a key holds, until one says that it is lifted, or one without a value deletes it.

    Attributes:
        action: ``pause``: what it is about waits in the log. ``drop``: it ends as a dead letter. ``block``: it must not
            come in. ``delay``, ``limit``, ``priority``: ``value`` holds instead of what is configured or planned.
        subject: ``host``, ``source``, ``synset``, ``url``, ``sha256`` or ``fingerprint``.
        target: Which: the name of a host, with all names below it; of a source; a wnid; a URL, in which each ``*``
            stands for any text; a SHA-256, of a fingerprint that of its picture.
        who: Who wants it.
        why: Their reason.
        at: When it was said.
        value: Of a delay, in seconds; of a limit, image URLs; of a priority, the higher first, 0 as everywhere.
        fingerprint: What is not to come near, in the text form of a fingerprint; empty for other subjects.
        removal: Names the take-down that it is of; empty for none.
        is_lifted: Whether it holds no more.
        past: What was said before, the latest first, at most 20.
    """

    action: Action
    subject: Subject
    target: Target
    who: _Words
    why: _Words
    at: Moment
    value: _Value = 0.0
    fingerprint: Annotated[str, Meta(max_length=20_000)] = ""
    removal: Annotated[str, Meta(pattern=rf"^([0-9a-f]{{32}})?{_END}")] = ""
    is_lifted: bool = False
    past: Annotated[tuple[Word, ...], Meta(max_length=MAX_PAST)] = ()

    @property
    def keeps_image_out(self) -> bool:
        """Whether it holds of an image that was taken down."""
        return bool(self.removal) and not self.is_lifted and self.subject in ("sha256", "fingerprint")

    @property
    def key(self) -> str:
        """Its key: the same for all that is said of one thing."""
        name = f"{self.action}/{self.subject}/{self.target}"
        if len(name.encode("utf-8", "replace")) <= _MAX_KEY:
            return name
        return f"{self.action}/{self.subject}/#{hashlib.sha256(self.target.encode('utf-8', 'replace')).hexdigest()}"
