import pytest

from synsift.crawler.download.quotas import Quota
from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.forecast import Forecast, duration_text, forecasts, minutes_of


@pytest.mark.parametrize(
    ("requests", "per_minute", "per_day", "minutes"),
    [
        (60, 60, 0, 1),
        (826, 20, 200, 4 * 1440 + 26 / 20),
        (200, 20, 200, 10),
        (201, 20, 200, 1440 + 1 / 20),
        (1, 1, 1, 1),
        (2, 1, 1, 1441),
    ],
)
def test_a_plan_takes_as_long_as_what_is_granted_says(
    requests: int, per_minute: float, per_day: int, minutes: float
) -> None:
    assert minutes_of(requests, Quota(("a",), per_minute, 1, per_day)) == pytest.approx(minutes)


def test_what_it_finds_is_bound_by_depth_and_limit() -> None:
    asks = [("openverse", SynsetQuery(f"n{n % 2}", f"t{n}")) for n in range(4)]
    asks += [("europeana", SynsetQuery("n1", "t"))]
    quotas = {"openverse": Quota(("a",), 20, 1)}
    assert list(forecasts(asks, quotas)) == [Forecast("openverse", 4, 2, 0.2, 960), Forecast("europeana", 1, 1, 0, 0)]
    assert [found.most for found in forecasts(asks, quotas, limit=100)] == [200, 100]


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, ""), (0.2, "< 1 min"), (90, "90 min"), (600, "10 h"), (10_000, "7 days")]
)
def test_times_are_for_people(minutes: float, text: str) -> None:
    assert duration_text(minutes) == text
