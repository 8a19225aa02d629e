"""Sources of other packages, as configured."""

import pytest

from synsift.crawler.download.quotas import Quota
from synsift.crawler.sources import CommonsSource
from synsift.crawler.sources.commons import WIKIMEDIA
from synsift.pipelines.config import load
from synsift.pipelines.image_sources import key_of, quotas_of


class Granted(CommonsSource):
    """A source whose owner's words are a test's."""

    granted: Quota | None = None

    @property
    def quota(self) -> Quota | None:
        return self.granted


@pytest.mark.parametrize(
    ("domains", "key"),
    [
        (("api.shelf.example.org",), "example.org"),
        (("example.org",), "example.org"),
        (("other.example.com",), None),
    ],
)
def test_what_is_granted_for_a_host_s_name_holds_for_its_domain(domains: tuple[str, ...], key: str | None) -> None:
    source = Granted(api_url="https://api.shelf.example.org/v1")
    source.granted = Quota(domains, 60, 1, 1_000)
    found = quotas_of(load(env={}).settings, {"commons": source})
    assert found == ({} if key is None else {"commons": Quota((key,), 60, 1, 1_000)})
    assert key_of(source) == "example.org"


def test_wikimedia_s_projects_have_one_quota() -> None:
    settings = load(env={}, options={"sources.wikipedia.per_minute": 20}).settings
    found = quotas_of(settings, {"commons": CommonsSource(), "wikipedia": CommonsSource()})
    assert {quota.per_minute for quota in found.values()} == {20}
    assert found["commons"].key == WIKIMEDIA.key
