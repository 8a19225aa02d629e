"""The table itself, held against the registries' lines and against Python's own."""

from ipaddress import IPv6Address, ip_address, ip_network

import pytest

from synsift.crawler.download.special_addresses import METADATA, stands_for, why_not_public

# IANA, iana-ipv4-special-registry and iana-ipv6-special-registry: what isn't "globally reachable", or is "N/A" there.
REGISTERED = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.88.99.2/32",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001::/23",
    "2001:2::/48",
    "2001:10::/28",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    # No lines of those registries, and no hosts' either.
    "224.0.0.0/4",
    "fec0::/10",
    "ff00::/8",
    "::ffff:0:0:0/96",
    "4000::/3",
    "e000::/4",
]
REACHABLE = [
    "1.1.1.1",
    "93.184.216.34",
    "192.31.196.1",
    "192.52.193.1",
    "192.175.48.1",
    "192.0.1.0",
    "172.32.0.1",
    "100.128.0.1",
    "168.63.129.15",
    "168.63.129.17",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2620:4f:8000::1",
    "2a00:1450:4001:82a::200e",
    "3ffe::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
    "2606:4700::5efe:101:101",
]


@pytest.mark.parametrize("network", REGISTERED)
def test_both_ends_of_what_is_registered_are_refused(network: str) -> None:
    found = ip_network(network)
    assert why_not_public(found[0])
    assert why_not_public(found[-1])
    assert why_not_public(found[found.num_addresses // 2])


@pytest.mark.parametrize("address", REACHABLE)
def test_a_public_host_is_refused_by_nothing(address: str) -> None:
    assert not why_not_public(ip_address(address))


def test_where_clouds_tell_secrets_is_refused_whatever_the_address_is_registered_for() -> None:
    assert {str(address) for address in METADATA} >= {
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
    }
    assert all(map(why_not_public, METADATA))


@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "168.63.129.16", "192.0.0.192"])
@pytest.mark.parametrize(
    "form",
    [
        "::ffff:{v4}",
        "::ffff:0:{v4}",
        "::{v4}",
        "64:ff9b::{v4}",
        "64:ff9b:1::{v4}",
        "2002:{high}:{low}::1",
        "2606:4700::5efe:{v4}",
        "2606:4700::200:5efe:{v4}",
        "2001:0:{high}:{low}::",
        "2001:0:101:101::{inverted}",
    ],
)
def test_an_ipv4_address_in_any_form_of_ipv6_is_refused_with_it(form: str, inner: str) -> None:
    number = int(ip_address(inner))
    words = {"v4": inner, "high": f"{number >> 16:x}", "low": f"{number & 0xFFFF:x}"}
    inverted = number ^ 0xFFFF_FFFF
    words["inverted"] = f"{inverted >> 16:x}:{inverted & 0xFFFF:x}"
    assert why_not_public(ip_address(form.format(**words)))


def test_only_what_is_reached_as_an_ipv4_address_stands_for_it() -> None:
    assert str(stands_for(IPv6Address("::ffff:10.0.0.1"))) == "10.0.0.1"
    assert str(stands_for(IPv6Address("64:ff9b::10.0.0.1"))) == "10.0.0.1"
    assert stands_for(IPv6Address("2002:a00:1::1")) is None


def test_what_pythons_own_table_refuses_is_refused_here() -> None:
    """Python's table moves with its releases: ours may be stricter, never milder, but for what is known."""
    milder = {ip_network(text) for text in ("64:ff9b::/96", "192.31.196.0/24", "2001:4:112::/48")}
    for value in range(0, 1 << 32, 65_521 * 3):
        address = ip_address(value)
        known = any(address in network for network in milder)
        assert address.is_global or known or why_not_public(address), address
