"""Authorities and certificates of a test's own, good and bad."""

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Signed:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def context(self, folder: Path, *chain: "Signed") -> ssl.SSLContext:
        """What a server speaks TLS with, which sends the certificates of a chain, too."""
        private, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file = folder / f"{self.certificate.serial_number:x}.pem"
        key = self.key.private_bytes(serialization.Encoding.PEM, private, plain)
        file.write_bytes(key + self.pem + b"".join(one.pem for one in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def sign(
    names: Sequence[str], *, by: Signed | None = None, days: tuple[float, float] = (-1, 1), is_authority: bool = False
) -> Signed:
    """Make a certificate.

    Args:
        names: Host names and addresses.
        by: Who signs it; itself, if nobody else does.
        days: From when to when it is valid, counted from now.
        is_authority: Whether it may sign others.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    start, end = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=day) for day in days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return Signed(builder.sign(by.key if by else key, hashes.SHA256()), key)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
