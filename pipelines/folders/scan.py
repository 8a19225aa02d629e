"""Files → fingerprints, by all cores.

A decoder that crashes takes its process with it, not the scan: the files that it had are tried again one by one, and
the one that crashes it is listed.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from synsift.dedupe import DEFAULT_MAX_PIXELS, Fingerprint
from synsift.pipelines.folders.cache import Cache
from synsift.pipelines.folders.files import File, Unreadable
from synsift.pipelines.folders.pool import Pool
from synsift.pipelines.folders.prints import MANY, PrintFile
from synsift.pipelines.folders.work import Made, fingerprint_files, hash_files

DECODER_CRASHED: Final = "decoder_crashed"
DEFAULT_MAX_BYTES: Final = 512 * 1024 * 1024

_LOOKED_UP_AT_ONCE: Final = 500

OnResult = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How a scan works.

    Attributes:
        max_pixels: Limit on width × height of an image.
        max_bytes: Limit on a file.
        processes: How many; None for one a core.
    """

    max_pixels: int = DEFAULT_MAX_PIXELS
    max_bytes: int = DEFAULT_MAX_BYTES
    processes: int | None = None


@dataclass(slots=True)
class Scanned:
    """What came of a scan.

    Attributes:
        images: Fingerprints by path, in the order in which files were found; of very many a ``PrintFile``.
        unreadable: The others, likewise.
        from_cache: How many of the images were known from before.
    """

    images: MutableMapping[str, Fingerprint] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    from_cache: int = 0

    def plain(self) -> int:
        """How many of the images are too plain to compare but by their bytes."""
        if isinstance(self.images, PrintFile):
            return self.images.plain()
        return sum(image.is_plain for image in self.images.values())


def scan(
    found: Sequence[File | Unreadable], cache: Cache, options: ScanOptions, on_result: OnResult = lambda _: None
) -> Scanned:
    """Fingerprint files; what was made is in the cache even if the scan is interrupted.

    Args:
        found: As ``walk`` found them.
        cache: Asked first, and told of all that is made.
        options: See there.
        on_result: Told of every few files that are done, with their number.
    """
    files = [file for file in found if isinstance(file, File)]
    images: MutableMapping[str, Fingerprint] = PrintFile(cache.path) if len(files) >= MANY else {}
    scanned, unreadable = Scanned(images), dict[str, Unreadable]()

    def take(path: str, result: Fingerprint | Unreadable) -> None:
        if isinstance(result, Fingerprint):
            images[path] = result
        else:
            unreadable[path] = result

    wanted: dict[str, File] = {}
    for some, known in _known(files, cache, options):
        for file, result in known.items():
            take(file.path, result)
        wanted.update((file.path, file) for file in some if file not in known)
        on_result(len(known))
    scanned.from_cache = len(images)
    work = partial(fingerprint_files, max_pixels=options.max_pixels, max_bytes=options.max_bytes)
    with Pool(options.processes, work) as pool:
        for task in pool.make(wanted):
            made = {wanted[path]: _result(wanted[path], one) for path, one in task}
            cache.put({file: one for file, one in made.items() if _stays(one, options)})
            for file, result in made.items():
                take(file.path, result)
            on_result(len(made))
    if isinstance(images, PrintFile):
        images.arrange(one.path for one in found)
    else:
        scanned.images = {one.path: images[one.path] for one in found if one.path in images}
    scanned.unreadable = [
        unreadable[one.path] if isinstance(one, File) else one
        for one in found
        if not isinstance(one, File) or one.path in unreadable
    ]
    return scanned


def _known(
    files: Sequence[File], cache: Cache, options: ScanOptions
) -> Iterator[tuple[Sequence[File], dict[File, Fingerprint | Unreadable]]]:
    """Some files at a time, and what is known of them from before."""
    for begin in range(0, len(files), _LOOKED_UP_AT_ONCE):
        some = files[begin : begin + _LOOKED_UP_AT_ONCE]
        yield some, {file: known for file, known in cache.get(some).items() if _stays(known, options)}


def hash_images(
    paths: Iterable[str], kinds: Sequence[str], options: ScanOptions, on_result: OnResult = lambda _: None
) -> dict[str, dict[str, bytes]]:
    """Make other libraries' hashes of files, by path and kind; a file that can't be read or decoded has none."""
    hashes: dict[str, dict[str, bytes]] = {}
    work = partial(hash_files, kinds=kinds, max_pixels=options.max_pixels, max_bytes=options.max_bytes)
    with Pool(options.processes, work) as pool:
        for task in pool.make(paths):
            hashes.update((path, one or {}) for path, one in task)
            on_result(len(task))
    return hashes


def _stays(result: Fingerprint | Unreadable, options: ScanOptions) -> bool:
    """Whether a result holds as long as the file does.

    A file that isn't read can be another time: with a higher limit, another library, a right to read it, more memory.
    But for a decoder that crashes that is soon tried again.
    """
    if isinstance(result, Fingerprint):
        return result.width_px * result.height_px <= options.max_pixels
    return result.reason == DECODER_CRASHED


def _result(file: File, made: Made | None) -> Fingerprint | Unreadable:
    if made is None:
        return Unreadable(file.path, DECODER_CRASHED, "the decoder crashed on it, and so did its process")
    return Fingerprint.from_record(made) if isinstance(made, bytes) else Unreadable(file.path, *made)
