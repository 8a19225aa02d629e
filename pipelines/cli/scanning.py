"""What the commands on folders share: their options, the scan with its progress, and the list of unreadable files."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import settings_of
from synsift.pipelines.cli.verbosity import is_verbose
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.dedupe import Fingerprint, MatchOptions
    from synsift.dedupe.reference import Reference, Resemblance
    from synsift.pipelines.folders.comparing import Comparing
    from synsift.pipelines.folders.files import Unreadable
    from synsift.pipelines.folders.prints import PrintFile
    from synsift.pipelines.folders.scan import Scanned

_LINE_S: Final = 5.0
_LEAST_RATE: Final = 0.5
_SHOWN: Final = 20
_UNMIRRORED: Final = ["identity", "rotated-180", "rotated-90", "rotated-270"]

Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Number of processes; by default one for each core")
]
CacheFile = Annotated[
    Path | None,
    typer.Option("--cache", metavar="FILE", help="Cache of fingerprints; by default ~/.cache/synsift/fingerprints.db"),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Don't use the cache of fingerprints")]


@dataclass(frozen=True, slots=True)
class Keys:
    """What the command line said of the configuration."""

    file: Path | None = None
    values: list[str] | None = None
    similarity: float | None = None
    no_mirror: bool = False
    not_copies: list[Path] | None = None
    max_pixels: int | None = None


class Scanner:
    """Scans folders as a command's options say."""

    def __init__(self, keys: Keys, *, jobs: int | None, cache: Path | None, no_cache: bool) -> None:
        settings = settings_of(
            keys.file,
            keys.values,
            fetch__max_pixels=keys.max_pixels,
            dedupe__similarity=keys.similarity,
            dedupe__orientations=_UNMIRRORED if keys.no_mirror else None,
            dedupe__not_copies=[str(file) for file in keys.not_copies] if keys.not_copies else None,
        )

        from synsift.pipelines.folders.cache import default_path, features_path
        from synsift.pipelines.folders.scan import ScanOptions
        from synsift.pipelines.matching import match_options

        self.match: MatchOptions = match_options(settings.dedupe)
        self._reference = [Path(file) for file in settings.dedupe.reference]
        self._deny = settings.dedupe.deny
        self.options = ScanOptions(max_pixels=settings.fetch.max_pixels, processes=jobs)
        self._cache = None if no_cache else cache or default_path()
        self.features_cache = None if self._cache is None else features_path(self._cache)

    def scan(self, paths: Sequence[Path]) -> "Scanned":
        """Fingerprint all images at some paths; what ``dedupe.deny`` has is as good as unreadable."""
        from synsift.pipelines.folders.files import Unreadable
        from synsift.pipelines.folders.hash_files import read_reference

        deny = read_reference(self._deny, self.match)
        scanned = self._scan(paths)
        for path, same in self.compare(scanned.images, deny).items():
            del scanned.images[path]
            scanned.unreadable.append(Unreadable(path, "denied", same.in_words("dedupe.deny")))
        return scanned

    def compare(self, images: "Mapping[str, Fingerprint]", reference: "Reference") -> "dict[str, Resemblance]":
        """Those of some images that are the same as something, and as what; files are hashed where lists ask for it."""
        if not reference:
            return {}
        hashes = self.hashes(images, reference.kinds) if reference.kinds else {}
        found: dict[str, Resemblance] = {}
        for path, image in images.items():
            same = reference.match(image, hashes.get(path, {}))
            if same is not None:
                found[path] = same
        return found

    def hashes(self, paths: Collection[str], kinds: Sequence[str]) -> dict[str, dict[str, bytes]]:
        """Other libraries' hashes of files, by path and kind."""
        from synsift.pipelines.folders.hash_files import need_libraries
        from synsift.pipelines.folders.scan import hash_images

        need_libraries(kinds)
        with progress("hashed", len(paths)) as advance:
            return hash_images(paths, kinds, self.options, advance)

    def _scan(self, paths: Sequence[Path]) -> "Scanned":
        from synsift.pipelines.folders.cache import Cache
        from synsift.pipelines.folders.files import Unreadable, walk
        from synsift.pipelines.folders.scan import scan

        found = list(walk(paths))
        with Cache(self._cache) as cache, progress("fingerprinted", len(found)) as advance:
            unreadable = sum(isinstance(one, Unreadable) for one in found)
            advance(unreadable)
            try:
                return scan(found, cache, self.options, advance)
            except KeyboardInterrupt:
                kept = "" if self._cache is None else "; what was done is kept: run it again to go on"
                warn.print(f"synsift: interrupted{kept}")
                raise typer.Exit(ExitStatus.FAILED) from None

    def reference(self, paths: Sequence[Path]) -> "Reference":
        """All that is to be compared with, of ``dedupe.reference`` too: folders, images, sets, lists of hashes."""
        from synsift.pipelines.folders.hash_files import gather_reference, is_list

        paths = [*paths, *self._reference]
        found = [(path, self._scan([path])) for path in paths if not is_list(path)]
        for path, scanned in found:
            list_unreadable(scanned.unreadable)
            if not scanned.images:
                _refuse_empty(path)
        return gather_reference(
            (pair for _, scanned in found for pair in scanned.images.items()),
            [path for path in paths if is_list(path)],
            self.match,
            self._cache,
            on_disk=self._comparing,
        )

    def _comparing(self, images: "PrintFile") -> "Comparing":
        """Comparing with very many images: their index is not in memory."""
        from synsift.pipelines.folders.comparing import Comparing

        comparing = Comparing(images, self.match, processes=self.options.processes)
        with progress("indexed", len(images)) as advance:
            comparing.prepare(on_done=advance)
        return comparing


def _refuse_empty(path: Path) -> NoReturn:
    """There is nothing at a path to compare with, as where a disk isn't there: all would be new.

    Raises:
        UsageError: Always.
    """
    if path.is_file():
        raise UsageError(
            f"`{path}` is neither an image that can be read nor a file of fingerprints or hashes",
            hint=f"name such files .jsonl, .parquet, .csv or .txt, or say what it has: `md5:{path}`",
        )
    raise UsageError(
        f"`{path}` has no images to compare with", hint="name a folder with images in it; is its disk there?"
    )


def list_unreadable(unreadable: "Sequence[Unreadable]") -> None:
    """Say which files could not be fingerprinted, and why; what never meant to be an image with ``-v`` only."""
    from synsift.dedupe.errors import TooManyPixels

    others = [one for one in unreadable if one.is_other]
    links = [one for one in unreadable if one.is_link]
    listed = [one for one in unreadable if not one.is_other and not one.is_link]
    if listed:
        err.print(f"{len(listed):,} unreadable:")
        _list(_in_words(listed), _SHOWN)
    if any(one.reason == TooManyPixels.outcome for one in listed):
        err.print("hint: `--max-pixels N` reads larger images, if you have the memory")
    _name(others, "other file", "other files", "not images")
    _name(links, "symbolic link or special file", "symbolic links or special files", "not followed")


def _name(files: "Sequence[Unreadable]", one: str, many: str, why: str) -> None:
    """Say how many there are; which, with ``-v`` only."""
    if not files:
        return
    counts = f"{counted(len(files), one, many)}, {why}"
    err.print(f"{counts}:" if is_verbose() else f"{counts} (`-v` names them)")
    if is_verbose():
        _list(_in_words(files), len(files))


def list_left_alone(files: Sequence[tuple[str, str]]) -> None:
    """Say which files were left alone, if any, each with its reason."""
    if files:
        err.print(f"{counted(len(files), 'file', 'files')} left alone:")
        _list(files, _SHOWN)


def _in_words(files: "Sequence[Unreadable]") -> list[tuple[str, str]]:
    return [(one.path, one.in_words()) for one in files]


def _list(files: Sequence[tuple[str, str]], most: int) -> None:
    for path, reason in files[:most]:
        err.print(f"  {path}: {reason}")
    if len(files) > most:
        err.print(f"  … and {len(files) - most:,} more")


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far something is, with rate and time left: a bar on a terminal, else lines. Gives what to call."""
    if err.is_terminal and not err.quiet:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
            *(TextColumn("{task.fields[rate]}"), TimeRemainingColumn()),
        )
        # What is logged meanwhile stands above the bar. Data don't go by way of it, for it is on standard error.
        with Progress(*columns, console=err, transient=True, redirect_stdout=False) as bar:
            task = bar.add_task(what, total=total, rate="")
            begin_s = time.monotonic()

            def show(number: int) -> None:
                bar.advance(task, number)
                rate = bar.tasks[0].completed / max(0.001, time.monotonic() - begin_s)
                bar.update(task, rate=_per_second(rate))

            yield show
        return
    lines = _Lines(what, total)
    yield lines.advance


class _Lines:
    """Progress as plain lines, every few seconds."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._begin_s = self._said_s = time.monotonic()

    def advance(self, number: int) -> None:
        self._done += number
        now_s = time.monotonic()
        if now_s < self._said_s + _LINE_S:
            return
        self._said_s = now_s
        rate = self._done / (now_s - self._begin_s)
        parts = [f"{self._what} {self._done} of {self._total}", _per_second(rate)]
        parts += [f"{(self._total - self._done) / rate:.0f} s left"] if rate else []
        err.print(", ".join(filter(None, parts)))


def _per_second(rate: float) -> str:
    """A rate in words; nothing of one that would be told as 0."""
    return f"{rate:,.0f}/s" if rate >= _LEAST_RATE else ""
