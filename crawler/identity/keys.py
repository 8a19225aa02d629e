"""The key that requests are signed with, and the directory in which its public half is published.

Ed25519 (RFC 8037), named by its thumbprint (RFC 7638). A key serves this one purpose.
"""

import base64
import hashlib
import json
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from synsift.crawler.errors import TargetError
from synsift.crawler.secret import remember

DIRECTORY_PATH: Final = "/.well-known/http-message-signatures-directory"
"""Where a directory is published."""
_SHORTEST_LINE: Final = 20
DIRECTORY_TYPE: Final = "application/http-message-signatures-directory+json"
"""The media type of a directory."""


def new_key() -> bytes:
    """Make a private key, as PEM."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(pem: bytes) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        TargetError: It is none, or of another kind; nothing of it is shown.
    """
    for line in pem.splitlines():
        if len(line) > _SHORTEST_LINE and not line.startswith(b"-"):
            remember(line.decode("latin-1").strip())
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise TargetError("it holds no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise TargetError("its key is of another kind than Ed25519", hint="make one: `synsift identity create`")
    return key


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half of a key as a JSON Web Key."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}


def thumbprint(jwk: dict[str, str]) -> str:
    """The name of a key: SHA-256 of its required members, in order of their names, without a blank."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    return base64url(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def directory(key: Ed25519PrivateKey) -> bytes:
    """The document to publish: a set of one key."""
    jwk: dict[str, Any] = public_jwk(key)
    return json.dumps(
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": thumbprint(jwk), "x": jwk["x"], "use": "sig"}]},
        separators=(",", ":"),
    ).encode()


def base64url(data: bytes) -> str:
    """Bytes in the alphabet for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
