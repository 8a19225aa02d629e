import pytest

from synsift.crawler.wording import code


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("whippet", "`whippet`"),
        (7, "`7`"),
        ("", "``"),
        ("lámpara 鹤", "`lámpara 鹤`"),
        ("a\x1b[31mred\n", "`a\\x1b[31mred\\n`"),
        ("\u202egnp.exe", "`\\u202egnp.exe`"),
        ("x" * 100, f"`{'x' * 79}…`"),
    ],
)
def test_a_value_stands_in_backticks_and_cannot_act_on_a_terminal(value: object, shown: str) -> None:
    assert code(value) == shown
