"""The rules of revisions, against the plainest reading of the contract."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.domain.event import Staged
from sycee_ingestion.domain.revisions import Stored, in_turn, places_to_look

DAY = date(2026, 3, 10)
MOMENT = datetime(2026, 3, 10, tzinfo=UTC)


def row(position: int, revision: int, digest: int, merchant_no: int = 1) -> Staged:
    said = (position, 0, 0, "s", "e", merchant_no, 1, revision, False, MOMENT, DAY, digest, b"")
    return (*said, 0, 0, 0, 0, 0, 0, 0, 0, None)


tellings = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(1, 2)), min_size=1, max_size=12)
stored = st.none() | st.builds(Stored, st.integers(0, 2), st.integers(0, 1))


@given(tellings, stored)
def test_each_row_meets_what_the_ones_before_it_have_left(
    told: list[tuple[int, int, int]], before: Stored | None
) -> None:
    rows = [row(position, *one) for position, one in enumerate(told)]
    verdict = in_turn(rows, before, None if before is None else (1, 1, DAY))
    revision, content, merchant = (None, None, None) if before is None else (before.revision, before.digest, 1)
    for position, (said, digest, merchant_no) in enumerate(told):
        if revision is None or (said > revision and merchant_no == merchant):
            assert rows[position] in verdict.accepted
            revision, content, merchant = said, digest, merchant_no
        elif said > revision:
            assert position in verdict.moved
        elif said == revision and digest != content:
            assert position in verdict.conflicts
        else:
            assert position in verdict.duplicates
    count = sum(map(len, (verdict.accepted, verdict.duplicates, verdict.conflicts, verdict.moved)))
    assert count == len(told)
    revisions = [accepted[7] for accepted in verdict.accepted]
    assert revisions == sorted(set(revisions))


@given(tellings, st.builds(Stored, st.integers(0, 2), st.integers(0, 1)))
def test_where_it_is_looked_for_it_is_replaced(told: list[tuple[int, int, int]], before: Stored) -> None:
    """Whatever the store finds at one of the places is replaced, so that it may mark it so in finding it."""
    rows = [row(position, *one) for position, one in enumerate(told)]
    for place in places_to_look(rows, before):
        assert in_turn(rows, before, place).accepted
    assert not in_turn(rows, before, (9, 9, DAY)).accepted
