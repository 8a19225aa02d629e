"""What sources say of licences, and what it means."""

import pytest

from synsift.crawler.sources.flickr import LICENCES
from synsift.pipelines.exports.attribution import Credit, author_key, page_key
from synsift.pipelines.exports.licences import is_wanted, licence_named, licence_of, unknown_of, url_of, wanted_of

CC = "https://creativecommons.org/"
CASES = [
    # Name, URL, SPDX.
    ("CC BY-SA 4.0", f"{CC}licenses/by-sa/4.0/", "CC-BY-SA-4.0"),
    ("CC BY-SA 4.0", "http://www.creativecommons.org/licenses/by-sa/4.0/deed.de", "CC-BY-SA-4.0"),
    ("anything", f"{CC}licenses/by/2.0/legalcode", "CC-BY-2.0"),
    ("CC BY 4.0", f"{CC}licenses/by-nc-nd/3.0/", "CC-BY-NC-ND-3.0"),  # the URL decides
    ("", f"{CC}licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
    ("", f"{CC}licenses/by/3.0/de/", "CC-BY-3.0-DE"),
    ("", f"{CC}licenses/by-sa/3.0/igo/deed.en", "CC-BY-SA-3.0-IGO"),
    ("", f"{CC}licenses/by/2.1/es/", "LicenseRef-CC-BY-2.1-ES"),  # a port without a name is not the unported one
    ("", f"{CC}licenses/by-sa/2.5/it/", "LicenseRef-CC-BY-SA-2.5-IT"),
    ("", f"{CC}licenses/by-sa/2.1/", "LicenseRef-CC-BY-SA-2.1"),  # was never published
    ("", f"{CC}licenses/by-sa/2.1/jp/", "CC-BY-SA-2.1-JP"),
    ("", f"{CC}publicdomain/zero/1.0/", "CC0-1.0"),
    ("", f"{CC}publicdomain/zero/1.0/deed.fr", "CC0-1.0"),
    ("", f"{CC}publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ("", f"{CC}licenses/mark/1.0/", "CC-PDM-1.0"),
    ("", f"{CC}licenses/publicdomain/", "CC-PDDC"),
    ("", f"{CC}licenses/sampling+/1.0/", "LicenseRef-CC-sampling-1.0"),
    ("", f"{CC}licenses/nc-sampling+/1.0/", "LicenseRef-CC-nc-sampling-1.0"),
    ("", f"{CC}licenses/devnations/2.0/", "LicenseRef-CC-devnations-2.0"),
    ("", f"{CC}licenses/sa/1.0/", "CC-SA-1.0"),
    ("", "http://rightsstatements.org/vocab/InC-EDU/1.0/", "LicenseRef-RS-InC-EDU-1.0"),
    ("", "http://rightsstatements.org/page/NoC-OKLR/1.0/?language=en", "LicenseRef-RS-NoC-OKLR-1.0"),
    ("CC BY-SA 3.0 de", "", "CC-BY-SA-3.0-DE"),
    ("cc-by-nc", "", "LicenseRef-CC-BY-NC"),  # as iNaturalist says it, without a version
    ("CC BY-NC 4.0", "", "CC-BY-NC-4.0"),
    ("by-nc-sa 2.0", "", "CC-BY-NC-SA-2.0"),
    ("CC0", "", "CC0-1.0"),
    ("CC0 1.0", "", "CC0-1.0"),
    ("Public Domain Mark 1.0", "", "CC-PDM-1.0"),
    ("Public domain", "", "LicenseRef-Public-Domain"),  # a reason to be free, and no licence
    ("GFDL", "", "GFDL-1.2-or-later"),
    ("FAL", "", "LAL-1.3"),
    ("All rights reserved", "", "LicenseRef-All-rights-reserved"),
    ("No known copyright restrictions", "https://www.flickr.com/commons/usage/", "LicenseRef-No-Known-Restrictions"),
    ("CC BY-SA 4.0", "https://evil.example/creativecommons.org/licenses/by/4.0/", "CC-BY-SA-4.0"),
    ("", "https://creativecommons.org.evil.example/by/4.0", "LicenseRef-https-creativecommons.org.evil.example-by-4.0"),
    ("", "https://[broken", "LicenseRef-https-broken"),
    ("", "", ""),
    ("See the page\nof the museum", "", "LicenseRef-See-the-page-of-the-museum"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "url", "spdx"), CASES, ids=lambda value: value[:40] or "-")
def test_a_licence_gets_its_spdx_name(name: str, url: str, spdx: str) -> None:
    assert licence_of(name, url).spdx == spdx


def test_every_licence_of_flickr_is_known() -> None:
    names = {number: licence_of(*said).spdx for number, said in LICENCES.items()}
    assert names["4"] == "CC-BY-2.0"
    assert names["13"] == "CC-BY-ND-4.0"
    assert sum(name.startswith("CC") for name in names.values()) == 14
    assert all(names.values())


@pytest.mark.parametrize(
    ("spdx", "commercial", "derivatives", "share_alike"),
    [
        ("CC-BY-4.0", True, True, False),
        ("CC-BY-SA-3.0-DE", True, True, True),
        ("CC-BY-NC-2.0", False, True, False),
        ("CC-BY-NC-ND-3.0", False, False, False),
        ("LicenseRef-CC-BY-NC-SA-2.5-IT", False, True, True),
        ("CC0-1.0", True, True, False),
        ("LicenseRef-Public-Domain", False, False, False),
        ("LicenseRef-RS-InC-1.0", False, False, False),
        ("", False, False, False),
    ],
)
def test_what_is_not_known_to_be_allowed_is_not_allowed(
    spdx: str, commercial: bool, derivatives: bool, share_alike: bool
) -> None:
    found = licence_named(spdx)
    assert (found.commercial, found.derivatives, found.share_alike) == (commercial, derivatives, share_alike)


def test_a_licence_is_asked_for_by_its_name_or_its_family() -> None:
    wanted = wanted_of("cc0, CC-BY,cc-by-sa-3.0")
    assert is_wanted("CC0-1.0", wanted)
    assert is_wanted("CC-BY-2.5", wanted)
    assert is_wanted("CC-BY-3.0-DE", wanted)
    assert is_wanted("CC-BY-SA-3.0", wanted)
    for other in ("CC-BY-SA-4.0", "CC-BY-NC-4.0", "LicenseRef-CC-BY-2.1-ES", "LicenseRef-Public-Domain", ""):
        assert not is_wanted(other, wanted)
    assert unknown_of(wanted_of("cc-by,ccby,by,licenseref-mine,CC-BY-9.9")) == ["by", "ccby"]


@pytest.mark.parametrize(("name", "url", "spdx"), [case for case in CASES if case[2].startswith("CC")])
def test_the_text_of_a_licence_is_found_again_by_its_name(name: str, url: str, spdx: str) -> None:
    assert licence_of("", url_of(spdx)).spdx == spdx


def line(**said: str) -> str:
    known = {"title": "Whippet at play", "author": "Ann Ex", "place": "https://a.example/1", "spdx": "CC-BY-SA-4.0"}
    return Credit(**{**known, "licence_name": "x", "licence_url": f"{CC}licenses/by-sa/4.0/", **said}).line()


def test_a_line_of_credit_names_title_author_source_and_licence() -> None:
    licence = f"CC BY-SA 4.0 ({CC}licenses/by-sa/4.0/)"
    assert line() == f'"Whippet at play" by Ann Ex, https://a.example/1, {licence}'
    assert line(title="") == f"Image by Ann Ex, https://a.example/1, {licence}"
    assert line(author=" Unknown ") == f'"Whippet at play", author unknown, https://a.example/1, {licence}'
    assert line(change="scaled to 512 px").endswith("; scaled to 512 px")
    assert line(spdx="CC-PDM-1.0", licence_url="https://a.b/").endswith(", public domain (PDM 1.0, https://a.b/)")
    assert line(spdx="", licence_name="", licence_url="").endswith("licence unknown")
    assert line(spdx="LicenseRef-x", licence_name="Our own", licence_url="").endswith(", Our own")


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b", "a\tb", "a\x00b", "a\x1b[31mb", "a" * 9_000, "\u202eb"])
def test_no_title_and_no_author_breaks_out_of_its_line(text: str) -> None:
    found = line(title=text, author=text)
    assert found.isprintable()
    assert len(found.splitlines()) == 1
    assert len(found) < 1_000


def test_authors_and_pages_are_compared_as_people_would() -> None:
    assert author_key("Ann  EX ") == author_key("ann ex")
    assert author_key("Ａnn Ex") == author_key("Ann Ex")
    assert author_key("Unknown author") == author_key("") == author_key("N/A") == ""
    assert page_key("https://www.a.example/x/#top") == page_key("http://a.example/x")
    assert page_key("https://a.example/x?id=1") != page_key("https://a.example/x?id=2")
    assert page_key("") == ""
