"""Whose the bundled names are, under what licence, and what was changed in them.

The program is Apache-2.0; the data are not. Each wordnet keeps its licence, share-alike ones included: what is made of
them, the files of this bundle, is under the same licence again. NOTICE, the licence expression of the package and
``synsift synsets --licences`` say what this table says, and a test compares them.
"""

import textwrap
from dataclasses import dataclass
from typing import Final

from synsift.crawler.ontology.wordnet import read_bundle

PROGRAM: Final = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class DataLicence:
    """The licence of a bundled wordnet, or of what joins them.

    Attributes:
        lang: ISO 639-1 code of the language; ``cili`` for what joins versions of WordNet.
        title: Of the work.
        authors: To whom it is attributed.
        source: Where it comes from.
        spdx: Expression of its licence (SPDX); ``LicenseRef-`` where the tools that check packages know no identifier.
        terms: Where its terms stand; its text is in the bundle, too.
        files: What is made of it.
        changes: What was changed.
    """

    lang: str
    title: str
    authors: str
    source: str
    spdx: str
    terms: str
    files: tuple[str, ...]
    changes: str


_TAKEN: Final = (
    "only nouns were taken, and of them their names, joined to WordNet 3.0 by their offsets, without repetitions; "
    "underscores became spaces, characters Unicode's NFC; the whole was compressed"
)
DATA_LICENCES: Final = (
    DataLicence(
        "en",
        "WordNet 3.0",
        "Princeton University",
        "https://wordnet.princeton.edu/",
        "LicenseRef-WordNet-3.0",
        "https://wordnet.princeton.edu/license-and-commercial-use",
        ("synsets.z", "lemmas.z"),
        "only nouns were taken: names, definitions, hypernyms and hyponyms; the whole was compressed",
    ),
    DataLicence(
        "es",
        "Wiktionary, as extracted for the Open Multilingual Wordnet",
        "the contributors of Wiktionary; Francis Bond and Ryan Foster",
        "http://wiktionary.org/",
        "CC-BY-SA-3.0 OR GFDL-1.1-no-invariants-or-later",
        "https://creativecommons.org/licenses/by-sa/3.0/",
        ("es.z",),
        _TAKEN,
    ),
    DataLicence(
        "it",
        "MultiWordNet",
        "Emanuele Pianta, Luisa Bentivogli and Christian Girardi (FBK)",
        "http://multiwordnet.fbk.eu/",
        "CC-BY-3.0",
        "https://creativecommons.org/licenses/by/3.0/",
        ("it.z",),
        _TAKEN,
    ),
    DataLicence(
        "nl",
        "Open Dutch WordNet",
        "Marten Postma, Emiel van Miltenburg, Roxane Segers, Anneleen Schoen and Piek Vossen",
        "http://wordpress.let.vupr.nl/odwn/",
        "CC-BY-SA-4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        ("nl.z",),
        _TAKEN,
    ),
    DataLicence(
        "zh",
        "Chinese Open Wordnet",
        "Shan Wang and Francis Bond",
        "http://compling.hss.ntu.edu.sg/cow/",
        "LicenseRef-Chinese-Open-Wordnet",
        "http://compling.hss.ntu.edu.sg/cow/",
        ("zh.z",),
        _TAKEN + '; "+" between the parts of a name was removed',
    ),
    DataLicence(
        "cili",
        "Collaborative Interlingual Index",
        "Francis Bond, Piek Vossen, John McCrae and Christiane Fellbaum",
        "https://github.com/globalwordnet/cili",
        "CC-BY-4.0",
        "https://creativecommons.org/licenses/by/4.0/",
        ("wn31.z",),
        "only nouns were taken: of each synset of WordNet 3.0 by how much its offset in WordNet 3.1 is greater; equal "
        "differences in a row are one line; the whole was compressed",
    ),
)


def licence_expression() -> str:
    """The licence of program and data together, as an SPDX expression."""
    parts = [PROGRAM, *(data.spdx for data in DATA_LICENCES)]
    return " AND ".join(f"({part})" if " OR " in part else part for part in parts)


def attributions() -> str:
    """A paragraph for each bundled wordnet: title, authors, source, licence, changes."""
    return "\n\n".join(_attribution(data) for data in DATA_LICENCES)


def licences_text() -> str:
    """All attributions, and behind them the text of each licence with its citation."""
    rule = "=" * 78
    texts = [f"{rule}\n{data.title}\n{rule}\n{read_bundle(f'licence-{data.lang}.txt')}" for data in DATA_LICENCES]
    return "\n".join([attributions(), "", *texts])


def _attribution(data: DataLicence) -> str:
    share = " What is made of them is under this licence, too." if "-SA-" in data.spdx else ""
    facts = (
        f"by {data.authors}",
        f"from {data.source}",
        f"licence: {data.spdx}",
        f"terms: {data.terms}, and licence-{data.lang}.txt",
        f"changed: {data.changes}",
        f"in: {', '.join(data.files)}.{share}",
    )
    lines = [textwrap.fill(fact, 78, initial_indent="  ", subsequent_indent="    ") for fact in facts]
    return "\n".join([f"{data.title} ({data.lang})", *lines])
