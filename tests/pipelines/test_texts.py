import pytest

from synsift.pipelines.texts import printable


@pytest.mark.parametrize(
    "text",
    [
        "Screenshot 9.41.00\N{NARROW NO-BREAK SPACE}AM.png",
        "写真\N{IDEOGRAPHIC SPACE}1.jpg",
        "384\N{NO-BREAK SPACE}kB",
        "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}.jpg",
        "می\N{ZERO WIDTH NON-JOINER}خواهم",
        "two\nlines",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("char", ["\x1b", "\0", "\r", "\b", "\x9b", "\u202e", "\u2066", "\u2028", "\udcff", "\ufeff"])
def test_what_commands_or_deceives_is_shown_as_such(char: str) -> None:
    assert printable(f"a{char}b") == "a\N{REPLACEMENT CHARACTER}b"
