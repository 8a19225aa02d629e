import pytest

from synsift.crawler.robots import read_robots, token_of
from tests.crawler.robots.cases import ALL_CASES, Case


def allowed(case: Case, path: str) -> bool:
    body = case.file.encode() if isinstance(case.file, str) else case.file
    return read_robots(body, case.token).allows(f"https://ex.test{path}")


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_a_file_means_what_the_rfc_says(case: Case) -> None:
    assert {path for path in (*case.allowed, *case.denied) if allowed(case, path)} == set(case.allowed)


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        ("synsift/1.0 (+https://lab.example/bot)", "synsift"), ("Syn_Sift-x/2", "syn_sift-x"), ("9bot", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_product_token_is_the_beginning_of_the_user_agent(agent: str, token: str) -> None:
    assert token_of(agent) == token
