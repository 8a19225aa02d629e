from pathlib import Path

import pytest

from synsift.pipelines.config import load
from synsift.pipelines.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "synsift.toml"
    path.write_text(text)
    return path


def test_options_beat_the_environment_which_beats_the_file_which_beats_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "[fetch]\ndelay_s = 1\ntimeout_s = 2\nattempts = 3\n")
    env = {"SYNSIFT_FETCH__TIMEOUT_S": "20", "SYNSIFT_FETCH__ATTEMPTS": "30"}
    loaded = load(file=path, env=env, options={"fetch.attempts": "300"})
    fetch = loaded.settings.fetch
    assert (fetch.delay_s, fetch.timeout_s, fetch.attempts, fetch.redirects) == (1.0, 20.0, 300, 5)
    origins = {value.key: value.origin for value in loaded.values()}
    assert origins["fetch.delay_s"] == str(path)
    assert origins["fetch.timeout_s"] == "SYNSIFT_FETCH__TIMEOUT_S"
    assert origins["fetch.attempts"] == "option"
    assert origins["fetch.redirects"] == "default"


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, "[store]\nurl = 'there'\n")
    assert load(env={"SYNSIFT_CONFIG": str(path)}).settings.store.url == "there"


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("fetch.dealy_s", "fetch.delay_s"), ("delay_s", "fetch.delay_s"), ("fecth.timeout_s", "fetch.timeout_s")],
)
def test_a_key_that_does_not_exist_is_named_with_the_nearest_that_does(tmp_path: Path, key: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=nearest):
        load(env={}, options={key: 1})
    table, _, name = key.rpartition(".")
    path = write(tmp_path, f"[{table}]\n{name} = 1\n" if table else f"{name} = 1\n")
    with pytest.raises(ConfigError, match=key) as caught:
        load(file=path, env={})
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["SYNSIFT_FETCH__DEALY_S", "SYNSIFT_FECTH__DELAY_S", "SYNSIFT_X"])
def test_a_misspelt_variable_is_not_ignored(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no key"):
        load(env={name: "1"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fetch.delay_s": "soon"}, r"option: fetch\.delay_s"),
        ({"fetch.delay_s": -1}, r"fetch\.delay_s"),
        ({"fetch.allow_networks": ["10.0.0.0/33"]}, r"fetch\.allow_networks"),
        ({"log.partitions": 0}, r"log\.partitions"),
        ({"logging.level": "LOUD"}, r"logging\.level"),
    ],
)
def test_a_wrong_value_is_named_with_its_origin(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(env={}, options=options)


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load(env={}, options={"fetch.delay_s": -1, "log.partitions": 0})
    assert "fetch.delay_s" in str(caught.value)
    assert "log.partitions" in str(caught.value)


@pytest.mark.parametrize("text", ["[fetch", "fetch = 3", "\xff"])
def test_a_file_that_is_no_toml_or_has_another_shape_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "synsift.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"synsift\.toml|fetch"):
        load(file=path, env={})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load(file=tmp_path / "nowhere.toml", env={})


def test_secrets_are_masked_everywhere() -> None:
    loaded = load(env={"SYNSIFT_STORE__SECRET_ACCESS_KEY": "hunter2"})
    assert loaded.settings.store.secret_access_key.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(loaded) + "".join(f"{v.value}{v!r}" for v in loaded.values())
    with pytest.raises(ConfigError) as caught:
        load(env={}, options={"store.secret_access_key": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


def test_every_key_has_a_description() -> None:
    assert [value.key for value in load(env={}).values() if not value.description] == []
