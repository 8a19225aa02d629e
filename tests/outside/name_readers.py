"""Readers of what name servers, and files about names, say: see ``readers.py``."""

from synsift.crawler.dns.message import BadMessage, Kind, Question, question_bytes, read_answer
from synsift.crawler.dns.system_files import read_hosts, read_resolv_conf
from synsift.crawler.download.literal_address import literal_address, zone_of
from tests.name_server import NO_SUCH_NAME, Reply, encoded, read_question

_ASKED = [Question(number, "host.example", kind) for number, kind in ((0x1234, Kind.IPV4), (0x1235, Kind.IPV6))]
_REPLIES = [
    Reply(["192.0.2.1", "2001:db8::1"], aliases=["a.example", "b.example"]),
    Reply(["192.0.2.1", "192.0.2.2"], is_cut=True),
    Reply(code=NO_SUCH_NAME, negative_ttl_s=300),
]
ANSWERS = [encoded(read_question(question_bytes(one)), reply) for one in _ASKED for reply in _REPLIES]
RESOLV_CONF = b"nameserver 192.0.2.1\nnameserver [2001:db8::1]:5353 # x\nsearch a.example b.example\noptions ndots:5\n"
HOSTS = b"127.0.0.1 localhost box\n::1 localhost # me\n192.0.2.1\tother.example o\n"
LITERALS = [b"0x7f.1", b"0177.0.0.1", b"2130706433", b"[fe80::1%25eth0]", b"%31%32%37.0.0.1", "１２７。１".encode()]
ERRORS = (BadMessage,)


def read_name_answer(data: bytes) -> object:
    """Read an answer to one of two questions."""
    return read_answer(data, {one.number: one for one in _ASKED})


def read_name_files(data: bytes) -> object:
    """Read both files."""
    text = data.decode("utf-8", "replace")
    conf = read_resolv_conf(text)
    return conf.candidates("x"), conf.candidates("x.y"), read_hosts(text)


def read_literal(data: bytes) -> object:
    """Read a URL's host that may be an address."""
    text = data.decode("utf-8", "replace")
    return literal_address(text), zone_of(text)
