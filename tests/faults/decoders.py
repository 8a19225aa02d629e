"""Decoders killed at random, while they work, start, or have nothing to do."""

import contextlib
import os
import signal
import time
from collections.abc import Sequence

from synsift.pipelines.dead_letters import read_dead_letters, replay
from tests import warm
from tests.faults.scene import Scene

_CRASHED = "decoder_crashed"
_BURST_S = 2.0


def decoders(scene: Scene) -> None:
    """Kill one now and then; at times, all again and again, so that a picture may meet two deaths."""
    scene.stop_fleet()
    scene.fleet.arm(more={warm.COLD_DECODERS: "1"})  # they are killed while they start, too
    scene.fleet.start()
    scene.wait_for(lambda: bool(_decoders(scene.fleet.pids("fetch"))))
    known: set[int] = set()
    bursts = 0
    for number in range(scene.strikes * 8):
        scene.pause(0.05, 0.4)
        present = _decoders(scene.fleet.pids("fetch"))
        if number % 10 == 9:
            bursts += 1
            end_s = time.monotonic() + _BURST_S
            while time.monotonic() < end_s:
                _kill(scene, _decoders(scene.fleet.pids("fetch")))
                scene.pause(0.01, 0.1)
        else:
            # One at a moment, and none that may have the picture of another that was killed just now.
            old = [pid for pid in present if pid in known]
            _kill(scene, scene.rng.sample(old, min(1, len(old))))
        known = set(present)
        scene.fleet.replace_ended()
    scene.played.differences += scene.wait_until_done()
    scene.played.differences += scene.fleet.ended
    _replay_crashed(scene, bursts)


def _replay_crashed(scene: Scene, bursts: int) -> None:
    """Give pictures that were killed twice another chance, as an operator does; there must be few."""
    with scene.parts() as parts:
        crashed = [found for found in read_dead_letters(parts.log) if found.letter.outcome == _CRASHED]
        scene.played.notes.append(f"{len(crashed)} pictures met two deaths")
        if crashed and not bursts:
            scene.played.differences.append("a picture was given up though no two decoders were killed in turn")
        replay(parts.log, parts.router, crashed)
    scene.played.differences += scene.wait_until_done()


def _kill(scene: Scene, pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, scene.rng.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM]))
            scene.played.others += 1


def _decoders(workers: Sequence[int]) -> list[int]:
    """Decoders of some workers, the oldest first."""
    found = []
    for worker in workers:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{worker}/task"):
                with open(f"/proc/{worker}/task/{task}/children") as file:
                    found += [int(pid) for pid in file.read().split()]
    return sorted(pid for pid in found if _is_decoder(pid))


def _is_decoder(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"decoding.decoder" in file.read()
    except OSError:
        return False
