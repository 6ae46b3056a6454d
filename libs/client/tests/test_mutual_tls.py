"""Certificates: a service is taken for the one that its certificate names, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sycee.limits.v1 import limits_pb2, limits_pb2_grpc
from sycee_client import MutualTls, SyceeClient, errors

from .conftest import Limits, Stage, products

LIST = limits_pb2.ListProductsRequest()


@dataclass
class Authority:
    """Signs certificates for a test."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls) -> Authority:
        key = generate_private_key(SECP256R1())
        return cls(key, sign("authority", key, key, "authority", authority=True))

    def tls(self, name: str) -> MutualTls:
        key = generate_private_key(SECP256R1())
        made = sign(name, key, self.key, "authority", authority=False)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return MutualTls(self.certificate.public_bytes(Encoding.PEM), made.public_bytes(Encoding.PEM), pem)


def sign(
    name: str, key: EllipticCurvePrivateKey, signer: EllipticCurvePrivateKey, issuer: str, *, authority: bool
) -> x509.Certificate:
    def named(common: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

    now = datetime.now(UTC)
    names = [x509.DNSName(name), x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(signer, hashes.SHA256())
    )


@pytest.fixture
def authority() -> Authority:
    return Authority.new()


@pytest.fixture
async def serve(authority):
    """Starts a limits service that shows a certificate for a name; gives its address."""
    servers: list[grpc.aio.Server] = []

    async def start(name: str) -> str:
        tls = authority.tls(name)
        server = grpc.aio.server()
        limits_pb2_grpc.add_LimitsServiceServicer_to_server(Limits(Stage(products)), server)
        credentials = grpc.ssl_server_credentials([(tls.key, tls.certificate)], tls.ca, require_client_auth=True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()
        servers.append(server)
        return f"127.0.0.1:{port}"

    yield start
    for server in servers:
        await server.stop(0)


async def test_a_service_with_its_own_certificate_is_called(serve, authority):
    async with SyceeClient.direct({"limits": await serve("limits")}, authority.tls("gateway")) as sycee:
        assert (await sycee.limits.ListProducts(LIST)).next_page_token == "next"


async def test_another_service_at_the_same_address_is_not(serve, authority):
    async with SyceeClient.direct({"limits": await serve("scoring")}, authority.tls("gateway")) as sycee:
        with pytest.raises(errors.Unavailable):
            await sycee.limits.ListProducts(LIST, timeout=2)


async def test_a_certificate_of_another_authority_gets_nowhere(serve):
    stranger = Authority.new()
    address = await serve("limits")
    async with SyceeClient.direct({"limits": address}, stranger.tls("gateway")) as sycee:
        with pytest.raises(errors.ServerFault):
            await sycee.limits.ListProducts(LIST, timeout=2)


async def test_the_edge_client_refuses_a_server_that_its_authority_did_not_sign(serve):
    async with SyceeClient(await serve("edge"), token="t", ca=Authority.new().tls("x").ca) as sycee:
        with pytest.raises(errors.ServerFault):
            await sycee.limits.ListProducts(LIST, timeout=2)


async def test_the_token_may_be_made_anew_for_each_call(stage, monkeypatch):
    tokens = iter(["first", "second"])
    channel: Callable[..., grpc.aio.Channel] = lambda address, *_: grpc.aio.insecure_channel(address)  # noqa: E731
    monkeypatch.setattr("sycee_client.client.edge_channel", channel)
    async with SyceeClient(stage.address, token=lambda: next(tokens)) as sycee:
        await sycee.limits.ListProducts(LIST)
        await sycee.limits.ListProducts(LIST)
    assert [seen.metadata["authorization"] for seen in stage.seen] == ["Bearer first", "Bearer second"]


def test_keys_and_tokens_are_not_shown(authority):
    tls = authority.tls("gateway")
    assert tls.key.decode() not in repr(tls)
    assert "PRIVATE" not in repr(tls)
