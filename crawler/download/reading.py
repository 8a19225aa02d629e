"""What came of a request that was answered: its content, or what to do next."""

import dataclasses
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from synsift.crawler.download import attempt
from synsift.crawler.download.attempt import Answer, Follow, GiveUp, Patience, Take
from synsift.crawler.download.job import Job
from synsift.crawler.download.quotas import next_day_s
from synsift.crawler.errors import SourceBusy, SourceError, SourceRefused, SourceSpent
from synsift.crawler.outcome import Outcome

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A URL's good end.

    Attributes:
        answer: The last response.
        content: What the spider extracted from it: bytes of an image, a page of a source.
        attempts: Tries that it took.
    """

    answer: Answer
    content: Any
    attempts: int


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads the body of an answer; both may raise ``SourceError``.

    Attributes:
        extract: Gives the content of a good one.
        explain: Gives what a bad one says is wrong.
    """

    extract: Callable[[], Any]
    explain: Callable[[], str] = str


T = TypeVar("T")


class AnswerReader(Generic[T]):
    """Reads answers, with a stage's patience."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def read(self, job: Job[T], answer: Answer, readers: Readers, *, max_wait_s: float) -> "attempt.Step | Received":
        """What came of a request.

        Args:
            job: That was answered.
            answer: Without its body.
            readers: Of its body.
            max_wait_s: Longest wait that whoever was asked may ask for, and is tried again after.
        """
        patience = dataclasses.replace(self._patience, max_wait_s=max_wait_s)
        step = attempt.after_answer(answer, attempts=job.attempts, been=job.been, patience=patience, now_s=time.time())
        if isinstance(step, Follow):
            return step
        try:
            if isinstance(step, Take):
                return Received(answer, readers.extract(), job.attempts)
            return attempt.explained(step, readers.explain())
        except SourceBusy as exc:
            return self._after_busy(job, exc)
        except SourceSpent as exc:
            until_s = time.time() + exc.for_s if exc.for_s else next_day_s(time.time())
            return GiveUp(Outcome.RATE_LIMITED, str(exc), until_s)
        except SourceRefused as exc:
            return GiveUp(exc.outcome, str(exc))
        except SourceError as exc:
            return GiveUp(Outcome.SOURCE_ERROR, str(exc))
        except Exception as exc:  # noqa: BLE001 - an odd answer must cost one page, not the source's other synsets
            _log.warning("%s: the answer can't be read", job.current_url, exc_info=exc)
            return GiveUp(Outcome.SOURCE_ERROR, f"the answer can't be read: {type(exc).__name__}: {exc}")

    def _after_busy(self, job: Job[T], busy: SourceBusy) -> attempt.Step:
        """A source's own "come back later", said in a body of status 200, counts as status 503."""
        headers = {"retry-after": str(int(busy.retry_after_s))} if busy.retry_after_s else {}
        step = attempt.after_answer(
            Answer(job.current_url, 503, headers),
            attempts=job.attempts,
            been=job.been,
            patience=self._patience,
            now_s=time.time(),
        )
        if isinstance(step, GiveUp):
            return dataclasses.replace(step, outcome=busy.outcome, message=str(busy))
        return step
