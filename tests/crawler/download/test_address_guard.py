import asyncio

import pytest

from synsift.crawler.download.address_guard import AddressGuard, GuardedResolver
from synsift.crawler.errors import PrivateAddress

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2001:0:7f00:1::80ff:fffe",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_what_is_public_is_permitted(address: str) -> None:
    assert AddressGuard().permits(address)


def test_a_network_that_the_configuration_names_is_permitted_and_no_more() -> None:
    guard = AddressGuard(["127.0.0.0/24"])
    assert guard.permits("127.0.0.77")
    assert guard.permits("::ffff:127.0.0.77")
    assert not guard.permits("127.0.1.1")
    assert not guard.permits("10.0.0.1")


def test_a_literal_address_is_checked_and_a_name_is_left_to_the_resolver() -> None:
    guard = AddressGuard()
    guard.check_literal("example.org")
    guard.check_literal("1.1.1.1")
    with pytest.raises(PrivateAddress, match=r"127\.0\.0\.1 is not a public address.* fetch\.allow_networks"):
        guard.check_literal("127.0.0.1")
    with pytest.raises(PrivateAddress):
        guard.check_literal("::1")


@pytest.mark.parametrize("name", ["localhost", "2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_a_name_or_an_odd_spelling_of_a_private_address_is_refused_after_resolution(name: str) -> None:
    async def resolve() -> None:
        await GuardedResolver(AddressGuard()).resolve(name, 80)

    with pytest.raises(PrivateAddress):
        asyncio.run(resolve())


def test_a_permitted_name_resolves() -> None:
    async def resolve() -> list[str]:
        found = await GuardedResolver(AddressGuard(["127.0.0.0/8"])).resolve("localhost", 80)
        return [result["host"] for result in found]

    assert "127.0.0.1" in asyncio.run(resolve())
