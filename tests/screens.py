"""What commands look like in a terminal of 80 columns: run in a real one, and kept in ``tests/data/screens``.

python -m tests.screens    renews them; look at the difference before it is committed
"""

import fcntl
import locale
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import ImageOps

from tests import warm
from tests.conftest import environment
from tests.dedupe.pictures import encoded, scene

FOLDER: Final = Path(__file__).parent / "data" / "screens"
ROWS: Final = 40
COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
# What differs from run to run, and what stands in its stead.
VARIES: Final = (
    (re.compile(r"\b[0-9a-f]{16}(?=…|$)", re.MULTILINE), "0123456789abcdef"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-01-02T03:04:05Z"),
    (re.compile(r"(127\.\d+\.\d+\.\d+):\d{5}"), r"\1:12345"),
    (re.compile(r"/\S*synsift-screens-[^/\s]*"), "/home/you"),
    # A better copy may come late, and who votes how follows from the bytes of a picture.
    (re.compile(r"^((?:land|conflicts|inherit|verify|attest) +0 +)\d{3}(?= )", re.MULTILINE), r"\g<1>214"),
    (re.compile(r"(?<=verified by )[\d,]+ votes, .*$", re.MULTILINE), "700 votes …"),
    (re.compile(r"verified: \d+\s(\w|, \d+\s)+"), "verified: 47 accepted …"),
    (re.compile(r"^.* done, .* left, .*/s$\n", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Screen:
    """A command, how wide its terminal is, and how many lines of it are kept."""

    name: str
    arguments: tuple[str, ...]
    width: int = 80
    lines: int | None = None


SCREENS: Final = (
    Screen("dedupe", ("dedupe", "photos", "--no-cache")),
    Screen("dedupe-narrow", ("dedupe", "photos", "--no-cache"), 44),
    Screen("match", ("match", "photos", "--against", "photos/1.jpg", "--no-cache")),
    Screen("fingerprint", ("fingerprint", "photos", "--no-cache")),
    Screen("leaks", ("leaks", "photos", "photos/a holiday by the sea", "--no-cache")),
    Screen("calibrate", ("calibrate", "photos", "--no-cache", "--sample", "3")),
    Screen("synsets", ("synsets", "whippet", "crane")),
    Screen("synsets-tree", ("synsets", "whippet", "--tree")),
    Screen("queries", ("queries", "whippet")),
    Screen("config", ("config",), lines=12),
    Screen("crawl", ("crawl", "--source", "urls", "--list", "photos.csv", "--contact", "you@example.org")),
    Screen("dead-letters", ("dead-letters", "list")),
    Screen("dead-letters-summary", ("dead-letters", "list", "--summary")),
    Screen("status-narrow", ("status",), 44),
    Screen("status", ("status",)),
    Screen("status-wide", ("status",), 160),
)
DEMO: Final = (
    Screen("demo", ("demo", "--out", "demo")),
    Screen("demo-status", ("status", "--out", "demo")),
    Screen("demo-dead-letters", ("dead-letters", "list", "--summary", "--out", "demo")),
)


def make_world(folder: Path) -> None:
    """The files that the commands work on."""
    photos = folder / "photos"
    (photos / "a holiday by the sea" / "selected").mkdir(parents=True)
    for seed in (1, 2, 3):
        (photos / f"{seed}.jpg").write_bytes(encoded(scene(seed), "JPEG", quality=90))
    mirrored = encoded(ImageOps.mirror(scene(1)).resize((200, 150)), "WEBP")
    (photos / "a holiday by the sea" / "selected" / "1 mirrored, the last evening [bold].webp").write_bytes(mirrored)
    (photos / "2 [/] same\x1b[31m.jpg".replace("/", "|")).write_bytes((photos / "2.jpg").read_bytes())
    (photos / "cut.jpg").write_bytes((photos / "3.jpg").read_bytes()[:3_000])
    (folder / "photos.csv").write_text("url,title\nhttp://127.0.0.1:9/a/long/way/down/[/]/1.jpg,One\n")


def run(screen: Screen, folder: Path, *, colours: bool = False) -> str:
    """What the command prints: to its terminal, then to standard error."""
    terminal, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, screen.width, 0, 0))
    env = {**environment({}), "TERM": "xterm-256color", "HOME": str(folder)}
    env = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")}
    env |= {} if colours else {"NO_COLOR": "1"}
    # An interpreter that prints UTF-8 by itself needn't be told, nor started anew for that.
    env |= {} if locale.getpreferredencoding().lower() == "utf-8" else {"LC_ALL": "C.UTF-8"}
    errors: list[str] = []
    streams = {"stdin": side, "stdout": side, "stderr": subprocess.PIPE}
    with warm.start(screen.arguments, env=env, cwd=folder, **streams) as process:
        os.close(side)
        if process.stderr is None:
            raise RuntimeError("no standard error")
        reader = threading.Thread(target=lambda pipe=process.stderr: errors.append(pipe.read()))
        reader.start()
        printed = b"".join(_read(terminal))
        reader.join()
    os.close(terminal)
    text = "".join(printed.decode().replace("\r\n", "\n").splitlines(keepends=True)[: screen.lines])
    told = errors[0]
    whole = f"$ synsift {' '.join(screen.arguments)}\n{text}" + (f"(standard error)\n{told}" if told else "")
    return whole if colours else normalised(COLOURS.sub("", whole))


def normalised(text: str) -> str:
    """Without what differs from run to run."""
    for pattern, instead in VARIES:
        text = pattern.sub(instead, text)
    return text


def screens(chosen: tuple[Screen, ...]) -> Iterator[tuple[Screen, Callable[[], str]]]:
    """Screens with what makes them, in order: later ones read what earlier ones left."""
    with tempfile.TemporaryDirectory(prefix="synsift-screens-") as name:
        make_world(Path(name))
        for screen in chosen:
            yield screen, lambda screen=screen: run(screen, Path(name))  # type: ignore[misc]


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # the command has ended
            return
        if not data:
            return
        yield data


def main() -> None:
    """Renew them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for screen, make in screens(SCREENS + DEMO):
        (FOLDER / f"{screen.name}.txt").write_text(make())
        sys.stderr.write(f"{screen.name}\n")


if __name__ == "__main__":
    main()
