"""A short form of ``make faults``: a round of each kind that takes no long, each from a seed of its own."""

import os
import random
from collections.abc import Iterator

import pytest

from deploy.local import services
from synsift.pipelines.demo.web import Directory
from tests.conftest import missing
from tests.faults.ground import Ground, ground
from tests.faults.rounds import KINDS, play


@pytest.fixture(scope="module")
def place() -> Iterator[Ground]:
    try:
        services.install_kafka()
        for name in ("versitygw", "server"):
            services.install_go(name)
    except services.MissingComponent as exc:
        missing(str(exc))
    with ground(1) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("fault", [name for name, kind in KINDS.items() if not kind.is_long])
def test_whatever_fails_the_result_is_that_of_an_undisturbed_run(
    fault: str, place: Ground, directory: Directory
) -> None:
    seed = int(os.environ.get("SYNSIFT_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    print(f"seed {seed}: SYNSIFT_TEST_SEED={seed} repeats this test")  # noqa: T201 - shown when it fails
    played = play(place, directory, seed, fault, strikes=4)
    assert played.kills + played.stops + played.others >= 4
    assert played.differences == []
