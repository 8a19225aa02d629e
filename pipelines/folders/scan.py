"""Files → fingerprints, by all cores.

A decoder that crashes takes its process with it, not the scan: the files that it had are tried again one by one, and
the one that crashes it is listed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from synsift.dedupe import DEFAULT_MAX_PIXELS, Fingerprint
from synsift.pipelines.folders.cache import Cache
from synsift.pipelines.folders.files import File, Unreadable
from synsift.pipelines.folders.pool import Pool
from synsift.pipelines.folders.work import Made, fingerprint_files, hash_files

DECODER_CRASHED: Final = "decoder_crashed"
DEFAULT_MAX_BYTES: Final = 512 * 1024 * 1024

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
        images: Fingerprints by path, in the order in which files were found.
        unreadable: The others, likewise.
        from_cache: How many of the images were known from before.
    """

    images: dict[str, Fingerprint] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    from_cache: int = 0


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
    results = {file: known for file, known in cache.get(files).items() if _stays(known, options)}
    known_images = sum(isinstance(result, Fingerprint) for result in results.values())
    on_result(len(results))
    work = partial(fingerprint_files, max_pixels=options.max_pixels, max_bytes=options.max_bytes)
    wanted = {file.path: file for file in files if file not in results}
    with Pool(options.processes, work) as pool:
        for task in pool.make(wanted):
            made = {wanted[path]: _result(wanted[path], one) for path, one in task}
            cache.put({file: one for file, one in made.items() if _stays(one, options)})
            results.update(made)
            on_result(len(made))
    scanned = Scanned(from_cache=known_images)
    for one in found:
        result = results[one] if isinstance(one, File) else one
        if isinstance(result, Fingerprint):
            scanned.images[one.path] = result
        else:
            scanned.unreadable.append(result)
    return scanned


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
