"""What a person chose on a page of groups: read, and compared with the files as they are now.

The file of choices may be damaged, old, or somebody else's. So its shape is checked first; then every path has to be
below one of the folders that it names, by no symbolic link; then every file has to have the bytes that it had when the
page was made. Only then is anything moved, by ``place``.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import msgspec

from synsift.crawler.outside_json import loads
from synsift.pipelines.errors import UsageError

KIND: Final = "synsift choices"
VERSION: Final = 1
_MAX_BYTES: Final = 1 << 29
_BLOCK_BYTES: Final = 1 << 20
_GONE: Final = "it is gone"

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class ChosenFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as the page knew it."""

    path: str
    sha256: Sha256


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One group.

    Attributes:
        keep: What stays; empty if the group is near to a picture of reference.
        move: What goes.
        reference: The name of that picture.
    """

    keep: list[ChosenFile]
    move: list[ChosenFile]
    reference: str = ""


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All groups of a page, and the folders that were searched for them."""

    kind: str
    version: int
    folders: list[str]
    groups: list[Choice]


@dataclass(slots=True)
class Checked:
    """Choices beside the files as they are.

    Attributes:
        moves: What may be moved, and what is kept in its stead.
        keeps: What is kept and is still as it was.
        left_alone: What isn't as it was: path and reason.
        moved_before: How many were moved already.
    """

    moves: list[tuple[str, str]] = field(default_factory=list)
    keeps: list[str] = field(default_factory=list)
    left_alone: list[tuple[str, str]] = field(default_factory=list)
    moved_before: int = 0


def read_choices(file: Path) -> Choices:
    """Read what a page of groups saved.

    Raises:
        UsageError: It isn't such a file, is damaged, or names what it has no business with.
    """
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"`{file}` is no file of choices", hint="name what `Save choices` saved")
        if found.st_size > _MAX_BYTES:
            raise UsageError(f"{file} is too large for choices of a page of groups")
        # Not msgspec's own reader: names that are no UTF-8 stand in it as lone surrogates, as Python has them.
        content = loads(file.read_text(encoding="utf-8"))
        choices = msgspec.convert(content, Choices)
    except OSError as exc:
        raise UsageError(f"{file}: {exc.strerror or exc}") from exc
    except ValueError as exc:  # msgspec.ValidationError is one
        raise UsageError(
            f"{file} holds no choices of a page of groups, or is damaged: {exc}\n"
            "hint: save it again, with the button `Save choices` of the page"
        ) from exc
    if choices.kind != KIND or choices.version != VERSION:
        raise UsageError(f"{file} holds no choices that this version of synsift reads")
    for problem in _problems(choices):
        raise UsageError(f"{file}: {problem}\nhint: it was changed, or not made by a page of groups; nothing was moved")
    return choices


def check(
    choices: Choices, on_group: Callable[[], None] = lambda: None, *, moved_before: Collection[str] = ()
) -> Checked:
    """Compare all files with what the page knew of them. A group whose kept copy has changed is left alone.

    Args:
        choices: As they were read.
        on_group: Called with each group, whose files are read whole.
        moved_before: Paths that an earlier run has moved: where they are gone, that is as it should be.
    """
    checked = Checked()
    kept_files = {_entry(one.path) for choice in choices.groups for one in choice.keep}
    roots = [Path(folder) for folder in choices.folders]
    for choice in choices.groups:
        on_group()
        wrong = [(file.path, reason) for file in choice.keep if (reason := _difference(file, roots))]
        checked.left_alone += wrong
        if wrong and choice.move:
            checked.left_alone += [(file.path, "what is kept in its stead is not as it was") for file in choice.move]
            continue
        gone = {path for path, _ in wrong}
        checked.keeps += [file.path for file in choice.keep if file.path not in gone]
        kept = choice.keep[0].path if choice.keep else choice.reference
        for file in choice.move:
            reason = _difference(file, roots)
            if not reason and _entry(file.path) in kept_files:
                reason = "it is the very file that is kept, by another name"
            if reason == _GONE and file.path in moved_before:
                checked.moved_before += 1
            elif reason:
                checked.left_alone.append((file.path, reason))
            else:
                checked.moves.append((file.path, kept))
    return checked


def _problems(choices: Choices) -> Iterator[str]:
    seen: set[str] = set()
    roots = [os.path.normpath(folder) for folder in choices.folders]
    if not all(os.path.isabs(folder) and "\0" not in folder for folder in choices.folders):
        yield "a folder in it is no whole path"
    for choice in choices.groups:
        if choice.move and not choice.keep and not choice.reference:
            yield "a group in it keeps nothing"
        for file in (*choice.keep, *choice.move):
            if "\0" in file.path or os.path.normpath(file.path) != file.path or not os.path.isabs(file.path):
                yield f"{file.path!r} is no whole path of a file"
            elif not any(root == file.path or file.path.startswith(root.rstrip("/") + "/") for root in roots):
                yield f"{file.path!r} is in none of the folders that were searched"
            elif file.path in seen:
                yield f"{file.path!r} stands in it twice"
            seen.add(file.path)


def _difference(file: ChosenFile, roots: list[Path]) -> str:
    """What has changed about a file since; empty if nothing has."""
    path = Path(file.path)
    try:
        root = next(root for root in roots if path == root or root in path.parents)
        top = root.parent if path == root else root
        if path.parent.resolve() != top.resolve() / path.parent.relative_to(top):
            return "its folder is reached by a symbolic link"
        return "" if _sha256(file.path) == file.sha256 else "it has changed"
    except FileNotFoundError:
        return _GONE
    except ValueError:
        return "no file can have such a name"
    except OSError as exc:
        return exc.strerror or str(exc)


def _entry(path: str) -> str:
    """The one path of a file, however it is written: folders may be reached by links. Hard links are other files."""
    try:
        folder, name = os.path.split(path)
        return os.path.join(os.path.realpath(folder), name)
    except (OSError, ValueError):
        return path


def _sha256(path: str) -> str:
    """Of a regular file that is no symbolic link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        digest = hashlib.sha256()
        while block := opened.read(_BLOCK_BYTES):
            digest.update(block)
        return digest.hexdigest()
