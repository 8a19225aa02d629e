"""Answers that were tampered with: as an API's change, a broken proxy or an attacker would."""

import json
import random
from typing import Any, Final

from synsift.crawler.outside_json import loads

_ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 1e308, float("inf"), float("nan")),
    *("", " ", "\0", "\ud800", "\u202e", "x" * 5_000, "a\nb", "1", "é", "=1+1", "[bold]", "null"),
    *(
        "http://[::1",
        "//h/x.jpg",
        "/x.jpg",
        "file:///etc/passwd",
        "javascript:1",
        "https://u:p@h/x.jpg",
        "http://h:99999/",
    ),
    *([], {}, [[]], [None], {"": ""}, {"a": {}}, [1, "a", None], [{}] * 3),
)
_DEPTH: Final = 100_000


def mutated(rng: random.Random, body: bytes) -> bytes:
    """A body with some of its values, members or bytes changed."""
    kind = rng.random()
    if kind < 0.1:
        return body[: rng.randrange(len(body) + 1)]
    if kind < 0.2:
        return _scrambled(rng, body)
    if kind < 0.22:
        return body[:1] * _DEPTH + body
    try:
        tree = loads(body)
    except ValueError:
        return _scrambled(rng, body)
    for _ in range(rng.randint(1, 4)):
        tree = _changed(rng, tree)
    return json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _changed(rng: random.Random, tree: Any) -> Any:  # noqa: ANN401 - any JSON
    """One place of a tree changed: another value, a member gone, one more, or a name that is another."""
    if not isinstance(tree, (dict, list)) or not tree or rng.random() < 0.1:
        return rng.choice(_ODD)
    if isinstance(tree, list):
        at = rng.randrange(len(tree))
        if rng.random() < 0.2:
            return rng.choice((tree[:at] + tree[at + 1 :], tree * 2, tree[::-1], [*tree, rng.choice(_ODD)]))
        return [*tree[:at], _changed(rng, tree[at]), *tree[at + 1 :]]
    name = rng.choice(list(tree))
    kind = rng.random()
    if kind < 0.15:
        return {key: value for key, value in tree.items() if key != name}
    if kind < 0.2:
        return {(f"{key}_" if key == name else key): value for key, value in tree.items()}
    return {**tree, name: _changed(rng, tree[name])}


def _scrambled(rng: random.Random, body: bytes) -> bytes:
    found = bytearray(body or b" ")
    for _ in range(rng.randint(1, 8)):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)
