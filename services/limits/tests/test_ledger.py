"""Double entry, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_limits.domain import ledger
from sycee_limits.domain.ledger import EntryKind, Posting

amounts = st.integers(1, 10**13)


def lines(posting: Posting) -> list[int]:
    found = ledger.lines_of("lender/river-bank", posting.available_fen, posting.held_fen, posting.drawn_fen)
    return [line.amount_fen for line in found]


@given(amounts, st.data())
def test_every_entry_sums_to_zero_and_gives_back_what_it_took(held: int, data: st.DataObject) -> None:
    amount = data.draw(st.integers(1, held))
    for ending in (ledger.capture(held, amount), (ledger.release(held),), (ledger.expire(held),)):
        postings = (ledger.reserve(held), *ending)
        assert all(sum(lines(posting)) == 0 for posting in postings)
        assert sum(posting.held_fen for posting in postings) == 0
        drawn = amount if ending[0].kind is EntryKind.CAPTURE else 0
        assert sum(posting.drawn_fen for posting in postings) == drawn
        assert sum(posting.available_fen for posting in postings) == -drawn


def test_a_part_that_does_not_move_has_no_line() -> None:
    assert [line.account for line in ledger.lines_of("merchant/m1", 0, -5, 5)] == [
        "merchant/m1/held",
        "merchant/m1/drawn",
    ]


@pytest.mark.parametrize("amount", [0, -1, 101])
def test_a_capture_is_within_its_hold(amount: int) -> None:
    with pytest.raises(ValueError, match="at most the hold"):
        ledger.capture(100, amount)


@pytest.mark.parametrize(
    ("text", "account", "part"),
    [
        ("lender/river-bank/held", "lender/river-bank", "held"),
        ("lender/river-bank", "lender/river-bank", ""),
        ("merchant/held", "merchant/held", ""),
        ("merchant/held/held", "merchant/held", "held"),
        ("", "", ""),
    ],
)
def test_accounts_are_read_with_and_without_their_part(text: str, account: str, part: str) -> None:
    assert ledger.split_account(text) == (account, part)
