"""Synsets of WordNet as items of Wikidata: how a query names one, what asks for its items, what is answered.

An item bears the identifier of its synset in WordNet 3.1 as its statement P8814.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

WIKIDATA_API: Final = "https://www.wikidata.org/w/api.php"
MOST_ITEMS: Final = 8
"""CirrusSearch takes 300 characters, and most synsets have one item."""
_ITEM: Final = re.compile(r"Q[1-9]\d{0,9}")
# What ``queries.concept_text`` makes.
_CONCEPT: Final = re.compile(r"P8814=\d{8}-n")

Parameters = dict[str, str | int]


def is_concept(text: str) -> bool:
    """Whether a query's text names a synset, not words."""
    return _CONCEPT.fullmatch(text) is not None


def is_item(text: str) -> bool:
    """Whether a text is the identifier of an item."""
    return _ITEM.fullmatch(text) is not None


def search_for_items(statements: str, *, limit: int = MOST_ITEMS) -> Parameters:
    """What asks for the items that have statements, such as ``P31=Q146|P279=Q146``."""
    wanted = " ".join(f"haswbstatement:{one}" for one in statements.split(" "))
    return {"action": "query", "list": "search", "srnamespace": 0, "srsearch": wanted, "srlimit": limit}


def items_of(answer: Mapping[str, Any], *, most: int = MOST_ITEMS) -> list[str]:
    """The items that an answer to that lists."""
    said = answer.get("query")
    results = said.get("search") if isinstance(said, dict) else None
    listed = results if isinstance(results, list) else []
    titles = [result.get("title") for result in listed if isinstance(result, dict)]
    return [title for title in titles if isinstance(title, str) and is_item(title)][:most]
