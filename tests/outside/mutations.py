"""Texts and binary files that were tampered with: other values, parts that are gone or come twice, odd bytes."""

import json
import random
from typing import Any, Final

DEEP: Final = 3_000
ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 1e308, -0.0, 10**400, float("inf"), float("nan")),
    *("", " ", "\0", "\ud800", "\u202e", "x" * 5_000, "a\nb", "http://[::1", "../../etc", "=1+1", "[bold]", "1", "é"),
    *([], {}, [[]], [None], {"": ""}, {"a": {}}, [1, "a", None], [{}] * 3),
)
ODD_TEXTS: Final = (
    *(
        "",
        "\0",
        "\ud800",
        "\ufeff",
        "\r",
        "\n",
        "\r\n",
        "\t",
        ",",
        '"',
        "'",
        ";",
        "|",
        "=",
        "\\",
        "#",
        "*",
        "$",
        "%",
        "%zz",
    ),
    *("[", "]", "{", "}", "]]", "[[", '"""', "inf", "nan", "-1", "1e999", "9" * 5_000, "０１", "null", "true", "NaN"),
    *(
        "http://[::1",
        "http://h:99999/",
        "//",
        "file:///etc/passwd",
        "\u2028",
        "\x85",
        "\x1b[2J",
        "x" * 140_000,
        "[" * DEEP,
    ),
)


def in_json(rng: random.Random, data: bytes) -> bytes:
    """JSON, or lines of it, in which values were changed; other text is changed as text is."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    try:
        tree = json.loads(lines[at] if len(lines) > 1 and lines[at].strip() else data)
    except ValueError:
        return in_text(rng, data)
    for _ in range(rng.randint(1, 3)):
        tree = _changed(rng, tree)
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.7)
    if rng.random() < 0.03:
        text = text.replace("{", '{"deep":' + "[" * DEEP * 40, 1)
    made = text.encode("utf-8", "surrogatepass")
    if len(lines) > 1 and lines[at].strip():
        made = b"\n".join([*lines[:at], made, *lines[at + 1 :]])
    return scrambled(rng, made, [data]) if rng.random() < 0.2 else made


def _changed(rng: random.Random, tree: Any) -> Any:
    """One place of a tree changed: another value, a member gone, one more, a name that is another."""
    if not isinstance(tree, (dict, list)) or not tree or rng.random() < 0.15:
        return rng.choice(ODD_VALUES)
    if isinstance(tree, list):
        at = rng.randrange(len(tree))
        kind = rng.random()
        if kind < 0.1:
            return tree[:at] + tree[at + 1 :]
        if kind < 0.2:
            return [*tree, *tree] * rng.choice((1, 1, 30))
        return [*tree[:at], _changed(rng, tree[at]), *tree[at + 1 :]]
    name = rng.choice(list(tree))
    kind = rng.random()
    if kind < 0.1:
        return {key: value for key, value in tree.items() if key != name}
    if kind < 0.2:
        return {**tree, rng.choice(("", "\ud800", "x" * 300, name + "s")): rng.choice(ODD_VALUES)}
    return {**tree, name: _changed(rng, tree[name])}


def in_text(rng: random.Random, data: bytes) -> bytes:
    """Lines and words that are gone, come twice, stand elsewhere, or have odd ones among them."""
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines))
        kind = rng.randrange(6)
        if kind == 0:
            lines[at : at + 1] = [lines[at]] * rng.choice((0, 2, 2, 40))
        elif kind == 1:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 2:
            lines[at] = scrambled(rng, lines[at], [data])
        else:
            odd = rng.choice(ODD_TEXTS).encode("utf-8", "surrogatepass")
            place = rng.randint(0, len(lines[at]))
            end = place if rng.random() < 0.5 else min(len(lines[at]), place + rng.randint(1, 12))
            lines[at] = lines[at][:place] + odd + lines[at][end:]
        lines = lines or [b""]
    made = b"\n".join(lines)
    if rng.random() < 0.05:
        made = rng.choice((b"\xef\xbb\xbf" + made, made.replace(b"\n", b"\r"), made.decode("latin-1").encode("utf-16")))
    return made


def scrambled(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Cut off, overwritten, repeated, spliced, in one to eight places."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if not found:
            return rng.randbytes(rng.randrange(40))
        at = min(int(len(found) * rng.random() ** rng.choice((1, 3))), len(found) - 1)
        kind = rng.randrange(6)
        if kind == 0:
            del found[at:]
        elif kind == 1:
            odd = rng.choice((b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
            found[at : at + len(odd)] = odd
        elif kind == 2:
            found[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            found[at:at] = found[at : at + rng.randint(1, 64)]
        elif kind == 4:
            del found[at : at + rng.randint(1, 64)]
        else:
            other = rng.choice(others)
            found[at:] = other[min(at, len(other)) :]
    return bytes(found)


def in_bytes(rng: random.Random, data: bytes) -> bytes:
    """A binary file, anywhere."""
    return scrambled(rng, data, [data, data[::-1]])
