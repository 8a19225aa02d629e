"""One address, written in all the ways in which somebody may write it."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.crawler.download.literal_address import literal_address, zone_of

LOOPBACK = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F.0.0.1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.0x1",
    "00000177.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "127%2e0%2E0%2e1",
    "１２７.０.０.１",
    "１２７。０．０｡１",
    "①②⑦.0.0.1",
    "127.0.0.1%eth0",
    "127.0.0\u00ad.1",
    "127\u200b.0.0.1",
]
NO_ADDRESS = [
    "example.org",
    "",
    ".",
    "256.0.0.1",
    "1.2.3.4.5",
    "1..2",
    "0x7g",
    "09.0.0.1",
    "4294967296",
    "1.2.3.999",
    "a.1",
]


@pytest.mark.parametrize("text", LOOPBACK)
def test_every_spelling_is_the_same_address(text: str) -> None:
    assert literal_address(text) == ip_address("127.0.0.1")


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_address_is_none(text: str) -> None:
    assert literal_address(text) is None


@pytest.mark.parametrize("text", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "::0001", "::1%lo", "::1%25lo", "：：１"])
def test_ipv6_is_read_with_brackets_and_zone(text: str) -> None:
    assert literal_address(text) == ip_address("::1")


def test_a_zone_is_told() -> None:
    assert [zone_of(text) for text in ("fe80::1%eth0", "fe80::1%25eth0", "fe80::1", "a%b")] == ["eth0", "eth0", "", ""]


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.lists(st.sampled_from(["{}", "{:#x}", "0{:o}"]), min_size=4))
def test_an_address_in_up_to_four_numbers_of_any_base_is_read_back(value: int, parts: int, forms: list[str]) -> None:
    octets = list(value.to_bytes(4, "big"))
    numbers = [*octets[: parts - 1], int.from_bytes(octets[parts - 1 :], "big")]
    text = ".".join(form.format(number) for form, number in zip(forms, numbers, strict=False))
    assert literal_address(text) == ip_address(value)


@given(st.text(max_size=40))
def test_any_text_is_survived(text: str) -> None:
    literal_address(text)
    zone_of(text)
