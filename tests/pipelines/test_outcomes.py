"""Every outcome is explained: what happened, and what to do."""

import ast
import re
from pathlib import Path

from synsift.crawler.outcome import Outcome
from synsift.dedupe import ImageError, Kind
from synsift.pipelines.controls.view import Stopped
from synsift.pipelines.decoding import errors as decoding_errors
from synsift.pipelines.log.attempts import POISONOUS
from synsift.pipelines.outcomes import EXPLAINED
from synsift.pipelines.stage import REPEATED, REUSED
from synsift.pipelines.stages import denial, wanted_pictures
from synsift.pipelines.stages.placeholders import PLACEHOLDER
from synsift.pipelines.verdicts import VERDICTS

ROOT = Path(__file__).parents[2]
NO_OUTCOMES = {"limit_reached"}  # counts of what was not begun


def kinds_of(error: type[ImageError]) -> set[str]:
    """The outcomes of an error and of all below it."""
    assert denial.__doc__
    assert wanted_pictures.__doc__
    assert decoding_errors.__doc__  # its errors are kinds of these, too, once it is imported
    return {error.outcome}.union(*(kinds_of(child) for child in error.__subclasses__()))


def own_words() -> set[str]:
    """The outcomes that stages name for themselves: their public constants that are words."""
    found = set()
    for path in [*(ROOT / "pipelines" / "stages").glob("*.py"), *(ROOT / "pipelines").glob("*.py")]:
        for node in ast.parse(path.read_text()).body:
            if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
                continue
            value = getattr(node.value, "value", None)
            if isinstance(value, str) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", node.target.id):
                found |= {value} if re.fullmatch(r"[a-z]+(_[a-z]+)+", value) else set()
    assert found > NO_OUTCOMES
    return found - NO_OUTCOMES


def test_every_outcome_is_explained_once_and_nothing_else_is() -> None:
    words = [one.outcome for one in EXPLAINED]
    assert len(words) == len(set(words))
    assert {*words, Stopped.PAUSED} == {
        *Outcome,
        *kinds_of(ImageError),
        *own_words(),
        *Stopped,
        REPEATED,
        REUSED,
        POISONOUS,
        PLACEHOLDER,
    }


def test_what_heals_is_what_the_crawler_takes_for_healing() -> None:
    assert {one.outcome for one in EXPLAINED if one.heals} == {outcome for outcome in Outcome if outcome.heals}


def test_whatever_went_wrong_has_an_advice() -> None:
    fine = {"fetched", REPEATED, REUSED}
    assert {one.outcome for one in EXPLAINED if not one.advice} == fine


def test_advice_names_keys_that_there_are() -> None:
    from synsift.pipelines.config import load

    keys = {value.key for value in load(env={}, file=Path("/dev/null")).values()}
    text = " ".join(one.meaning + one.advice for one in EXPLAINED)
    assert set(re.findall(r"`((?:fetch|search|dedupe|land|store)\.\w+)`", text)) <= keys


def test_every_verdict_is_explained() -> None:
    assert [kind for kind, _, _ in VERDICTS] == list(Kind)
