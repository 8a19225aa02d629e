"""The compose file and the image can't be run without Docker; what of them can go out of step is checked."""

import re
from pathlib import Path

from synsift.pipelines.config import load
from synsift.pipelines.stage import INPUTS

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "deploy/compose/compose.yaml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_every_key_that_the_image_and_the_compose_file_set_is_one_of_the_configuration() -> None:
    pairs = re.findall(r"(SYNSIFT_[A-Z_]+)[:=] ?\"?([^\s\"\\]+)", COMPOSE + DOCKERFILE)
    assert len(pairs) >= 10
    env = {name: value if not value.startswith("$") else "x" for name, value in pairs}
    loaded = load(env=env)
    assert loaded.settings.service.port == 9464
    assert loaded.settings.store.url in {"s3://synsift", "/data"}


def test_every_stage_has_a_worker_that_prometheus_finds() -> None:
    names = re.search(r"names: \[(.*)\]", (ROOT / "deploy/compose/prometheus.yml").read_text())
    assert names is not None
    assert names[1].split(", ") == list(INPUTS)
    for stage in INPUTS:
        assert f'command: ["run", "{stage}"]' in COMPOSE


def test_all_that_the_package_needs_is_copied_into_the_image() -> None:
    for folder in ("crawler", "dedupe", "pipelines"):
        assert f"COPY {folder} {folder}" in DOCKERFILE
        assert f"!{folder}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_all_that_the_compose_file_mounts_is_there() -> None:
    mounted = re.findall(r"- (\.[^:]+):/", COMPOSE)
    assert len(mounted) >= 5
    for path in mounted:
        assert (ROOT / "deploy/compose" / path).exists(), path
