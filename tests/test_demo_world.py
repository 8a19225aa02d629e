"""The demo's pictures are made once, and anew when what makes them is another."""

import pickle
from pathlib import Path

from synsift.pipelines.demo.world import Behaviour, File, World
from tests.demo_world import SOURCES, kept


def make() -> World:
    world = World()
    file = world.add(File("127.0.0.2", "/a.jpg", Behaviour.SERVE, body=b"a picture", cluster=3))
    world.answers["a"] = [file, world.add(File("127.0.0.2", "/b.jpg"))]
    return world


def test_it_is_made_once_and_is_the_same_from_then_on(tmp_path: Path) -> None:
    made = [kept(tmp_path / "new", SOURCES, make)]
    made += [kept(tmp_path / "new", SOURCES, World) for _ in range(2)]
    assert made == [make()] * 3
    # What two queries find is one file.
    assert made[1].answers["a"][0] is made[1].files["127.0.0.2", "/a.jpg"]


def test_where_its_source_is_another_it_is_made_anew_and_the_old_one_is_gone(tmp_path: Path) -> None:
    source, folder = tmp_path / "pictures.py", tmp_path / "cache"
    for text, build in (("one", World), ("two", make), ("two", World)):
        source.write_text(text)
        found = kept(folder, (source,), build)
    assert found == make()
    assert [file.read_bytes() for file in folder.glob("*.pickle")] == [pickle.dumps(make())]
