"""Which sources rest, as a scrape shows it."""

from typing import Any

from synsift.crawler.download.quotas import Quota
from synsift.pipelines.stages.rations import Rations, next_day_s

NOW_S = 1_800_000_000.0


class Notes:
    """What a ledger keeps."""

    def noted(self, _partition: int) -> dict[str, int]:
        return {}

    def note(self, *_said: Any) -> None:
        pass


def rations(per_day: int = 4) -> Rations:
    quotas = {"shelf": Quota(("127.0.0.1",), 1_000_000, 10, per_day=per_day)}
    made = Rations(quotas, Notes(), 2, lambda: NOW_S)  # type: ignore[arg-type]
    made.restore(0)
    made.restore(1)
    return made


def test_a_source_rests_once_its_day_is_spent_and_not_before() -> None:
    made = rations()
    assert made.resting() == {}
    for _ in range(3):
        made.spend("shelf")
        assert made.resting() == {}
    made.spend("shelf")
    assert made.resting() == {"shelf": next_day_s(NOW_S) - NOW_S}


def test_a_source_that_said_when_to_come_back_rests_until_then() -> None:
    made = rations()
    made.let_rest("shelf", NOW_S + 90)
    made.let_rest("other", NOW_S + 30)
    made.let_rest("well", NOW_S - 1)
    assert made.resting() == {"shelf": 90.0, "other": 30.0}


def test_a_source_without_its_key_is_no_source_that_rests() -> None:
    made = rations()
    made.wait_for_keys({"shelf": "api_key"})
    assert made.resting() == {}


def test_a_worker_without_partitions_says_nothing() -> None:
    made = rations()
    for partition in (0, 1):
        made.forget(partition)
    assert made.resting() == {}
