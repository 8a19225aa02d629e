"""What a wiki can: asked once, of its ``siteinfo``, before it is asked for images."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

PARAMETERS: Final[dict[str, str | int]] = {"action": "query", "meta": "siteinfo", "siprop": "general|extensions"}
"""What to ask, beside the format."""
_CIRRUS: Final = "CirrusSearch"
_STATEMENTS: Final = "WikibaseCirrusSearch"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What queries may use.

    Attributes:
        keywords: ``filetype:`` and the other keywords of CirrusSearch. MediaWiki's own search takes them for words,
            which no page has, and finds nothing; and it looks at titles or at texts, not at both.
        statements: ``haswbstatement:``, search by what people stated that a file depicts.
        generator: The wiki's own version, for messages; empty if it doesn't say.
    """

    keywords: bool = False
    statements: bool = False
    generator: str = ""


PLAIN: Final = Abilities()
"""Of a wiki that doesn't say."""


def read_siteinfo(answer: Mapping[str, Any]) -> Abilities | None:
    """What a wiki says of itself; None if that is no answer of ``siteinfo``."""
    said = answer.get("query")
    if not isinstance(said, dict) or not ("extensions" in said or "general" in said):
        return None
    names = set(_names(said.get("extensions")))
    general = said.get("general")
    generator = general.get("generator") if isinstance(general, dict) else ""
    return Abilities(
        keywords=_CIRRUS in names,
        statements={_CIRRUS, _STATEMENTS} <= names,
        generator=generator[:80] if isinstance(generator, str) else "",
    )


def _names(extensions: object) -> Iterable[str]:
    for extension in extensions if isinstance(extensions, list) else ():
        name = extension.get("name") if isinstance(extension, dict) else None
        if isinstance(name, str):
            yield name
