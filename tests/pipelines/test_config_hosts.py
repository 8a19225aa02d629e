from pathlib import Path

import pytest

from synsift.crawler.download.attempt import origin_of
from synsift.crawler.download.host_rules import HostKeys, Pace
from synsift.pipelines.config import load
from synsift.pipelines.config_hosts import HostSettings
from synsift.pipelines.errors import ConfigError
from synsift.pipelines.politeness import fetch_politeness, host_rules, search_politeness
from synsift.pipelines.topics import registered_domain

FILE = """
[fetch]
delay_s = 0.3
[fetch.hosts."CDN.example"]
delay_s = 0.02
concurrency = 8
split = 4
[fetch.hosts."*.shop.example"]
delay_s = 2
[fetch.hosts.localhost]
max_delay_s = 0
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "synsift.toml"
    path.write_text(text)
    return path


def test_hosts_have_settings_of_their_own_with_the_place_where_each_came_from(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    loaded = load(
        file=path,
        env={"SYNSIFT_FETCH__HOSTS__CDN__EXAMPLE__DELAY_S": "0.05"},
        options={"fetch.hosts.cdn.example.split": "2"},
    )
    shown = {value.key: (value.value, value.origin) for value in loaded.values() if value.key.startswith("fetch.hosts")}
    assert shown == {
        'fetch.hosts."cdn.example".delay_s': (0.05, "SYNSIFT_FETCH__HOSTS__CDN__EXAMPLE__DELAY_S"),
        'fetch.hosts."cdn.example".concurrency': (8, str(path)),
        'fetch.hosts."cdn.example".split': (2, "option"),
        'fetch.hosts."*.shop.example".delay_s': (2.0, str(path)),
        'fetch.hosts."localhost".max_delay_s': (0.0, str(path)),
    }
    found = fetch_politeness(loaded.settings)
    assert found.pace_of("cdn.example#1") == Pace(0.1, 4, 20.0)
    assert found.pace_of("a.shop.example") == Pace(2.0, 2, 10.0)
    assert found.pace_of("localhost") == Pace(0.3, 2, 0.0)
    assert found.pace_of("other.example") == Pace(0.3, 2, 10.0)


def test_every_way_to_write_a_table_is_the_same(tmp_path: Path) -> None:
    written = [
        '[fetch.hosts."cdn.example"]\ndelay_s = 2\n',
        "[fetch.hosts.'cdn.example']\ndelay_s = 2\n",
        "[fetch.hosts.cdn.example]\ndelay_s = 2\n",
        '[fetch]\nhosts = {"cdn.example" = {delay_s = 2}}\n',
        'fetch.hosts."cdn.example".delay_s = 2\n',
    ]
    found = [load(file=write(tmp_path, text), env={}).settings.fetch.hosts for text in written]
    assert all(hosts == {"cdn.example": HostSettings(delay_s=2)} for hosts in found)


@pytest.mark.parametrize(
    ("text", "line", "problem", "hint"),
    [
        ('[fetch.hosts."a.example"]\ndealy_s = 2', 2, 'there is no key `fetch.hosts."a.example".dealy_s`', "delay_s`?"),
        ('[fetch.hosts."a.example"]\ndelay_s = -1', 2, "must be at least 0, not `-1`", ""),
        ('[fetch.hosts."a.example"]\ndelay_s = true', 2, "must be a number, not `true`", ""),
        ('[fetch.hosts."a.example"]\nconcurrency = 0', 2, "must be at least 1, not `0`", ""),
        ('[fetch.hosts."a.example"]\n\nsplit = 3', 3, "must be at most the concurrency of that host, 2", ""),
        (
            '[fetch.hosts."https://a.example"]\ndelay_s = 1',
            2,
            "`https://a.example` is no name of hosts",
            "the name alone, which is for all its ports",
        ),
        (
            '[fetch.hosts."https://Bücher.example:80/x"]\ndelay_s = 1',
            2,
            "is no name of hosts",
            '"xn--bcher-kva.example"',
        ),
        ('[fetch.hosts."[::1]:80"]\ndelay_s = 1', 2, "is no name of hosts", '`[fetch.hosts."::1"]`'),
        ('[fetch.hosts."a b"]\ndelay_s = 1', 2, "is no name of hosts", "no scheme, port or path"),
        (
            '[fetch.hosts."A.Test"]\ndelay_s = 1\n[fetch.hosts."a.test"]\ndelay_s = 2',
            2,
            "are of the same host",
            "give one",
        ),
        (
            '[fetch.hosts."bücher.test"]\nsplit = 1\n[fetch.hosts."xn--bcher-kva.test"]\nsplit = 2',
            2,
            "are of the same",
            "",
        ),
        ('[fetch.hosts."[::1]"]\ndelay_s = 1\n[fetch.hosts."::1"]\ndelay_s = 2', 2, "are of the same host", "give one"),
        ('[fetch.hosts."a.example:80"]\ndelay_s = 1', 2, "is no name of hosts", '`[fetch.hosts."a.example"]`'),
        ('[fetch.hosts."*"]\ndelay_s = 1', 2, "`*` is no name of hosts", "cdn.example"),
        ('[fetch.hosts."a.*.example"]\ndelay_s = 1', 2, "is no name of hosts", "cdn.example"),
        ('[fetch.hosts]\n"a.example" = 1', 2, "a host has a table of its own", "then `delay_s = 1`"),
        ("[fetch]\nhosts = 1", 2, "`fetch.hosts` is a table", "lists all keys"),
    ],
)
def test_what_is_wrong_with_a_hosts_settings_is_said_with_its_line(
    tmp_path: Path, text: str, line: int, problem: str, hint: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(file=path, env={})
    assert f"{path}, line {line}: " in str(caught.value)
    assert problem in str(caught.value)
    assert hint in caught.value.hint


def test_nothing_that_people_are_asked_for_can_be_set_for_a_host() -> None:
    """Consent and robots.txt are no matter of a host's settings."""
    assert set(HostSettings.model_fields) == {"delay_s", "concurrency", "max_delay_s", "split"}


def test_a_source_has_a_pace_of_its_own() -> None:
    options = {"sources.commons.delay_s": 2, "sources.commons.api_url": "https://wiki.example.org/w/api.php"}
    found = search_politeness(load(env={}, options=options).settings)
    assert found.pace_of("example.org") == Pace(2.0, 1)
    assert found.pace_of("elsewhere.org") == Pace(0.5, 1)


def test_a_host_given_twice_is_named_by_both_its_names(tmp_path: Path) -> None:
    path = write(tmp_path, '[fetch.hosts."A.Test"]\ndelay_s = 1\n[fetch.hosts."a.test"]\ndelay_s = 2\nsplit = 1\n')
    with pytest.raises(ConfigError, match=r"A\.Test") as caught:
        load(file=path, env={})
    assert "a.test" in str(caught.value)
    assert "line 4" in str(caught.value)
    # Of another layer it is the same host, and the later layer counts.
    loaded = load(file=write(tmp_path, FILE), env={}, options={'fetch.hosts."cdn.EXAMPLE".delay_s': "3"})
    assert loaded.settings.fetch.hosts["cdn.example"].delay_s == 3


@pytest.mark.parametrize(
    "written",
    ["bücher.test", "BÜCHER.Test", "ｂücher．test", "xn--bcher-kva.test", "XN--BCHER-KVA.TEST", "*.bücher.test"],
)
def test_a_host_is_one_however_its_name_is_written(tmp_path: Path, written: str) -> None:
    found = load(file=write(tmp_path, f'[fetch.hosts."{written}"]\ndelay_s = 7\n'), env={}).settings
    keys = HostKeys(host_rules(found), registered_domain)
    pace_of = fetch_politeness(found).pace_of
    for host in ("bücher.test", "Ｂücher.test", "xn--bcher-kva.test"):
        for name in (f"img.{host}", f"IMG.{host.upper()}:8080"):
            assert pace_of(keys.key_of(f"http://{name}/1.jpg")).delay_s == 7
        assert origin_of(f"HTTP://{host.upper()}:80/") == "http://xn--bcher-kva.test"
    assert keys.keys_of_name("IMG.BÜCHER.TEST") == keys.keys_of_name("img.xn--bcher-kva.test")


@pytest.mark.parametrize("written", ["::1", "[::1]", "0:0::1"])
def test_an_address_is_one_however_it_is_written(tmp_path: Path, written: str) -> None:
    found = load(file=write(tmp_path, f'[fetch.hosts."{written}"]\ndelay_s = 7\n'), env={}).settings
    key = HostKeys(host_rules(found), registered_domain).key_of("http://[0:0:0::1]:80/")
    assert (key, fetch_politeness(found).pace_of(key).delay_s) == ("::1", 7)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[fetch.hosts."a.test"]\ndelay_s = 20\nmax_delay_s = 1\n', 'at least `fetch.hosts."a.test".delay_s`, 20'),
        ('[fetch]\ndelay_s = 5\n[fetch.hosts."a.test"]\nmax_delay_s = 1\n', "at least `fetch.delay_s`, 5"),
        ("[fetch]\ndelay_s = 5\nmax_delay_s = 1\n", "at least `fetch.delay_s`, 5"),
    ],
)
def test_a_longest_delay_that_is_shorter_than_the_delay_is_an_error(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file=write(tmp_path, text), env={})
    assert key in str(caught.value)
    assert "not `1`" in str(caught.value)
    load(file=write(tmp_path, text.replace("max_delay_s = 1", "max_delay_s = 0")), env={})


def test_a_longer_delay_alone_is_none(tmp_path: Path) -> None:
    load(file=write(tmp_path, '[fetch]\ndelay_s = 30\n[fetch.hosts."a.test"]\ndelay_s = 60\n'), env={})
