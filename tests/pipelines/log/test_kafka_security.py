"""TLS and SASL as the configuration has them, against a broker that demands them."""

import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local import services
from deploy.local.services import Security
from synsift.crawler.secret import Secret
from synsift.pipelines.config import load
from synsift.pipelines.errors import LogError
from synsift.pipelines.kafka_settings import kafka_address
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from tests.conftest import missing
from tests.pipelines.log.contract import INPUT, OUTPUT, Owner, entry, poll_all

pytestmark = pytest.mark.slow


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1: the broker's PEM with its key, and the clients' without."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "broker.pem").write_bytes(private + public)
    (folder / "ca.pem").write_bytes(public)
    return folder / "broker.pem", folder / "ca.pem"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Security, Path]]:
    folder = tmp_path_factory.mktemp("secured")
    pem, ca_file = write_certificate(folder)
    security = Security("crawler", "correct-horse", pem)
    try:
        broker = services.kafka(folder / "kafka", security=security)
    except services.MissingComponent as exc:
        missing(str(exc))
    with services.running(broker):
        yield security, ca_file


def address(secured: tuple[Security, Path], protocol: str, mechanism: str) -> KafkaAddress:
    """As a user says it: in the configuration."""
    security, ca_file = secured
    env = {
        "SYNSIFT_KAFKA__BOOTSTRAP": f"127.0.0.1:{security.ports[protocol]}",
        "SYNSIFT_KAFKA__SECURITY_PROTOCOL": protocol,
        "SYNSIFT_KAFKA__SASL_MECHANISM": mechanism,
        "SYNSIFT_KAFKA__CONNECT_TIMEOUT_S": "10",
    }
    if mechanism:
        env |= {"SYNSIFT_KAFKA__USERNAME": security.user, "SYNSIFT_KAFKA__PASSWORD": security.password}
    if protocol.endswith("SSL"):
        env |= {"SYNSIFT_KAFKA__CA_FILE": str(ca_file)}
    return kafka_address(load(env=env).settings)


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [
        ("SSL", ""),
        ("SASL_PLAINTEXT", "PLAIN"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-256"),
        ("SASL_SSL", "PLAIN"),
        ("SASL_SSL", "SCRAM-SHA-512"),
    ],
)
def test_a_log_works_over_every_way_of_protection(
    protocol: str, mechanism: str, secured: tuple[Security, Path]
) -> None:
    place = address(secured, protocol, mechanism)
    prefix = f"{protocol}-{mechanism}-".lower()
    KafkaTopics(place, prefix=prefix).create(Shape(2))
    log = KafkaLog(place, partitions=2, prefix=prefix)
    log.produce([entry("a"), entry("b")])
    member = log.join("group", INPUT, Owner())
    messages = poll_all(member, 2)
    with member.transaction() as transaction:
        transaction.produce([entry(message.value.decode(), topic=OUTPUT) for message in messages])
    member.close()
    assert [message.value for message in log.read(OUTPUT, 0)] == [b"a", b"b"]
    log.close()


def test_a_wrong_password_is_an_error_that_says_so_and_never_shows_it(secured: tuple[Security, Path]) -> None:
    guess = "battery-staple"
    wrong = replace(address(secured, "SASL_SSL", "SCRAM-SHA-256"), password=Secret(guess), connect_timeout_s=3.0)
    with pytest.raises(LogError, match=r"refuses .* user 'crawler'") as caught:
        KafkaLog(wrong, partitions=2)
    assert guess not in str(caught.value)


def test_a_broker_whose_certificate_is_unknown_is_not_trusted(secured: tuple[Security, Path]) -> None:
    with pytest.raises(LogError, match="certificate isn't trusted"):
        KafkaLog(replace(address(secured, "SSL", ""), ca_file="", connect_timeout_s=3.0), partitions=2)
