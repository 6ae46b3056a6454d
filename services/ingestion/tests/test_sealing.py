"""Sealing of personal data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.sealing import Sealer, read_key
from sycee_service.errors import FailedPrecondition

KEY = bytes(range(32))
SEALER = Sealer(KEY)


@given(st.text(), st.text(max_size=64), st.text(max_size=20))
def test_what_is_sealed_opens_for_its_merchant_and_field_only(plain: str, merchant_id: str, field: str) -> None:
    sealed = SEALER.seal(plain, merchant_id, field)
    assert SEALER.open(sealed, merchant_id, field) == plain
    assert SEALER.seal(plain, merchant_id, field) != sealed
    for other in ((merchant_id + "x", field), (merchant_id, field + "x")):
        with pytest.raises(FailedPrecondition):
            SEALER.open(sealed, *other)


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_changed_byte_does_not_open(at: int, flip: int) -> None:
    sealed = bytearray(SEALER.seal("330106199001011234", "m-1", "id"))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises(FailedPrecondition):
        SEALER.open(bytes(sealed), "m-1", "id")


@pytest.mark.parametrize("length", [0, 4, 5, 17, 20])
def test_a_cut_value_does_not_open(length: int) -> None:
    with pytest.raises(FailedPrecondition):
        SEALER.open(SEALER.seal("text", "m-1", "id")[:length], "m-1", "id")


def test_another_key_neither_opens_nor_digests_alike() -> None:
    other = Sealer(bytes(32))
    with pytest.raises(FailedPrecondition) as error:
        other.open(SEALER.seal("text", "m-1", "id"), "m-1", "id")
    assert error.value.reason == "DATA_KEY_MISMATCH"
    assert SEALER.digest("a", "id") == Sealer(KEY).digest("a", "id")
    assert (
        len({SEALER.digest("a", "id"), SEALER.digest("b", "id"), SEALER.digest("a", "phone"), other.digest("a", "id")})
        == 4
    )


@pytest.mark.parametrize("content", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n"])
def test_a_key_is_raw_or_hexadecimal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    assert read_key(path) == KEY


@pytest.mark.parametrize("content", [b"", b"short", b"z" * 64, KEY + b"x", "密".encode() * 20])
def test_anything_else_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="hexadecimal"):
        read_key(path)
