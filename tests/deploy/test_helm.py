"""The chart: linted and rendered by Helm, checked against Kubernetes' own schemas; what it renders runs as processes.

No Kubernetes runs where containers can't. So the objects are checked by kubeconform, strictly, and the commands, the
configuration and the environment of the rendered containers are started as a kubelet would start them.
"""

import copy
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]

from deploy.helm import make_files
from deploy.local import services
from deploy.local.kube import VERSION, install_schemas
from deploy.local.services import S3, MissingComponent, free_port, install_go
from synsift.pipelines.config import load
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.stage import INPUTS, WHOLE
from tests import warm
from tests.conftest import environment, missing, s3_options

CHART: Final = make_files.CHART
EXAMPLES: Final = sorted((make_files.HERE / "examples").glob("*.yaml"))
SMALLEST: Final = make_files.HERE / "examples/smallest.yaml"
FULL: Final = make_files.HERE / "examples/full.yaml"
Object = dict[str, Any]


def program(name: str) -> Path:
    try:
        return install_go(name)
    except MissingComponent as exc:
        missing(str(exc))


def helm(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [program("helm"), *words, "--kube-version", VERSION]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def rendered(*values: Path, settings: Mapping[str, str] | None = None) -> list[Object]:
    """What the chart makes of values."""
    files = [word for path in values for word in ("-f", path)]
    sets = [word for key, value in (settings or {}).items() for word in ("--set", f"{key}={value}")]
    done = helm("template", "dogs", CHART, "--namespace", "crawl", *files, *sets)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one]


def conforming(objects: list[Object]) -> "subprocess.CompletedProcess[str]":
    """Kubeconform's judgement."""
    try:
        schemas = install_schemas()
    except MissingComponent as exc:
        missing(str(exc))
    place = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    return subprocess.run(
        [program("kubeconform"), "-schema-location", place, "-summary", "-"],
        input=yaml.dump_all(objects, Dumper=yaml.CSafeDumper), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def test_what_the_chart_has_from_the_code_is_fresh() -> None:
    for path, text in make_files.files():
        assert path.read_text("utf-8") == text, f"{path.name}: run `python deploy/helm/make_files.py`"


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)
def test_helm_and_kubernetes_find_nothing_wrong(values: Path) -> None:
    linted = helm("lint", CHART, "--strict", "-f", values)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    done = conforming(rendered(values))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Skipped: 0" in done.stdout


def test_kubeconform_would_see_a_field_that_does_not_exist() -> None:
    made = rendered(FULL)
    for kind, *path in (
        ("Deployment", "spec", "replicass"),
        ("Deployment", "spec", "template", "spec", "containers", 0, "livenessprobe"),
        ("ScaledObject", "spec", "maxReplicas"),
        ("ServiceMonitor", "spec", "endpoint"),
        ("KafkaTopic", "spec", "partition"),
        ("NetworkPolicy", "spec", "ingres"),
    ):
        found: Object = copy.deepcopy(next(one for one in made if one["kind"] == kind))
        assert conforming([found]).returncode == 0, kind
        place: Any = found
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = 1
        assert conforming([found]).returncode == 1, (kind, path)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"config.identity.contact": ""}, "public hosts are not crawled without it"),
        ({"config.kafka.bootstrap": ""}, "config.kafka.bootstrap: the brokers"),
        ({"config.fetch.concurency": "3"}, "concurency"),
        ({"config.fetch.concurrency": "many"}, "concurrency"),
        ({"config.kafka.password": "secret"}, "password"),
        ({"config.store.secret_access_key": "secret"}, "secret_access_key"),
        ({"config.sources.flickr.api_key": "secret"}, "api_key"),
        ({"config.service.port": "80"}, "port"),
        ({"stages.fech.enabled": "true"}, "fech"),
        ({"stages.verify.scaling.max": "3"}, "scaling"),
        ({"existingSecret": "no/name"}, "existingSecret"),
        ({"config.store.url": "/data"}, "a place of one pod's own"),
        ({"config.store.url": "file:///data"}, "a place of one pod's own"),
        ({"config.kafka.prefix": "größe-"}, "prefix"),
        ({"current.schedule": "soon"}, "schedule"),
        ({"keda.enabled": "true", "stages.fetch.scaling.min": "10", "stages.fetch.scaling.max": "2"}, "min is 10"),
        ({"strimzi.partitions": "32"}, "partitions"),
        ({"keda.fromZero.partitions": "32"}, "partitions"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_by_name(settings: dict[str, str], words: str) -> None:
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    done = helm("template", "dogs", CHART, "-f", SMALLEST, *sets)
    assert done.returncode != 0
    assert words in done.stderr


@pytest.mark.parametrize("number", [None, 32])
def test_the_number_of_partitions_is_said_once(number: int | None) -> None:
    settings = {} if number is None else {"config.log.partitions": str(number)}
    objects = rendered(FULL, settings=settings)
    expected = number or load(env={}).settings.log.partitions
    assert {one["spec"]["partitions"] for one in of_kind(objects, "KafkaTopic").values()} == {expected}
    triggers = [trigger for one in of_kind(objects, "ScaledObject").values() for trigger in one["spec"]["triggers"]]
    of_kafka = [trigger["metadata"] for trigger in triggers if trigger["type"] == "kafka"]
    assert {one["activationLagThreshold"] for one in of_kafka} == {str(expected)}


def test_releases_whose_long_names_begin_alike_share_no_object() -> None:
    names = []
    for end in ("one", "two"):
        done = helm("template", "a-team-that-likes-names-of-a-great-length-" + end + "-x", CHART, "-f", FULL)
        assert done.returncode == 0, done.stderr
        names.append(
            {(one["kind"], one["metadata"]["name"]) for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one}
        )
        most = {"CronJob": 52, "ConfigMap": 253, "KafkaTopic": 253}
        assert [name for kind, name in names[-1] if len(name) > most.get(kind, 63)] == []
    assert not names[0] & names[1]


def test_no_secret_has_a_place_in_the_values() -> None:
    hidden = {f"{kind}.{name}" for kind, name in make_files.secrets_of(load(env={}).settings)}
    assert {"KafkaSettings.password", "StoreSettings.secret_access_key"} <= hidden
    kinds = make_files.values_schema()["$defs"]
    assert not any(name in kinds[kind]["properties"] for kind, name in (one.split(".") for one in hidden))


def test_every_stage_is_a_deployment_that_drains_in_peace_and_may_write_nowhere() -> None:
    objects = rendered(FULL)
    deployments = of_kind(objects, "Deployment")
    assert set(deployments) == {f"dogs-synsift-{stage}" for stage in INPUTS}
    for stage in INPUTS:
        spec = deployments[f"dogs-synsift-{stage}"]["spec"]
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert container["args"] == ["run", stage]
        assert pod["terminationGracePeriodSeconds"] > 40, "service.drain_s is 40"
        assert pod["securityContext"]["runAsUser"] == 10001
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["envFrom"] == [{"secretRef": {"name": "synsift-secrets"}}]
        assert ("replicas" in spec) == (stage in WHOLE), "KEDA's to say, where it scales"
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert set(of_kind(objects, "PodDisruptionBudget")) == set(deployments)
    assert set(of_kind(objects, "ScaledObject")) == {f"dogs-synsift-{stage}" for stage in INPUTS if stage not in WHOLE}
    smallest = of_kind(rendered(SMALLEST), "Deployment")
    assert {name.removeprefix("dogs-synsift-") for name in smallest} == {
        *("search", "fetch", "dedupe", "land", "conflicts", "annotate")
    }


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)
def test_the_configuration_is_what_synsift_reads(values: Path, tmp_path: Path) -> None:
    text = of_kind(rendered(values), "ConfigMap")["dogs-synsift"]["data"]["synsift.toml"]
    (tmp_path / "synsift.toml").write_text(text)
    settings = load(env={"SYNSIFT_CONFIG": str(tmp_path / "synsift.toml")}).settings
    assert settings.service.host == "0.0.0.0"  # noqa: S104 - in a pod of its own
    assert settings.service.port == 9464
    assert settings.kafka.replication == 3
    if values == FULL:
        assert settings.search.paging == "novelty"
        assert settings.service.drain_s == 40
        assert settings.fetch.hosts["cdn.example"].split == 4


def test_workers_are_added_by_what_is_ready_and_woken_by_more_than_ends_of_transactions() -> None:
    fetch = of_kind(rendered(FULL), "ScaledObject")["dogs-synsift-fetch"]["spec"]
    prometheus, kafka = fetch["triggers"]
    assert 'synsift_pipelines_ready_lag{stage="fetch"' in prometheus["metadata"]["query"]
    assert kafka["metadata"]["topic"] == "dogs-image-urls"
    assert kafka["metadata"]["consumerGroup"] == "dogs-fetch"
    assert int(kafka["metadata"]["activationLagThreshold"]) == 16, "one a partition"
    assert (fetch["minReplicaCount"], fetch["maxReplicaCount"]) == (0, 40)


def test_topics_of_strimzi_are_those_that_topics_create_makes() -> None:
    topics = of_kind(rendered(FULL), "KafkaTopic")
    made = make_files.topics_file()["topics"]
    assert {one["spec"]["topicName"] for one in topics.values()} == {f"dogs-{name}" for name in made}
    for name, settings in made.items():
        config = topics[f"dogs-synsift-{name}"]["spec"]["config"]
        assert {key: str(value) for key, value in config.items()} == settings


@pytest.mark.parametrize(("said", "kept"), [("gzip", "gzip"), ("zstd", "zstd"), ("", "gzip")])
def test_topics_of_strimzi_are_kept_as_workers_write(said: str, kept: str) -> None:
    done = helm("template", "dogs", CHART, "-f", FULL, "--set-string", f"config.kafka.compression={said}")
    topics = of_kind([one for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one], "KafkaTopic")
    assert {one["spec"]["config"]["compression.type"] for one in topics.values()} == {kept}


def test_the_view_of_what_stands_is_renewed_by_the_clock_unless_nobody_wants_it() -> None:
    job = of_kind(rendered(FULL), "CronJob")["dogs-synsift-current"]["spec"]
    assert job["concurrencyPolicy"] == "Forbid"
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": "synsift-secrets"}}]
    assert {"name": "tmp", "mountPath": "/tmp"} in pod["containers"][0]["volumeMounts"]  # noqa: S108 - the pod's own
    done = helm("template", "dogs", CHART, "-f", FULL, "--set", "current.schedule=")
    assert done.returncode == 0
    assert "CronJob" not in done.stdout


def _containers(objects: list[Object]) -> Iterator[Object]:
    for one in objects:
        if one["kind"] == "CronJob":
            yield from one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        if one["kind"] in {"Job", "Deployment"}:
            yield from one["spec"]["template"]["spec"]["containers"]


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@pytest.mark.slow
def test_what_is_rendered_runs(kafka: KafkaAddress, s3: S3, tmp_path: Path) -> None:
    """The job first, then all workers: each gets ready, and ends with status 0 when it is told to."""
    prefix = "rendered-"
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({
        "config": {
            "identity": {"contact": "https://example.org/crawler"},
            "kafka": {"bootstrap": kafka.bootstrap, "prefix": prefix, "replication": 1},
            "store": {"url": f"s3://{services.S3_BUCKET}/{prefix}", "endpoint": s3.endpoint, "region": "us-east-1"},
        },
        "stages": {stage: {"enabled": stage != "thorough"} for stage in INPUTS},
    }))  # fmt: skip
    objects = rendered(values)
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "synsift.toml").write_text(of_kind(objects, "ConfigMap")["dogs-synsift"]["data"]["synsift.toml"])
    secrets = {key: value for key, value in s3_options(s3, prefix).items() if "access_key" in key}
    env = environment(secrets) | {"SYNSIFT_CONFIG": str(folder / "synsift.toml"), "SYNSIFT_SERVICE__HOST": "127.0.0.1"}
    jobs = [one for one in _containers(objects) if one["args"] == ["topics", "create"]]
    workers = [one for one in _containers(objects) if one["args"][0] == "run"]
    assert (len(jobs), len(workers)) == (1, len(INPUTS) - 1)
    made = warm.run(jobs[0]["args"], env=env)
    assert made.returncode == 0, made.stderr
    (compacts,) = [one for one in _containers(objects) if one["args"] == ["storage", "compact"]]
    done = warm.run(compacts["args"], env=env)
    assert done.returncode == 0, done.stderr
    running: list[tuple[int, subprocess.Popen[str]]] = []
    try:
        for worker in workers:
            port = free_port()
            own = env | {"SYNSIFT_SERVICE__PORT": str(port)}
            with (tmp_path / f"{worker['name']}.log").open("wb") as log:
                running.append((port, warm.start(worker["args"], env=own, stdout=log, stderr=log, cwd=tmp_path)))
        deadline_s = time.monotonic() + 240
        while not all(_is_ready(port) for port, _ in running):
            ended = [process.args for _, process in running if process.poll() is not None]
            assert not ended, [path.read_text()[-500:] for path in tmp_path.glob("*.log")]
            assert time.monotonic() < deadline_s
            time.sleep(0.5)
        for _, process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(300) for _, process in running] == [0] * len(running)
    finally:
        for _, process in running:
            process.kill()
            process.wait()


def test_the_chart_packs(tmp_path: Path) -> None:
    done = subprocess.run(
        [program("helm"), "package", CHART, "-d", tmp_path], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    (packed,) = tmp_path.glob("synsift-*.tgz")
    shutil.unpack_archive(packed, tmp_path / "out")
    assert (tmp_path / "out/synsift/files/rules.yml").exists()
