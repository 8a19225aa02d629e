"""What must never be seen: passwords, keys, tokens; from the configuration to the socket.

A `Secret` shows itself as ``***`` to whoever prints, formats, pickles or encodes it, and gives its value by one method
that can be searched for. What was ever one is taken out of every text that this process writes, too, however it got in
there: libraries quote what they were given (`redacted`, which `wording.masked` calls).
"""

import base64
import hashlib
import hmac
import re
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

HIDDEN: Final = "***"
"""What stands for a secret."""
# Shorter ones are found in half of all words; nobody who sets one means it.
_SHORTEST: Final = 6
_MOST_REMEMBERED: Final = 1_000
HIDDEN_BY_NAME: Final = (
    r"(?:(?:[\w.\[\]-]|%2[dD]|%5[bBdD]){0,60}"
    r"(?:api[_-]?key|access[_-]?(?:key|id)|key[_-]?pair|token|secret|signature|password|passwd|credential|auth(?!or)"
    r"|hmac|jwt|session|sess[_-]?id|ticket)"
    r"(?:[\w.\[\]-]|%2[dD]|%5[bBdD]){0,60}"
    r"|key|rkey|sig|sign|pwd|pass|policy|appid|app_id|client_id|sid|sas|hdnts|hdnea|hdntl|oh|code|st|md5)"
)
"""Names of parameters that hold secrets, as a pattern: keys of interfaces, and what signs a URL at S3, CloudFront,
Azure, Google, Akamai, Alibaba, nginx and others."""
_BY_NAME: Final = re.compile(HIDDEN_BY_NAME, re.IGNORECASE)
_BETWEEN: Final = re.compile("[?&;#]")


class Secret:
    """A text that nobody sees by accident."""

    __slots__ = ("__value",)

    def __init__(self, value: "str | Secret" = "") -> None:
        self.__value = value.reveal() if isinstance(value, Secret) else value
        remember(self.__value)

    def reveal(self) -> str:
        """Give the value, to hand it to what needs it, and nowhere else."""
        return self.__value

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.__value)

    def __repr__(self) -> str:
        """Nothing."""
        return f"Secret({str(self)!r})"

    def __str__(self) -> str:
        """Nothing."""
        return HIDDEN if self.__value else ""

    def __format__(self, spec: str) -> str:
        """Nothing."""
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        """Compare, in a time that says nothing of the values."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __hash__(self) -> int:
        """Of the value, as equal ones need it; it differs in each process."""
        return hash((Secret, self.__value))

    def __copy__(self) -> "Secret":
        """Itself: it never changes."""
        return self

    def __deepcopy__(self, _known: dict[int, Any]) -> "Secret":
        """Itself: it never changes."""
        return self

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        """Pickled, it is lost: a pickle is a file, or on its way to another process."""
        return (Secret, (str(self),))


def remember(value: str) -> None:
    """From now on take a text out of whatever this process writes, in the forms that URLs, JSON and headers have."""
    if len(value) < _SHORTEST or value == HIDDEN or len(_forms) >= _MOST_REMEMBERED * 5:
        return
    encoded = value.encode("utf-8", "surrogatepass")
    forms = {
        value,
        quote(encoded, safe=""),
        quote(encoded),
        quote_plus(encoded),
        base64.b64encode(encoded).decode().rstrip("="),
        value.encode("unicode_escape").decode(),
    }
    if not forms <= _forms:
        _forms.update(forms)
        _pattern[0] = None


def remember_url(url: str) -> None:
    """Remember what is secret in a URL of the configuration: user name, password, parameters that are so by name."""
    try:
        parts = urlsplit(url)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        return
    if password:
        remember(password)
        remember(f"{user}:{password}")
        if parts.netloc:
            remember(parts.netloc.rpartition("@")[0])
    for value in secrets_in(url).values():
        remember(value)


def secrets_in(url: str) -> dict[str, str]:
    """The parameters of a URL that are secrets by their name, wherever in it they stand."""
    parts = (part.partition("=") for part in _BETWEEN.split(url)[1:])
    named = ((unquote(name.replace("+", " ")).strip(), unquote(value.replace("+", " "))) for name, _, value in parts)
    return {name: value for name, value in named if is_secret_by_name(name)}


def is_secret_by_name(name: str) -> bool:
    """Whether what has such a name is a secret: ``apikey``, ``X-Amz-Signature``."""
    return _BY_NAME.fullmatch(name) is not None


def redacted(text: str) -> str:
    """A text without all that was ever a secret in this process."""
    return _any_form().sub(HIDDEN, text) if _forms else text


def sealed(text: str) -> str:
    """A text with a token in the place of each secret, from which whoever knows the secret gets it back."""
    return _any_form().sub(lambda found: _seal(found[0]), text) if _forms else text


def unsealed(text: str) -> str:
    """The text that was sealed, as far as this process knows the secrets in it."""
    if _SEALED_BEGINS not in text:
        return text
    known = {_seal(form): form for form in _forms}
    return _SEALED.sub(lambda found: known.get(found[0], found[0]), text)


def holds_secret(url: str) -> bool:
    """Whether a parameter of a URL is a secret of this process, whatever its name."""
    if not _forms or "?" not in url:
        return False
    return any(part.partition("=")[2] in _forms for part in _BETWEEN.split(url)[1:])


def _seal(form: str) -> str:
    return f"{_SEALED_BEGINS}{hashlib.sha256(form.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}}}"


def _any_form() -> re.Pattern[str]:
    pattern = _pattern[0]
    if pattern is None:
        # The longest first: one may be a part of another.
        pattern = _pattern[0] = re.compile("|".join(map(re.escape, sorted(_forms, key=len, reverse=True))))
    return pattern


_SEALED_BEGINS: Final = "{secret:"
_SEALED: Final = re.compile(r"\{secret:[0-9a-f]{12}\}")


# Of the process, as its output is: what one object must not show, no other may.
_forms: Final[set[str]] = set()
_pattern: Final[list[re.Pattern[str] | None]] = [None]
