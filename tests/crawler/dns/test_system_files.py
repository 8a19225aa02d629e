"""resolv.conf and hosts, as they are found on machines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.crawler.dns.system_files import ResolvConf, Server, read_hosts, read_resolv_conf, server_of


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", Server("192.0.2.1")),
        ("192.0.2.1:5353", Server("192.0.2.1", 5353)),
        ("2001:db8::1", Server("2001:db8::1")),
        ("[2001:db8::1]", Server("2001:db8::1")),
        ("[2001:db8::1]:5353", Server("2001:db8::1", 5353)),
        ("fe80::1%eth0", Server("fe80::1%eth0")),
    ],
)
def test_a_name_server_is_named_by_its_address(text: str, server: Server) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize(
    "text", ["", "dns.example", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:0", "1.1.1.1:70000", "[::1", "[::1]53"]
)
def test_what_names_no_name_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - Python's own words for some
        server_of(text)


@pytest.mark.parametrize(
    ("text", "conf"),
    [
        ("", ResolvConf()),
        ("nameserver\nnameserver x\nnonsense\noptions\nsearch\n", ResolvConf()),
        ("nameserver 192.0.2.1 # mine\n; no\nnameserver ::1", ResolvConf((Server("192.0.2.1"), Server("::1")))),
        ("domain a.example\nsearch B.example. c.example", ResolvConf(search=("b.example", "c.example"))),
        ("options edns0 ndots:5 rotate\noptions ndots:x", ResolvConf(ndots=5)),
        ("options ndots:99", ResolvConf(ndots=15)),
        ("nameserver 1.1.1.1\n" * 5, ResolvConf((Server("1.1.1.1"),) * 3)),
    ],
)
def test_resolv_conf_is_read_as_the_system_does(text: str, conf: ResolvConf) -> None:
    assert read_resolv_conf(text) == conf


def test_hosts_have_all_their_names_and_addresses() -> None:
    text = "127.0.0.1 localhost Box\n::1\tlocalhost # me\n#10.0.0.1 x\n300.1.1.1 y\n10.0.0.2\n10.0.0.3 z. box"
    assert read_hosts(text) == {
        "localhost": ("127.0.0.1", "::1"),
        "box": ("127.0.0.1", "10.0.0.3"),
        "z": ("10.0.0.3",),
    }


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    read_hosts(text)
    assert read_resolv_conf(text).servers
