#!/usr/bin/env python3
"""``synsift dedupe`` of very many files: memory of all its processes together, and which cores are busy, by phase.

    benchmarks/many_files.py FOLDER [--known | --made N] [--report FILE] [--jobs N] [--every S] [options of `dedupe`]
    benchmarks/many_files.py FOLDER --known --command 'match COPIES --against {folder} --cache {cache}'

The folder is one that ``benchmarks/folder.py --images 100000 --photos DIR`` made, or any other. The command runs with a
cache of its own, which ``--known`` keeps and uses again: then a run shows all but the reading. ``--made`` makes the
folder: N names of a few files, for which the cache has fingerprints that were made without pictures, one in five near
to an earlier one, one in twenty of the same bytes; reading a million files would take an hour. Every half second the
processes are looked at: proportional set size (each shared page counted once), the anonymous part of it, and the CPU
time that they used. A phase begins when the command first tells its progress. Printed: for each phase seconds, CPU
seconds, cores busy, and the peaks; at the end what the command said. Pages of mapped files that are in memory count in
the first figure, not in the second. ``--command`` runs another command than ``dedupe`` instead. ``--rows`` keeps what
is printed. ``--copies N DIR`` makes smaller JPEGs of so many of the files first, for commands that compare two folders.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fingerprints import fingerprint_rows, random_frequencies
from synsift.dedupe import Fingerprint
from synsift.pipelines.folders.cache import Cache
from synsift.pipelines.folders.files import File

_A_FOLDER = 1_000
_TICKS = os.sysconf("SC_CLK_TCK")
_SAID = re.compile(r"^([a-z ]+) \d+ of \d+, ")


def make_copies(folder: Path, count: int, target: Path) -> None:
    """Copies of some of the files, half as large."""
    target.mkdir(parents=True)
    names = sorted(os.listdir(folder))
    for name in names[:: max(1, len(names) // count)][:count]:
        with Image.open(folder / name) as image:
            small = image.convert("RGB").resize((image.width // 2, image.height // 2))
        small.save(target / f"{name}.jpg", quality=70)


def of_group(leader: int) -> list[int]:
    """Processes of a session."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getsid(int(name)) == leader:
                    found.append(int(name))
            except ProcessLookupError:
                continue
    return found


def memory_kb(pid: int) -> tuple[int, int]:
    """Proportional set size, and the anonymous part."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0, 0
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return sizes.get("Pss", 0), sizes.get("Pss_Anon", 0)


def cpu_s(pid: int) -> float:
    """CPU time of a process, without its children's."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def make_known(folder: Path, cache: Path, count: int) -> None:
    """A folder of names, and a cache that has a fingerprint for each."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(count)
    with Cache(cache) as opened:
        for begin in range(0, count, _A_FOLDER):
            inside = folder / f"{begin // _A_FOLDER:06d}"
            inside.mkdir()
            first = inside / "0000.jpg"
            first.write_bytes(b"never read")
            frequencies = random_frequencies(rng, min(_A_FOLDER, count - begin))
            near = slice(1, len(frequencies), 5)
            noise = rng.standard_normal(frequencies[near].shape).astype(np.float32)
            frequencies[near] = frequencies[: len(noise)] * (1 + 0.2 * noise)
            rows = fingerprint_rows(rng, frequencies)
            rows[::20] = rows[1::20]
            made = {}
            for number, row in enumerate(rows):
                path = inside / f"{number:04d}.jpg"
                if number:
                    os.link(first, path)
                status = path.stat()
                file = File(str(path), status.st_size, status.st_mtime_ns)
                made[file] = Fingerprint.from_record(row.tobytes())
            opened.put(made)


class Watch:
    """What was seen of a command's processes."""

    def __init__(self) -> None:
        self.phase = "beginning"
        self.spent_s: Counter[str] = Counter()
        self.cpu_s: Counter[str] = Counter()
        self.peaks: dict[str, tuple[float, float]] = {}
        self._last: dict[int, float] = {}

    def look(self, leader: int, since_s: float) -> None:
        """Add what happened since the last look."""
        whole = anonymous = 0
        for pid in of_group(leader):
            one, other = memory_kb(pid)
            whole, anonymous = whole + one, anonymous + other
            used = cpu_s(pid)
            self.cpu_s[self.phase] += max(0.0, used - self._last.get(pid, 0.0))
            self._last[pid] = used
        self.spent_s[self.phase] += since_s
        before = self.peaks.get(self.phase, (0.0, 0.0))
        self.peaks[self.phase] = max(before[0], whole / 1024), max(before[1], anonymous / 1024)


def listen(lines: Iterable[str], watch: Watch, said: list[str]) -> None:
    """Hear the phases from what the command says."""
    for line in lines:
        found = _SAID.match(line)
        if found is not None:
            watch.phase = found[1]
        else:
            said.append(line.rstrip())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--known", action="store_true", help="use the cache of the run before")
    parser.add_argument("--made", type=int, metavar="N", help="make the folder, with so many names")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--command", metavar="TEXT", help="run this instead of `dedupe`")
    parser.add_argument("--rows", type=Path, default=Path(os.devnull), help="keep what is printed")
    parser.add_argument("--copies", nargs=2, metavar=("N", "DIR"), help="make copies of some files first")
    parser.add_argument("--every", type=float, default=0.5, metavar="S")
    options, others = parser.parse_known_args()
    cache = Path(tempfile.gettempdir()) / "synsift-benchmark" / f"many-{options.folder.name}.db"
    cache.parent.mkdir(exist_ok=True)
    if not options.known:
        for file in cache.parent.glob(f"{cache.name}*"):
            file.unlink()
    if options.made and not options.known:
        make_known(options.folder, cache, options.made)
    if options.copies:
        make_copies(options.folder, int(options.copies[0]), Path(options.copies[1]))
    command = [sys.executable, "-m", "synsift"]
    if options.command:
        command += shlex.split(options.command.format(folder=options.folder, cache=cache))
    else:
        command += ["dedupe", str(options.folder), "--cache", str(cache), "--jobs", str(options.jobs), *others]
        command += ["--report", str(options.report)] if options.report else []
    watch, said, status = run(command, options)
    for phase, spent_s in watch.spent_s.items():
        (whole, anonymous), used_s = watch.peaks[phase], watch.cpu_s[phase]
        print(
            f"{phase:16s} {spent_s:7.1f} s, {used_s:7.1f} s of CPU, {used_s / spent_s:4.2f} cores; "
            f"peak {whole:6,.0f} MB, anonymous {anonymous:6,.0f} MB"
        )
    print(f"{sum(watch.spent_s.values()):.1f} s, {sum(watch.cpu_s.values()):.1f} s of CPU")
    if options.report and options.report.exists():
        files = options.report.parent.glob(f"{options.report.stem}*{options.report.suffix}")
        print(f"report: {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
    print(*said[-6:], sep="\n")
    sys.exit(status)


def run(command: list[str], options: argparse.Namespace) -> tuple[Watch, list[str], int]:
    """Run it, and watch it."""
    watch, said = Watch(), list[str]()
    with options.rows.open("wb") as rows:
        last_s = time.monotonic()
        process = subprocess.Popen(command, stdout=rows, stderr=subprocess.PIPE, text=True, start_new_session=True)
        ear = threading.Thread(target=listen, args=(process.stderr, watch, said))
        ear.start()
        while process.poll() is None:
            time.sleep(options.every)
            now_s = time.monotonic()
            watch.look(process.pid, now_s - last_s)
            last_s = now_s
        ear.join()
    return watch, said, process.returncode


if __name__ == "__main__":
    main()
