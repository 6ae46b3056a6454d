"""Consent at a moment, and the one answer about a party."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sycee_compliance.domain.consent import ConsentQuery, NewestConsent, Purpose, Standing, standings
from sycee_compliance.domain.identity import BorrowerKind, IdentityCheck, IdentityClaim, Person, RegisterStatus
from sycee_compliance.domain.outcome import Outcome, Reason
from sycee_compliance.domain.party import SCREENING_REVIEW, parties_to_screen, party_check
from sycee_compliance.domain.screening import Hit, PartyKind, Screening

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
TRANSFER = Purpose.LENDER_TRANSFER


def consent(recipient: str, expires_at: datetime | None = None, purpose: Purpose = TRANSFER) -> NewestConsent:
    return NewestConsent(purpose, recipient, f"to {recipient}", expires_at)


@pytest.mark.parametrize(
    ("newest", "asked", "stands_on"),
    [
        ([], "bank-1", ""),
        ([consent("bank-1")], "bank-1", "to bank-1"),
        ([consent("bank-1")], "bank-2", ""),
        ([consent("*")], "bank-1", "to *"),
        ([consent("*"), consent("bank-1")], "bank-1", "to bank-1"),
        ([consent("*"), consent("bank-1", NOW)], "bank-1", "to *"),
        ([consent("bank-1")], "*", ""),
        ([consent("bank-1", NOW)], "bank-1", ""),
        ([consent("bank-1", NOW + timedelta(microseconds=1))], "bank-1", "to bank-1"),
        ([consent("bank-1", purpose=Purpose.BUREAU_QUERY)], "bank-1", ""),
    ],
)
def test_standing(newest: list[NewestConsent], asked: str, stands_on: str) -> None:
    (standing,) = standings([ConsentQuery(TRANSFER, asked)], newest, NOW)
    assert standing.consent_id == stands_on
    assert standing.granted is bool(stands_on)


def test_standings_come_in_the_order_asked() -> None:
    queries = [ConsentQuery(TRANSFER, "b"), ConsentQuery(Purpose.CREDIT_DECISION, ""), ConsentQuery(TRANSFER, "a")]
    answered = standings(queries, [consent("a"), consent("", purpose=Purpose.CREDIT_DECISION)], NOW)
    assert [standing.query for standing in answered] == queries
    assert [standing.granted for standing in answered] == [False, True, True]


CLEAR = Screening(Outcome.PASS, (), ("L@2026-11-01+0",), 5)
HIT = Screening(Outcome.BLOCK, (Hit("L", "1", 1.0, Outcome.BLOCK),), ("L@2026-11-01+0",), 5)
GRANTED = Standing(ConsentQuery(Purpose.CREDIT_DECISION, ""), "consent-1")
MISSING = Standing(ConsentQuery(Purpose.CREDIT_DECISION, ""), "")
NO_TRANSFER = Standing(ConsentQuery(TRANSFER, "bank-1"), "")


def check(code: str, outcome: Outcome) -> IdentityCheck:
    return IdentityCheck(code, outcome, "CN", None if outcome is Outcome.PASS else Reason(code, code, code))


def test_all_well() -> None:
    answer = party_check((check("USCC", Outcome.PASS),), CLEAR, (GRANTED,))
    assert (answer.outcome, answer.reasons) == (Outcome.PASS, ())


def test_a_hit_reads_as_generic_whatever_the_list_commands() -> None:
    for screening in (HIT, Screening(Outcome.REFER, HIT.hits, HIT.list_versions, 5)):
        answer = party_check((), screening, ())
        assert answer.outcome is screening.outcome
        assert answer.reasons == (SCREENING_REVIEW,)
    assert not {"制裁", "名单", "sanction", "list"} & set((SCREENING_REVIEW.text_zh + SCREENING_REVIEW.text_en).split())


def test_a_missing_consent_blocks_and_is_named() -> None:
    answer = party_check((), CLEAR, (MISSING, NO_TRANSFER, NO_TRANSFER, GRANTED))
    assert answer.outcome is Outcome.BLOCK
    (reason,) = answer.reasons
    assert reason.code == "CONSENT_MISSING"
    assert (
        reason.text_en
        == "No consent stands: use of platform data for the credit decision, transfer of data to the lender"
    )


def test_at_most_four_reasons_the_gravest_first() -> None:
    identity = (
        check("NOTED", Outcome.WARN),
        check("ASKED", Outcome.REFER),
        check("FIRST", Outcome.BLOCK),
        check("SECOND", Outcome.BLOCK),
    )
    answer = party_check(identity, HIT, (MISSING,))
    assert [reason.code for reason in answer.reasons] == ["FIRST", "SECOND", "CONSENT_MISSING", "SCREENING_REVIEW"]


def claim(kind: BorrowerKind, name: str, operator: Person | None) -> IdentityClaim:
    return IdentityClaim(kind, name, "X", operator, RegisterStatus.ACTIVE)


def test_who_is_screened() -> None:
    person = Person("李四", "1")
    shop, owner = parties_to_screen(claim(BorrowerKind.SOLE_TRADER, "李四小店", person))
    assert (shop.kind, shop.id_number, owner.kind, owner.id_number) == (
        PartyKind.ORGANISATION, "X", PartyKind.PERSON, "1",
    )  # fmt: skip
    assert parties_to_screen(claim(BorrowerKind.INDIVIDUAL, "李四", person))[0].kind is PartyKind.PERSON
    assert len(parties_to_screen(claim(BorrowerKind.ENTERPRISE, "云杉", None))) == 1
    assert parties_to_screen(claim(BorrowerKind.ENTERPRISE, " ", Person("", ""))) == ()
