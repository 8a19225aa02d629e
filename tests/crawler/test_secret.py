import copy
import json
import pickle
import traceback

import pytest

from synsift.crawler.errors import SourceError
from synsift.crawler.secret import Secret, redacted, remember_url, secrets_in
from synsift.crawler.sources.lists.remote import check_url
from synsift.crawler.wording import code, masked

VALUE = "s3cr3t/with+odd &bytes=é"


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        lambda secret: f"{secret}{secret!r}{secret:>40}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - it is what is tested
        lambda secret: "{0} {0!r}".format(secret),  # noqa: UP032 - it is what is tested
        lambda secret: json.dumps({"key": secret}, default=str),
        lambda secret: pickle.dumps(secret).decode("latin-1"),
        lambda secret: pickle.loads(pickle.dumps(secret)).reveal(),  # noqa: S301 - our own
        lambda secret: repr([secret, {"key": secret}, (secret,)]),
        lambda secret: "".join(traceback.format_exception(ValueError(secret))),
        lambda secret: str(getattr(secret, "__dict__", "")),
    ],
)
def test_a_secret_is_never_shown(shown: object) -> None:
    secret = Secret(VALUE)
    text = shown(secret)  # type: ignore[operator]
    assert VALUE not in text
    assert "s3cr3t" not in text
    assert secret.reveal() == VALUE


def test_a_secret_is_none_in_json_that_knows_no_other_types() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret(VALUE))


def test_secrets_are_equal_by_their_values_and_true_if_there_is_one() -> None:
    assert Secret("a") == Secret(Secret("a")) != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"
    assert Secret("a")
    assert not Secret()
    assert str(Secret()) == ""
    assert copy.deepcopy(Secret("a")) == copy.copy(Secret("a")) == Secret("a")


@pytest.mark.parametrize(
    "text",
    [
        f"key {VALUE}",
        "https://h/?k=s3cr3t%2Fwith%2Bodd%20%26bytes%3D%C3%A9",
        "https://h/?k=s3cr3t%2Fwith%2Bodd+%26bytes%3D%C3%A9",
        "https://h/s3cr3t/with%2Bodd%20%26bytes%3D%C3%A9",
        r"s3cr3t/with+odd &bytes=\xe9",
        "Authorization: Basic czNjcjN0L3dpdGgrb2RkICZieXRlcz3DqQ==",
    ],
)
def test_what_was_ever_a_secret_is_taken_out_of_every_text(text: str) -> None:
    Secret(VALUE)
    for shown in (redacted(text), masked(text), code(text, 200)):
        assert "***" in shown
        assert "s3cr3t" not in shown
        assert "czNjcjN" not in shown


def test_what_is_secret_in_a_url_of_the_configuration_is_remembered_by_its_value() -> None:
    remember_url("https://someone:hush-hush%21@h.example/x?q=common&apikey=planted-here#f")
    assert redacted("hush-hush! hush-hush%21 planted-here common someone") == "*** *** *** common someone"


def test_short_words_are_left_alone() -> None:
    Secret("dog")
    assert redacted("a dog") == "a dog"


@pytest.mark.parametrize(
    "name",
    [
        *("password", "passwd", "pass", "pwd", "auth", "authkey", "key", "apikey", "api_key", "jwt", "secret", "sig"),
        *("client_secret", "credentials", "private_token", "PRIVATE-TOKEN", "X-Amz-Security-Token", "session", "code"),
        *("ticket", "st", "md5", "a;token", "a&b=c;token", "tok%65n", "auth[token]", "auth%5Btoken%5D", "access_token"),
    ],
)
def test_one_table_says_which_parameters_are_secret_to_lists_memory_and_messages(name: str) -> None:
    url = f"https://h.example/list.csv?page=2&{name}=pl4nted-value"
    assert set(secrets_in(url).values()) == {"pl4nted-value"}
    with pytest.raises(SourceError, match="stands in every record"):
        check_url(url, ["https"])
    remember_url(url)
    assert "pl4nted-value" not in redacted("it says pl4nted-value")


@pytest.mark.parametrize("name", ["page", "author", "keyword", "version", "start", "encode", "stop", "w", "state"])
def test_what_only_looks_like_a_secrets_name_is_none(name: str) -> None:
    url = f"https://h.example/list.csv?{name}=a%20value"
    assert not secrets_in(url)
    check_url(url, ["https"])
    assert masked(url) == url


def test_a_secret_in_a_fragment_or_behind_a_path_is_one() -> None:
    assert secrets_in("https://h.example/a;jsessionid=1/list.csv#access_token=2") == {
        "jsessionid": "1/list.csv",
        "access_token": "2",
    }
