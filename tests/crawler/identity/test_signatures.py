"""Signatures are those of the drafts' vectors, and a library of others verifies them."""

import base64
import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import InvalidSignature

from synsift.crawler.errors import TargetError
from synsift.crawler.identity.keys import directory, new_key, public_jwk, read_key, thumbprint
from synsift.crawler.identity.signatures import FORMS, LIFETIME_S, Component, Signer, directory_headers, sign

# RFC 9421, appendix B.1.4: the key of all vectors, never to be used.
TEST_KEY = Ed25519PrivateKey.from_private_bytes(
    base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
)
TEST_KEY_ID = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"
AUTHORITY = Component('"@authority"', "example.com")
AGENT = '"https://signature-agent.test"'
PAST, FAR = 1735689600, 4889289600


def parameters(expires: int, nonce: str) -> dict[str, int | str]:
    return {
        "created": PAST, "keyid": TEST_KEY_ID, "alg": "ed25519", "expires": expires, "nonce": nonce,
        "tag": "web-bot-auth",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "covered", "expires", "nonce", "signature"),
    [
        (
            "sig2", (AUTHORITY, Component('"signature-agent";key="agent2"', AGENT)), FAR,
            "n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==",
            "RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==",
        ),
        (
            "sig2", (AUTHORITY, Component('"signature-agent"', AGENT)), 1735693200,
            "e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==",
            "jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==",
        ),
        (
            "sig1", (AUTHORITY,), 1735693200,
            "mYotfW3CUjI68sbGw6oKd7kyXqPjZEtU8xFPGWFrqOAf5qC6MDe3pys3SWWCudB0MvwslHy32WXUpkR7u0lt/w==",
            "+NA/cssf4Y2bQTMTkyvTGRCaVzp9quyUevdwwMtMOWhhOOZ2T1subBj0BtvdnrpDEuwSAbiTeElXDzHL3WWKCw==",
        ),
        (
            "sig1", (AUTHORITY,), FAR,
            "zIW8+cdmA3vdYagbxojpONwa/l0EKJ/O3/wD486VvsQjO/RxPaSt6ZxvQaMcQzNnqKN/mQ6hpGiFro2L2qkz5A==",
            "QKN4fTdIYfh82fvoZCQiQA1weuozfCS/Led2zTMbewMMqH8PI2Wsy/5c4ao6B6D09nraNQdBNOADg8aM1MqfCg==",
        ),
    ],
    ids=["dictionary", "string", "authority alone", "authority alone, long"],
)  # fmt: skip
def test_signatures_are_those_of_the_drafts(
    label: str, covered: tuple[Component, ...], expires: int, nonce: str, signature: str
) -> None:
    headers = sign(TEST_KEY, label, covered, parameters(expires, nonce))
    assert headers["Signature"] == f"{label}=:{signature}:"
    names = " ".join(component.name for component in covered)
    assert headers["Signature-Input"].startswith(f'{label}=({names});created={PAST};keyid="{TEST_KEY_ID}";alg=')


def test_a_directory_and_its_signature_are_those_of_the_draft() -> None:
    body = directory(TEST_KEY)
    assert body.decode() == (
        '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",'
        '"x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","use":"sig"}]}'
    )
    headers = directory_headers(TEST_KEY, body, authority="signature-agent.test", created=PAST, expires=FAR)
    assert headers["Content-Digest"] == "sha-256=:CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=:"
    assert headers["Signature"] == (
        "binding=:l6P8R67tm3kujAxbHWio7ll01qrEZ0dKD/WWlGhNYEmTnFZM8Wt0VQ9zqGfvo7T/UMkBxsigzChM1Gpz7gOVBg==:"
    )


def test_a_key_is_named_by_its_thumbprint() -> None:
    assert thumbprint(public_jwk(TEST_KEY)) == TEST_KEY_ID
    other = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(other) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@dataclass
class Asked:
    """A request, as the other library wants it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class Keys(HTTPSignatureKeyResolver):  # type: ignore[misc]
    def resolve_public_key(self, key_id: str) -> Any:
        assert key_id == TEST_KEY_ID
        return TEST_KEY.public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        raise NotImplementedError


def verified(asked: Asked) -> list[Any]:
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    found: list[Any] = verifier.verify(asked, max_age=datetime.timedelta(minutes=6), expect_tag="web-bot-auth")
    return found


URLS = ("https://Host.example/a/b%20c.jpg?x=1", "https://host.example:8443", "https://host.example:443/%E3%83%84")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("url", URLS)
def test_another_library_verifies_every_form(form: str, url: str) -> None:
    headers = Signer(TEST_KEY, "https://bot.test", form=form).headers("GET", url)
    (found,) = verified(Asked("GET", url, headers))
    assert {str(name).partition(";")[0] for name in found.covered_components} == {
        '"@method"', '"@authority"', '"@path"', '"signature-agent"', '"@signature-params"',
    }  # fmt: skip
    assert found.parameters["expires"] == found.parameters["created"] + LIFETIME_S


@pytest.mark.parametrize("url", ["https://host.example/b", "https://other.example/a"])
def test_a_signature_can_not_be_used_elsewhere(url: str) -> None:
    headers = Signer(TEST_KEY, "https://bot.test").headers("GET", "https://host.example/a")
    verified(Asked("GET", "https://host.example/a", headers))
    with pytest.raises(InvalidSignature):
        verified(Asked("GET", url, headers))


def test_a_signature_of_long_ago_is_none() -> None:
    headers = Signer(TEST_KEY, "https://bot.test", clock=lambda: PAST).headers("GET", "https://host.example/a")
    with pytest.raises(InvalidSignature):
        verified(Asked("GET", "https://host.example/a", headers))


@pytest.mark.parametrize(
    ("directory_url", "form", "named"),
    [
        ("https://bot.test", "url", 'synsift="https://bot.test/.well-known/http-message-signatures-directory"'),
        ("https://bot.test/keys.json", "url", 'synsift="https://bot.test/keys.json"'),
        ("https://bot.test/keys.json", "origin", 'synsift="https://bot.test"'),
        ("https://bot.test", "string", '"https://bot.test"'),
    ],
)
def test_the_directory_is_named_as_the_configuration_has_it(directory_url: str, form: str, named: str) -> None:
    headers = Signer(TEST_KEY, directory_url, form=form).headers("GET", "https://host.example/")
    assert headers["Signature-Agent"] == named


def test_over_plain_http_nothing_is_signed() -> None:
    assert Signer(TEST_KEY, "https://bot.test").headers("GET", "http://host.example/") == {}


def test_every_request_has_a_signature_of_its_own() -> None:
    signer = Signer(TEST_KEY, "https://bot.test", clock=lambda: PAST)
    assert len({signer.headers("GET", "https://host.example/")["Signature"] for _ in range(5)}) == 5


def test_a_new_key_can_be_read_and_nothing_else() -> None:
    pem = new_key()
    assert thumbprint(public_jwk(read_key(pem))) != TEST_KEY_ID
    for odd in (b"", b"x", pem[:60], pem.replace(b"PRIVATE", b"PUBLIC")):
        with pytest.raises(TargetError) as caught:
            read_key(odd)
        assert "MC4" not in str(caught.value)
