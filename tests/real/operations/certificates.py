"""Make an authority of one's own and a certificate of this machine, as files."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificates(NamedTuple):
    """Where they are: the authority's, the server's, and the key of that one."""

    authority: Path
    server: Path
    key: Path


def make_certificates(directory: Path) -> Certificates:
    """Return an authority that no machine knows, and what it says of localhost."""
    directory.mkdir(exist_ok=True)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _name("An authority of our own")
    roots = _certificate(authority, authority, authority_key)
    roots = roots.public_key(authority_key.public_key())
    roots = roots.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    server = _certificate(_name("localhost"), authority, key)
    server = server.public_key(key.public_key())
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    server = server.add_extension(x509.SubjectAlternativeName(names), False)
    made = Certificates(*(directory / n for n in ("ca.pem", "server.pem", "key.pem")))
    for path, builder in ((made.authority, roots), (made.server, server)):
        signed = builder.sign(authority_key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, _key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
