"""The one adapter of object storage: obstore, for a folder, S3, Google Cloud Storage or Azure."""

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import obstore
from obstore import exceptions
from obstore.store import from_url

from synsift.crawler.secret import Secret
from synsift.crawler.wording import code, masked
from synsift.pipelines.errors import DiskFull, NoSuchObject, NotAFile, StoreError, StoreUnavailable, UsageError
from synsift.pipelines.metrics import STORE_ERRORS
from synsift.pipelines.storage import local_files
from synsift.pipelines.storage.durable import sync_folder
from synsift.pipelines.storage.failures import Kind, failure_of, hint_of
from synsift.pipelines.storage.folder_listing import Found, kind_of, walk

_log: Final = logging.getLogger(__name__)
_SCHEMES: Final = ("s3", "gs", "az", "file", "memory")
_RETRIES: Final = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}


_PIECE_BYTES: Final = 4 << 20
# To write so many again costs a worker and a server less than a copy and a look at it; much more, and it costs more.
_SMALL_BYTES: Final = 256 << 10
_NO_SECRET: Final = Secret()


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where objects are kept. Empty fields are taken from the platform's usual environment.

    Attributes:
        url: A folder, ``s3://bucket/prefix``, ``gs://bucket/prefix`` or ``az://account/container/prefix``.
        endpoint: Of an S3-compatible server.
        region: Of the bucket.
        access_key_id: Credentials for S3.
        secret_access_key: Credentials for S3.
        timeout_s: Deadline of one request.
        ask_instance: Whether to ask the cloud's metadata address for credentials where there are none.
    """

    url: str
    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: Secret = _NO_SECRET
    timeout_s: float = 30.0
    ask_instance: bool = True

    @property
    def folder(self) -> Path | None:
        """The local folder; None for a store elsewhere."""
        if self.url.startswith("file://"):
            return Path(self.url.removeprefix("file://"))
        return None if "://" in self.url else Path(self.url)

    def __str__(self) -> str:
        """For people: never with credentials."""
        return masked(f"{self.url} at {self.endpoint}" if self.has_endpoint else self.url)

    @property
    def has_endpoint(self) -> bool:
        """Whether it is behind an endpoint: S3's only."""
        return bool(self.endpoint) and self.url.startswith("s3://")


class Objects:
    """The objects at an address."""

    def __init__(self, address: StoreAddress, *, make: bool = True) -> None:
        """Connect, lazily: nothing is asked yet, but a folder is made.

        Args:
            address: Where.
            make: Whether a folder that isn't there is made.

        Raises:
            UsageError: The URL isn't one of a store.
            StoreError: The folder can't be made.
        """
        self.address = address
        self._written = False
        self._named: set[str] = set()
        folder = address.folder
        self._folder = None if folder is None else folder.expanduser().resolve()
        with self._translated("opening"):
            self._store: Any = _open(address, make=make)

    def check(self) -> None:
        """Make sure that the store answers and the credentials are good.

        Raises:
            StoreError: It doesn't, or they aren't; the message says what was tried, with which settings.
        """
        with self._translated("asking"):
            next(iter(obstore.list(self._store, prefix="synsift-check", chunk_size=1)), None)

    def check_writing(self) -> None:
        """Make sure that objects can be written and deleted: a bucket that may only be read answers, too."""
        path = f"synsift-check-{uuid.uuid4().hex}"
        self.put(path, b"")
        self.delete(path)

    def put(self, path: str, data: bytes, *, overwrite: bool = True) -> bool:
        """Write an object whole, or not at all. False if it exists and must not be overwritten."""
        with self._translated(f"writing {path} to"):
            try:
                self._written = True
                if (place := local_files.place_of(self._folder, path)) is not None:
                    return local_files.write(place, data, overwrite=overwrite)
                obstore.put(self._store, path, data, mode="overwrite" if overwrite else "create")
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
                return False
        return True

    def put_file(self, path: str, file: Path | IO[bytes]) -> str:
        """Write a file as an object, in parts where it is large. Gives what marks these bytes of it for the store."""
        with self._translated(f"writing {path} to"):
            self._written = True
            return obstore.put(self._store, path, file)["e_tag"] or ""

    def put_content(self, path: str, data: bytes) -> bool:
        """Write an object whose name says what it holds. False if it is there already.

        One that is there with another size is damaged, left by a power cut for example: it is written anew.
        """
        if self.put(path, data, overwrite=False):
            return True
        return self.size_bytes(path) != len(data) and self.put(path, data)

    def sync(self) -> None:
        """Make what was written so far outlast a power cut; a store elsewhere does that by itself."""
        if self._written and self._folder is not None:
            self._written = False
            with self._translated("syncing"):
                sync_folder(self._folder)

    def exists(self, path: str) -> bool:
        """Whether there is an object."""
        return self.size_bytes(path) >= 0

    def get(self, path: str) -> bytes:
        """Read an object. One that doesn't exist is a ``NoSuchObject``, what is no file a ``NotAFile``."""
        return self.get_tagged(path)[0]

    def read_in_pieces(
        self, path: str, write: Callable[[bytes], object], begin: Callable[[str], object] = lambda _coding: None
    ) -> str:
        """Read an object that need not fit into memory, and give what marks these bytes of it for the store.

        Args:
            path: Of the object.
            write: Is given its bytes, as they are kept.
            begin: Is given its ``Content-Encoding`` before.
        """
        self._refuse_special(path)
        with self._translated(f"reading {path} from"):
            found = obstore.get(self._store, path)
            begin(str(found.attributes.get("Content-Encoding", "")))
            for piece in found.stream(min_chunk_size=_PIECE_BYTES):
                write(bytes(piece))
            return found.meta["e_tag"] or ""

    def get_tagged(self, path: str) -> tuple[bytes, str]:
        """Read an object, and what marks these very bytes of it for the store (its ETag)."""
        self._refuse_special(path)
        with self._translated(f"reading {path} from"):
            if (place := local_files.place_of(self._folder, path)) is not None:
                return local_files.read(place)
            found = obstore.get(self._store, path)
            return bytes(found.bytes()), found.meta["e_tag"] or ""

    def tag(self, path: str) -> str:
        """What marks an object's bytes as they are now."""
        with self._translated(f"looking for {path} in"):
            if (place := local_files.place_of(self._folder, path)) is not None:
                return local_files.mark_of(local_files.look(place))
            return obstore.head(self._store, path)["e_tag"] or ""

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the store, replacing the target. Costs no bytes in a folder: a hard link."""
        with self._translated(f"copying {source} to {target} in"):
            self._written = True
            near, beside = local_files.place_of(self._folder, source), local_files.place_of(self._folder, target)
            if near is not None and beside is not None:
                local_files.link(near, beside)
            else:
                obstore.copy(self._store, source, target)

    def copy_known(self, source: str, target: str, data: bytes) -> bool:
        """Make the target what was just read of the source. Whether it surely is; else it is to be looked at.

        Elsewhere than in a folder, a small one is written: that takes one request, and copying and looking take two.
        """
        if self._folder is None and len(data) <= _SMALL_BYTES:
            return self.put(target, data)
        self.copy(source, target)
        return False

    def delete(self, path: str) -> None:
        """Delete an object; one that doesn't exist is deleted already."""
        with self._translated(f"deleting {path} from"):
            try:
                if (place := local_files.place_of(self._folder, path)) is not None:
                    os.unlink(place)
                else:
                    obstore.delete(self._store, path)
            except FileNotFoundError as exc:
                if failure_of(exc).kind is not Kind.NO_OBJECT:
                    raise

    def list(self, prefix: str) -> Iterator[str]:
        """Paths below a prefix that ends at a slash, in no order. What can't be an object is passed over and logged."""
        for path, _ in self.list_with_times(prefix):
            yield path

    def list_with_times(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Paths below a prefix, and when each was last written."""
        for found in self._listed(prefix):
            yield found.path, datetime.fromtimestamp(found.modified_s, UTC)

    def list_tagged(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Paths below a prefix, and what marks the bytes of each as they are now: other bytes, another mark.

        It is the ETag, of a store that has none the time when it was written.
        """
        for found in self._listed(prefix):
            yield found.path, found.tag or str(found.modified_s)

    def _listed(self, prefix: str) -> Iterator[Found]:
        with self._translated(f"listing {prefix} in"):
            if self._folder is not None:
                for found in walk(self._folder, prefix):
                    if found.problem:
                        self._pass_over(found)
                    else:
                        yield found
                return
            for page in obstore.list(self._store, prefix=prefix):
                for entry in page:
                    modified_s = entry["last_modified"].timestamp()
                    yield Found(str(entry["path"]), modified_s, tag=entry["e_tag"] or "")

    def odd(self, prefix: str) -> Iterator[Found]:
        """What stands below a prefix of a folder and can't be an object."""
        if self._folder is not None:
            with self._translated(f"listing {prefix} in"):
                yield from (found for found in walk(self._folder, prefix) if found.problem)

    def size_bytes(self, path: str) -> int:
        """Size of an object; -1 if there is none."""
        with self._translated(f"looking for {path} in"):
            try:
                if (place := local_files.place_of(self._folder, path)) is not None:
                    return local_files.look(place).st_size
                return int(obstore.head(self._store, path)["size"])
            except FileNotFoundError:
                return -1

    def _pass_over(self, found: Found) -> None:
        if found.path not in self._named:
            self._named.add(found.path)
            _log.warning("%s is passed over: %s", found.path, found.problem)

    def _refuse_special(self, path: str) -> None:
        """A pipe would be waited on for ever, a device be read without end."""
        if self._folder is not None:
            with suppress(OSError):
                if kind := kind_of((self._folder / path).stat().st_mode):
                    raise NotAFile(
                        f"reading {path} from the store {self.address}: it is {kind}, not a file",
                        hint="look at what stands there, and move it away",
                    )

    @contextmanager
    def _translated(self, action: str) -> Iterator[None]:
        try:
            yield
        except (exceptions.BaseError, OSError) as exc:
            error = self._explain(action, exc)
            if not isinstance(error, NoSuchObject):
                STORE_ERRORS.labels(type(error).__name__).inc()
            raise error from exc

    def _explain(self, action: str, exc: Exception) -> StoreError:
        found = failure_of(exc)
        if found.kind is Kind.NO_OBJECT:
            return NoSuchObject(f"{action} the store {self.address}: {found.kind.value}")
        said = f"{found.status} {found.code}".strip() if found.status else _first_line(exc)
        settings = masked(f"store.url = {self.address.url}")
        if self.address.has_endpoint:
            settings += masked(f", store.endpoint = {self.address.endpoint}")
        message = f"{action} the store {self.address}: {found.kind.value} ({said})"
        kinds: dict[Kind, type[StoreError]] = {Kind.NO_SPACE: DiskFull, Kind.AWAY: StoreUnavailable}
        hint = hint_of(found.kind, by_endpoint=self.address.url.startswith("s3://"))
        return kinds.get(found.kind, StoreError)(message, hint=f"{hint} ({settings})")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip()[:300]


def _open(address: StoreAddress, *, make: bool) -> Any:  # noqa: ANN401 - one of obstore's stores, which share no type
    folder = address.folder
    scheme, colon, _ = address.url.partition(":")
    if colon and (scheme in _SCHEMES) != ("://" in address.url):  # `s3:` and `file:x` are no folders that anybody wants
        raise UsageError(
            f"{code(address.url)} is not a store\n"
            "hint: `store.url` or `--out` is a folder, or `s3://`, `gs://` or `az://` and the name of a bucket"
        )
    if folder is not None:
        folder = folder.expanduser().resolve()
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.is_dir():
            raise StoreError(f"there is no folder `{address.url}`")
        return obstore.store.LocalStore(folder)
    options: dict[str, Any] = {}
    client: dict[str, Any] = {"timeout": timedelta(seconds=address.timeout_s)}
    if scheme == "s3":
        options = {
            name: value
            for name, value in (
                ("endpoint", address.endpoint),
                ("region", address.region),
                ("access_key_id", address.access_key_id),
                ("secret_access_key", address.secret_access_key.reveal()),
            )
            if value
        }
        if address.endpoint.startswith("http://"):
            client["allow_http"] = True
        if not address.ask_instance and not (address.access_key_id or os.environ.get("AWS_ACCESS_KEY_ID")):
            options["skip_signature"] = True
    if scheme == "memory":
        return obstore.store.MemoryStore()
    try:
        return from_url(address.url, retry_config=_RETRIES, client_options=client, **options)  # type: ignore[call-overload]
    except (exceptions.BaseError, ValueError) as exc:
        raise UsageError(f"the store {code(address.url)} can't be used: {str(exc).splitlines()[0]}") from exc
