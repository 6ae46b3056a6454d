"""mTLS with real certificates: who has none, a stranger's or an old one is not even heard."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import notes_pb2
import notes_pb2_grpc
import pytest
from sycee_notes.refusals import refused
from sycee_notes.server import NotesHandlers, Settings, add
from sycee_service.access import current_caller
from sycee_service.host import Host, StartRefusedError
from sycee_service.testing import Authority, Identity, hosting

READ = notes_pb2.ReadNoteRequest(note_id="n")


class Handlers(NotesHandlers):
    def __init__(self) -> None: ...

    async def ReadNote(self, request: Any, context: Any) -> Any:
        return notes_pb2.ReadNoteResponse(text=current_caller().key)


async def build(host: Host[Settings]) -> None:
    add(host, Handlers(), own_idempotency=frozenset({"WriteNote"}))


def settings_of(identity: Identity) -> Settings:
    return Settings(tls_cert=identity.cert, tls_key=identity.key, tls_ca=identity.ca)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def address(authority: Authority) -> AsyncIterator[str]:
    async with hosting(settings_of(authority.issue("notes")), build) as host:
        yield f"localhost:{host.port}"


def credentials_of(identity: Identity | None, ca: Path) -> grpc.ChannelCredentials:
    if identity is None:
        return grpc.ssl_channel_credentials(ca.read_bytes())
    return grpc.ssl_channel_credentials(ca.read_bytes(), identity.key.read_bytes(), identity.cert.read_bytes())


async def read(address: str, identity: Identity | None, ca: Path, **metadata: str) -> Any:
    credentials = credentials_of(identity, ca)
    async with grpc.aio.secure_channel(address, credentials) as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        return await stub.ReadNote(READ, timeout=5, metadata=tuple(metadata.items()))


async def test_an_allowed_certificate_is_let_in(address: str, authority: Authority) -> None:
    assert (await read(address, authority.issue("gateway"), authority.path)).text == "gateway"


async def test_another_certificate_of_the_same_authority_is_denied(address: str, authority: Authority) -> None:
    found = await refused(read(address, authority.issue("scoring"), authority.path))
    assert (found.code, found.info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PEER_NOT_ALLOWED")


async def test_metadata_cannot_name_a_peer(address: str, authority: Authority) -> None:
    claimed = {"x-test-peer": "gateway"}
    found = await refused(read(address, authority.issue("scoring"), authority.path, **claimed))
    assert found.code is grpc.StatusCode.PERMISSION_DENIED


async def test_the_edge_is_believed_about_tokens_and_others_are_not(address: str, authority: Authority) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "platform-1", "scope": "notes.read"}).encode()).decode()
    jwt = {"x-jwt-payload": payload.rstrip("=")}
    assert (await read(address, authority.issue("edge"), authority.path, **jwt)).text == "edge/platform-1"
    found = await refused(read(address, authority.issue("edge"), authority.path))
    assert (found.code, found.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
    found = await refused(read(address, authority.issue("scoring"), authority.path, **jwt))
    assert found.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("uris", [("spiffe://sycee/gateway", "spiffe://sycee/edge"), ("spiffe://elsewhere/gateway",)])
async def test_a_certificate_wants_exactly_one_name(address: str, authority: Authority, uris: tuple[str, ...]) -> None:
    found = await refused(read(address, authority.issue("odd", uris=uris), authority.path))
    assert (found.code, found.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_UNNAMED")


async def test_no_certificate_is_refused_by_the_handshake(address: str, authority: Authority) -> None:
    await not_heard(read(address, None, authority.path))


async def test_the_certificate_of_another_authority_is_refused(
    address: str, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other").issue("gateway")
    await not_heard(read(address, stranger, authority.path))


async def test_an_expired_certificate_is_refused(address: str, authority: Authority) -> None:
    await not_heard(read(address, authority.issue("gateway", days=-1), authority.path))


async def test_plaintext_is_refused(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        await not_heard(notes_pb2_grpc.NotesServiceStub(channel).ReadNote(READ, timeout=5))


async def test_a_certificate_that_cannot_be_read_refuses_the_start(tmp_path: Path) -> None:
    nowhere = tmp_path / "none.pem"
    host = Host(Settings(tls_cert=nowhere, tls_key=nowhere, tls_ca=nowhere))
    await build(host)
    with pytest.raises(StartRefusedError, match=r"none\.pem"):
        await host.start()
    await host.drain()


async def not_heard(call: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata())
