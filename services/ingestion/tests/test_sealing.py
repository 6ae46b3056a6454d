"""Sealing of personal data, and the change of the master key."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingestion_calls import register
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion.sealing import DataKey, Keyring, KeyUse, Sealer, read_keys
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.errors import FailedPrecondition
from sycee_service.host import StartRefusedError
from sycee_service.testing import running, until

KEY, NEWER = bytes(range(32)), bytes(range(32, 64))
DIGEST_KEY = bytes(range(64, 96))
SEALER = Sealer(Keyring([KEY]), DIGEST_KEY)
DATA_KEY = DataKey(KEY)


@given(st.text(), st.text(max_size=20))
def test_what_is_sealed_opens_for_its_field_and_key_only(plain: str, field: str) -> None:
    sealed = DATA_KEY.seal_text(plain, field)
    assert DATA_KEY.open_text(sealed, field) == plain
    assert DATA_KEY.seal_text(plain, field) != sealed
    for key, other in ((DATA_KEY, field + "x"), (DataKey(NEWER), field)):
        with pytest.raises(FailedPrecondition):
            key.open_text(sealed, other)


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_changed_byte_does_not_open(at: int, flip: int) -> None:
    for sealed, opened in (
        (DATA_KEY.seal(b"330106199001011234", "id"), lambda value: DATA_KEY.open(value, "id")),
        (SEALER.keyring.wrap(KEY, "m-1"), lambda value: SEALER.keyring.unwrap(value, "m-1")),
    ):
        changed = bytearray(sealed)
        changed[at % len(changed)] ^= flip
        with pytest.raises(FailedPrecondition):
            opened(bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 4, 5, 13, 17, 20])
def test_a_cut_value_does_not_open(length: int) -> None:
    with pytest.raises(FailedPrecondition):
        DATA_KEY.open(DATA_KEY.seal(b"text", "id")[:length], "id")
    with pytest.raises(FailedPrecondition):
        SEALER.keyring.unwrap(SEALER.keyring.wrap(KEY, "m-1")[:length], "m-1")


def test_a_key_opens_for_its_merchant_and_use_only() -> None:
    key, wrapped = SEALER.new_key("m-1", KeyUse.IDENTITY)
    sealed = key.seal(b"text", "field")
    assert SEALER.open_key(wrapped, "m-1", KeyUse.IDENTITY).open(sealed, "field") == b"text"
    for merchant_id, use in (("m-2", KeyUse.IDENTITY), ("m-1", KeyUse.CONTACT)):
        with pytest.raises(FailedPrecondition):
            SEALER.open_key(wrapped, merchant_id, use)
    assert SEALER.new_key("m-1", KeyUse.IDENTITY)[1] != wrapped


def test_the_newest_key_wraps_and_all_open() -> None:
    both = Sealer(Keyring([KEY, NEWER]), DIGEST_KEY)
    key, old = SEALER.new_key("m-1", KeyUse.CONTACT)
    sealed = key.seal(b"text", "field")
    renewed = both.rewrapped(old, "m-1", KeyUse.CONTACT)
    assert renewed.startswith(both.keyring.newest)
    assert not old.startswith(both.keyring.newest)
    newer = Sealer(Keyring([NEWER]), DIGEST_KEY)
    for sealer, wrapped in ((both, old), (both, renewed), (newer, renewed)):
        assert sealer.open_key(wrapped, "m-1", KeyUse.CONTACT).open(sealed, "field") == b"text"
    for sealer, wrapped in ((newer, old), (SEALER, renewed)):
        with pytest.raises(FailedPrecondition) as error:
            sealer.open_key(wrapped, "m-1", KeyUse.CONTACT)
        assert error.value.reason == "DATA_KEY_MISMATCH"


def test_digests_are_keyed_and_bound_to_their_field() -> None:
    other = Sealer(Keyring([KEY]), bytes(32))
    assert SEALER.digest("a", "id") == Sealer(Keyring([NEWER]), DIGEST_KEY).digest("a", "id")
    digests = {SEALER.digest("a", "id"), SEALER.digest("b", "id"), SEALER.digest("a", "phone"), other.digest("a", "id")}
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (KEY, (KEY,)),
        (KEY.hex().encode(), (KEY,)),
        (KEY.hex().upper().encode() + b"\n", (KEY,)),
        (f"{KEY.hex()}\n{NEWER.hex()}\n".encode(), (KEY, NEWER)),
    ],
)
def test_keys_are_raw_or_hexadecimal(tmp_path: Path, content: bytes, keys: tuple[bytes, ...]) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    assert read_keys(path) == keys


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"z" * 64,
        KEY + b"x",
        "密".encode() * 20,
        f"{KEY.hex()}\n{KEY.hex()}".encode(),
        b"00" * 31 + b"\n",
    ],
)
def test_anything_else_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="hexadecimal"):
        read_keys(path)


async def test_the_master_key_changes_without_a_value_being_touched(settings: Settings, clock: ManualClock) -> None:
    url = settings.database_url.get_secret_value()
    async with running(settings, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        await register(stub)
        before = await _masked(channel)
    sealed = await _fetch(url, "select resident_id_sealed, phone_sealed, resident_id_digest from merchants")

    settings.data_key_file.write_bytes(NEWER)
    with pytest.raises(StartRefusedError, match="data key"):  # too early: the old one is still needed
        async with running(settings, build, clock=clock):
            pass
    settings.data_key_file.write_text(f"{KEY.hex()}\n{NEWER.hex()}\n")
    async with running(settings, build, clock=clock, peer="operator") as channel:
        assert await _masked(channel) == before

        async def rewrapped() -> bool:
            keys = await _fetch(url, "select identity_key, contact_key from merchant_keys")
            keys += await _fetch(url, "select key from service_keys")
            return all(key.startswith(Keyring([NEWER]).newest) for row in keys for key in row)

        await until(rewrapped)

    settings.data_key_file.write_bytes(NEWER)
    async with running(settings, build, clock=clock, peer="operator") as channel:
        assert await _masked(channel) == before
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        await register(stub, "m-2")  # the same resident id has the same digest as before
    assert (
        await _fetch(url, "select resident_id_sealed, phone_sealed, resident_id_digest from merchants limit 1")
        == sealed
    )
    assert await _fetch(url, "select count(distinct resident_id_digest) from merchants") == [(1,)]

    settings.data_key_file.write_bytes(KEY)
    with pytest.raises(StartRefusedError, match="data key"):
        async with running(settings, build, clock=clock):
            pass


async def _masked(channel: grpc.aio.Channel) -> str:
    stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
    return (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant.operator_masked


async def _fetch(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()
