"""The suite's own authority, and a certificate for each party that it knows.

A party is known by the URI `spiffe://sycee/<name>`; the DNS names let it be reached by its own name and as localhost.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.files import PUBLIC_MODE, SECRET_MODE, write_file
from sycee_cli.suite.folder import SERVICES, StateFolder

PARTIES = (*SERVICES, "edge", "operator")
AUTHORITY_DAYS = 3_650
LEAF_DAYS = 365
RENEW_DAYS = 30
"""A certificate with less time left than this is made again when the suite starts."""
SKEW = timedelta(minutes=5)
"""How far back a certificate begins, for clocks that are behind."""


def spiffe_id(name: str) -> str:
    """How a certificate names its party."""
    return f"spiffe://sycee/{name}"


def ensure_certificates(folder: StateFolder, now: datetime | None = None) -> None:
    """Makes the authority and every certificate that is missing or about to end. Raises SuiteError."""
    moment = now or datetime.now(UTC)
    try:
        authority_key = folder.tls / "ca.key"
        if _ends_soon(folder.ca, moment) or not authority_key.exists():
            _make_authority(folder.ca, authority_key, moment)
            for name in PARTIES:
                folder.certificate(name).unlink(missing_ok=True)  # signed by an authority that is no more
        authority = x509.load_pem_x509_certificate(folder.ca.read_bytes())
        signing = load_pem_private_key(authority_key.read_bytes(), None)
        for name in PARTIES:
            if _ends_soon(folder.certificate(name), moment) or not folder.certificate_key(name).exists():
                _make_leaf(folder, name, authority, signing, moment)
    except ValueError as error:
        raise SuiteError(f"the certificates in {folder.tls} cannot be read: remove them, and start again") from error


def _ends_soon(path: Path, now: datetime) -> bool:
    if not path.exists():
        return True
    end = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    return end - now < timedelta(days=RENEW_DAYS)


def _make_authority(certificate: Path, key_file: Path, now: datetime) -> None:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sycee local authority")])
    made = (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(certificate, made, key_file, key)


def _make_leaf(folder: StateFolder, name: str, authority: x509.Certificate, signing: object, now: datetime) -> None:
    if not isinstance(signing, EllipticCurvePrivateKey):
        raise ValueError("the authority's key is of another kind")  # noqa: TRY004 (the file's content is wrong)
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(spiffe_id(name)),
        x509.DNSName(name),
        x509.DNSName("localhost"),
        x509.IPAddress(IPv4Address("127.0.0.1")),
    ]
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        _builder(subject, authority.subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(identifier, critical=False)
        .sign(signing, hashes.SHA256())
    )
    _write(folder.certificate(name), made, folder.certificate_key(name), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _write(certificate: Path, made: x509.Certificate, key_file: Path, key: EllipticCurvePrivateKey) -> None:
    # The key first: a certificate without its key is made again, a key without its certificate too.
    write_file(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), SECRET_MODE)
    write_file(certificate, made.public_bytes(Encoding.PEM), PUBLIC_MODE)
