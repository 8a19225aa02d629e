"""Answers of a source as files: what was asked, what came, and nothing that is secret.

A file is JSON, with the body as text where it is UTF-8, so that it can be read, changed and looked at in a diff.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from synsift.crawler.outside_json import loads
from synsift.crawler.secret import redacted
from synsift.crawler.sources.base import PageQuery, SourceAnswer

# What a source may look at; cookies, traces and the like are nobody's business.
_KEPT: Final = ("content-type", "link", "retry-after")
_KEPT_PREFIXES: Final = ("x-ratelimit", "ratelimit", "x-total", "x-page")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer and its question.

    Attributes:
        text: What was asked for.
        lang: Its language.
        cursor: Where the page begins; empty for the first.
        page: Number of the page.
        status: Of HTTP.
        headers: By lower-case name.
        body: As it came.
    """

    text: str
    body: bytes
    lang: str = "en"
    cursor: str = ""
    page: int = 0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def query(self, source: str = "source") -> PageQuery:
        """What the source was asked."""
        return PageQuery(source, self.text, self.lang, self.cursor, self.page, "n00000001")

    def answer(self) -> SourceAnswer:
        """What it said."""
        return SourceAnswer(self.body, self.status, self.headers)

    def write(self, path: Path) -> None:
        """Write it to a file."""
        try:
            body, is_text = self.body.decode(), True
        except UnicodeDecodeError:
            body, is_text = base64.b64encode(self.body).decode(), False
        said = {
            "asked": {"text": self.text, "lang": self.lang, "cursor": self.cursor, "page": self.page},
            "status": self.status,
            "headers": dict(self.headers),
            "body" if is_text else "body_base64": body,
        }
        path.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Recorded":
        """Read it from a file.

        Raises:
            ValueError: It is none.
        """
        try:
            said = loads(path.read_bytes())
            body = said["body"].encode() if "body" in said else base64.b64decode(said["body_base64"])
            return cls(body=body, status=said["status"], headers=said["headers"], **said["asked"])
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"{path} is no recorded answer: {exc!r}") from exc


def record(query: PageQuery, answer: SourceAnswer) -> Recorded:
    """An answer as it may be kept: secrets of this process taken out, and headers that say nothing of the content."""
    headers = {
        name: redacted(value)
        for name, value in answer.headers.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    try:
        body = redacted(answer.body.decode()).encode()
    except UnicodeDecodeError:
        body = answer.body
    return Recorded(query.text, body, query.lang, redacted(query.cursor), query.page, answer.status, headers)
