"""A command of one picture, ``python -m tests.decoding_once FILE``: what its decoder says, may do, and how it ends.

For the test that a decoder which was forked is one as any other.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from synsift.dedupe import ImageError
from synsift.pipelines.decoding.pool import DecoderPool, Limits

_LIMITED = ("Max file size", "Max core file size", "Max cpu time")


def say(*words: object) -> None:
    """A line of them."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def decoder_of(pool: DecoderPool) -> "subprocess.Popen[bytes]":
    """The pool's one process."""
    decoder = pool._free.get()
    pool._free.put(decoder)
    assert decoder is not None
    return decoder._process


def show(pool: DecoderPool, picture: bytes) -> None:
    """Say all that can be seen of its one decoder, but for its number."""
    say(pool.fingerprint(picture).to_record().hex())
    process = decoder_of(pool)
    say("session of its own", os.getsid(process.pid) == process.pid)
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    # Of CPU time a decoder that was started has used more than one that was forked, in whole seconds at times.
    limits = re.sub(r"(Max cpu time +)\d+", r"\1some", limits)
    say([re.split(r" {2,}", line)[1:3] for line in limits.splitlines() if line.startswith(_LIMITED)])
    fds = sorted(int(fd.name) for fd in Path(f"/proc/{process.pid}/fd").iterdir())
    most = re.search(r"Max open files +(\d+)", limits)
    say("files", fds, "of at most", most and most[1])
    say("errors go to", Path(f"/proc/{process.pid}/fd/2").readlink())
    process.send_signal(signal.SIGSEGV)
    say("ended by", process.wait(timeout=60))


def main(path: Path, what: str = "") -> None:
    """Have a picture decoded, then what is none, and then, by another decoder, the picture again."""
    picture = path.read_bytes()
    pool = DecoderPool(1, Limits(1_000_000), ["phash", "md5"])
    if what:
        pool.fingerprint(picture)
        stat = Path(f"/proc/{decoder_of(pool).pid}/stat").read_text()
        say("a child of its own", int(stat.rpartition(")")[2].split()[1]) == os.getpid())
        pool.close()
        return
    show(pool, picture)
    for data in (b"no picture", picture[:-200]):
        try:
            say(pool.look(data))
        except ImageError as exc:
            say(exc.outcome, exc)
    say(pool.look(picture)[1])
    show(pool, picture)
    pool.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
