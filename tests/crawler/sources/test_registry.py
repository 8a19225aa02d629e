"""What is taken for a source, and what its settings become."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from synsift.crawler.secret import Secret
from synsift.crawler.sources import About, Page, PageQuery, SourceAnswer, SourceRequest, setting
from synsift.crawler.sources.registry import BUDGET_NAMES, COMMON_NAMES, problem_of, registry
from synsift.crawler.sources.settings import Setting, settings_of
from synsift.pipelines.config_sources import branch_of


@dataclass(slots=True)
class Good:
    about: ClassVar[About] = About(title="Good")
    api_url: str = setting("https://api.example/", "URL")
    page_size: int = setting(10, "Hits in one answer", least=1, most=50)
    key: Secret = setting(Secret(), "Key")

    def request(self, query: PageQuery) -> SourceRequest:
        return SourceRequest(self.api_url + query.text)

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        del query, answer
        return Page(())


@dataclass
class Nameless:
    about: ClassVar[Any] = "a museum"
    api_url: str = ""
    page_size: int = 1

    def request(self) -> None: ...

    def page(self) -> None: ...


@dataclass
class Meddler(Good):
    delay_s: float = setting(0.0, "No delay")


@dataclass
class Hidden(Good):
    _secret: int = setting(1, "Nobody may see it")


@dataclass
class Keyless(Good):
    about: ClassVar[About] = About(title="Keyless", key="token")


class Plain:
    pass


def test_all_that_come_with_the_program_are_good() -> None:
    assert {name: problem_of(name, found) for name, found in registry().classes.items()} == dict.fromkeys(
        registry().classes, ""
    )


@pytest.mark.parametrize(
    ("name", "found", "problem"),
    [
        ("good", Good, ""),
        ("Good one", Good, "`Good one` is no name of a source"),
        ("plain", Plain, "is no dataclass"),
        ("made", Good(), "is no dataclass"),
        ("nothing", None, "is no dataclass"),
        ("nameless", Nameless, "Nameless.about is no `About`"),
        ("about", About, "About has no about, page_size"),
        ("meddler", Meddler, "every source has the setting delay_s already"),
        ("hidden", Hidden, "`_secret` can't be the name of a setting"),
        ("keyless", Keyless, "its key, `token`, is none of its settings"),
        ("all", Good, "`all` can't be the name of a source"),
        ("pace_of", Good, "`pace_of` can't be the name of a source"),
    ],
)
def test_what_is_no_source_is_named(name: str, found: object, problem: str) -> None:
    assert problem in problem_of(name, found)
    assert bool(problem) == bool(problem_of(name, found))


def test_settings_are_written_once() -> None:
    assert list(settings_of(Good))[1] == Setting("page_size", int, 10, "Hits in one answer", {"least": 1, "most": 50})
    branch = branch_of("good", Good)
    assert list(branch.model_fields) == [
        *("api_url", "page_size", "key"),
        *("delay_s", "concurrency", "per_minute", "per_day", "most_images", "most_requests", "most_bytes"),
    ]
    with pytest.raises(ValueError, match="less than or equal to 50"):
        branch(page_size=51)
    assert "hush-hush" not in repr(branch(key="hush-hush"))


def test_settings_that_all_sources_have_are_nobodys_own() -> None:
    local = set(branch_of("urls", registry().classes["urls"]).model_fields)
    asked = set(branch_of("openverse", registry().classes["openverse"]).model_fields)
    assert local >= BUDGET_NAMES
    assert asked >= COMMON_NAMES
    assert not (COMMON_NAMES - BUDGET_NAMES) & local
