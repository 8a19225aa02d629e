"""An answer without a body is called that."""

import pytest

from tests.pipelines.stages.raw_web import answer, raw_web
from tests.pipelines.stages.test_fetch import fetch, want
from tests.pipelines.worlds import World


@pytest.mark.parametrize("status", [b"200 OK", b"204 No Content"])
def test_an_answer_without_a_body_is_no_unknown_format(world: World, status: bytes) -> None:
    with raw_web({b"/a.jpg": answer(b"", status=status)}) as port:
        want(world, f"http://127.0.0.1:{port}/a.jpg")
        fetch(world, robots=False)
    assert [(letter.outcome, letter.message) for letter in world.letters()] == [("empty", "the answer has no body")]
