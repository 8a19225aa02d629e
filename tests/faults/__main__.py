"""``make faults``: rounds of faults, one kind after another.

python -m tests.faults [--rounds 25] [--strikes 10] [--seed N] [--fault KIND]
"""

import argparse
import itertools
import random
import sys
import time

from synsift.pipelines.demo.run import demo_web
from tests.faults.ground import ground
from tests.faults.rounds import FAULTS, KINDS, play


def main() -> int:
    """Play rounds; 1 if any ended otherwise than it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--strikes", type=int, default=10, help="workers killed or stopped in a round")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--fault", choices=FAULTS, help="this kind only")
    options = parser.parse_args()
    wanted = [options.fault or FAULTS[number % len(FAULTS)] for number in range(options.rounds)]
    # Kinds that need other servers come last, so that no two grounds stand at a time.
    numbered = sorted(enumerate(wanted), key=lambda pair: KINDS[pair[1]].brokers)
    rounds = []
    with demo_web() as directory:
        for brokers, some in itertools.groupby(numbered, key=lambda pair: KINDS[pair[1]].brokers):
            with ground(options.seed, brokers=brokers) as place:
                for number, fault in some:
                    began_s = time.monotonic()
                    played = play(place, directory, options.seed + number, fault, strikes=options.strikes)
                    rounds.append(played)
                    print(f"{played}  ({time.monotonic() - began_s:.0f} s)", flush=True)  # noqa: T201 - its purpose
    kills, wrong = sum(r.kills for r in rounds), sum(bool(r.differences) for r in rounds)
    print(f"{len(rounds)} rounds, {kills} kills, {sum(r.stops for r in rounds)} stops, "  # noqa: T201
          f"{sum(r.others for r in rounds)} other faults, {wrong} rounds with differences")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
