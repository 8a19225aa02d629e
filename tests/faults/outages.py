"""Workers killed and stopped, while nothing else, the broker, S3 or the network fails."""

import time
from collections.abc import Callable
from signal import SIGKILL, SIGTERM

from tests.faults.scene import Scene


def kills(scene: Scene) -> None:
    """Workers alone."""
    _torment(scene, lambda: None)


def broker(scene: Scene) -> None:
    """The broker is killed or stopped, and started again: its coordinators begin anew, too."""

    def restart() -> None:
        broker = scene.place.brokers[0]
        broker.stop(scene.rng.choice([SIGKILL, SIGTERM]))
        scene.pause(0, 2)
        broker.start()
        scene.played.others += 1

    _torment(scene, restart)


def s3(scene: Scene) -> None:
    """For a while many requests fail; at times all."""
    gateway = scene.place.gateway
    before = gateway.failed

    def fail() -> None:
        gateway.busy, gateway.stalled = scene.rng.choice([(0.5, 0.1), (1.0, 0.0), (0.2, 0.3)])
        scene.pause(1, 3)
        gateway.busy, gateway.stalled = 0.1, 0.02

    _torment(scene, fail)
    scene.played.others += gateway.failed - before


def network(scene: Scene) -> None:
    """Connections are cut, or slowed down, for a while."""

    def disturb() -> None:
        name = scene.rng.choice(["kafka", "s3"])
        if scene.rng.random() < 0.5:
            scene.place.proxy.cut(name)
        else:
            scene.place.proxy.disturb(name, "latency", latency=200, jitter=200)
        scene.pause(0.5, 4)
        scene.place.proxy.reset()
        scene.played.others += 1

    _torment(scene, disturb)


def rebalances(scene: Scene) -> None:
    """Members of one group leave and join; a third one comes, and stays."""
    for number in range(scene.strikes):
        scene.pause()
        scene.strike(stage="dedupe")
        if number == 1:
            scene.fleet.add("dedupe")
        scene.fleet.replace_ended()


def _torment(scene: Scene, disturb: Callable[[], None]) -> None:
    for number in range(scene.strikes):
        scene.pause()
        if number % 2:
            disturb()
        scene.strike()
        scene.fleet.replace_ended()


def brokers(scene: Scene) -> None:
    """Two of three brokers are gone for most of a minute: no transaction can end, and no group has a coordinator."""
    scene.pause(2, 8)
    gone = scene.rng.sample(list(scene.place.brokers), 2)
    for node in gone:
        node.stop(scene.rng.choice([SIGKILL, SIGTERM]))
        scene.played.others += 1
    away_s = scene.rng.uniform(*AWAY_S)
    began_s = time.monotonic()
    while time.monotonic() - began_s < away_s:
        time.sleep(1)
        scene.fleet.replace_ended()
    for node in gone:
        node.launch()
    for node in gone:
        node.await_connections()
    back_s = time.monotonic()
    left = scene.wait_until_done(timeout_s=RECOVERY_S)
    scene.played.notes.append(f"away for {away_s:.0f} s, done {time.monotonic() - back_s:.0f} s after their return")
    scene.played.differences += [f"within {RECOVERY_S:.0f} s of the brokers' return: {line}" for line in left]


AWAY_S = (40.0, 60.0)
RECOVERY_S = 60.0
