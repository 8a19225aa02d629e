"""The decoders of a worker: as many processes as pictures are decoded at once, each replaced when it dies.

Small pictures are decoded side by side. A large one waits for the one large grant that a worker has, so that what a
worker needs in all stays bounded, whatever comes.
"""

import contextlib
import hashlib
import logging
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from synsift.dedupe import CorruptImage, Fingerprint, ImageError
from synsift.dedupe.hash_kinds import KINDS
from synsift.pipelines.decoding.errors import DecodeMemory, DecoderCrashed, DecodersUnavailable, DecodeTimeout
from synsift.pipelines.decoding.protocol import (
    ANSWER,
    ERROR,
    FINGERPRINT,
    MAX_ANSWER_BYTES,
    MORE_MEMORY,
    READY,
    REQUEST,
    SMALL_GRANT_BYTES,
)

_log: Final = logging.getLogger(__name__)

_PIPE_BYTES: Final = 1024 * 1024
_ANSWER_BYTES: Final = 16 * 1024
_START_S: Final = 120.0
# A process may be killed while it starts; one that can't start at all is the installation's fault, not the pictures'.
_START_WAITS_S: Final = (0.0, 0.2, 1.0, 3.0, 5.0, 10.0)
# Python and its libraries leave a little behind with each picture; a fresh process costs a third of a second.
_PICTURES_A_PROCESS: Final = 20_000
# Nothing of the worker's secrets is a decoder's business.
_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "HOME", "OPENBLAS_CORETYPE")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost.

    Attributes:
        max_pixels: Width × height, by the header.
        cpu_s: CPU time.
        wall_s: Time, on a machine that is busy with other things.
        memory_bytes: Address space beside what a decoder needs anyway.
    """

    max_pixels: int
    cpu_s: int = 10
    wall_s: float = 120.0
    memory_bytes: int = 448 * 1024 * 1024


class _Died(Exception):
    """A decoder's process ended in the midst of a picture."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Overran(Exception):
    """A decoder's process was killed for taking longer than it may."""


class _NotStarted(Exception):
    """A decoder's process ended before it was ready for a picture: that is no picture's fault."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Decoder:
    """One process. Used by one thread at a time."""

    def __init__(self, program: Sequence[str]) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - modules and kinds are names of our own
            [sys.executable, "-m", *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # C libraries complain about broken pictures; the answers say it
            env=environment | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            bufsize=0,
            start_new_session=True,  # Ctrl-C is the worker's: it drains, and closes the pipes
        )
        assert self._process.stdin is not None  # noqa: S101 - as was asked for
        assert self._process.stdout is not None  # noqa: S101
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.fcntl(self._to, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.served = 0
        self._is_ready = False

    def ask(self, data: bytes, limits: Limits, grant_bytes: int) -> tuple[bytes, bytes]:
        """Give it a picture; its answer.

        Raises:
            _Overran: It took longer than it may.
            _Died: It is gone.
            _NotStarted: It was gone before it had the picture.
        """
        self._await_ready()
        self.served += 1
        deadline_s = time.monotonic() + limits.wall_s
        head = REQUEST.pack(len(data), limits.max_pixels, grant_bytes, limits.cpu_s)
        self._write([memoryview(head), memoryview(data)], deadline_s)
        return self._read_answer(deadline_s)

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended, by whatever."""
        return self._process.poll() is not None

    def _await_ready(self) -> None:
        if self._is_ready:
            return
        try:
            kind, _ = self._read_answer(time.monotonic() + _START_S)
        except _Died as exc:
            raise _NotStarted(exc.status) from exc
        except _Overran as exc:
            raise _NotStarted(-signal.SIGKILL) from exc
        if kind != READY:
            raise _NotStarted(self.end(kill=True))
        self._is_ready = True

    def end(self, *, kill: bool = False) -> int:
        """End the process; how it ended."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        if kill:
            self._process.kill()
        try:
            return self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _write(self, parts: list[memoryview], deadline_s: float) -> None:
        """Write all of it. The system is asked whether there is room only where there was none: asking costs a turn."""
        while parts:
            try:
                written = os.writev(self._to, parts)
            except BlockingIOError:
                self._wait(self._to, select.POLLOUT, deadline_s)
                continue
            except OSError:
                raise _Died(self.end(kill=True)) from None
            while parts and written >= len(parts[0]):
                written -= len(parts.pop(0))
            if parts:
                parts[0] = parts[0][written:]

    def _read_answer(self, deadline_s: float) -> tuple[bytes, bytes]:
        """Read one answer. More than one is a decoder gone wrong: nothing that it says can be told from the next."""
        heard = self._read_some(deadline_s)
        while len(heard) < ANSWER.size:
            heard += self._read_some(deadline_s)
        kind, size = ANSWER.unpack_from(heard)
        end = ANSWER.size + size
        while size <= MAX_ANSWER_BYTES and len(heard) < end:
            heard += self._read_some(deadline_s)
        if size > MAX_ANSWER_BYTES or len(heard) > end:
            raise _Died(self.end(kill=True))
        return kind, heard[ANSWER.size :]

    def _read_some(self, deadline_s: float) -> bytes:
        while True:
            self._wait(self._from, select.POLLIN, deadline_s)
            try:
                part = os.read(self._from, _ANSWER_BYTES)
            except BlockingIOError:
                continue
            if not part:
                raise _Died(self.end())
            return part

    def _wait(self, pipe: int, event: int, deadline_s: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        remaining_s = deadline_s - time.monotonic()
        if remaining_s <= 0 or not poll.poll(remaining_s * 1000):
            self.end(kill=True)
            raise _Overran


class ProcessPool:
    """Processes that serve requests by the protocol, started when they are first needed. Thread-safe."""

    def __init__(self, processes: int, limits: Limits, program: Sequence[str]) -> None:
        """Make a pool.

        Args:
            processes: Pictures decoded at once.
            limits: Of one picture.
            program: The module that each process runs, and its arguments.
        """
        self._limits = limits
        self._program = tuple(program)
        self._large = threading.Lock()
        self._free: queue.LifoQueue[_Decoder | None] = queue.LifoQueue()
        self._closed = False
        for _ in range(processes):
            self._free.put(None)

    def request(self, data: bytes, limits: Limits | None = None) -> tuple[bytes, bytes]:
        """Send a request, waiting for a process: the kind of its answer, which is no error, and its body.

        Raises:
            ImageError: It can't be done, or costs more than it may; nothing but this one picture is lost.
            DecodersUnavailable: No process starts, whatever the picture.
        """
        limits = limits or self._limits
        kind, body = self._patiently(data, limits, SMALL_GRANT_BYTES)
        if kind == MORE_MEMORY:
            with self._large:
                kind, body = self._patiently(data, limits, limits.memory_bytes)
        if kind == MORE_MEMORY:
            raise DecodeMemory(f"decoding it takes more than {limits.memory_bytes >> 20} MiB")
        if kind == ERROR:
            outcome, _, message = body.decode("utf-8", "replace").partition("\0")
            raise _ERRORS.get(outcome, CorruptImage)(message)
        return kind, body

    def close(self) -> None:
        """End the processes that are free, and each other one when it becomes so."""
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                decoder = self._free.get_nowait()
                if decoder is not None:
                    decoder.end()

    def _patiently(self, data: bytes, limits: Limits, grant_bytes: int) -> tuple[bytes, bytes]:
        """Ask once, and again in a fresh process if one dies: what came before may have damaged it.

        However it died, SIGKILL included: that is what a machine without memory does, and whoever else kills, and
        says nothing of the picture. Only the limit on its CPU time is the picture's own.
        """
        try:
            return self._ask(data, limits, grant_bytes, fresh=False)
        except _Died as exc:
            _raise_if_limited(exc)
            _log.warning("a decoder died (%s); trying its picture again in a fresh one", _how(exc.status))
        try:
            return self._ask(data, limits, grant_bytes, fresh=True)
        except _Died as exc:
            _raise_if_limited(exc)
            raise DecoderCrashed(f"the decoder died on it, twice: {_how(exc.status)}") from exc

    def _ask(self, data: bytes, limits: Limits, grant_bytes: int, *, fresh: bool) -> tuple[bytes, bytes]:
        decoder = self._free.get()
        try:
            for wait_s in (*_START_WAITS_S, None):
                if decoder is not None and (fresh or decoder.is_gone or decoder.served >= _PICTURES_A_PROCESS):
                    decoder.end()
                    decoder = None
                try:
                    decoder = decoder or _Decoder(self._program)
                    return decoder.ask(data, limits, grant_bytes)
                except (_NotStarted, OSError) as exc:
                    decoder = None
                    _wait_or_raise(exc, wait_s, self._program)
            raise AssertionError("the last wait raises")
        except _Overran:
            decoder = None
            raise DecodeTimeout(f"decoding took longer than {limits.wall_s:.0f} s") from None
        except _Died:
            decoder = None
            raise
        finally:
            if self._closed and decoder is not None:
                decoder.end()
                decoder = None
            self._free.put(decoder)


class DecoderPool(ProcessPool):
    """Decoders."""

    def __init__(self, processes: int, limits: Limits, kinds: Sequence[str] = ()) -> None:
        """Make a pool.

        Args:
            processes: Pictures decoded at once.
            limits: Of one picture.
            kinds: Hashes to make beside fingerprints, of ``hash_kinds.KINDS``.
        """
        super().__init__(processes, limits, ("synsift.pipelines.decoding.decoder", *kinds))
        self._kinds = tuple(kinds)

    def fingerprint(self, data: bytes) -> Fingerprint:
        """Fingerprint a picture; see ``look``."""
        return self.look(data)[0]

    def look(self, data: bytes) -> tuple[Fingerprint, dict[str, bytes]]:
        """Fingerprint a picture, waiting for a decoder, and make its hashes of other kinds, by kind.

        Raises:
            ImageError: It can't be, or costs more than it may; nothing but this one picture is lost.
            DecodersUnavailable: No decoder starts, whatever the picture.
        """
        return _read_answer(*self.request(data), data, self._kinds)


def _read_answer(kind: bytes, body: bytes, data: bytes, kinds: Sequence[str]) -> tuple[Fingerprint, dict[str, bytes]]:
    """What a decoder answered; it saw bytes of strangers, so its word isn't taken for what can be checked."""
    if kind == FINGERPRINT:
        try:
            hashes, record = _read_hashes(body, kinds)
            found = Fingerprint.from_record(record)
        except ValueError as exc:
            raise CorruptImage(f"the decoder made a fingerprint that can't be one: {exc}") from exc
        if found.sha256 != hashlib.sha256(data).hexdigest() or found.size_bytes != len(data):
            raise CorruptImage("the decoder made a fingerprint of something else")
        return found, hashes
    raise CorruptImage(f"the decoder said {kind!r}")


def _read_hashes(body: bytes, kinds: Sequence[str]) -> tuple[dict[str, bytes], bytes]:
    """The hashes before a fingerprint, and that; a kind that says nothing of the picture is missing."""
    hashes: dict[str, bytes] = {}
    for kind in kinds:
        if not body or body[0] not in (0, KINDS[kind].bits // 8) or len(body) <= body[0]:
            raise ValueError(f"{kind} has {KINDS[kind].bits} bits")
        if body[0]:
            hashes[kind] = body[1 : 1 + body[0]]
        body = body[1 + body[0] :]
    return hashes, body


def _kinds(root: type[ImageError]) -> dict[str, type[ImageError]]:
    return {kind.outcome: kind for kind in root.__subclasses__()}


_ERRORS: Final = _kinds(ImageError)


def _wait_or_raise(error: _NotStarted | OSError, wait_s: float | None, program: Sequence[str]) -> None:
    """Wait before the next start of a decoder; without a wait, say that none starts."""
    how = _how(error.status) if isinstance(error, _NotStarted) else str(error)
    if wait_s is None:
        raise DecodersUnavailable(
            f"no decoder starts: {how}", hint=f"see what `{sys.executable} -m {program[0]}` says"
        ) from error
    _log.warning("a decoder ended before it was ready (%s); starting another", how)
    time.sleep(wait_s)


def _raise_if_limited(died: _Died) -> None:
    if died.status == -signal.SIGXCPU:
        raise DecodeTimeout("decoding took more CPU time than it may") from died


def _how(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"
