"""What a store's refusal means, on a real S3 server and in what S3 and others are known to answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from deploy.local.services import S3
from synsift.crawler.secret import Secret
from synsift.pipelines.errors import NoSuchObject, StoreError, StoreUnavailable
from synsift.pipelines.storage.failures import Kind, failure_of
from synsift.pipelines.storage.objects import Objects, StoreAddress


def address(server: S3) -> StoreAddress:
    return StoreAddress("s3://synsift", server.endpoint, "us-east-1", server.access_key, Secret(server.secret_key), 5.0)


OPERATIONS: dict[str, Callable[[Objects], object]] = {
    "check": Objects.check,
    "put": lambda objects: objects.put("a", b"x"),
    "get": lambda objects: objects.get("a-name-that-nobody-has"),
    "delete": lambda objects: objects.delete("a"),
    "copy": lambda objects: objects.copy("a", "b"),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "s3://no-such-bucket-here"}, "there is no such bucket"),
        ({"secret_access_key": Secret("wrong")}, "not allowed"),
        ({"access_key_id": "nobody"}, "not allowed"),
    ],
)
def test_a_wrong_address_is_an_error_that_names_it_and_never_a_missing_object(
    s3: S3, operation: Callable[[Objects], object], change: dict[str, object], says: str
) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        operation(Objects(replace(address(s3), **change)))  # type: ignore[arg-type]
    assert not isinstance(caught.value, (NoSuchObject, StoreUnavailable))
    assert "wrong" not in str(caught.value) + caught.value.hint


def test_a_missing_object_is_one(s3: S3) -> None:
    with pytest.raises(NoSuchObject):
        Objects(address(s3)).get("a-name-that-nobody-has")


def test_a_store_that_is_not_there_is_away(s3: S3) -> None:
    with pytest.raises(StoreUnavailable, match="can't be reached"):
        Objects(replace(address(s3), endpoint="http://127.0.0.1:9")).check()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Server returned non-2xx status code: 503 Service Unavailable: <Code>SlowDown</Code>", Kind.AWAY),
        ("Server returned non-2xx status code: 500 Internal Server Error", Kind.AWAY),
        ("Server returned non-2xx status code: 429 Too Many Requests", Kind.AWAY),
        ("Server returned non-2xx status code: 403 Forbidden: <Code>AccessDenied</Code>", Kind.NOT_ALLOWED),
        ("Server returned non-2xx status code: 301: <Code>PermanentRedirect</Code>", Kind.ELSEWHERE),
        ("Server returned non-2xx status code: 404 Not Found: <Code>NoSuchBucket</Code>", Kind.NO_BUCKET),
        ("Server returned non-2xx status code: 400 Bad Request: <Code>InvalidArgument</Code>", Kind.REFUSED),
        ("Server returned non-2xx status code: 507 Insufficient Storage", Kind.NO_SPACE),
        ("Server returned non-2xx status code: 507: <Code>XMinioStorageFull</Code>", Kind.NO_SPACE),
        ("Server returned non-2xx status code: 403 Forbidden: <Code>QuotaExceeded</Code>", Kind.NO_SPACE),
        ("HTTP error: error sending request", Kind.AWAY),
        ("client error (Connect): dns error", Kind.AWAY),
        ("Unable to write: No space left on device (os error 28)", Kind.NO_SPACE),
        ("a path that says HTTP error, with status code: 404", Kind.REFUSED),
    ],
)
def test_a_refusal_is_read_by_its_status_and_code(text: str, kind: Kind) -> None:
    assert failure_of(Exception(text)).kind is kind
