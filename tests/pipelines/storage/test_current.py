"""The view of what stands: what the manifests say, whoever is cut off, and whoever else is at it."""

import datetime
import io
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from synsift.pipelines.errors import DamagedPart, NoSuchObject
from synsift.pipelines.records import Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import Outcome, Renewed, compact
from synsift.pipelines.storage.current import read_current, write_current
from synsift.pipelines.storage.expected import Expected
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.standing import read_standing
from synsift.pipelines.storage.verify import verify
from tests.outside.mutations import in_bytes
from tests.pipelines.exports.stores import DAISY, WHIPPET, Picture, fill, make_store, picture, survivor_of

VIEW = layout.current_view(WHIPPET)


@pytest.fixture(params=["folder", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    store = Objects(StoreAddress(str(tmp_path / "store") if request.param == "folder" else "memory:///"))
    fill(store, some_pictures())
    return store


def some_pictures() -> list[Picture]:
    """Eight images, of which two were replaced."""
    first, second, third = picture(1), picture(2), picture(3)
    better = Picture(picture(11).data, replaces=first.sha256)
    best = Picture(picture(12).data, replaces=better.sha256)
    return [first, second, third, better, best, picture(4), picture(5, DAISY), picture(6, DAISY)]


def outcomes(objects: Any, **options: Any) -> dict[str, str]:
    return {one.wnid: str(one.outcome) for one in compact(objects, **options)}


def truth(objects: Objects) -> set[tuple[str, str]]:
    return {(standing.wnid, row["sha256"]) for standing in read_standing(objects) for row in standing.rows}


def in_view(objects: Objects) -> list[tuple[str, str]]:
    """All rows below the view, as a glob finds them."""
    return [
        (row["wnid"], row["sha256"])
        for path in objects.list(layout.CURRENT)
        if path.endswith(".parquet")
        for row in read_current(objects.get(path), ["wnid", "sha256"])
    ]


def is_right(objects: Objects) -> bool:
    found = in_view(objects)
    return len(found) == len(set(found)) and set(found) == truth(objects)


def add(objects: Objects, one: Picture, offset: int) -> None:
    part = layout.ManifestPart(one.wnid, 0, offset, offset)
    objects.put(layout.named_candidate(one.wnid, one.sha256, "jpg"), one.data)
    objects.put(part.path, encode_part([(offset, survivor_of(one))]))


def test_a_view_has_each_image_that_stands_once_and_none_that_was_replaced(objects: Objects) -> None:
    assert outcomes(objects) == {WHIPPET: "written", DAISY: "written"}
    assert len(in_view(objects)) == 6
    assert is_right(objects)


def test_a_synset_whose_manifest_has_not_changed_is_left_as_it_is(objects: Objects) -> None:
    outcomes(objects)
    before = dict(objects.list_tagged(layout.CURRENT))
    assert outcomes(objects) == {WHIPPET: "unchanged", DAISY: "unchanged"}
    assert dict(objects.list_tagged(layout.CURRENT)) == before
    add(objects, picture(7), 100)
    assert outcomes(objects) == {WHIPPET: "written", DAISY: "unchanged"}
    assert is_right(objects)
    assert set(outcomes(objects, anew=True).values()) == {"written"}


@pytest.mark.parametrize("index", [None, b"", b"{", b'{"form":1,"synsets":{"n02091134":{"of":"x"}}}', b'{"form":99}'])
def test_an_index_that_is_lost_or_wrong_costs_work_and_nothing_else(objects: Objects, index: bytes | None) -> None:
    outcomes(objects)
    if index is None:
        objects.delete(layout.CURRENT_INDEX)
    else:
        objects.put(layout.CURRENT_INDEX, index)
    assert set(outcomes(objects).values()) == {"written"}
    assert set(outcomes(objects).values()) == {"unchanged"}
    assert is_right(objects)


def test_a_view_that_somebody_else_wrote_or_deleted_is_made_anew(objects: Objects) -> None:
    outcomes(objects)
    objects.put(VIEW, b"something else")
    objects.delete(layout.current_view(DAISY))
    assert outcomes(objects) == {WHIPPET: "written", DAISY: "written"}
    assert is_right(objects)


def test_the_view_of_a_synset_of_which_nothing_stands_goes(objects: Objects) -> None:
    outcomes(objects)
    for path in list(objects.list(layout.MANIFESTS)):
        objects.delete(path)
    assert outcomes(objects) == {WHIPPET: "deleted", DAISY: "deleted"}
    assert in_view(objects) == []
    assert outcomes(objects) == {}


def test_an_image_whose_object_is_not_there_is_in_no_view(objects: Objects) -> None:
    """Of one that was replaced by what could not land then, the object is moved out, and no row says why."""
    objects.delete(layout.named_candidate(WHIPPET, picture(2).sha256, "jpg"))
    outcomes(objects)
    assert len(in_view(objects)) == 5
    assert picture(2).sha256 not in {sha256 for _, sha256 in in_view(objects)}


def test_a_part_that_cannot_be_read_leaves_its_view_and_hinders_no_other(objects: Objects) -> None:
    outcomes(objects)
    objects.put(layout.ManifestPart(WHIPPET, 0, 50, 50).path, b"no part")
    add(objects, picture(8, DAISY), 51)
    found = {one.wnid: one for one in compact(objects)}
    assert found[WHIPPET].outcome is Outcome.UNREADABLE
    assert "no part of a manifest" in found[WHIPPET].problem
    assert found[DAISY].outcome is Outcome.WRITTEN
    assert len(in_view(objects)) == 7


class Watched:
    """A store at which something happens before the nth thing that is done to it."""

    def __init__(self, objects: Objects, happens: Callable[[int, str], None]) -> None:
        self._objects = objects
        self._happens = happens
        self.done = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._objects, name)

        def watched(*arguments: Any) -> Any:
            self._happens(self.done, name)
            self.done += 1
            found = method(*arguments)
            return iter(list(found)) if isinstance(found, Iterator) else found

        return watched


class Killed(BaseException):
    """Nothing catches it."""


def test_cut_off_anywhere_no_reader_sees_half_of_it_and_the_next_run_ends_it(tmp_path: Path) -> None:
    point, ended = 0, False
    while not ended:
        objects = make_store(tmp_path / str(point), some_pictures())
        outcomes(objects)
        add(objects, picture(7, DAISY), 100)
        add(objects, Picture(picture(13).data, replaces=picture(2).sha256), 101)
        old, new = set(in_view(objects)), truth(objects)

        def kill(number: int, _name: str, at: int = point) -> None:
            if number >= at:
                raise Killed

        try:
            outcomes(Watched(objects, kill))
            ended = True
        except Killed:
            pass
        seen = in_view(objects)
        assert len(seen) == len(set(seen))
        for wnid in (WHIPPET, DAISY):
            of_synset = {found for found in seen if found[0] == wnid}
            assert of_synset in ({found for found in whole if found[0] == wnid} for whole in (old, new))
        outcomes(objects)
        assert is_right(objects)
        assert set(outcomes(objects).values()) == {"unchanged"}
        point += 1
    assert point > 10


def test_what_changes_while_a_view_is_made_is_not_missed(tmp_path: Path) -> None:
    """Whoever takes an image down cuts the manifest, then the view; a view of before may be put after both."""
    probe = make_store(tmp_path / "probe", some_pictures())
    watched = Watched(probe, lambda _number, _name: None)
    outcomes(watched)
    gone = picture(2).sha256
    for point in range(watched.done):
        objects = make_store(tmp_path / str(point), some_pictures())

        def meanwhile(number: int, _name: str, at: int = point, store: Objects = objects) -> None:
            if number == at:
                take_out(store, gone)
                add(store, picture(9), 200)
                assert set(outcomes(store).values()) <= {"written", "unchanged"}

        outcomes(Watched(objects, meanwhile))
        outcomes(objects)
        assert is_right(objects), point
        assert gone not in {sha256 for _, sha256 in in_view(objects)}


def test_a_synset_whose_one_image_is_replaced_meanwhile_is_never_without_a_view(tmp_path: Path) -> None:
    """What was listed before a better copy came, and what after: between the two lists no image stood in both."""

    def replaced(objects: Objects, before: int, seed: int) -> None:
        add(objects, Picture(picture(seed).data, replaces=picture(before).sha256), 100 + seed)
        objects.delete(layout.named_candidate(WHIPPET, picture(before).sha256, "jpg"))

    point, happened = 0, True
    while happened:
        objects = make_store(tmp_path / str(point), [picture(1)])
        outcomes(objects)
        replaced(objects, 1, 2)
        happened = False

        def meanwhile(number: int, _name: str, at: int = point, store: Objects = objects) -> None:
            nonlocal happened
            assert len(in_view(store)) == 1
            if number == at:
                happened = True
                replaced(store, 2, 3)

        outcomes(Watched(objects, meanwhile))
        assert len(in_view(objects)) == 1
        outcomes(objects)
        assert is_right(objects)
        point += 1
    assert point > 8


def take_out(objects: Objects, sha256: str) -> None:
    for path in list(objects.list(layout.MANIFESTS)):
        with pyarrow.parquet.ParquetFile(io.BytesIO(objects.get(path))) as part:
            table = part.read()
        keeps = [one != sha256 for one in table.column("sha256").to_pylist()]
        target = io.BytesIO()
        pyarrow.parquet.write_table(table.filter(pyarrow.array(keeps)), target)
        objects.put(path, target.getvalue())


def test_a_view_whose_maker_was_overtaken_and_killed_is_found_out(tmp_path: Path) -> None:
    """The one moment at which a view of before can stay: put after another's, and killed before it looked again."""
    objects = make_store(tmp_path, some_pictures())

    def overtaken(_number: int, name: str) -> None:
        if name == "put_file" and not is_done:
            is_done.append(True)
            take_out(objects, picture(2).sha256)
            outcomes(objects)
        elif name == "list_tagged" and is_done:
            raise Killed

    is_done: list[bool] = []
    with pytest.raises(Killed):
        outcomes(Watched(objects, overtaken))
    outcomes(objects)
    assert is_right(objects)


def test_a_synset_that_lands_all_the_time_is_left_to_whoever_comes_next(tmp_path: Path) -> None:
    objects = make_store(tmp_path, some_pictures())
    offsets = iter(range(100, 1000))

    def lands(_number: int, name: str) -> None:
        if name == "put_file":
            add(objects, picture(20), next(offsets))

    assert outcomes(Watched(objects, lands), wnids=[WHIPPET]) == {WHIPPET: "changing"}
    assert outcomes(objects, wnids=[WHIPPET]) == {WHIPPET: "written"}
    assert outcomes(objects)[WHIPPET] == "unchanged"


def test_readers_and_several_makers_beside_who_lands_meet_nothing_that_never_was(objects: Objects) -> None:
    """Pictures come one by one, each the better copy of the one before: in each state exactly one of them stands."""
    outcomes(objects)
    standing_before = len(in_view(objects))
    pictures = [picture(seed, "n9") for seed in range(40, 52)]
    is_landed = threading.Event()

    def lands() -> None:
        for offset, one in enumerate(pictures):
            replaces = pictures[offset - 1].sha256 if offset else ""
            add(objects, Picture(one.data, "n9", replaces=replaces), 400 + offset)
            objects.delete(layout.named_candidate("n9", replaces, "jpg"))
        is_landed.set()

    def makes() -> None:
        while not is_landed.is_set():
            outcomes(objects)

    def reads() -> None:
        while not is_landed.is_set():
            seen = Counter(wnid for wnid, _ in in_view(objects))
            assert seen["n9"] <= 1
            assert seen.total() - seen["n9"] == standing_before

    with ThreadPoolExecutor(4) as pool:
        for ended in [pool.submit(work) for work in (makes, makes, reads, lands)]:
            ended.result()
    outcomes(objects)
    assert is_right(objects)
    assert ("n9", pictures[-1].sha256) in in_view(objects)


OLD_COLUMNS = ("wnid", "kind", "transform", "consent", "is_cut", "tls", "relation")


def as_before(part: bytes) -> bytes:
    """A part as an earlier version wrote it: without columns that came later."""
    with pyarrow.parquet.ParquetFile(io.BytesIO(part)) as found:
        table = found.read().drop_columns(list(OLD_COLUMNS))
    target = io.BytesIO()
    pyarrow.parquet.write_table(table, target)
    return target.getvalue()


def test_parts_of_earlier_versions_come_into_the_same_view(objects: Objects) -> None:
    first = min(path for path in objects.list(layout.MANIFESTS) if WHIPPET in path)
    objects.put(first, as_before(objects.get(first)))
    outcomes(objects)
    assert is_right(objects)
    wanted = ["offset", "wnid", "kind", "transform", "is_cut", "tls", "consent", "fetched_at"]
    rows = {row["offset"]: row for row in read_current(objects.get(VIEW), wanted)}
    assert rows[1]["kind"] == "new"
    assert rows[4]["kind"] == "better_copy"
    assert rows[1]["transform"] is rows[1]["is_cut"] is rows[1]["consent"] is rows[1]["tls"] is None
    assert rows[4]["transform"] == ""
    assert {row["fetched_at"] for row in rows.values()} == {datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)}


@pytest.mark.parametrize("column", ["replaces", "sha256", "format", "width_px"])
def test_a_part_that_lost_the_name_of_a_column_is_damaged_and_brings_nothing_back(tmp_path: Path, column: str) -> None:
    """Rot in its footer: read as if nothing were replaced, it would let stand what is gone."""
    objects = make_store(tmp_path, some_pictures())
    outcomes(objects)
    part = max(path for path in objects.list(layout.MANIFESTS) if WHIPPET in path)
    with pyarrow.parquet.ParquetFile(io.BytesIO(objects.get(part))) as found:
        table = found.read()
    target = io.BytesIO()
    pyarrow.parquet.write_table(table.rename_columns({column: f"{column}x"}), target)
    objects.put(part, target.getvalue())
    assert outcomes(objects)[WHIPPET] == "unreadable"
    found_wrong = {one.path for one in verify(objects, expect=Expected) if one.problem}
    assert part in found_wrong, "what is to be mended is named to who mends it"
    with pytest.raises(DamagedPart, match="lacks a column"):
        truth(objects)
    objects.put(part, encode_part([]))
    assert outcomes(objects)[WHIPPET] == "written"


def test_times_that_are_none_are_null(tmp_path: Path) -> None:
    odd = ["", "yesterday", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", None, 5]
    good = ["2026-01-02T03:04:05Z", "2026-01-02T05:04:05.000000001+02:00"]
    headers = ["", "soon", "Fri, 31 Feb 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", None]
    rows = [{"sha256": "0", "fetched_at": text} for text in odd + good]
    rows += [{"sha256": "0", "last_modified": text} for text in [*headers, "Fri, 02 Jan 2026 03:04:05 GMT"]]
    file = io.BytesIO()
    assert write_current("n1", rows, file) == len(rows)
    found = read_current(file.getvalue(), ["fetched_at", "last_modified"])
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert [row["fetched_at"] for row in found if row["fetched_at"]] == [moment, moment]
    assert [row["last_modified"] for row in found if row["last_modified"]] == [moment]


def test_large_synsets_are_written_in_groups_of_rows() -> None:
    file = io.BytesIO()
    assert write_current("n1", ({"sha256": f"{number:064x}"} for number in range(40_000)), file) == 40_000
    with pyarrow.parquet.ParquetFile(file) as part:
        assert part.metadata.num_row_groups == 3
        assert part.read(["sha256"]).num_rows == 40_000


def test_storage_verify_names_a_view_that_is_damaged_wrong_or_a_strangers(tmp_path: Path) -> None:
    objects = make_store(tmp_path, some_pictures())
    outcomes(objects)
    assert not [one for one in verify(objects) if one.path.startswith(layout.CURRENT)]
    stranger = f"{layout.CURRENT}old/part.parquet"
    objects.put(stranger, objects.get(VIEW))
    objects.put(layout.current_view(DAISY), b"damaged")
    add(objects, picture(30), 300)
    found = {one.path: one.problem for one in verify(objects) if one.path.startswith(layout.CURRENT)}
    assert found.keys() == {stranger, layout.current_view(DAISY)}  # one that is merely of before is none
    outcomes(objects)
    other, unsealed = io.BytesIO(), io.BytesIO()
    write_current(WHIPPET, [{"sha256": "0" * 64}], other)
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(io.BytesIO(objects.get(VIEW))), unsealed)
    for file, words in (
        (other, "still names 1 image that the store has no more, and it lacks 5 images"),
        (unsealed, "somebody else"),
    ):
        objects.put(VIEW, file.getvalue())
        found = {one.path: one.problem for one in verify(objects) if one.path == VIEW}
        assert words in found[VIEW]
    outcomes(objects)
    assert not [one for one in verify(objects) if one.path == VIEW]


def test_a_view_that_changes_while_it_is_verified_is_none_that_is_damaged(tmp_path: Path) -> None:
    objects = make_store(tmp_path, some_pictures())
    outcomes(objects)
    looked = verify(Meddled(objects, lambda: land_and_renew(objects)))  # type: ignore[arg-type] # all that it asks for
    assert not [one for one in looked if one.path.startswith(layout.CURRENT) or one.path.startswith(layout.MANIFESTS)]


def land_and_renew(objects: Objects) -> None:
    add(objects, picture(31), 310)
    outcomes(objects)


class Meddled:
    """A store in which something happens once, just before the first view is read."""

    def __init__(self, objects: Objects, meddle: Callable[[], None]) -> None:
        self._objects = objects
        self._meddle: Callable[[], None] | None = meddle

    def get(self, path: str) -> bytes:
        if path.startswith(layout.CURRENT) and self._meddle is not None:
            meddle, self._meddle = self._meddle, None
            meddle()
        return self._objects.get(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)


def test_no_bytes_of_a_view_or_its_index_raise_what_has_no_name(tmp_path: Path) -> None:
    objects = make_store(tmp_path, some_pictures())
    outcomes(objects)
    good = {path: objects.get(path) for path in (VIEW, layout.CURRENT_INDEX, min(objects.list(layout.MANIFESTS)))}
    rng = random.Random("views")  # noqa: S311 - the same each time
    for _ in range(60):
        for path, data in good.items():
            objects.put(path, in_bytes(rng, data))
        assert set(outcomes(objects)) == {WHIPPET, DAISY}
        for one in verify(objects):
            assert isinstance(one.problem, str)
    for path, data in good.items():
        objects.put(path, data)
    outcomes(objects)
    assert is_right(objects)


def test_a_listing_marks_bytes_as_putting_them_does(objects: Objects, tmp_path: Path) -> None:
    file = tmp_path / "file"
    for data in (b"one", b"two", b"x" * 9_000_000):
        file.write_bytes(data)
        tag = objects.put_file("current/x", file)
        assert dict(objects.list_tagged("current/")) == {"current/x": tag}
        assert objects.tag("current/x") == tag
    objects.delete("current/x")
    with pytest.raises(NoSuchObject):
        objects.get("current/x")


def test_what_local_features_withdrew_is_in_no_view(tmp_path: Path) -> None:
    """Its row comes after that of the image that withdrew it, which has two."""
    objects = make_store(tmp_path, some_pictures())
    keeper = survivor_of(picture(2))
    relation = Survivor(
        candidate=keeper.candidate, replaces=picture(3).sha256, relation="part_of", transform="mirrored"
    )
    objects.put(layout.ManifestPart(WHIPPET, 0, 60, 60).path, encode_part([(60, relation)]))
    renewed: list[Renewed] = list(compact(objects))
    assert sum(one.images for one in renewed) == 5
    rows = {row["sha256"]: row for row in read_current(objects.get(VIEW), ["sha256", "kind", "transform", "offset"])}
    assert picture(3).sha256 not in rows
    assert rows[picture(2).sha256]["kind"] == "part_of"
    assert rows[picture(2).sha256]["transform"] == "mirrored"
    assert rows[picture(2).sha256]["offset"] == 60
    assert is_right(objects)
