"""A decoder's process: reads files from its standard input, writes fingerprints to its standard output.

Run as ``python -m synsift.pipelines.decoding.decoder [KIND...]``, with the kinds of hashes to make beside fingerprints.
What it may do is limited once everything is loaded: no new file or socket can be opened (``RLIMIT_NOFILE`` is what is
open already), nothing can be written to a file (``RLIMIT_FSIZE``), and for each picture the address space and the CPU
time are what the request grants. The environment that it gets has no secrets. It ends with its standard input.
"""

import base64
import io
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from typing import BinaryIO, Final

from PIL import Image

from synsift.dedupe import CorruptImage, ImageError, fingerprint
from synsift.dedupe.codecs import OPTIONAL, jxl_pixels
from synsift.dedupe.costs import coefficient_bytes, refuse_costly, webp_pixels
from synsift.dedupe.decode import readable_formats
from synsift.dedupe.hash_kinds import hashes_of
from synsift.pipelines.decoding.protocol import (
    ANSWER,
    ERROR,
    FINGERPRINT,
    MORE_MEMORY,
    READY,
    REQUEST,
    SMALL_GRANT_BYTES,
)

_PAGE_BYTES: Final = resource.getpagesize()
_MESSAGE_CHARACTERS: Final = 500
# AVIF's own choice takes a seventh of a decoder's start.
_SAVED: Final[dict[str, dict[str, int]]] = {"AVIF": {"speed": 10}}
# Of some modes Pillow loads what converts them when it meets the first.
_MODES: Final = {"TIFF": ("L", "RGB", "LAB")}
LARGE_PIXELS: Final = 12_000_000
"""From here on a picture needs a large grant: by its header, before it is tried in vain."""


def main() -> None:
    """Make fingerprints until the standard input ends."""
    kinds = sys.argv[1:]

    def try_all(sample: bytes) -> None:
        fingerprint(sample)
        hashes_of(sample, kinds)

    def made(data: bytes, max_pixels: int, grant_bytes: int) -> tuple[bytes, bytes]:
        return guarded(data, max_pixels, grant_bytes, lambda: (FINGERPRINT, _made(data, kinds, max_pixels)))

    serve(made, try_all)


def serve(answer: Callable[[bytes, int, int], tuple[bytes, bytes]], try_all: Callable[[bytes], object]) -> None:
    """Serve until the standard input ends.

    Args:
        answer: From a request's data, most pixels and grant to the answer.
        try_all: Uses all that there is to load on a sample of a format, before the limits come.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent drains, and closes the pipe
    warnings.simplefilter("ignore")
    _load_everything(try_all)
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    _forbid()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _answer(sink, READY, b"")
    while True:
        head = source.read(REQUEST.size)
        if len(head) < REQUEST.size:
            return
        size, max_pixels, grant_bytes, cpu_s = REQUEST.unpack(head)
        data = source.read(size)
        if len(data) < size:
            return
        _grant(statm, grant_bytes, cpu_s)
        _answer(sink, *answer(data, max_pixels, grant_bytes))


def guarded(
    data: bytes, max_pixels: int, grant_bytes: int, make: Callable[[], tuple[bytes, bytes]]
) -> tuple[bytes, bytes]:
    """Decode a picture that may be costly or broken, and make something of it: the answer."""
    pixels = 0
    # Pillow refuses above twice this. Some readers make all of a picture before its size can be asked for.
    Image.MAX_IMAGE_PIXELS = (max_pixels + 1) // 2
    try:
        refuse_costly(data)
        pixels = _pixels(data)
        wants_more = pixels > LARGE_PIXELS and grant_bytes <= SMALL_GRANT_BYTES
        if 0 < pixels <= max_pixels and (wants_more or coefficient_bytes(data) > grant_bytes):
            return MORE_MEMORY, b""
        return make()
    except ImageError as exc:
        # Not every library says that it was memory that it lacked.
        if isinstance(exc.__cause__, MemoryError) or (exc.outcome == CorruptImage.outcome and pixels > LARGE_PIXELS):
            return MORE_MEMORY, b""
        return ERROR, f"{exc.outcome}\0{exc}"[:_MESSAGE_CHARACTERS].encode("utf-8", "replace")
    except MemoryError:
        return MORE_MEMORY, b""


def _made(data: bytes, kinds: list[str], max_pixels: int) -> bytes:
    record = fingerprint(data, max_pixels=max_pixels).to_record()
    hashes = hashes_of(data, kinds, max_pixels=max_pixels) if kinds else {}
    digests = [hashes.get(kind, b"") for kind in kinds]
    return b"".join(bytes([len(digest)]) + digest for digest in digests) + record


def _pixels(data: bytes) -> int:
    """What the header promises; 0 where it can't be read: decoding says why."""
    if (promised := webp_pixels(data) or jxl_pixels(data)) > 0:
        return promised
    try:
        with Image.open(io.BytesIO(data), formats=readable_formats()) as image:
            return image.width * image.height
    except Exception:  # noqa: BLE001 - hostile bytes make readers of headers raise anything
        return 0


def _answer(sink: BinaryIO, kind: bytes, body: bytes) -> None:
    sink.write(ANSWER.pack(kind, len(body)) + body)
    sink.flush()


def _load_everything(try_all: Callable[[bytes], object]) -> None:
    """Use each format once: what is loaded late could not be loaded any more."""
    Image.init()
    optional = {one.name: one.sample for one in OPTIONAL}
    for kind in readable_formats():
        if kind in optional:
            try_all(base64.b64decode(optional[kind]))
            continue
        for mode in _MODES.get(kind, ("L", "RGB")):
            file = io.BytesIO()
            noise = Image.effect_noise((160, 140), 60).convert("RGB")
            noise.convert(mode).save(file, kind, **_SAVED.get(kind, {}))
            try_all(file.getvalue())
    try:
        fingerprint(b"\xff\xd8\xff not an image")
    except ImageError:
        return


def _forbid() -> None:
    """Open and write nothing from now on."""
    own = [int(name) for name in os.listdir("/proc/self/fd")]
    # One of them was the listing's, and is closed by now.
    highest = max(fd for fd in own if os.path.lexists(f"/proc/self/fd/{fd}"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, highest + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _grant(statm: int, grant_bytes: int, cpu_s: int) -> None:
    """Set the limits of one picture, counted from what the process has now."""
    in_use = int(os.pread(statm, 64, 0).split()[0]) * _PAGE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (in_use + grant_bytes, resource.RLIM_INFINITY))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used_s = int(usage.ru_utime + usage.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used_s + cpu_s, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
