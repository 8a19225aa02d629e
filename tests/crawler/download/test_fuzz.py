"""Answers of chance: each ends in a named outcome, none in an error of ours."""

import asyncio
import os

from tests.crawler.download.fuzz import play


def test_answers_of_chance_end_in_named_outcomes() -> None:
    seed = int(os.environ.get("SYNSIFT_TEST_SEED", "1"))
    played = asyncio.run(play(2_000, seed))
    assert played.unnamed == [], f"SYNSIFT_TEST_SEED={seed} repeats it"
    assert len(played.outcomes) > 8
    assert played.outcomes["take"] > 200
