"""What was said of the use of an image, as records keep it."""

import msgspec


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was said of the use of an image.

    Attributes:
        kind: As ``consent.refuse`` and ``consent.ignore`` name it.
        signal: Name of the header, the file or the property.
        value: What stood there, at most 200 characters.
        where: URL of what said it.
        train: ``yes``, ``no`` or ``hold`` of training; empty if it says nothing of that.
        index: The same, of indexing for search.
    """

    kind: str
    signal: str
    value: str
    where: str
    train: str = ""
    index: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of an image, when, and how it was judged: two decisions, so that each can be made again.

    Attributes:
        at: When it was heard, RFC 3339.
        acquisition: Why it was fetched: ``robots.txt``, which was asked and allowed it, or ``unasked``.
        train: Whether it may be trained on, by the policy: ``yes`` or ``silent``.
        index: Whether it may be indexed for search.
        policy: The policy's profile, and what was changed of it.
        said: All of it.
    """

    at: str
    acquisition: str
    train: str
    index: str
    policy: str
    said: tuple[Said, ...] = ()
