import dataclasses
from pathlib import Path

import pytest

from synsift.crawler.consent import (
    Kind,
    Policy,
    Say,
    Statement,
    answer,
    credentials,
    embedded,
    judge,
    page,
    rsl,
    site_lines,
)
from synsift.crawler.consent.ai_txt import read_file as read_ai_txt
from synsift.crawler.consent.rsl import read_file as read_rsl
from synsift.crawler.consent.tdm import read_file as read_tdmrep
from synsift.crawler.download.site import Site, refuse
from synsift.crawler.errors import DownloadRefused
from synsift.crawler.robots import read_robots
from tests.crawler.consent.cases import ALL_CASES, ELSEWHERE, NO, YES, Case
from tests.crawler.robots.cases import ALL_CASES as OF_ROBOTS

NOW_S = 1_780_000_000.0
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/" p:DataMining="{}"/></rdf:RDF></x:xmpmeta>'
)

REMOTE = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://r#"><rdf:Description '
    b'xmlns:d="http://purl.org/dc/terms/" d:provenance="https://cai.example/manifest"/></rdf:RDF></x:xmpmeta>'
)


def verdicts(case: Case, policy: Policy) -> tuple[str, str, str]:
    """Fetch, train, index: decided in the order in which a crawl learns of what is said."""
    robots = read_robots(case.robots.encode(), "synsift")
    tdm_file, ai_file = read_tdmrep(case.tdmrep.encode()), read_ai_txt(case.ai_txt.encode(), "synsift")
    licence = read_rsl(case.licence.encode(), "https://ex.test") if case.licence else None
    site = Site(robots, case.status, 0.0, tdm=tdm_file, ai=ai_file, unread=case.unread)
    if licence is not None and site_lines.licences(robots):
        site = dataclasses.replace(site, licences=(("https://ex.test/l", licence),))
    try:
        said = refuse(site, "https://ex.test", case.url, policy.profile)
    except DownloadRefused:
        return NO, NO, NO
    before = judge(said, policy, is_all=False)
    if before.refuses:
        return NO, before.train, before.index
    said += answer.statements(case.redirect, "https://ex.test/r", token="synsift", now_s=NOW_S)  # noqa: S106
    said += answer.statements(case.head, case.url, token="synsift", now_s=NOW_S)  # noqa: S106
    for target in answer.licences(case.head):
        said += licence.statements(case.url, target) if licence else [rsl.unread("broken", target)]
    if ai_file is not None:
        said += ai_file.statements(case.url, case.url, dict(case.head).get("content-type", ""))
    said += page.statements(case.metas, "https://ex.test/p", token="synsift", now_s=NOW_S)  # noqa: S106
    said += in_image(case)
    judged = judge(said, policy)
    return YES, judged.train, judged.index


def in_image(case: Case) -> list[Statement]:
    packets = [value if value.startswith("<") else PACKET.format(value) for value in case.xmp]
    found = embedded.statements(b"\xff\xd8" + b"\x00".join(packet.encode() for packet in packets), case.url)
    if case.is_elsewhere:
        found += embedded.statements(REMOTE, case.url)
    entries = {name: {"use": use} for name, use in case.credentials}
    return found + credentials.statements(entries, case.url, is_trusted=case.is_trusted)


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_a_cautious_crawl_decides_as_the_table_has_it(case: Case) -> None:
    assert verdicts(case, Policy()) == (case.fetch, case.train, case.index)


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_profiles_are_ordered_from_lenient_to_strict(case: Case) -> None:
    """What a milder policy refuses, a stricter one refuses, too; the strict one takes nothing without a grant."""
    lenient, cautious, strict = (verdicts(case, Policy(profile))[1] for profile in ("lenient", "cautious", "strict"))
    order = [Say.YES, Say.SILENT, Say.HOLD, Say.NO]
    assert order.index(Say(lenient)) <= order.index(Say(cautious)) <= order.index(Say(strict))
    assert strict != Say.SILENT


LENIENT_TAKES = {"X3 noml", "X4 noindex", "T3 true", "A3 upper case", "G7 maybe", "D1 ai.txt by type", "I2", "K1"}
LENIENT_REFUSES = {"X1 noai", "T1 1", "A1 train-ai=n", "G1 ai-train=no", "I1", "K2", "R1 Disallow"}


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_the_lenient_profile_heeds_what_is_plain(case: Case) -> None:
    train = verdicts(case, Policy("lenient"))[1]
    if case.name in LENIENT_TAKES:
        assert train == Say.SILENT
    if case.name in LENIENT_REFUSES:
        assert train == Say.NO


def test_the_table_has_its_examples() -> None:
    names = [case.name for case in ALL_CASES]
    assert len(set(names)) == len(names) >= 200
    assert set(names) >= LENIENT_TAKES | LENIENT_REFUSES


# Groups of the note's cases, and how many each has: the tables of it, in its order.
NUMBERED = {
    "R": 23, "S": 12, "P": 22, "C": 8, "X": 18, "M": 9, "T": 18, "A": 24, "G": 14, "D": 13, "I": 12, "K": 11, "L": 11,
    "N": 8, "W": 18, "U": 9, "Z": 12,
}  # fmt: skip


def test_each_case_of_the_note_is_decided_somewhere_once() -> None:
    wanted = {f"{group}{number}" for group, most in NUMBERED.items() for number in range(1, most + 1)}
    shown = {name.partition(" ")[0] for name in (case.name for case in (*ALL_CASES, *OF_ROBOTS))}
    assert len(wanted) == 242
    assert wanted - shown == set(ELSEWHERE)
    files = [reason.partition(":")[0] for reason in ELSEWHERE.values() if reason.startswith("tests/")]
    assert all((Path(__file__).parents[3] / file).exists() for file in files)


@pytest.mark.parametrize("case", [case for case in ALL_CASES if case.delay_s is not None], ids=lambda case: case.name)
def test_a_delay_is_the_longest_that_is_asked_for(case: Case) -> None:
    assert read_robots(case.robots.encode(), "synsift").crawl_delay_s == case.delay_s


def test_a_header_of_the_tdm_protocol_replaces_its_file_where_both_are_heard() -> None:
    file = read_tdmrep(b'[{"location":"/","tdm-reservation":1}]')
    assert file is not None
    url = "https://ex.test/a"
    head = answer.statements([("tdm-reservation", "0")], url, token="synsift", now_s=NOW_S)  # noqa: S106
    assert judge([*file.statements(url, url), *head]).train == Say.YES


@pytest.mark.parametrize(
    ("policy", "train"),
    [
        (Policy("cautious", ignore=frozenset({Kind.NOINDEX})), Say.SILENT),
        (Policy("lenient", refuse=frozenset({Kind.NOINDEX})), Say.NO),
        (Policy("lenient"), Say.SILENT),
        (Policy("strict"), Say.NO),
    ],
)
def test_a_policy_is_changed_kind_by_kind(policy: Policy, train: Say) -> None:
    said = answer.statements([("x-robots-tag", "noindex")], "https://ex.test/a", token="synsift", now_s=NOW_S)  # noqa: S106
    assert judge(said, policy).train == train
