"""The authority and its certificates: whom they name, who may read the keys, when they are renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from sycee_cli.suite import certificates
from sycee_cli.suite.certificates import PARTIES, ensure_certificates, spiffe_id
from sycee_cli.suite.errors import SuiteError


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_every_party_has_a_certificate_that_names_it_and_verifies(folder):
    ensure_certificates(folder)
    store = Store([load(folder.ca)])
    for name in PARTIES:
        certificate = load(folder.certificate(name))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.UniformResourceIdentifier) == [spiffe_id(name)]
        assert names.get_values_for_type(x509.DNSName) == [name, "localhost"]
        assert names.get_values_for_type(x509.IPAddress) == [IPv4Address("127.0.0.1")]
        verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName("localhost"))
        verifier.verify(certificate, [])
        PolicyBuilder().store(store).build_client_verifier().verify(certificate, [])


def test_nothing_is_made_again_before_its_time(folder):
    ensure_certificates(folder)
    before = {path.name: path.read_bytes() for path in folder.tls.iterdir()}
    ensure_certificates(folder)
    assert {path.name: path.read_bytes() for path in folder.tls.iterdir()} == before


def test_a_certificate_about_to_end_is_made_again_under_the_same_authority(folder):
    ensure_certificates(folder)
    authority, leaf = folder.ca.read_bytes(), folder.certificate("limits").read_bytes()
    later = datetime.now(UTC) + timedelta(days=certificates.LEAF_DAYS - certificates.RENEW_DAYS + 1)
    ensure_certificates(folder, later)
    assert folder.ca.read_bytes() == authority
    assert folder.certificate("limits").read_bytes() != leaf


def test_a_new_authority_signs_everybody_again(folder):
    ensure_certificates(folder)
    (folder.tls / "ca.key").unlink()
    before = folder.certificate("edge").read_bytes()
    ensure_certificates(folder)
    assert folder.certificate("edge").read_bytes() != before
    load(folder.certificate("edge")).verify_directly_issued_by(load(folder.ca))


def test_spoilt_certificates_are_named(folder):
    ensure_certificates(folder)
    folder.ca.write_text("not a certificate")
    with pytest.raises(SuiteError, match="cannot be read"):
        ensure_certificates(folder)
