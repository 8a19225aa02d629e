#!/usr/bin/env python3
"""A crawl of ten thousand hosts, some of them sick, beside img2dataset on the same web.

    benchmarks/hosts.py --photos DIR [--peer PYTHON] [--hosts 10000] [--images 2] [--sick 0.05] [--seconds 1200]

Every host has a name, which a name server of this script's own knows, an address of its own in 127.0.0.0/8, TLS with a
certificate that an authority of this script's own signed, and a robots.txt; nginx serves them all. Of the sick ones a
tenth each

    has no name         its name can't be looked up      its name server is silent
    refuses             accepts and says nothing         hangs up at once
    says 503            says 429                         shows somebody else's certificate
    says 503 twice and is well again then

The peer asks without robots.txt, with 2 processes and 256 threads each, and finds names as any program does: it runs
where /etc/resolv.conf names that server (a mount namespace; this script must run as root). Ours are two workers
``synsift run fetch``, which also fingerprint and store, at our own politeness: two requests to a host at once, 0.1 s
between two.

The time is that until the last image was written. Prints images/s, CPU ms an image, requests and look-ups that sick
hosts got, and images that the peer got and ours not.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.servers import nginx
from synsift.pipelines.assembly import open_log
from synsift.pipelines.config import load
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Fetched
from synsift.pipelines.summary import read_counts
from tests.certificates import Signed, sign
from tests.conftest import environment
from tests.name_server import NOBODY, SERVER_FAILURE, Asked, Reply, name_server

DOMAIN = "hosts.example"
NAME_SERVER = "127.0.0.53"
SICK_PORT = 9_443
IMPOSTOR_PORT = 9_444
NOBODYS_PORT = 9_445
KINDS = (
    *("no-name", "no-look-up", "silent-name", "refuses", "silent", "hangs-up"),
    *("says-503", "says-429", "impostor", "heals"),
)
PICTURES = 4_000


@dataclass(frozen=True)
class Host:
    """A host, and what ails it."""

    name: str
    address: str
    kind: str = ""

    def url(self, path: str) -> str:
        """The URL of a path there."""
        ports = {"impostor": IMPOSTOR_PORT, "refuses": NOBODYS_PORT}
        port = ports.get(self.kind, SICK_PORT) if self.kind else 443
        return f"https://{self.name}:{port}{path}" if self.kind else f"https://{self.name}{path}"


@dataclass
class Asking:
    """What sick hosts were asked: requests or connections, by kind."""

    requests: Counter[str] = field(default_factory=Counter)
    tries: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Run:
    """One run."""

    wall_s: float
    cpu_s: float
    images: frozenset[str]
    asked: Mapping[str, int]
    looked_up: int

    def line(self, name: str) -> str:
        """As it is printed."""
        rate, cpu_ms = len(self.images) / self.wall_s, 1000 * self.cpu_s / max(1, len(self.images))
        asked = ", ".join(f"{kind} {number}" for kind, number in sorted(self.asked.items()))
        return (
            f"{name}: {len(self.images)} images in {self.wall_s:.0f} s, {rate:.0f} images/s, {cpu_ms:.2f} CPU ms each\n"
            f"  sick hosts got {sum(self.asked.values())} requests ({asked})\n"
            f"  names that nobody has got {self.looked_up} look-ups"
        )


def make_hosts(number: int, share: float) -> list[Host]:
    """All of them; the sick ones spread among the others."""
    rng = random.Random(1)  # noqa: S311 - the same web every time
    sick = set(rng.sample(range(number), round(number * share)))
    kinds = iter(KINDS * (len(sick) // len(KINDS) + 1))
    return [
        Host(
            f"h{n:05}.{DOMAIN}",
            f"127.{1 + n // 62_500}.{n // 250 % 250}.{1 + n % 250}",
            next(kinds) if n in sick else "",
        )
        for n in range(number)
    ]


def answers(hosts: list[Host]) -> dict[str, Reply]:
    """What the name server says of each."""
    odd = {"no-name": NOBODY, "no-look-up": Reply(code=SERVER_FAILURE), "silent-name": Reply(delay_s=3600)}
    return {host.name: odd.get(host.kind, Reply((host.address,), ttl_s=3600)) for host in hosts}


def make_pictures(photos: Path, folder: Path) -> None:
    """Pictures to serve, re-encoded so that they are of one size."""
    folder.mkdir()
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    for number in range(PICTURES):
        with Image.open(files[number % len(files)]) as image:
            picture = image.convert("RGB").resize((448, 336))
            picture.save(folder / f"{number}.jpg", quality=70 + number // len(files) % 25)


def server(folder: Path, signed: Signed, pictures: Path) -> str:
    """The healthy hosts in nginx: any name, any address, one after the other picture."""
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /private/\nCrawl-delay: 0\n")
    signed.context(folder)
    certificate = folder / f"{signed.certificate.serial_number:x}.pem"
    return f"""
    server {{
      listen 0.0.0.0:443 ssl backlog=4096; allow 127.0.0.0/8; deny all;
      ssl_certificate {certificate}; ssl_certificate_key {certificate}; ssl_session_cache off;
      location = /robots.txt {{ root {folder}; default_type text/plain; }}
      location ~ ^/\\d+/(\\d+\\.jpg)$ {{ alias {pictures}/$1; }}
    }}
    """


class SickHosts:
    """The hosts that answer oddly, each as it does."""

    def __init__(self, hosts: list[Host], pictures: Path) -> None:
        self._kinds = {host.name: host.kind for host in hosts if host.kind}
        self._picture = (pictures / "0.jpg").read_bytes()
        self.asking = Asking()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                name = head.lower().partition("\r\nhost:")[2].partition("\r\n")[0].strip().partition(":")[0]
                kind = self._kinds.get(name, "")
                self.asking.requests[kind] += 1
                if kind == "silent":
                    await asyncio.sleep(3600)
                if kind == "hangs-up":
                    break
                writer.write(self._answer(kind, name, path))
                await writer.drain()
        writer.close()

    def _answer(self, kind: str, name: str, path: str) -> bytes:
        if kind == "says-429":
            return b"HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\n\r\n"
        if kind == "heals":
            if path == "/robots.txt":
                return b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
            self.asking.tries[name] += 1
            if self.asking.tries[name] > 2:
                length = len(self._picture)
                return (
                    b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % length
                    + self._picture
                )
        return b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


@contextlib.contextmanager
def serving(sick: SickHosts, good: ssl.SSLContext, false: ssl.SSLContext) -> Iterator[None]:
    """Serve the sick hosts for the block, in a thread."""
    loop, stop, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def run() -> None:
        loop.set_exception_handler(_ignore)
        for port, context in ((SICK_PORT, good), (IMPOSTOR_PORT, false)):
            await asyncio.start_server(sick.serve, "0.0.0.0", port, ssl=context, backlog=4096)  # noqa: S104 - all of 127/8
        ready.set()
        await stop.wait()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _ignore(_loop: asyncio.AbstractEventLoop, _context: object) -> None:
    """Connections that are cut at the end say so."""


def timed(
    commands: list[list[str]], env: Mapping[str, str], limit_s: float, is_done: Callable[[], bool] = lambda: False
) -> float:
    """CPU time of commands side by side, their own children's included; ended once that is done, or the time is up."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    deadline_s = time.monotonic() + limit_s
    running = [subprocess.Popen(command, env=dict(env), stdout=subprocess.DEVNULL) for command in commands]
    while any(process.poll() is None for process in running):
        if is_done() or time.monotonic() > deadline_s:
            for process in running:
                process.terminate()
            break
        time.sleep(0.5)
    for process in running:
        process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def until_last(files: Iterable[Path], begun_s: float) -> float:
    """Seconds until the last of some files was written."""
    return max(file.stat().st_mtime for file in files) - begun_s


def img2dataset(  # noqa: PLR0913 - what it is given
    python: str, urls: Path, out: Path, authority: Path, limit_s: float, columns: Sequence[str]
) -> tuple[float, float]:
    """Run img2dataset where names are found by our name server; when it began, and its CPU seconds."""
    resolv = out.with_name("resolv.conf")
    resolv.write_text(f"nameserver {NAME_SERVER}\n")
    tool = [str(Path(python).with_name("img2dataset")), f"--url_list={urls}", f"--output_folder={out}", *columns]
    tool += ["--output_format=files", "--resize_mode=no", "--compute_hash=sha256", "--processes_count=2"]
    tool += ["--thread_count=256", "--timeout=10", "--number_sample_per_shard=1000", "--enable_wandb=False"]
    inside = f"mount --bind {resolv} /etc/resolv.conf && exec " + " ".join(tool)
    env = {**os.environ, "SSL_CERT_FILE": str(authority), "NO_ALBUMENTATIONS_UPDATE": "1"}
    begun_s = time.time()
    return begun_s, timed([["unshare", "--mount", "sh", "-c", inside]], env, limit_s)


def run_peer(python: str, urls: Path, scratch: Path, authority: Path, limit_s: float) -> tuple[float, float, set[str]]:
    """Img2dataset."""
    out = scratch / "peer"
    begun_s, cpu_s = img2dataset(python, urls, out, authority, limit_s, ["--input_format=txt"])
    found = set()
    for file in out.rglob("*.json"):
        said = json.loads(file.read_text())
        if said.get("status") == "success":
            found.add(said["url"])
    return until_last(out.rglob("*.jpg"), begun_s), cpu_s, found


def our_options(store: Path, authority: Path) -> dict[str, object]:
    """Our configuration, for the web of this script."""
    return {
        "identity.contact": "benchmark@localhost",
        "fetch.allow_networks": ["127.0.0.0/8"],
        "fetch.nameservers": [f"{NAME_SERVER}:53"],
        "fetch.ca_file": str(authority),
        "fetch.timeout_s": 10,
        "fetch.concurrency": 256,
        "store.url": str(store),
        "logging.level": "WARNING",
    }


def run_ours(urls: Path, scratch: Path, authority: Path, limit_s: float, wanted: int) -> tuple[float, float, set[str]]:
    """Ours: two workers of ``fetch``, until all images of healthy hosts are there; what comes before isn't timed."""
    options = our_options(scratch / "ours", authority)
    env, synsift = environment(options), [sys.executable, "-m", "synsift"]
    for before in (["plan", "--source", "urls", "--list", str(urls)], ["run", "search", "--drain"]):
        timed([[*synsift, *before]], env, limit_s)
    settings = load(env={}, options={"store.url": options["store.url"]}).settings
    log = open_log(settings)
    begun_s = time.time()

    seen: list[int] = []

    def has_all() -> bool:
        """Whether as many as there are came, and none in the last three seconds: some are of hosts that got well."""
        seen.append(sum(counts.fetched for counts in read_counts(log).values()))
        return seen[-1] >= wanted and seen[-1] == seen[-6:][0]

    cpu_s = timed([[*synsift, "run", "fetch"]] * 2, env, limit_s, has_all)
    records = list(read_all(log, Fetched))
    log.close()
    print("outcomes:", dict(Counter(record.outcome for record in records)))
    wall_s = until_last((scratch / "ours" / "blobs").rglob("*"), begun_s)
    return wall_s, cpu_s, {record.url for record in records if record.image is not None}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--peer", help="a Python that has img2dataset; without it only ours runs")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--images", type=int, default=2, help="at each host")
    parser.add_argument("--sick", type=float, default=0.05, help="share of the hosts")
    parser.add_argument("--seconds", type=float, default=1_200, help="after which a run is ended")
    options = parser.parse_args()
    hosts = make_hosts(options.hosts, options.sick)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)  # nginx's worker reads it
        compare(options, hosts, scratch)


def compare(options: argparse.Namespace, hosts: list[Host], scratch: Path) -> None:
    """Serve the web, run both and print what came of it."""
    pictures, urls, trusted = scratch / "pictures", scratch / "urls.txt", scratch / "authority.pem"
    make_pictures(options.photos, pictures)
    paths = [
        host.url(f"/{number}/{(number * options.images + n) % PICTURES}.jpg")
        for number, host in enumerate(hosts)
        for n in range(options.images)
    ]
    random.Random(2).shuffle(paths)  # noqa: S311 - the same list every time
    urls.write_text("\n".join(paths) + "\n")
    authority = sign(["Authority of a benchmark"], is_authority=True)
    trusted.write_bytes(authority.pem)
    signed = sign([f"*.{DOMAIN}"], by=authority)
    stranger = sign(["*.elsewhere.example"], by=authority)
    known = answers(hosts)
    healthy = sum(not host.kind for host in hosts)
    unknown = {host.name for host in hosts if host.kind == "no-name"}

    def say(asked: Asked) -> Reply:
        return known.get(asked.name, NOBODY)

    runs: dict[str, Run] = {}
    contenders = [("img2dataset", options.peer)] if options.peer else []
    with nginx(scratch, server(scratch, signed, pictures)):
        for name, python in [*contenders, ("synsift", "")]:
            sick = SickHosts(hosts, pictures)
            with (
                name_server(say, NAME_SERVER, 53) as names,
                serving(sick, signed.context(scratch), stranger.context(scratch)),
            ):
                arguments = (urls, scratch, trusted, options.seconds)
                wall_s, cpu_s, images = (
                    run_peer(python, *arguments) if python else run_ours(*arguments, wanted=options.images * healthy)
                )
                looked_up = sum(names.asked[one] for one in unknown)
            runs[name] = Run(wall_s, cpu_s, frozenset(images), dict(sick.asking.requests), looked_up)
            print(runs[name].line(name), flush=True)
    if options.peer:
        ours, peer = runs["synsift"], runs["img2dataset"]
        ratio = (len(ours.images) / ours.wall_s) / (len(peer.images) / peer.wall_s)
        lost = peer.images - ours.images
        print(f"ratio {ratio:.2f}; {len(lost)} images that img2dataset got and synsift not {sorted(lost)[:5]}")


if __name__ == "__main__":
    main()
