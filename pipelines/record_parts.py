"""What records are made of: texts and numbers of a form, and the parts that several of them share."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

VERSION: Final = 1
"""Of the form of all records."""

# `$` would let a line break pass; this end means the same in Python and in JSON Schema.
_END: Final = r"(?![\s\S])"
Wnid = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}{_END}")]
"""Identifier of a synset: a key, and a part of object names."""
WnidOrNone = Annotated[str, Meta(pattern=rf"^([A-Za-z0-9][A-Za-z0-9._-]{{0,63}})?{_END}")]
"""The same, or nothing."""
HashName = Annotated[str, Meta(pattern=rf"^[a-z0-9]{{1,16}}{_END}")]
HashText = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{16,64}}{_END}")]
Sha256 = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{_END}")]
"""A digest in lower-case hexadecimal: names a blob."""
Sha256OrNone = Annotated[str, Meta(pattern=rf"^([0-9a-f]{{64}})?{_END}")]
"""The same, or nothing."""
Sha256OrHash = Annotated[str, Meta(pattern=rf"^([0-9a-f]{{64}}|(md5|sha1|pdq|phash|dhash):[0-9a-f]{{16,64}}){_END}")]
"""The same, or a hash of a list."""
PairId = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{32}}{_END}")]
"""Names a pair of images under two synsets."""
PairIdOrNone = Annotated[str, Meta(pattern=rf"^([0-9a-f]{{32}})?{_END}")]
"""The same, or nothing."""
LARGEST: Final = 2**53 - 1
"""What every reader of JSON takes for the number that was written (RFC 8259, section 6)."""
Number = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
"""A whole number: any other one fits into no column of a manifest."""
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
"""A number of things."""
Few = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""The same, where a column has 32 bits for it."""
Pixels = Annotated[int, Meta(ge=1, le=LARGEST)]
"""A width or a height."""
Share = Annotated[float, Meta(ge=0, le=1)]
"""A part of one."""
TaskId = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{32}}{_END}")]
"""Names a batch of images for voters."""
TaskIdOrNone = Annotated[str, Meta(pattern=rf"^([0-9a-f]{{32}})?{_END}")]
"""The same, or nothing."""
Voter = Annotated[str, Meta(pattern=rf"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]{{0,127}}{_END}")]
"""A pseudonym."""
Answer = Annotated[
    str,
    Meta(pattern=r"^(yes|no|unsure|broken|unimageable|other:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|copy:[0-9a-f]{64})" + _END),
]
"""What a voter says of an image; see ``Vote``."""
Moment = Annotated[
    str, Meta(pattern=rf"^[0-9]{{4}}(-[0-9]{{2}}){{2}}T([0-9]{{2}}:){{2}}[0-9]{{2}}(\.[0-9]{{1,9}})?Z{_END}")
]
"""A time in UTC, RFC 3339: two of them compare as their texts do, but for the `Z`."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all records share: the version of their form."""

    v: Number = VERSION


class FoundBy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an image URL comes from, and whose the image is.

    Attributes:
        source: Name of the image source.
        query: Text that found it.
        lang: Language of that text.
        query_rank: Rank of the query among its synset's.
        rank: Place of the image in the answer to the query, from 0.
        landing_page: Page that shows the image to people.
        title: As the source gives it.
        author: As the source gives it, without markup.
        licence: Name of the licence.
        licence_url: Its text.
        sends_referrer: Whether the image's host is told the landing page.
        page: Which page of the answer it stood on, from 1, where pages are asked for by what they give; 0 where they
            come in their order.
    """

    source: str
    query: str
    lang: str = "en"
    query_rank: Number = 0
    rank: Number = 0
    landing_page: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    licence_url: str = ""
    sends_referrer: bool = False
    page: Count = 0


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What matters of the HTTP response that gave an image.

    What its server said in headers is cut after 500 characters, and holds no control characters.

    Attributes:
        final_url: Where redirects led, without what is secret in it (`sig=***`); empty if nowhere else.
        status: HTTP status code.
        fetched_at: When, RFC 3339 in UTC.
        content_type: As the server named it.
        etag: ``ETag`` header, for asking again.
        last_modified: ``Last-Modified`` header.
        tls: ``unverified`` if it came by TLS without the host's certificate being verified; else empty.
    """

    status: Number
    fetched_at: str
    final_url: str = ""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    tls: str = ""


class Image(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An image in the blob store, and its fingerprint.

    Attributes:
        sha256: Of the bytes; names the blob.
        hash: All of the fingerprint, in the text form of ``synsift.dedupe.Fingerprint.to_text``.
        information: What the hash sees of the picture, in grey levels; low for plain pictures.
        width_px: Width, upright.
        height_px: Height, upright.
        format: ``JPEG``, ``PNG``, …
        size_bytes: Of the file.
        hashes: Other libraries' hashes by kind, in hexadecimal: those that the lists in the configuration ask for.
        is_cut: Whether its file ends early, and a few of its rows are missing.
    """

    sha256: Sha256
    hash: str
    information: Annotated[float, Meta(ge=0, le=255)]
    width_px: Pixels
    height_px: Pixels
    format: str
    size_bytes: Count
    hashes: dict[HashName, HashText] = {}
    is_cut: bool = False


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What local features ask for: of two images that survived, one goes for the sake of the other.

    Attributes:
        sha256: The one that goes.
        kind: What it is to the other: ``copy``, ``part_of`` or ``contains``.
        mirrored: Whether it is its mirror image.
    """

    sha256: Sha256
    kind: str
    mirrored: bool = False


class Rest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Until when a host that fails is left alone.

    Attributes:
        since: When it failed first, RFC 3339.
        until: Not to be asked before.
    """

    since: str
    until: str
