"""What a store's refusal means: read off its HTTP status and S3's own code, and only where there is neither, off words.

obstore hands both on within its message alone.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from obstore.exceptions import InvalidPathError

_STATUS: Final = re.compile(r"status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>\s*(\w+)\s*</Code>")
_NO_SPACE: Final = ("No space left on device", "os error 28", "Disk quota exceeded", "os error 122")
_INSUFFICIENT_STORAGE: Final = 507  # RFC 4918
# MinIO's, Ceph's, and those of stores that grant a bucket so much.
_FULL: Final = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "StorageFull"})
_NO_ANSWER: Final = ("error sending request", "HTTP error", "timed out", "dns error", "connection closed")
_CREDENTIALS: Final = frozenset(
    {
        *("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        "XAdminUserNotFound",  # versitygw's, with status 404
    }
)
_NO_OBJECT: Final = frozenset({"", "NoSuchKey", "NotFound", "BlobNotFound"})
_BUSY: Final = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted"})
_NO_BUCKET: Final = frozenset({"NoSuchBucket", "InvalidBucketName"})


class Kind(Enum):
    """What may be done about it."""

    NO_OBJECT = "there is no such object"
    NO_BUCKET = "there is no such bucket"
    NOT_ALLOWED = "not allowed"
    ELSEWHERE = "the bucket is in another region, or behind another endpoint"
    AWAY = "can't be reached or is overloaded"
    NO_SPACE = "no space is left"
    NO_NAME = "an object there has a name that can't be read"
    REFUSED = "refused"


_HINTS: Final = {
    Kind.NO_BUCKET: "make the bucket, or name another one",
    Kind.NOT_ALLOWED: "check the credentials and what they may do",
    Kind.ELSEWHERE: "check `store.region` and `store.endpoint`",
    Kind.AWAY: "try again; is `store.endpoint` right?",
    Kind.NO_SPACE: "free some space and run the same command again: nothing is lost",
    Kind.NO_NAME: "rename the object: its name holds control characters, or what no path may",
}
# Google's and Azure's have no endpoint to be set.
_WITHOUT_ENDPOINT: Final = {
    Kind.ELSEWHERE: "look at the bucket's own settings",
    Kind.AWAY: "try again; does this machine reach it?",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal.

    Attributes:
        kind: What it means.
        status: HTTP status; 0 where there was no answer, or no HTTP.
        code: S3's own code, for example ``NoSuchBucket``; empty for none.
    """

    kind: Kind
    status: int = 0
    code: str = ""


def hint_of(kind: Kind, *, by_endpoint: bool) -> str:
    """What to do about it, at a store that is behind an endpoint or isn't."""
    return (not by_endpoint and _WITHOUT_ENDPOINT.get(kind)) or _HINTS.get(kind, "look at the settings")


def failure_of(error: Exception) -> Failure:
    """Read an error of obstore or of the file system."""
    text = str(error)
    status = int(found[1]) if (found := _STATUS.search(text)) else 0
    code = found[1] if (found := _CODE.search(text)) else ""
    return Failure(_kind(error, text, status, code), status, code)


def _kind(error: Exception, text: str, status: int, code: str) -> Kind:
    if any(words in text for words in _NO_SPACE) or status == _INSUFFICIENT_STORAGE or code in _FULL:
        return Kind.NO_SPACE
    if isinstance(error, InvalidPathError):
        return Kind.NO_NAME
    if code in _NO_BUCKET:
        return Kind.NO_BUCKET
    if code in _CREDENTIALS or status in (401, 403) or isinstance(error, PermissionError):
        return Kind.NOT_ALLOWED
    if status in (301, 307, 308) or code in ("PermanentRedirect", "AuthorizationHeaderMalformed"):
        return Kind.ELSEWHERE
    if code in _BUSY or status in (408, 429) or status >= 500 or (not status and any(w in text for w in _NO_ANSWER)):
        return Kind.AWAY
    return Kind.NO_OBJECT if isinstance(error, FileNotFoundError) and code in _NO_OBJECT else Kind.REFUSED
