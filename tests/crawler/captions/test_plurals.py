"""Plurals are made by rules that are safe, and by no others."""

import pytest

from synsift.crawler.captions.plurals import plurals


@pytest.mark.parametrize(
    ("name", "lang", "form"),
    [
        ("dog", "en", "dogs"),
        ("box", "en", "boxes"),
        ("pony", "en", "ponies"),
        ("monkey", "en", "monkeys"),
        ("church", "en", "churches"),
        ("potato", "en", "potatoes"),
        ("radio", "en", "radios"),
        ("fireman", "en", "firemen"),
        ("mouse", "en", "mice"),
        ("leaf", "en", "leaves"),
        ("cactus", "en", "cacti"),
        ("larva", "en", "larvae"),
        ("oasis", "en", "oases"),
        ("glass", "en", "glasses"),
        ("guide dog", "en", "guide dogs"),
        ("perro", "es", "perros"),
        ("león", "es", "leones"),
        ("lápiz", "es", "lápices"),
        ("reloj", "es", "relojes"),
        ("perro de caza", "es", "perros de caza"),
        ("tigre blanco", "es", "tigres blancos"),
        ("gatto", "it", "gatti"),
        ("casa", "it", "case"),
        ("amica", "it", "amiche"),
        ("parco", "it", "parchi"),
        ("cane lupo", "it", "cani lupo"),
        ("kat", "nl", "katten"),
        ("boom", "nl", "bomen"),
        ("huis", "nl", "huizen"),
        ("vogel", "nl", "vogels"),
        ("brief", "nl", "brieven"),
        ("hond", "nl", "honden"),
    ],
)
def test_a_name_has_its_plural(name: str, lang: str, form: str) -> None:
    assert form in list(plurals(name, lang))


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("in", "en"),  # ins
        ("a", "en"),  # as
        ("r2d2", "en"),
        ("狗", "zh"),
        ("hond", "de"),  # no rules for it
        ("crisis", "es"),  # the same
        ("città", "it"),
    ],
)
def test_where_no_rule_is_sure_there_is_none(name: str, lang: str) -> None:
    assert list(plurals(name, lang)) == []


def test_an_s_is_not_put_behind_what_ends_in_one() -> None:
    assert list(plurals("glass", "en")) == ["glasses"]
    assert "citys" not in list(plurals("city", "en"))
