"""Who a host is: certificates are verified as browsers do, and what is wrong with one is said in words.

The authorities are the system's and those of one file more. A certificate may itself stand in that file: then it is
trusted for the names that it has, whoever signed it.
"""

import ssl
from collections.abc import Mapping
from typing import Final

from synsift.crawler.download.access import Access
from synsift.crawler.errors import TlsFailed

# What a connection that breaks in the midst of a handshake looks like: the line's fault or the host's, and no word of
# who it is.
_BROKEN: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

# X509_V_ERR_… of OpenSSL → in words.
_UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21, 24})
_REASONS: Final[Mapping[int, str]] = {
    2: "its certificate, or one on the way to an authority, was signed by nobody known here",
    9: "its certificate is not valid yet: is this machine's clock right?",
    10: "its certificate has expired",
    18: "its certificate is signed by itself",
    19: "its certificate comes from an authority that is signed by itself, and not known here",
    20: "its certificate was signed by nobody known here, or it doesn't send those in between",
    21: "its certificate was signed by nobody known here, or it doesn't send those in between",
    23: "its certificate was withdrawn",
    24: "its certificate was signed by what is no authority",
    26: "its certificate is not made for servers",
    62: "its certificate is for other names",
    64: "its certificate is for other addresses",
    66: "its certificate's key is too short",
    68: "its certificate is signed with a method that is broken",
}
_HANDSHAKES: Final[Mapping[str, str]] = {
    "WRONG_VERSION_NUMBER": "it doesn't speak TLS on this port",
    "HTTP_REQUEST": "it doesn't speak TLS on this port",
    "UNSUPPORTED_PROTOCOL": "it speaks only versions of TLS that are broken",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks only versions of TLS that are broken, or others than this machine",
    "DH_KEY_TOO_SMALL": "its key is too short",
    "TLSV1_UNRECOGNIZED_NAME": "it knows no host of this name",
}


def make_context(access: Access) -> ssl.SSLContext:
    """TLS for all connections of a stage.

    Raises:
        OSError: The file of authorities can't be read, or has none (``ssl.SSLError``).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if not access.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_default_certs()
    if access.ca_file:
        context.load_verify_locations(cafile=access.ca_file)
    return context


def failure_of(host: str, error: ssl.SSLError, setting: str) -> TlsFailed | None:
    """What a failed handshake says of a host; None if it says nothing, for the connection broke.

    Args:
        host: Its name.
        error: What came of it.
        setting: Where more authorities are named, for messages.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        reason = _REASONS.get(code, f"its certificate can't be verified: {error.verify_message}")
        hint = f"; an authority of your own is named in {setting}" if code in _UNKNOWN_ISSUER else ""
        return TlsFailed(f"{host}: {reason}{hint}")
    if isinstance(error, _BROKEN):
        return None
    reason = (error.reason or str(error)).removeprefix("SSLV3_").replace(" ", "_")
    words = _HANDSHAKES.get(reason, f"no connection by TLS comes about: {reason.lower().replace('_', ' ')}")
    return TlsFailed(f"{host}: {words}")
