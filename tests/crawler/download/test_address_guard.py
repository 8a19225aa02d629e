import socket

import pytest

from synsift.crawler.download.address_guard import AddressGuard, ForbiddenPlace
from synsift.crawler.errors import PrivateAddress

PRIVATE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:127.0.0.1", "no address", ""]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_what_is_public_is_permitted(address: str) -> None:
    assert AddressGuard().permits(address)


def test_a_public_address_on_a_link_of_this_machine_is_none() -> None:
    assert not AddressGuard().permits("2606:4700:4700::1111%eth0")
    with pytest.raises(PrivateAddress, match="on a link of this machine"):
        AddressGuard().check_literal("2606:4700:4700::1111%25eth0")


def test_a_network_that_the_configuration_names_is_permitted_and_no_more() -> None:
    guard = AddressGuard(["127.0.0.0/24"])
    assert guard.permits("127.0.0.77")
    assert guard.permits("::ffff:127.0.0.77")
    assert guard.permits("64:ff9b::127.0.0.77")
    assert not guard.permits("2002:7f00:4d::1")
    assert not guard.permits("127.0.1.1")
    assert not guard.permits("10.0.0.1")


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("169.254.0.0/16", "169.254.169.254"),
        ("100.64.0.0/10", "100.100.100.200"),
        ("192.0.0.0/24", "192.0.0.192"),
        ("fc00::/7", "fd00:ec2::254"),
        ("0.0.0.0/0", "168.63.129.16"),
        ("169.254.0.0/16", "::ffff:169.254.169.254"),
    ],
)
def test_a_network_opens_no_place_where_a_cloud_tells_secrets_unless_it_names_that_alone(
    network: str, address: str
) -> None:
    assert not AddressGuard([network]).permits(address)
    assert AddressGuard([f"{address.removeprefix('::ffff:')}"]).permits(address)


def test_a_literal_address_is_checked_and_a_name_is_left_to_the_resolver() -> None:
    guard = AddressGuard()
    guard.check_literal("example.org")
    guard.check_literal("1.1.1.1")
    with pytest.raises(PrivateAddress, match=r"127\.0\.0\.1 is not a public address.* fetch\.allow_networks"):
        guard.check_literal("127.0.0.1")
    with pytest.raises(PrivateAddress, match=r"named in search\.allow_networks"):
        AddressGuard(setting="search.allow_networks").check_literal("::1")


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "%31%32%37.0.0.1"])
def test_an_odd_spelling_of_a_private_address_is_refused_before_anything_is_asked(spelling: str) -> None:
    with pytest.raises(PrivateAddress):
        AddressGuard().check_literal(spelling)


def test_a_socket_is_made_for_permitted_places_only() -> None:
    guard = AddressGuard(["127.0.0.0/8"])
    stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    guard.socket_for((*stream, ("127.0.0.1", 80))).close()
    for place in ("10.0.0.1", "2130706433", "localhost", "127.1"):
        with pytest.raises(ForbiddenPlace, match="not a public address"):
            guard.socket_for((*stream, (place, 80)))
