"""One URL on its way from a stage to the web and back."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from synsift.crawler.consent import Judgement, Statement
from synsift.crawler.download.attempt import origin_of

T = TypeVar("T")


@dataclass(slots=True)
class Job(Generic[T]):
    """One URL on its way.

    Attributes:
        task: What the stage wants back with the result.
        url: Asked first.
        current_url: To ask now, after redirects.
        host: Whose politeness counts now.
        attempts: Tries so far.
        been: What was asked before ``current_url``: URLs that led there by redirects, the first one first.
        said: What was said so far of the use of what it brings.
        refusal: Why it must not be used, if that is so.
        licence: Where a licence stands that has to be read first, as an answer says.
        licences: How many were read for it.
        began_s: When it was given away last, by the monotonic clock.
        latency_s: How long after the request left the first bytes of its answer came.
    """

    task: T
    url: str
    current_url: str
    host: str
    attempts: int = 0
    been: tuple[str, ...] = ()
    said: list[Statement] = field(default_factory=list)
    refusal: Judgement | None = None
    licence: str = ""
    licences: int = 0
    began_s: float = 0.0
    latency_s: float = 0.0

    @property
    def origin(self) -> str:
        """Scheme, name and port that are asked now."""
        return origin_of(self.current_url)
