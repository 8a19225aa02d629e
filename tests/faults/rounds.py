"""Rounds of faults: a fleet crawls the demo's web while things are done to it and around it.

In the end survivors, duplicates, dead letters and objects must be those of an undisturbed run, which the demo's truth
says, but for what a round itself put in. All that is random comes of the round's seed.
"""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from synsift.pipelines.demo.run import demo_options
from synsift.pipelines.demo.web import Directory
from tests.conftest import kafka_options, s3_options
from tests.faults import outages
from tests.faults.deadly import deadly
from tests.faults.decoders import decoders
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.groups import groups
from tests.faults.poison import poison
from tests.faults.retention import retention
from tests.faults.rot import rot
from tests.faults.scene import Round, Scene
from tests.faults.votes import votes
from tests.integration.conftest import write_synsets
from tests.integration.test_kill import start


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        torment: Does harm. It may wait until all is done, and say differences of its own.
        brokers: How many it needs.
        judges: Whether it compares with the truth itself, as it knows what it put in.
        is_long: Whether even a short round takes more than half a minute, so that the tests leave it out.
    """

    torment: Callable[[Scene], None]
    brokers: int = 1
    judges: bool = False
    is_long: bool = False


KINDS = {
    "kills": Kind(outages.kills),
    "rebalances": Kind(outages.rebalances),
    "broker": Kind(outages.broker),
    "s3": Kind(outages.s3),
    "network": Kind(outages.network),
    "poison": Kind(poison, judges=True, is_long=True),
    "groups": Kind(groups, is_long=True),
    "retention": Kind(retention, is_long=True),
    "decoders": Kind(decoders),
    "deadly": Kind(deadly, judges=True, is_long=True),
    "rot": Kind(rot, judges=True),
    "votes": Kind(votes),
    "brokers": Kind(outages.brokers, brokers=3, is_long=True),
}
FAULTS = tuple(KINDS)


def play(place: Ground, directory: Directory, seed: int, fault: str, *, strikes: int) -> Round:
    """Play one round, on a ground that has the brokers which its kind needs."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    played = Round(seed, fault)
    prefix = f"round-{fault}-{seed}-"
    options = _options(place, directory, prefix)
    _plan(options)
    fleet = Fleet(options, rng)
    scene = Scene(place, fleet, played, rng, strikes, directory, options, prefix)
    try:
        KINDS[fault].torment(scene)
        place.calm()
        played.differences = played.differences or scene.wait_until_done()
        if not played.differences and not KINDS[fault].judges:
            played.differences = scene.compare()
    finally:
        place.calm()
        fleet.end()
    return played


def _options(place: Ground, directory: Directory, prefix: str) -> dict[str, object]:
    return {
        **demo_options(directory),
        **kafka_options(place.address, prefix, replication=len(place.brokers)),
        **s3_options(place.store, prefix),
        "fetch.backoff_s": 0.1,
        "land.linger_s": 0.2,
        "dedupe.snapshot_growth": 5,
        "dedupe.batch": 20,
        "store.endpoint": f"http://127.0.0.1:{place.s3_port}",
        "store.timeout_s": 2.0,
        "logging.level": "WARNING",
    }


def _plan(options: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        planned = start("plan", "--list", str(write_synsets(Path(scratch))), out=None, options=options)
        _, errors = planned.communicate(timeout=120)
    if planned.returncode:
        raise RuntimeError(errors)
