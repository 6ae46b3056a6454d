"""What stands for names: hashes that never mix names up, and keys that lie near each other where names count up."""

from __future__ import annotations

import uuid

from hypothesis import example, given
from hypothesis import strategies as st
from sycee_ingestion.domain.event_names import category_hash, event_key, name_hash, order_hash

names = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), min_size=1, max_size=40)
ids = st.one_of(names, st.from_regex(r"[a-z-]{0,4}[0-9]{1,30}", fullmatch=True), st.uuids(version=4).map(str))


@given(names, names)
def test_names_are_told_apart_and_never_zero(one: str, other: str) -> None:
    assert (name_hash("taobao", one) == name_hash("taobao", other)) is (one == other)
    assert name_hash("taobao", one) not in (0, name_hash("douyin", one), category_hash("taobao", one))
    assert name_hash("taobao", one) == order_hash("taobao", one)


def test_nothing_said_is_zero() -> None:
    assert name_hash("taobao", "") == order_hash("taobao", "") == category_hash("taobao", "") == 0


@given(ids, ids)
@example("7", "007")
@example("9" * 18, "9" * 19)
@example("140737488355327", "140737488355328")
@example("１２", "12")  # digits of another script are letters here
def test_keys_tell_events_apart(one: str, other: str) -> None:
    key = event_key("taobao", one)
    assert (key == event_key("taobao", other)) is (one == other)
    assert key != event_key("douyin", one)
    assert all(-(2**63) <= part < 2**63 for part in key)


@given(st.text("abc-", max_size=6), st.integers(0, 10**18 - 2))
def test_ids_that_count_up_lie_in_their_order(head: str, number: int) -> None:
    """And close: of sixteen digits and fewer by the number itself, of more by its first ones."""
    place, next_place = (event_key("taobao", f"{head}{n}")[0] for n in (number, number + 1))
    assert next_place - place in ((1,) if number + 1 < 2**47 else (0, 1)) or number + 1 == 2**47


def test_heads_lie_apart_and_random_ids_anywhere() -> None:
    assert len({event_key("taobao", f"shop-{n}-1")[0] >> 48 for n in range(1_000)}) > 900
    assert len({event_key("taobao", f"{uuid.UUID(int=n, version=4)}x")[0] >> 48 for n in range(1_000)}) > 900
