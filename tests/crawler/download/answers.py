"""Answers of HTTP/1 as servers give them, byte for byte, and what must become of each.

A table for people, too: each answer has a name that says what is odd about it. ``IMAGE`` means that its body arrives as
it was sent; any other word is the outcome. Each answer ends with the end of its connection.
"""

import gzip
import sys
import zlib
from dataclasses import dataclass

import brotli

from synsift.crawler.outcome import Outcome

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BODY = b"\xff\xd8\xff\xe0 a picture, with lines\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\n\nin it \x00\xff"
"""Stands for a picture."""
IMAGE = Outcome.FETCHED
BROKEN = Outcome.BROKEN_ANSWER
LENGTH = b"Content-Length: %d\r\n" % len(BODY)


@dataclass(frozen=True)
class Case:
    """An answer.

    Attributes:
        name: What is odd about it.
        raw: Its bytes.
        ends: What becomes of it.
        body: What arrives.
    """

    name: str
    raw: bytes
    ends: str = IMAGE
    body: bytes = BODY


def ok(lines: bytes, body: bytes = BODY, status: bytes = b"HTTP/1.1 200 OK\r\n") -> bytes:
    """An answer with some lines of headers."""
    return status + lines + b"\r\n" + body


def by_status(status: bytes) -> bytes:
    return ok(LENGTH, status=status)


def chunked(body: bytes, lines: bytes = b"") -> bytes:
    return ok(b"Transfer-Encoding: chunked\r\n" + lines, body)


N = b"%x" % len(BODY)
ONE = N + b"\r\n" + BODY + b"\r\n"
LAST = b"0\r\n\r\n"

STATUS_LINES = [
    Case("by the book", by_status(b"HTTP/1.1 200 OK\r\n")),
    Case("no reason", by_status(b"HTTP/1.1 200\r\n")),
    Case("an empty reason", by_status(b"HTTP/1.1 200 \r\n")),
    Case("a reason with bytes that are no text", by_status(b"HTTP/1.1 200 D\xe9j\xe0 \xff\r\n")),
    Case("a reason with control characters", by_status(b"HTTP/1.1 200 O\x01\x1b[31mK\r\n")),
    Case("a NUL in the reason", by_status(b"HTTP/1.1 200 O\x00K\r\n")),
    Case("a reason of 20 kB", by_status(b"HTTP/1.1 200 " + b"x" * 20_000 + b"\r\n")),
    Case("several blanks before the status", by_status(b"HTTP/1.1   200 OK\r\n")),
    Case("a tab before the status", by_status(b"HTTP/1.1\t200\tOK\r\n")),
    Case("protocol in small letters", by_status(b"http/1.1 200 OK\r\n")),
    Case("version 1.0", by_status(b"HTTP/1.0 200 OK\r\n")),
    Case("version 1.2", by_status(b"HTTP/1.2 200 OK\r\n")),
    Case("version 1.10", by_status(b"HTTP/1.10 200 OK\r\n")),
    Case("version 0.9 in a status line", by_status(b"HTTP/0.9 200 OK\r\n")),
    Case("version 2 in a status line", by_status(b"HTTP/2 200 OK\r\n")),
    Case("version 2.0 in a status line", by_status(b"HTTP/2.0 200 OK\r\n")),
    Case("version without a dot", by_status(b"HTTP/1 200 OK\r\n")),
    Case("a version that is nonsense", by_status(b"HTTP/1.\xf3-x 200 OK\r\n")),
    Case("no version", by_status(b"HTTP 200 OK\r\n")),
    Case("an empty line before", b"\r\n" + by_status(b"HTTP/1.1 200 OK\r\n")),
    Case("some line ends and blanks before", b"\n\r\n \n" + by_status(b"HTTP/1.1 200 OK\r\n")),
    Case("status 201", by_status(b"HTTP/1.1 201 Created\r\n")),
    Case("status 202", by_status(b"HTTP/1.1 202 Accepted\r\n")),
    Case("status 203, by a proxy that changed it", by_status(b"HTTP/1.1 203 Non-Authoritative Information\r\n")),
    Case("status 226", by_status(b"HTTP/1.1 226 IM Used\r\n")),
    Case("status 299", by_status(b"HTTP/1.1 299 Warm\r\n")),
    Case("status 206 of all", ok(LENGTH + b"Content-Range: bytes 0-%d/%d\r\n" % (len(BODY) - 1, len(BODY)),
                                 status=b"HTTP/1.1 206 Partial Content\r\n")),
    Case("status 206 of a part", ok(LENGTH + b"Content-Range: bytes 0-%d/999999\r\n" % (len(BODY) - 1),
                                    status=b"HTTP/1.1 206 Partial Content\r\n"), BROKEN),
    Case("status 206 from the middle", ok(LENGTH + b"Content-Range: bytes 5-%d/%d\r\n" % (len(BODY) + 4, len(BODY) + 5),
                                          status=b"HTTP/1.1 206 Partial Content\r\n"), BROKEN),
    Case("status 206 that doesn't say of what", ok(LENGTH, status=b"HTTP/1.1 206 Partial Content\r\n")),
    Case("status 200 glued to its reason", by_status(b"HTTP/1.1 200OK\r\n")),
    Case("status of four digits", by_status(b"HTTP/1.1 2000 OK\r\n"), BROKEN),
    Case("status of two digits", by_status(b"HTTP/1.1 20 OK\r\n"), BROKEN),
    Case("status 000", by_status(b"HTTP/1.1 000 OK\r\n"), BROKEN),
    Case("a status with a sign", by_status(b"HTTP/1.1 +200 OK\r\n")),
    Case("a status in words", by_status(b"HTTP/1.1 OK\r\n"), BROKEN),
    Case("status 600", by_status(b"HTTP/1.1 600 Odd\r\n"), Outcome.HTTP_ERROR),
    Case("status 999", by_status(b"HTTP/1.1 999 Request denied\r\n"), Outcome.HTTP_ERROR),
    Case("status 101", by_status(b"HTTP/1.1 101 Switching Protocols\r\n"), BROKEN),
    Case("status 204", by_status(b"HTTP/1.1 204 No Content\r\n"), Outcome.EMPTY),
    Case("status 205", ok(b"Content-Length: 0\r\n", b"", b"HTTP/1.1 205 Reset Content\r\n"), Outcome.EMPTY),
    Case("status 304", by_status(b"HTTP/1.1 304 Not Modified\r\n"), Outcome.HTTP_ERROR),
    Case("nothing at all", b"", Outcome.CONNECTION_FAILED),
    Case("an empty line and nothing else", b"\r\n", BROKEN),
    Case("HTTP/0.9: a picture without a head", BODY, BROKEN),
    Case("HTTP/0.9: a page without a head", b"<html>no</html>", BROKEN),
    Case("SSH", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", BROKEN),
    Case("TLS, to a client that speaks none", b"\x15\x03\x01\x00\x02\x02\x46", BROKEN),
    Case("HTTP/2 frames", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80", BROKEN),
    Case("a mail server", b"220 mail.example ESMTP\r\n", BROKEN),
    Case("half a status line", b"HTTP/1.1 2", BROKEN),
    Case("a head without an end", b"HTTP/1.1 200 OK\r\n" + LENGTH, BROKEN),
]  # fmt: skip

LINE_ENDS = [
    Case("line feeds only", b"HTTP/1.1 200 OK\n" + LENGTH.replace(b"\r", b"") + b"\n" + BODY),
    Case("line feeds only, no length", b"HTTP/1.1 200 OK\nServer: x\n\n" + BODY),
    Case("a line feed in the last line only", b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\n" + BODY),
    Case("a line feed in the first line only", b"HTTP/1.1 200 OK\n" + LENGTH + b"\r\n" + BODY),
    Case("a carriage return too many", b"HTTP/1.1 200 OK\r\r\n" + LENGTH + b"\r\n" + BODY),
    Case("a carriage return within a value", ok(b"Server: a\rb\r\n" + LENGTH)),
    Case("no header at all", b"HTTP/1.1 200 OK\r\n\r\n" + BODY),
]

NAMES = [
    Case("a byte that is no ASCII in a name", ok(b"X-N\xe4me: 1\r\n" + LENGTH)),
    Case("UTF-8 in a name", ok("X-Größe: 1\r\n".encode() + LENGTH)),
    Case("a blank in a name", ok(b"X Name: 1\r\n" + LENGTH)),
    Case("a blank behind a name", ok(b"Content-Length : %d\r\n" % len(BODY))),
    Case("a blank before the first name", ok(b" X-First: 1\r\n" + LENGTH)),
    Case("an empty name", ok(b": value\r\n" + LENGTH)),
    Case("a line without a colon", ok(b"nonsense\r\n" + LENGTH)),
    Case("a line without a colon, at last", ok(LENGTH + b"nonsense\r\n")),
    Case("a NUL in a name", ok(b"X-\x00: 1\r\n" + LENGTH)),
    Case("a control character in a name", ok(b"X-\x1b[31m: 1\r\n" + LENGTH)),
    Case("brackets in a name", ok(b"X[1](2){3}<4>: 1\r\n" + LENGTH)),
    Case("a name with a slash", ok(b"X/Y: 1\r\n" + LENGTH)),
    Case("quotes around a name", ok(b'"X": 1\r\n' + LENGTH)),
    Case("a name in capitals", ok(LENGTH.upper())),
    Case("a name of 70 kB", ok(b"X-" + b"n" * 70_000 + b": 1\r\n" + LENGTH)),
    Case("a second status line among the headers", ok(b"HTTP/1.1 200 OK\r\n" + LENGTH)),
    Case("a page's beginning among the headers", ok(b"<!-- Warning: headers already sent -->\r\n" + LENGTH)),
]

VALUES = [
    Case("a value in Latin-1", ok(b"Content-Disposition: inline; filename=caf\xe9.jpg\r\n" + LENGTH)),
    Case("a value in UTF-8", ok("Server: größer\r\n".encode() + LENGTH)),
    Case("a value that is neither", ok(b"Server: \xff\xed\xa0\x80\xc3\r\n" + LENGTH)),
    Case("every byte but the line's ends",
         ok(b"X: " + bytes(n for n in range(256) if n not in b"\r\n") + b"\r\n" + LENGTH)),
    Case("a NUL in a value", ok(b"Server: a\x00b\r\n" + LENGTH)),
    Case("control characters in a value", ok(b"Server: \x01\x1b[2J\x7f\r\n" + LENGTH)),
    Case("an empty value", ok(b"Server:\r\n" + LENGTH)),
    Case("a value of blanks", ok(b"Server: \t  \r\n" + LENGTH)),
    Case("no blank behind the colon", ok(b"Content-Length:%d\r\n" % len(BODY))),
    Case("a value of 9 kB", ok(b"Set-Cookie: a=" + b"c" * 9_000 + b"\r\n" + LENGTH)),
    Case("a value of 60 kB", ok(b"Content-Security-Policy: " + b"c" * 60_000 + b"\r\n" + LENGTH)),
    Case("a value of 200 kB", ok(b"X: " + b"c" * 200_000 + b"\r\n" + LENGTH)),
    Case("a head of 300 kB", ok(b"X: " + b"c" * 300_000 + b"\r\n" + LENGTH), BROKEN),
    Case("a head without an end, of 1 MB", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"c" * 1_000_000, BROKEN),
    Case("99 headers", ok(b"".join(b"X-%d: 1\r\n" % n for n in range(98)) + LENGTH)),
    Case("1,500 headers", ok(b"".join(b"X-%d: 1\r\n" % n for n in range(1_500)) + LENGTH)),
    Case("5,000 headers", ok(b"".join(b"X-%d: 1\r\n" % n for n in range(5_000)) + LENGTH)),
    Case("500 cookies", ok(b"Set-Cookie: a=b; Domain=\xff; expires=Fri, 99 Foo 99999\r\n" * 500 + LENGTH)),
    Case("a folded line", ok(b"Server: a\r\n b\r\n\tc\r\n" + LENGTH)),
    Case("a folded length", ok(b"Content-Length:\r\n %d\r\n" % len(BODY))),
    Case("a folded line after one that is none", ok(b"nonsense\r\n  and: more of it\r\n" + LENGTH)),
    Case("a colon in a value", ok(b"X: a: b: c\r\n" + LENGTH)),
    Case("a type that is none", ok(b"Content-Type: image/\xff\xed\xa0\x80\r\n" + LENGTH)),
    Case("two types", ok(b"Content-Type: text/html\r\nContent-Type: image/jpeg\r\n" + LENGTH)),
    Case("Upgrade to HTTP/2 offered", ok(b"Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\n" + LENGTH)),
    Case("Connection that is nonsense", ok(b"Connection: \xff, keep-alive, close\r\n" + LENGTH)),
    Case("Keep-Alive that is nonsense", ok(b"Keep-Alive: timeout=-1, max=\xff\r\n" + LENGTH)),
    Case("Date that is none", ok(b"Date: yesterday\r\nLast-Modified: \xff\r\nExpires: -1\r\nAge: -5\r\n" + LENGTH)),
    Case("Retry-After beside a picture", ok(b"Retry-After: 99999999999999999999\r\n" + LENGTH)),
    Case("Location beside a picture", ok(b"Location: /elsewhere\r\n" + LENGTH)),
    Case("Trailer announced, none sent", ok(b"Trailer: Expires\r\n" + LENGTH)),
]  # fmt: skip

LENGTHS = [
    Case("no length", ok(b"Content-Type: image/jpeg\r\n")),
    Case("no length, HTTP/1.0", ok(b"", status=b"HTTP/1.0 200 OK\r\n")),
    Case("no length, keep-alive", ok(b"Connection: keep-alive\r\n")),
    Case("the same length twice", ok(LENGTH + LENGTH)),
    Case("the same length twice in a line", ok(b"Content-Length: %d, %d\r\n" % (len(BODY), len(BODY)))),
    Case("a wrong length first, too short", ok(b"Content-Length: 5\r\n" + LENGTH), BROKEN),
    Case("a wrong length last, too short", ok(LENGTH + b"Content-Length: 5\r\n"), BROKEN),
    Case("a wrong length, too long, beside the right one", ok(LENGTH + b"Content-Length: 99999\r\n"), BROKEN),
    Case("two lengths in a line", ok(b"Content-Length: %d, 7\r\n" % len(BODY)), BROKEN),
    Case("no number: a length with a plus", ok(b"Content-Length: +%d\r\n" % len(BODY)), BROKEN),
    Case("a length with zeros before", ok(b"Content-Length: 000000000000000000000%d\r\n" % len(BODY))),
    Case("a length in blanks", ok(b"Content-Length: \t %d \t \r\n" % len(BODY))),
    Case("no number: a negative length", ok(b"Content-Length: -1\r\n"), BROKEN),
    Case("no number: a length that is no number", ok(b"Content-Length: many\r\n"), BROKEN),
    Case("no number: an empty length", ok(b"Content-Length: \r\n"), BROKEN),
    Case("no number: a length with a unit", ok(b"Content-Length: %d bytes\r\n" % len(BODY)), BROKEN),
    Case("no number: a hexadecimal length", ok(b"Content-Length: 0x%x\r\n" % len(BODY)), BROKEN),
    Case("no number: a length with a fraction", ok(b"Content-Length: %d.0\r\n" % len(BODY)), BROKEN),
    Case("no number: a length in quotes", ok(b'Content-Length: "%d"\r\n' % len(BODY)), BROKEN),
    Case("no number: a length in Arabic digits", ok("Content-Length: ١٢\r\n".encode()), BROKEN),
    Case("no number: a length that is nonsense beside one that isn't", ok(b"Content-Length: x\r\n" + LENGTH), BROKEN),
    Case("no number: digits with a line between", ok(b"Content-Length: %d_%d\r\n" % divmod(len(BODY), 10)), BROKEN),
    Case("no number: an exponent", ok(b"Content-Length: 1e4\r\n"), BROKEN),
    Case("no number: a parameter behind it", ok(b"Content-Length: %d;q=1\r\n" % len(BODY)), BROKEN),
    Case("no number: nonsense behind it in a line", ok(b"Content-Length: %d, x\r\n" % len(BODY)), BROKEN),
    Case("no number: nothing before it in a line", ok(b"Content-Length: , %d\r\n" % len(BODY)), BROKEN),
    Case("nonsense for a length beside chunks", chunked(ONE + LAST, b"Content-Length: many\r\n")),
    Case("a length beyond all numbers", ok(b"Content-Length: 99999999999999999999999999\r\n"), BROKEN),
    Case("an endless length beside chunks", chunked(ONE + LAST, b"Content-Length: %s\r\n" % (b"9" * 30))),
    Case("a length beyond the limit", ok(b"Content-Length: 5000000\r\n"), Outcome.TOO_LARGE),
    Case("length 0", ok(b"Content-Length: 0\r\n", b""), Outcome.EMPTY),
    Case("length 0 and a body", ok(b"Content-Length: 0\r\n"), Outcome.EMPTY),
    Case("a body that is shorter", ok(b"Content-Length: 9999\r\n"), BROKEN),
    Case("a body that is missing", ok(LENGTH, b""), BROKEN),
    Case("a body that is longer", ok(LENGTH, BODY + b"more")),
    Case("a body, and a line's end", ok(LENGTH, BODY + b"\r\n")),
    Case("a second answer behind the body", ok(LENGTH) + ok(b"Content-Length: 4\r\n", b"evil")),
    Case("a body without a limit", ok(b"", BODY * 40_000), Outcome.TOO_LARGE),
]

CHUNKS = [
    Case("one chunk", chunked(ONE + LAST)),
    Case("a byte a chunk", chunked(b"".join(b"1\r\n%c\r\n" % letter for letter in BODY) + LAST)),
    Case("no chunk", chunked(LAST), Outcome.EMPTY),
    Case("sizes in capitals and with zeros", chunked(b"0000" + N.upper() + ONE[len(N):] + b"000\r\n\r\n")),
    Case("blanks behind a size", chunked(N + b"  \t" + ONE[len(N):] + LAST)),
    Case("a blank before a size", chunked(b" " + ONE + LAST)),
    Case("a size beginning with 0x", chunked(b"0x" + ONE + LAST), BROKEN),
    Case("a size beginning with a plus", chunked(b"+" + ONE + LAST), BROKEN),
    Case("an extension", chunked(N + b";name=value" + ONE[len(N):] + b"0;last\r\n\r\n")),
    Case("an extension that is nonsense", chunked(N + b' ;\xff="\x00' + ONE[len(N):] + LAST)),
    Case("an extension of 9 kB", chunked(N + b";" + b"x" * 9_000 + ONE[len(N):] + LAST)),
    Case("junk behind a size", chunked(N + b" junk" + ONE[len(N):] + LAST)),
    Case("line feeds only", chunked(N + b"\n" + BODY + b"\n0\n\n")),
    Case("a trailer", chunked(ONE + b"0\r\nExpires: never\r\n\r\n")),
    Case("trailers that are nonsense", chunked(ONE + b"0\r\n\xff\r\nX \x00: 1\r\n\r\n")),
    Case("a trailer of 9 kB", chunked(ONE + b"0\r\nX: " + b"x" * 9_000 + b"\r\n\r\n")),
    Case("a trailer that gives a length", chunked(ONE + b"0\r\nContent-Length: 5\r\n\r\n")),
    Case("no empty line at last", chunked(ONE + b"0\r\n")),
    Case("more behind the last chunk", chunked(ONE + LAST + b"more")),
    Case("no last chunk", chunked(ONE), BROKEN),
    Case("an end in the midst of a chunk", chunked(ONE[:20]), BROKEN),
    Case("an end in the midst of a size", chunked(ONE + b"5"), BROKEN),
    Case("a body that isn't in chunks", chunked(b"\xff" + BODY), BROKEN),
    Case("a negative size", chunked(b"-5\r\nhello\r\n" + LAST), BROKEN),
    Case("a size that is no number", chunked(b"many\r\n" + BODY + b"\r\n" + LAST), BROKEN),
    Case("an empty size", chunked(b"\r\n" + BODY + b"\r\n" + LAST), BROKEN),
    Case("a size beyond all numbers", chunked(b"f" * 40 + b"\r\n" + BODY), BROKEN),
    Case("a chunk that is longer than it says", chunked(b"5\r\nhello, world\r\n" + LAST), BROKEN),
    Case("a line of 1 MB for a size", chunked(b"5;" + b"x" * 1_000_000), BROKEN),
    Case("chunks without a limit", chunked(b"100000\r\n" + b"x" * 0x100000 + b"\r\n" + b"100000\r\n" + b"x" * 0x100000),
         Outcome.TOO_LARGE),
    Case("chunks in HTTP/1.0", ok(b"Transfer-Encoding: chunked\r\n", ONE + LAST, b"HTTP/1.0 200 OK\r\n")),
    Case("chunks and a length", chunked(ONE + LAST, b"Content-Length: 3\r\n")),
    Case("a length, then chunks", ok(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", ONE + LAST)),
    Case("chunked in capitals", ok(b"TRANSFER-ENCODING: CHUNKED\r\n", ONE + LAST)),
    Case("chunked twice", chunked(ONE + LAST, b"Transfer-Encoding: chunked\r\n")),
    Case("chunked twice in a line", ok(b"Transfer-Encoding: chunked, chunked\r\n", ONE + LAST)),
    Case("chunked with a parameter", ok(b"Transfer-Encoding: chunked;q=1\r\n", ONE + LAST)),
    Case("chunked after identity", ok(b"Transfer-Encoding: identity, chunked\r\n", ONE + LAST)),
    Case("identity", ok(b"Transfer-Encoding: identity\r\n" + LENGTH)),
    Case("a transfer coding that is none", ok(b"Transfer-Encoding: \xff\r\n" + LENGTH)),
    Case("an empty transfer coding", ok(b"Transfer-Encoding:\r\n" + LENGTH)),
    Case("a blank behind Transfer-Encoding", ok(b"Transfer-Encoding : chunked\r\n", ONE + LAST)),
]  # fmt: skip

INTERIM = [
    Case("100 Continue before", b"HTTP/1.1 100 Continue\r\n\r\n" + ok(LENGTH)),
    Case("102 before", b"HTTP/1.1 102 Processing\r\n\r\n" + ok(LENGTH)),
    Case("103 Early Hints before", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + ok(LENGTH)),
    Case("five interim answers", b"HTTP/1.1 103 Early Hints\r\nLink: \xff\r\n\r\n" * 5 + ok(LENGTH)),
    Case("an interim answer with a length", b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n" + ok(LENGTH)),
    Case("an interim answer by line feeds", b"HTTP/1.1 100 Continue\n\n" + ok(LENGTH)),
    Case("status 199 before", b"HTTP/1.1 199 Odd\r\n\r\n" + ok(LENGTH)),
    Case("interim answers without an end", b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000, BROKEN),
    Case("an interim answer and no other", b"HTTP/1.1 100 Continue\r\n\r\n", BROKEN),
]

REFUSALS = [
    Case("status 400", by_status(b"HTTP/1.1 400 Bad Request\r\n"), Outcome.HTTP_ERROR),
    Case("status 404", by_status(b"HTTP/1.1 404 Not Found\r\n"), Outcome.NOT_FOUND),
    Case("status 410", by_status(b"HTTP/1.1 410 Gone\r\n"), Outcome.NOT_FOUND),
    Case("status 425", by_status(b"HTTP/1.1 425 Too Early\r\n"), Outcome.SERVER_ERROR),
    Case("status 429", by_status(b"HTTP/1.1 429 Too Many Requests\r\n"), Outcome.RATE_LIMITED),
    Case("status 500", by_status(b"HTTP/1.1 500 Oops\r\n"), Outcome.SERVER_ERROR),
    Case("status 503 of odd bytes", ok(b"Retry-After: \xff\r\nX-\xff: 1\r\n", status=b"HTTP/1.1 503\r\n"),
         Outcome.SERVER_ERROR),
    Case("status 404 with a body without an end", ok(b"", BODY * 40_000, b"HTTP/1.1 404 No\r\n"), Outcome.NOT_FOUND),
]  # fmt: skip


def coded(names: bytes, body: bytes) -> bytes:
    return ok(b"Content-Encoding: %s\r\nContent-Length: %d\r\n" % (names, len(body)), body)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


GZIP, BR, ZSTD = gzip.compress(BODY, mtime=0), brotli.compress(BODY), zstd.compress(BODY)
NOUGHTS = bytes(10_000_000)

CODINGS = [
    Case("gzip", coded(b"gzip", GZIP)),
    Case("gzip in capitals and blanks", coded(b" \tGZip ", GZIP)),
    Case("x-gzip", coded(b"x-gzip", GZIP)),
    Case("deflate", coded(b"deflate", zlib.compress(BODY))),
    Case("deflate without its header", coded(b"deflate", raw_deflate(BODY))),
    Case("br", coded(b"br", BR)),
    Case("zstd", coded(b"zstd", ZSTD)),
    Case("gzip over br", coded(b"br, gzip", gzip.compress(BR))),
    Case("br over gzip", coded(b"gzip,br", brotli.compress(GZIP))),
    Case("gzip twice", coded(b"gzip, gzip", gzip.compress(GZIP))),
    Case("gzip twice, said once", coded(b"gzip", gzip.compress(GZIP)), body=GZIP),
    Case("gzip once, said twice", coded(b"gzip, gzip", GZIP)),
    Case("codings in two lines", coded(b"zstd\r\nContent-Encoding: gzip", gzip.compress(ZSTD))),
    Case("identity and gzip", coded(b"identity, gzip, identity", GZIP)),
    Case("gzip in chunks", ok(b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                              b"%x\r\n%s\r\n0\r\n\r\n" % (len(GZIP), GZIP))),
    Case("gzip of the transfer", ok(b"Transfer-Encoding: gzip, chunked\r\n",
                                    b"%x\r\n%s\r\n0\r\n\r\n" % (len(GZIP), GZIP))),
    Case("gzip of two members", coded(b"gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]))),
    Case("gzip, and junk behind", coded(b"gzip", GZIP + b"junk")),
    Case("zstd of two frames", coded(b"zstd", zstd.compress(BODY[:9]) + zstd.compress(BODY[9:]))),
    *(Case(f"{name}, but the body is plain", coded(name.encode(), BODY)) for name in ("gzip", "deflate", "br", "zstd")),
    *(Case(f"{name}, but the body is no picture and plain", coded(name.encode(), b"<html>" + BODY),
           body=b"<html>" + BODY) for name in ("gzip", "deflate", "br", "zstd")),
    Case("a coding that is none", coded(b"utf-8", BODY)),
    Case("a coding of a store of objects", coded(b"aws-chunked", BODY)),
    Case("a coding of odd bytes", coded(b"\xff\x00", BODY)),
    Case("a known one over an unknown one", coded(b"none, gzip", GZIP)),
    Case("gzip that is cut", coded(b"gzip", GZIP[:-12]), BROKEN),
    Case("deflate that is cut", coded(b"deflate", zlib.compress(BODY)[:-12]), BROKEN),
    Case("br that is cut", coded(b"br", BR[:-12]), BROKEN),
    Case("zstd that is cut", coded(b"zstd", ZSTD[:-12]), BROKEN),
    Case("gzip that is nonsense behind its mark", coded(b"gzip", b"\x1f\x8b" + b"\xff" * 50), BROKEN),
    Case("zstd that is nonsense behind its mark", coded(b"zstd", b"\x28\xb5\x2f\xfd" + b"\xff" * 50), BROKEN),
    Case("gzip of nothing", coded(b"gzip", gzip.compress(b"")), Outcome.EMPTY),
    Case("gzip of no bytes", coded(b"gzip", b""), Outcome.EMPTY),
    Case("a bomb of gzip", coded(b"gzip", gzip.compress(NOUGHTS)), Outcome.TOO_LARGE),
    Case("a bomb of deflate", coded(b"deflate", zlib.compress(NOUGHTS)), Outcome.TOO_LARGE),
    Case("a bomb of br", coded(b"br", brotli.compress(NOUGHTS, quality=5)), Outcome.TOO_LARGE),
    Case("a bomb of zstd", coded(b"zstd", zstd.compress(NOUGHTS)), Outcome.TOO_LARGE),
    Case("a bomb in a bomb", coded(b"gzip, gzip", gzip.compress(gzip.compress(NOUGHTS))), Outcome.TOO_LARGE),
    Case("nine codings", coded(b"gzip, " * 8 + b"gzip", GZIP), BROKEN),
]  # fmt: skip

ANSWERS = [
    Case(f"{group}: {case.name}", case.raw, case.ends, case.body)
    for group, cases in {
        "status line": STATUS_LINES,
        "line ends": LINE_ENDS,
        "names": NAMES,
        "values": VALUES,
        "length": LENGTHS,
        "chunks": CHUNKS,
        "interim": INTERIM,
        "refusals": REFUSALS,
        "codings": CODINGS,
    }.items()
    for case in cases
]
"""All of them."""
