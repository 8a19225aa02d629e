"""Every outcome is explained: what happened, and what to do."""

import ast
import re
from pathlib import Path

from synsift.crawler.outcome import Outcome
from synsift.dedupe import ImageError, Kind
from synsift.pipelines.decoding import errors as decoding_errors
from synsift.pipelines.outcomes import EXPLAINED, VERDICTS
from synsift.pipelines.stage import REPEATED, REUSED

ROOT = Path(__file__).parents[2]
_MAKERS = ("reject", "dead_letter", "Broken")


def kinds_of(error: type[ImageError]) -> set[str]:
    """The outcomes of an error and of all below it."""
    assert decoding_errors.__doc__  # its errors are kinds of these, too, once it is imported
    return {error.outcome}.union(*(kinds_of(child) for child in error.__subclasses__()))


def own_words() -> set[str]:
    """The outcomes that stages name for themselves: constants that dead letters are made with."""
    values: dict[str, str] = {}
    found = set()
    for path in sorted((ROOT / "pipelines").rglob("*.py")):
        tree = ast.parse(path.read_text())
        own = {
            node.target.id: str(getattr(node.value, "value", None))
            for node in ast.walk(tree)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        values = {**own, **values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in _MAKERS:
                words = [word.id for word in node.args if isinstance(word, ast.Name) and word.id.isupper()]
                found |= {own.get(word, f"of another module: {word}") for word in words}
    assert found
    prefix = "of another module: "
    return {values[word.removeprefix(prefix)] if word.startswith(prefix) else word for word in found}


def test_every_outcome_is_explained_once_and_nothing_else_is() -> None:
    words = [one.outcome for one in EXPLAINED]
    assert len(words) == len(set(words))
    assert set(words) == {*Outcome, *kinds_of(ImageError), *own_words(), REPEATED, REUSED}


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
