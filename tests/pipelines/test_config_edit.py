"""A value of a configuration file is set; whatever else stands in it stays."""

import tomllib

import pytest

from synsift.pipelines.config_edit import with_number
from synsift.pipelines.errors import ConfigError

KEY = "dedupe.similarity"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# mine\n",
        "[dedupe]\n",
        "[dedupe]",
        "[dedupe]\nsimilarity = 0.5\nbatch = 20\n",
        "\ufeff[dedupe]\nsimilarity = 0.5\n",
        "[dedupe]\nbatch = 20\n\n[fetch]\ndelay_s = 1\n",
        "[ dedupe ]  # the eye\n'similarity'=0.5\n",
        "dedupe.similarity = 0.5\ndedupe.batch = 3\n[fetch]\ndelay_s = 1\n",
        '[fetch]\ndelay_s = 1\n[kafka]\nprefix = "[dedupe]"\n',
        "[store]\nurl = 'x'",
        "[dedupe]\r\nbatch = 20\r\n",
    ],
)
def test_the_value_is_set_and_nothing_else(before: str) -> None:
    after = with_number(before, KEY, 0.9, remark="by somebody")
    expected = tomllib.loads(before.lstrip("\ufeff"))
    expected.setdefault("dedupe", {})["similarity"] = 0.9
    assert after.startswith("\ufeff") == before.startswith("\ufeff")
    assert tomllib.loads(after.lstrip("\ufeff")) == expected
    assert after.count("# by somebody") == 1
    assert {line for line in before.split("\n") if "similarity" not in line} <= {*after.split("\n"), ""}
    again = with_number(after, KEY, 0.8, remark="by somebody: once more")
    assert tomllib.loads(again.lstrip("\ufeff"))["dedupe"]["similarity"] == 0.8
    assert again.count("\n") == after.count("\n")
    assert again.count("# by somebody: once more") == again.count("#") - before.count("#") == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_an_own_comment_and_the_place_of_a_value_stay(end: str) -> None:
    before = f"[dedupe]{end or chr(10)}  similarity  =  0.5   # looked at by all of us{end}"
    assert with_number(before, KEY, 0.9, remark="by somebody: 3") == before.replace("0.5", "0.9")


@pytest.mark.parametrize(
    "before",
    [
        "dedupe = {batch = 20}\n",
        "dedupe = 3\n",
        'text = """\n[dedupe]\nsimilarity = 1\n"""\n',
        "[dedupe]\nsimilarity = [\n0.5,\n]\n",
        "no TOML at all",
        "dedupe.batch = 20\n",
    ],
)
def test_what_could_change_more_is_refused(before: str) -> None:
    with pytest.raises(ConfigError) as refused:
        with_number(before, KEY, 0.9, remark="by somebody")
    assert refused.value.hint == "write `dedupe.similarity = 0.9` by hand"
