"""Whose the bundled names are: what is said in each place is the same."""

import re
import tomllib
from pathlib import Path

import pytest

from synsift.crawler.ontology import LANGUAGES, licences_text
from synsift.crawler.ontology.licences import DATA_LICENCES, DataLicence, attributions, licence_expression

ROOT = Path(__file__).parents[3]
DATA = ROOT / "crawler" / "ontology" / "data"
MARKS = {  # words of each licence's own text that only it has
    "en": "WordNet 3.0 Copyright 2006 by Princeton University",
    "es": "Attribution-ShareAlike 3.0 Unported",
    "it": "Creative Commons Attribution 3.0\nUnported",
    "nl": "Attribution-ShareAlike 4.0 International",
    "zh": "Chinese Open Wordnet Copyright 2013,2014 by Francis Bond and Shan",
    "cili": "Collaborative Interlingual Index licensed under CC BY 4.0",
}


def test_every_language_and_every_file_has_a_licence() -> None:
    assert tuple(data.lang for data in DATA_LICENCES) == (*LANGUAGES, "cili")
    assert {file for data in DATA_LICENCES for file in data.files} == {path.name for path in DATA.glob("*.z")}


@pytest.mark.parametrize("data", DATA_LICENCES, ids=lambda data: data.lang)
def test_the_text_of_each_licence_is_the_one_that_is_named(data: DataLicence) -> None:
    text = (DATA / f"licence-{data.lang}.txt").read_text()
    assert MARKS[data.lang] in text
    assert MARKS[data.lang] in licences_text()
    assert f"licence: {data.spdx}" in licences_text()


def test_the_notice_attributes_all_of_them() -> None:
    assert attributions() in (ROOT / "NOTICE").read_text()


def test_the_package_and_the_container_image_say_the_same_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == licence_expression()
    assert re.findall(r'licenses="([^"]*)"', (ROOT / "Dockerfile").read_text()) == [licence_expression()]
    assert {"CC-BY-SA-4.0", "CC-BY-3.0"} <= set(project["license"].split())
