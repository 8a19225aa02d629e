"""What is said of an image that was fetched: judged, and kept with it."""

from collections.abc import Iterable

from synsift.crawler.consent import Judgement, Say, Statement, embedded, judge, manifests
from synsift.crawler.download.attempt import Answer
from synsift.crawler.download.settings import Limits
from synsift.crawler.wording import masked
from synsift.pipelines.clock import now_text
from synsift.pipelines.said import Consent, Said

_MOST_SAID = 32


def hear_image(body: bytes, answer: Answer, limits: Limits) -> tuple[Judgement, Consent]:
    """Judge an image by all that was said of it, and by what stands in it.

    Args:
        body: Its bytes, as received.
        answer: What brought it.
        limits: Name the policy, and whether robots.txt was asked.
    """
    said = [*answer.said, *embedded.statements(body, answer.url), *manifests.statements(body, answer.url)]
    judgement = judge(said, limits.policy)
    consent = Consent(
        at=now_text(),
        acquisition="robots.txt" if limits.obey_robots else "unasked",
        train=judgement.train,
        index=judgement.index,
        policy=limits.policy.name,
        said=tuple(_said(statement) for statement in _kept(said)),
    )
    return judgement, consent


def _kept(said: Iterable[Statement]) -> list[Statement]:
    """What is kept of much: first what says no, or leaves it open."""
    found = list(dict.fromkeys(said))
    if len(found) > _MOST_SAID:
        found.sort(key=lambda statement: statement.train not in (Say.NO, Say.HOLD))
    return found[:_MOST_SAID]


def _said(statement: Statement) -> Said:
    return Said(
        kind=statement.kind,
        signal=statement.signal,
        value=masked(statement.value),
        where=masked(statement.where),
        train=_word(statement.train),
        index=_word(statement.index),
    )


def _word(say: Say) -> str:
    return "" if say is Say.SILENT else str(say)
