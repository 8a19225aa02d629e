"""What a process of a scan does: bytes of files → fingerprints. Imported by every one of them, so it stays small."""

import contextlib
import gc
import hashlib
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image

from synsift.dedupe import DEFAULT_MAX_PIXELS, Fingerprint, ImageError, fingerprint, looks_like_image
from synsift.dedupe.codecs import why_not
from synsift.dedupe.decode import readable_formats
from synsift.dedupe.errors import UnsupportedFormat
from synsift.dedupe.hash_kinds import hashes_of

if TYPE_CHECKING:
    from synsift.dedupe.local.features import Features
    from synsift.dedupe.local.relation import Relation
    from synsift.pipelines.folders.features import Pair

TOO_LARGE: Final = "too_large"
NOT_READABLE: Final = "not_readable"
_HEAD_BYTES: Final = 64
_STDERR: Final = 2

Made = bytes | tuple[str, str]
"""A fingerprint's binary form, or a reason and a message."""


def begin() -> None:
    """Leave Ctrl-C to the parent, which ends us, and all that was loaded to the process that this is forked of."""
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def fingerprint_files(paths: list[str], max_pixels: int, max_bytes: int) -> list[Made]:
    """Fingerprint some files, in order."""
    with quiet(max_pixels):
        return [_made(partial(read_fingerprint, path, max_pixels, max_bytes)) for path in paths]


def fingerprint_images(images: list[tuple[str, bytes]], max_pixels: int) -> list[Made]:
    """Fingerprint images that were unpacked, each with its name, in order."""
    with quiet(max_pixels):
        return [_made(partial(fingerprint, data, max_pixels=max_pixels)) for _, data in images]


def hash_files(paths: list[str], kinds: Sequence[str], max_pixels: int, max_bytes: int) -> list[dict[str, bytes]]:
    """Make hashes of some files by kind, in order; none of what can't be read or decoded."""
    with quiet(max_pixels):
        return [_hash_file(path, kinds, max_pixels, max_bytes) for path in paths]


def describe_files(paths: list[str], max_pixels: int, max_bytes: int) -> list[tuple[str, bytes] | None]:
    """SHA-256 and local features of some files, in order; None of what can't be read or decoded."""
    with quiet(max_pixels):
        return [_describe_file(path, max_pixels, max_bytes) for path in paths]


def relate_pairs(pairs: "list[Pair]", file: str) -> "list[Relation | None]":
    """Say what the images of some pairs are to each other, by a file of features; None where they have nothing."""
    from synsift.dedupe.local.relation import Tie, relate

    relations = (relate(one, other) for one, other in _features(pairs, file))
    return [None if relation.tie is Tie.UNRELATED else relation for relation in relations]


def doubt_pairs(pairs: "list[Pair]", file: str) -> list[bool]:
    """Say which pairs of images that hashes take for copies are drawings of another state, by a file of features."""
    from synsift.dedupe.local.relation import shows_another

    return [shows_another(one, other) for one, other in _features(pairs, file)]


def _features(pairs: "list[Pair]", file: str) -> "Iterator[tuple[Features, Features]]":
    """The features of both images of each pair."""
    from synsift.dedupe.local.features import Features

    with open(file, "rb") as source:
        for pair in pairs:
            one, other = (
                Features.from_bytes(os.pread(source.fileno(), place.size_bytes, place.begin)) for place in pair.places
            )
            yield one, other


class CopyMade(NamedTuple):
    """What was made of a copy of a file's image.

    Attributes:
        kind: Of ``dedupe.COPIES``.
        record: The binary form of its fingerprint.
        seen_through: Whether local features find it.
        taken_back: Whether they say that it is another drawing.
    """

    kind: str
    record: bytes
    seen_through: bool = False
    taken_back: bool = False


def copy_files(paths: list[str], max_pixels: int, *, thorough: bool) -> list[list[CopyMade] | str]:
    """Make copies of some files' images, and see what finds them, in order; of what can't be read, why."""
    made: list[list[CopyMade] | str] = []
    for path in paths:
        try:
            made.append(list(_copies_of(path, max_pixels, thorough=thorough)))
        except (ImageError, OSError, MemoryError) as exc:
            made.append(str(exc) or "not enough memory to decode it")
    return made


def _copies_of(path: str, max_pixels: int, *, thorough: bool) -> "Iterator[CopyMade]":
    from synsift.pipelines.folders.copying import copies_of_file

    found = copies_of_file(path, max_pixels)
    if not thorough:
        yield from (CopyMade(kind, fingerprint(data).to_record()) for kind, data in found)
        return
    from synsift.dedupe.local.features import describe
    from synsift.dedupe.local.relation import Tie, relate, shows_another

    original = describe(path, max_pixels=max_pixels)
    for kind, data in found:
        copy = describe(data)
        is_seen = relate(original, copy).tie in (Tie.COPY, Tie.PART_OF, Tie.CONTAINS)
        yield CopyMade(kind, fingerprint(data).to_record(), is_seen, not is_seen and shows_another(copy, original))


def _describe_file(path: str, max_pixels: int, max_bytes: int) -> tuple[str, bytes] | None:
    from synsift.dedupe.local.features import describe

    with contextlib.suppress(OSError, ImageError, MemoryError):
        data = _read(path, max_bytes)
        return hashlib.sha256(data).hexdigest(), describe(data, max_pixels=max_pixels).to_bytes()
    return None


def _hash_file(path: str, kinds: Sequence[str], max_pixels: int, max_bytes: int) -> dict[str, bytes]:
    with contextlib.suppress(OSError, ImageError, MemoryError):
        return hashes_of(_read(path, max_bytes), kinds, max_pixels=max_pixels)
    return {}


@contextlib.contextmanager
def quiet(max_pixels: int = DEFAULT_MAX_PIXELS) -> Iterator[None]:
    """Without what C libraries print about broken images: the errors say it. Pillow's limit of pixels is ours."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, (max_pixels + 1) // 2  # it refuses above twice this
    with warnings.catch_warnings(action="ignore"), open(os.devnull, "wb") as nothing:
        saved = os.dup(_STDERR)
        os.dup2(nothing.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(saved, _STDERR)
            os.close(saved)
            Image.MAX_IMAGE_PIXELS = before


def _made(make: Callable[[], Fingerprint]) -> Made:
    try:
        return make().to_record()
    except ImageError as exc:
        return exc.outcome, str(exc)
    except _TooLarge as exc:
        return TOO_LARGE, str(exc)
    except OSError as exc:
        return NOT_READABLE, exc.strerror or str(exc)
    except MemoryError:
        return TOO_LARGE, "not enough memory to decode it"


def read_fingerprint(path: str, max_pixels: int, max_bytes: int) -> Fingerprint:
    """Fingerprint a file.

    Raises:
        ImageError: It can't be decoded.
        OSError: It can't be read, or is larger than ``max_bytes``.
    """
    return fingerprint(_read(path, max_bytes), max_pixels=max_pixels)


def _read(path: str, max_bytes: int) -> bytes:
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
        if not looks_like_image(head):
            # Before it is read whole: folders have films in them, too.
            raise UnsupportedFormat(why_not(head, readable_formats()))
        data = head + file.read(max_bytes + 1 - len(head))
    if len(data) > max_bytes:
        raise _TooLarge(f"more than {max_bytes:,} bytes")
    return data


class _TooLarge(OSError):
    """A file above the limit."""
