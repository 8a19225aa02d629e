"""Signed requests: Web Bot Auth (draft-ietf-webbotauth-httpsig-protocol) on HTTP Message Signatures (RFC 9421).

A signature covers method, authority and path, so that it can't be used elsewhere, and names the directory of its key.
Each request gets one of its own, of some minutes; a redirect is another request. Over plain HTTP nothing is signed.
"""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from synsift.crawler.identity.keys import DIRECTORY_PATH, public_jwk, thumbprint

LABEL: Final = "synsift"
FORMS: Final = ("url", "origin", "string")
"""How ``Signature-Agent`` names the directory: by its URL (since October 2026), or by the origin that has it at the
well-known path, as a member of a dictionary (until then) or as a string (the oldest form)."""
LIFETIME_S: Final = 300
_TAG: Final = "web-bot-auth"
_DIRECTORY_TAG: Final = "http-message-signatures-directory"
_NONCE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Component:
    """Something that a signature covers.

    Attributes:
        name: With its parameters, as it stands in ``Signature-Input``.
        value: As it stands in the signature base.
    """

    name: str
    value: str


def sign(
    key: Ed25519PrivateKey, label: str, covered: Sequence[Component], parameters: Mapping[str, int | str]
) -> dict[str, str]:
    """The two headers of a signature (RFC 9421, sections 2.5 and 4).

    Args:
        key: Signs.
        label: Of the signature.
        covered: In order.
        parameters: In order: numbers bare, texts quoted.
    """
    names = " ".join(component.name for component in covered)
    tail = "".join(f";{name}={_bare(value)}" for name, value in parameters.items())
    lines = [f"{component.name}: {component.value}" for component in covered]
    base = "\n".join([*lines, f'"@signature-params": ({names}){tail}'])
    signature = base64.b64encode(key.sign(base.encode())).decode()
    return {"Signature-Input": f"{label}=({names}){tail}", "Signature": f"{label}=:{signature}:"}


class Signer:
    """Signs requests with one key."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        directory_url: str,
        *,
        form: str = "url",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make one.

        Args:
            key: Private.
            directory_url: Where the directory is published; or the origin that publishes it at the well-known path.
            form: One of ``FORMS``.
            clock: Unix time.
        """
        self._key = key
        self._key_id = thumbprint(public_jwk(key))
        self._form = form
        self._agent = _quoted(_named(directory_url, form))
        self._clock = clock

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The headers that sign a request; none over plain HTTP, where anybody could use them again."""
        parsed = URL(url)
        if parsed.scheme != "https":
            return {}
        agent = '"signature-agent"' if self._form == "string" else f'"signature-agent";key="{LABEL}"'
        covered = (
            Component('"@method"', method),
            Component('"@authority"', _authority(parsed)),
            Component('"@path"', parsed.raw_path or "/"),
            Component(agent, self._agent),
        )
        created = int(self._clock())
        parameters: dict[str, int | str] = {
            "created": created,
            "expires": created + LIFETIME_S,
            "keyid": self._key_id,
            "alg": "ed25519",
            "nonce": base64.b64encode(os.urandom(_NONCE_BYTES)).decode(),
            "tag": _TAG,
        }
        field = self._agent if self._form == "string" else f"{LABEL}={self._agent}"
        return {**sign(self._key, LABEL, covered, parameters), "Signature-Agent": field}


def directory_headers(
    key: Ed25519PrivateKey, body: bytes, *, authority: str, created: int, expires: int
) -> dict[str, str]:
    """The headers with which a server answers that publishes a directory: they bind its key to the server's name.

    Args:
        key: One of the directory's.
        body: The directory, as it is sent.
        authority: Of the server.
        created: Unix time.
        expires: Unix time.
    """
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    covered = (Component('"@authority";req', authority), Component('"content-digest"', digest))
    parameters: dict[str, int | str] = {
        "created": created,
        "expires": expires,
        "keyid": thumbprint(public_jwk(key)),
        "tag": _DIRECTORY_TAG,
    }
    return {"Content-Digest": digest, **sign(key, "binding", covered, parameters)}


def _named(directory_url: str, form: str) -> str:
    """What a form names the directory by."""
    url = URL(directory_url)
    if form == "url":
        return str(url if url.raw_path not in ("", "/") else url.origin().with_path(DIRECTORY_PATH))
    return str(url.origin())


def _authority(url: URL) -> str:
    host = (url.raw_host or "").lower()
    host = f"[{host}]" if ":" in host else host
    return host if url.is_default_port() or url.port is None else f"{host}:{url.port}"


def _bare(value: int | str) -> str:
    return str(value) if isinstance(value, int) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
