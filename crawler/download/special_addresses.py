"""Which addresses are no public host's: a table of our own, so that every Python answers alike.

IANA's registries of special-purpose addresses (IPv4 and IPv6, as of November 2026; RFC 6890), multicast, what IETF has
withdrawn, and where clouds tell virtual machines their secrets.

IPv4 ──▶ public, unless a block below has it
IPv6 ─┬─ stands for an IPv4 address (mapped, NAT64) ──▶ as that one
      ├─ outside of 2000::/3 ──▶ not public: nothing else was ever given to networks (RFC 4291, section 2.4)
      └─ inside ──▶ public, unless a block below has it, or it carries an IPv4 address that isn't (6to4, ISATAP)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that have one use.

    Attributes:
        network: The addresses.
        use: What they are for, and which RFC says so.
    """

    network: Network
    use: str


def _blocks(*lines: tuple[str, str]) -> tuple[Block, ...]:
    return tuple(Block(ip_network(network), use) for network, use in lines)


# Registered as reachable from everywhere, and hosts like others: 192.31.196.0/24, 192.52.193.0/24, 192.175.48.0/24.
_IPV4: Final = _blocks(
    ("0.0.0.0/8", "this host on this network (RFC 791)"),
    ("10.0.0.0/8", "private (RFC 1918)"),
    ("100.64.0.0/10", "shared by a provider's customers (RFC 6598)"),
    ("127.0.0.0/8", "this machine itself (RFC 1122)"),
    ("168.63.129.16/32", "Azure's own, inside of each virtual network"),
    ("169.254.0.0/16", "link-local (RFC 3927)"),
    ("172.16.0.0/12", "private (RFC 1918)"),
    ("192.0.0.0/24", "for protocols (RFC 6890)"),
    ("192.0.2.0/24", "for documentation (RFC 5737)"),
    ("192.88.99.0/24", "relays of 6to4, withdrawn (RFC 7526)"),
    ("192.168.0.0/16", "private (RFC 1918)"),
    ("198.18.0.0/15", "for benchmarks (RFC 2544)"),
    ("198.51.100.0/24", "for documentation (RFC 5737)"),
    ("203.0.113.0/24", "for documentation (RFC 5737)"),
    ("224.0.0.0/4", "multicast (RFC 5771)"),
    ("240.0.0.0/4", "reserved (RFC 1112)"),
)
# Inside of 2000::/3, and two that are named for people: all else outside is refused as a whole. Registered as reachable
# inside of 2001::/23 are protocols' own addresses only, no hosts'.
_IPV6: Final = _blocks(
    ("::/128", "no address (RFC 4291)"),
    ("::1/128", "this machine itself (RFC 4291)"),
    ("::/96", "an IPv4 address in a form that was withdrawn (RFC 4291)"),
    ("64:ff9b:1::/48", "translated to IPv4 inside of a network (RFC 8215)"),
    ("100::/64", "discarded (RFC 6666)"),
    ("100:0:0:1::/64", "a stand-in for none (RFC 9780)"),
    ("2001::/32", "Teredo, a tunnel to an IPv4 address (RFC 4380)"),
    ("2001::/23", "for protocols (RFC 2928)"),
    ("2001:db8::/32", "for documentation (RFC 3849)"),
    ("3fff::/20", "for documentation (RFC 9637)"),
    ("5f00::/16", "segments of routes (RFC 9602)"),
    ("fc00::/7", "private (RFC 4193)"),
    ("fe80::/10", "link-local (RFC 4291)"),
    ("fec0::/10", "site-local, withdrawn (RFC 3879)"),
    ("ff00::/8", "multicast (RFC 4291)"),
)
_GIVEN_TO_NETWORKS: Final = IPv6Network("2000::/3")

METADATA: Final[Mapping[Address, str]] = {
    ip_address(address): cloud
    for address, cloud in (
        ("100.100.100.200", "Alibaba Cloud"),
        ("168.63.129.16", "Azure"),
        ("169.254.0.23", "Tencent Cloud"),
        ("169.254.42.42", "Scaleway"),
        ("169.254.169.254", "AWS, Azure, Google Cloud, OpenStack and others"),
        ("169.254.170.2", "AWS"),
        ("169.254.170.23", "AWS"),
        ("192.0.0.192", "Oracle Cloud"),
        ("fd00:42::42", "Scaleway"),
        ("fd00:a9fe:a9fe::1", "Akamai"),
        ("fd00:c1::a9fe:a9fe", "Oracle Cloud"),
        ("fd00:ec2::23", "AWS"),
        ("fd00:ec2::254", "AWS"),
        ("fd20:ce::254", "Google Cloud"),
        ("fe80::a9fe:a9fe", "OpenStack"),
    )
}
"""Where a virtual machine asks for its own credentials → whose clouds'. Whoever reads them there is that machine."""

_MAPPED: Final = IPv6Network("::ffff:0:0/96")  # RFC 4291, section 2.5.5.2
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: how a network without IPv4 reaches the web that has no IPv6
_6TO4: Final = IPv6Network("2002::/16")  # RFC 3056
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214: above the last 32 bits


def why_not_public(address: Address) -> str:
    """What an address is for, if it is no public host's; empty if it is one."""
    if isinstance(address, IPv4Address):
        return _use_of(address, _IPV4)
    if (ipv4 := stands_for(address)) is not None:
        return why_not_public(ipv4)
    if use := _use_of(address, _IPV6):
        return use
    if address not in _GIVEN_TO_NETWORKS:
        return "reserved (RFC 4291)"
    carried = _carries(address)
    use = _use_of(carried, _IPV4) if carried is not None else ""
    return f"a way to {carried}, {use}" if use else ""


def stands_for(address: Address) -> IPv4Address | None:
    """The IPv4 address that is reached by an IPv6 one: mapped, or by NAT64's public prefix."""
    if isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64):
        return _last_bits(address)
    return None


def _carries(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address of the machine at the end of a tunnel: 6to4 and ISATAP. Teredo is refused as a whole."""
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return _last_bits(address)
    return None


def _last_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)


def _use_of(address: Address, blocks: tuple[Block, ...]) -> str:
    return next((block.use for block in blocks if address in block.network), "")
