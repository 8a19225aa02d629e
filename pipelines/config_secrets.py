"""What of a configuration is secret: its own type of settings, and what libraries and URLs are given."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from synsift.crawler.secret import Secret, remember, remember_url

_VARIABLE: Final = re.compile(r"(AWS|AZURE)_\w*(SECRET|SESSION_TOKEN|ACCOUNT_KEY|STORAGE_KEY|SAS_KEY)\w*")


def _secret(value: object) -> Secret:
    if not isinstance(value, (str, Secret)):
        raise PydanticCustomError("string_type", "no text")
    return Secret(value)


SecretText = Annotated[Secret, PlainValidator(_secret), PlainSerializer(str)]
"""A setting that nobody sees by accident."""


def remember_secrets(tree: object, environment: Mapping[str, str]) -> None:
    """Know what must not be written: credentials in URLs, and those that libraries take from the environment."""
    for value in _texts(tree):
        remember_url(value)
    for name, value in environment.items():
        if _VARIABLE.fullmatch(name):
            remember(value)
        elif name.lower().endswith("_proxy"):
            remember_url(value if "://" in value else f"http://{value}")


def _texts(tree: object) -> Iterator[str]:
    """All texts of a tree of values."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, (dict, list, tuple)):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(value)
