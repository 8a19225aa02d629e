import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synsift.crawler.sources import CommonsSource, PageQuery
from synsift.pipelines.config import load
from synsift.pipelines.config_words import OWN_VARIABLES
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


def test_what_is_not_asked_for_is_passed_over_in_file_and_environment(tmp_path: Path) -> None:
    path = tmp_path / "synsift.toml"
    path.write_text('nothing = 1\n[fetch]\ntimeout_s = 1\n[store]\nurl = "a"\n')
    env = {"SYNSIFT_FETCH__ATTEMPTS": "x", "SYNSIFT_LAND__THREADS": "3"}
    found = load(file=path, env=env, options={"fetch.attempts": 2}, only=("store.", "land."))
    assert (found.settings.store.url, found.settings.land.threads, found.settings.fetch.attempts) == ("a", 3, 2)
    assert found.settings.fetch.timeout_s == load(env={}).settings.fetch.timeout_s


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, "[store]\nurl = 'there'\n")
    assert load(env={"SYNSIFT_CONFIG": str(path)}).settings.store.url == "there"


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("fetch.dealy_s", "fetch.delay_s"), ("delay_s", "fetch.delay_s"), ("fecth.timeout_s", "fetch.timeout_s")],
)
def test_a_key_that_does_not_exist_is_named_with_the_nearest_that_does(tmp_path: Path, key: str, nearest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(env={}, options={key: 1})
    assert f"did you mean `{nearest}`?" in caught.value.hint
    table, _, name = key.rpartition(".")
    path = write(tmp_path, f"[{table}]\n{name} = 1\n" if table else f"{name} = 1\n")
    with pytest.raises(ConfigError, match=key) as caught:
        load(file=path, env={})
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SYNSIFT_FETCH__DEALY_S", "SYNSIFT_FETCH__DELAY_S"),
        ("SYNSIFT_FECTH__DELAY_S", "SYNSIFT_FETCH__DELAY_S"),
        ("SYNSIFT_FETCH_DELAY_S", "SYNSIFT_FETCH__DELAY_S"),
        ("SYNSIFT_CONFG", "SYNSIFT_CONFIG"),
        ("SYNSIFT_ANYTHING__ELSE", ""),
        ("SYNSIFT_FETCH", ""),
    ],
)
def test_a_misspelt_variable_is_not_ignored(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}` means no key") as caught:
        load(env={name: "1"})
    assert (f"did you mean `{meant}`?" if meant else "`synsift config` lists all keys") == caught.value.hint


@pytest.mark.parametrize("name", [*sorted(OWN_VARIABLES - {"SYNSIFT_CONFIG"}), "SYNSIFT_HOMEPAGE", "OTHER__DELAY_S"])
def test_variables_that_are_no_keys_are_left_alone(name: str) -> None:
    assert load(env={name: "anything"}).settings == load(env={}).settings


def test_every_variable_that_our_own_programs_read_is_known() -> None:
    root = Path(__file__).parents[2]
    files = [path for folder in ("deploy", "tests", "tools", "benchmarks") for path in (root / folder).rglob("*.py")]
    read = {name for path in files for name in re.findall(r"environ[^\n]{0,6}\"(SYNSIFT_\w+)\"", path.read_text())}
    assert {"SYNSIFT_SERVICES_CACHE", "SYNSIFT_TEST_SEED"} <= read <= OWN_VARIABLES


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8,127.0.0.0/8", " 10.0.0.0/8 , 127.0.0.0/8", '["10.0.0.0/8","127.0.0.0/8"]']
)
def test_a_list_is_written_with_commas_or_as_json_in_options_and_variables_alike(text: str) -> None:
    for loaded in (
        load(env={}, options={"fetch.allow_networks": text}),
        load(env={"SYNSIFT_FETCH__ALLOW_NETWORKS": text}),
    ):
        assert loaded.settings.fetch.allow_networks == ("10.0.0.0/8", "127.0.0.0/8")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "synsift.toml"
    path.write_bytes(b"\xef\xbb\xbf[fetch]\ndelay_s = 9\n")
    assert load(file=path, env={}).settings.fetch.delay_s == 9


def test_a_wrong_value_is_named_as_the_user_wrote_it_with_what_is_allowed(tmp_path: Path) -> None:
    path = write(tmp_path, "# mine\n[fetch]\ndelay_s = -1\n\n[ logging ]\nlevel = 'LOUD'\n")
    env = {"SYNSIFT_FETCH__ATTEMPTS": "many"}
    with pytest.raises(ConfigError) as caught:
        load(file=path, env=env, options={"service.port": "x", "store.url": 3}, names={"service.port": "--port"})
    assert sorted(str(caught.value).splitlines()) == [
        f"{path}, line 3: `fetch.delay_s`: must be at least 0, not `-1`",
        f"{path}, line 6: `logging.level`: must be one of `DEBUG`, `INFO`, `WARNING`, `ERROR`, not `LOUD`",
        "`--port`: must be a whole number, not `x`",
        "`--set store.url`: must be a text, not `3`",
        "`SYNSIFT_FETCH__ATTEMPTS`: must be a whole number, not `many`",
    ]


def test_no_word_of_pydantic_reaches_the_user() -> None:
    wrong: dict[str, list[object]] = {}
    for value in load(env={}).values():
        wrong[value.key] = [[], {}, "nonsense", -5, 1e99, None, "nan", "  "]
    for key, values in wrong.items():
        for given in values:
            try:
                load(env={}, options={key: given})
            except ConfigError as exc:
                assert not re.search(r"(?i)input|valid|pydantic|type=", str(exc)), (key, given)


def test_without_a_home_the_default_file_is_simply_not_there(tmp_path: Path) -> None:
    code = "import os; from synsift.pipelines.config import load; os.setuid(54321); load(); print('fine')"
    if os.geteuid() != 0:
        pytest.skip("only root may become a user without a home")
    done = subprocess.run([sys.executable, "-c", code], env={}, cwd="/", capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fetch.delay_s": "soon"}, r"`--set fetch\.delay_s`: must be a number, not `soon`"),
        ({"fetch.delay_s": -1}, r"fetch\.delay_s"),
        ({"fetch.allow_networks": ["10.0.0.0/33"]}, r"fetch\.allow_networks"),
        (
            {"search.allow_networks": ["lan"]},
            r"search\.allow_networks.*must be networks as in .10\.0\.0\.0/8., not .lan.",
        ),
        ({"fetch.max_aspect": 0.5}, r"fetch\.max_aspect.*must be 0 for any, or at least 1"),
        ({"fetch.nameservers": ["dns.example"]}, r"fetch\.nameservers.*must be addresses as in .192\.0\.2\.1."),
        ({"search.nameservers": ["192.0.2.1:99999"]}, r"search\.nameservers.*must be addresses"),
        ({"fetch.dns_timeout_s": 0}, r"fetch\.dns_timeout_s.*more than 0"),
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


def test_name_servers_of_version_6_are_no_json() -> None:
    text = "[2001:db8::1]:53,192.0.2.1"
    assert load(options={"fetch.nameservers": text}, env={}).settings.fetch.nameservers == (
        "[2001:db8::1]:53",
        "192.0.2.1",
    )


@pytest.mark.parametrize("text", ["[fetch", "fetch = 3", "\xff"])
def test_a_file_that_is_no_toml_or_has_another_shape_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "synsift.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"synsift\.toml|fetch"):
        load(file=path, env={})


@pytest.mark.parametrize("kind", ["folder", "link to nothing"])
def test_what_is_there_by_the_default_name_and_no_file_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if kind == "folder":
        (tmp_path / "synsift.toml").mkdir()
    else:
        (tmp_path / "synsift.toml").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"synsift\.toml"):
        load(env={})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load(file=tmp_path / "nowhere.toml", env={})


def test_secrets_are_masked_everywhere() -> None:
    loaded = load(env={"SYNSIFT_STORE__SECRET_ACCESS_KEY": "hunter2"})
    assert loaded.settings.store.secret_access_key.reveal() == "hunter2"
    assert "hunter2" not in repr(loaded) + "".join(f"{v.value}{v!r}" for v in loaded.values())
    with pytest.raises(ConfigError) as caught:
        load(env={}, options={"store.secret_access_key": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


def test_formats_are_named_as_files_are() -> None:
    loaded = load(env={}, options={"fetch.formats": "jpg, png,tif,WebP"})
    assert loaded.settings.fetch.formats == ("JPEG", "PNG", "TIFF", "WEBP")
    with pytest.raises(ConfigError, match="`JPEG`"):
        load(env={}, options={"fetch.formats": "svg"})


def test_every_key_has_a_description() -> None:
    assert [value.key for value in load(env={}).values() if not value.description] == []


NUMBERS = [value.key for value in load(env={}).values() if type(value.value) in (int, float)]


@pytest.mark.parametrize("key", NUMBERS)
def test_no_number_is_a_switch_endless_none_or_larger_than_anything(tmp_path: Path, key: str) -> None:
    table, name = key.rsplit(".", 1)
    file = tmp_path / "synsift.toml"
    for text in ("true", "false", "inf", "-inf", "nan", "1e300", "-1e300", "9" * 400, "-7"):
        file.write_text(f"[{table}]\n{name} = {text}\n")
        for given in ({"file": file}, {"options": {key: text}}):
            with pytest.raises(ConfigError, match=name) as caught:
                load(env={}, **given)  # type: ignore[arg-type]
            assert "must be" in str(caught.value)


@pytest.mark.parametrize("key", ["sources.commons.api_url", "sources.commons.items_api_url", "store.endpoint"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("ftp://x", "its scheme is `ftp`"),
        ("x", "there is no `https://` before it"),
        ("//x/api.php", "there is no `https://` before it"),
        ("javascript:alert(1)", "there is no `https://` before it"),
        ("https://", "there is no host"),
        ("https:///api.php", "there is no host"),
        ("https://a b/api.php", "a character is in it that stands in no URL"),
        ("https://a.example/a\tpi.php", "a character is in it that stands in no URL"),
        ("https://a.example:99999/", "its host or port can't be read"),
        ("https://[::1/", "its host or port can't be read"),
        ("https://a.example/#api.php", "nothing is asked for behind a `#`"),
    ],
)
def test_what_is_no_url_of_the_web_is_named_with_what_would_be(key: str, value: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(env={}, options={key: value})
    assert f"`--set {key}`: must be a URL such as `https://host.example/path` ({problem})" in str(caught.value)


def test_an_api_whose_url_has_a_query_is_asked_with_it() -> None:
    url = "http://127.0.0.1:1/api.php?key=1"
    assert load(env={}, options={"sources.commons.api_url": url}).settings.sources.commons.api_url == url
    query = PageQuery("commons", "dog", "en", "", 0, "n1")
    assert CommonsSource(api_url=url).request(query).url.startswith(f"{url}&")


def test_expressions_are_no_words_for_people() -> None:
    for key, value, said in (
        ("consent.ignore", "ai.text", "`tdm-unclear`, "),
        ("consent.files", "ai.txt", "must be one of `/.well-known/tdmrep.json`, `/ai.txt`"),
        ("identity.directory_url", "http://x.test", "must be https:// and your host"),
        ("identity.directory_url", "https://x.test/?a=b", "must be https:// and your host"),
        ("sources.brave.country", "germany", "must be written otherwise (Country whose results are wanted)"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(options={key: [value] if key.startswith("consent") else value}, env={})
        assert said in str(caught.value)
        assert not set("^$\\") & set(str(caught.value))


@pytest.mark.parametrize("key", ["fetch.unknown", "nothing.of.ours", "x"])
def test_a_key_that_is_like_no_other_is_not_taken_for_one(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(options={key: "1"}, env={})
    assert "did you mean" not in caught.value.hint
    assert "synsift config" in caught.value.hint
