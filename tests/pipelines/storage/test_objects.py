from pathlib import Path

import pytest

from synsift.crawler.secret import Secret
from synsift.pipelines.errors import DiskFull, NoSuchObject, StoreError, StoreUnavailable, UsageError
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.objects import Objects, StoreAddress
from tests.pipelines.test_records import IMAGE


@pytest.fixture(params=["folder", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    return Objects(StoreAddress(str(tmp_path / "new" / "store") if request.param == "folder" else "memory:///"))


def test_what_is_put_can_be_read_listed_copied_and_deleted(objects: Objects) -> None:
    objects.check()
    assert objects.put("blobs/ab/x", b"data")
    objects.copy("blobs/ab/x", "candidates/n1/x.jpg")
    assert objects.get("candidates/n1/x.jpg") == b"data"
    assert objects.exists("blobs/ab/x")
    assert list(objects.list("candidates/")) == ["candidates/n1/x.jpg"]
    objects.delete("blobs/ab/x")
    objects.delete("blobs/ab/x")
    assert not objects.exists("blobs/ab/x")
    assert objects.get("candidates/n1/x.jpg") == b"data"


def test_put_if_absent_keeps_what_is_there(objects: Objects) -> None:
    assert objects.put("x", b"first", overwrite=False)
    assert not objects.put("x", b"second", overwrite=False)
    assert objects.get("x") == b"first"
    assert objects.put("x", b"third")
    assert objects.get("x") == b"third"


def test_a_missing_object_is_an_error_of_its_own(objects: Objects) -> None:
    with pytest.raises(NoSuchObject, match="nothing"):
        objects.get("nothing")
    with pytest.raises(NoSuchObject):
        objects.copy("nothing", "x")


def test_an_unreachable_store_says_what_was_tried_and_with_which_settings() -> None:
    address = StoreAddress("s3://bucket/x", "http://127.0.0.1:9", "us-east-1", "key", Secret("secret"))
    with pytest.raises(StoreUnavailable) as caught:
        Objects(address).check()
    message = f"{caught.value} {caught.value.hint}"
    assert "store.endpoint = http://127.0.0.1:9" in message
    assert "s3://bucket/x" in message
    assert "secret" not in message


@pytest.mark.parametrize("url", ["ftp://x/y", "http://x/y", "s4://b", "s3:", "s3:/b", "file:x"])
def test_a_url_that_names_no_store_is_wrong_use(url: str) -> None:
    with pytest.raises(UsageError, match=r"store\.url"):
        Objects(StoreAddress(url))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Objects(StoreAddress(str(tmp_path / "file" / "store")))


def test_a_full_disk_is_named_and_leaves_no_half_object(small_disk: Path) -> None:
    objects = Objects(StoreAddress(str(small_disk)))
    objects.put("small", b"x" * 1000)
    with pytest.raises(DiskFull, match="no space is left") as caught:
        objects.put("big", b"x" * 8_000_000)
    assert "nothing is lost" in caught.value.hint
    assert not objects.exists("big")


def test_names_of_objects() -> None:
    assert layout.blob("abcd") == "blobs/ab/abcd"
    assert layout.candidate("n1", IMAGE) == f"candidates/n1/{IMAGE.sha256}.jpg"
    part = layout.ManifestPart("n1", 3, 17, 29)
    assert part.path == "manifests/n1/00003-000000000017-000000000029.parquet"
    assert layout.manifest_part(part.path) == part
    assert layout.manifest_part("manifests/n1/other.parquet") is None


class CountsCopies(Objects):
    """How often it is asked to copy, as a store does by itself."""

    copies = 0

    def copy(self, source: str, target: str) -> None:
        self.copies += 1
        super().copy(source, target)


@pytest.mark.parametrize(
    ("url", "size_bytes", "copies"), [("memory:///", 50_000, 0), ("memory:///", 500_000, 1), ("", 50_000, 1)]
)
def test_a_copy_of_what_was_read_takes_one_request_where_it_is_small_and_no_link_is_cheaper(
    tmp_path: Path, url: str, size_bytes: int, copies: int
) -> None:
    objects, data = CountsCopies(StoreAddress(url or str(tmp_path))), bytes(size_bytes)
    objects.put("x", data)
    is_sure = objects.copy_known("x", "y", data)
    assert objects.copies == copies
    assert is_sure == (copies == 0)
    assert objects.get("y") == data
