"""The Example Museum: https://api.example.org/docs."""

import json
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from synsift.crawler.errors import SourceBusy, SourceError
from synsift.crawler.sources import About, FoundImage, Page, PageQuery, Reject, SourceAnswer, SourceRequest, setting


@dataclass(frozen=True, slots=True)
class ExampleSource:
    """Asks for words, gets pages of works."""

    about: ClassVar[About] = About(title="Example Museum", docs="https://api.example.org/docs", licences="of each work")

    api_url: str = setting("https://api.example.org/search", "URL of the search")
    page_size: int = setting(100, "Works in one answer", least=1, most=100)

    def request(self, query: PageQuery) -> SourceRequest:
        words = {"q": query.text, "page": query.cursor or "1", "size": self.page_size}
        return SourceRequest(f"{self.api_url}?{urlencode(words)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        images, rejects = [], []
        try:
            said = json.loads(answer.body)
            if said.get("error") == "busy":
                raise SourceBusy("the museum asks for patience", retry_after_s=10)
            for work in said["works"][: self.page_size]:
                try:
                    images.append(FoundImage(str(work["image"]), str(work["page"]), str(work["title"])))
                except (TypeError, LookupError) as exc:
                    rejects.append(Reject(f"a work can't be read: {exc!r}", json.dumps(work)[:2000]))
            following = str(int(said["next"])) if said.get("next") else ""
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as exc:
            raise SourceError(f"no answer of the museum's: {exc!r:.200}") from exc
        return Page(tuple(images), following if following != query.cursor else "", tuple(rejects))
