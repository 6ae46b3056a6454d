"""The signs in an application and in what stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sycee_scoring.fraud import judgement as by
from sycee_scoring.fraud import words
from sycee_scoring.fraud.assessment import Assessment, Finding, conclude
from sycee_scoring.fraud.evidence import Application, DocumentSign
from sycee_scoring.fraud.money import (
    mule_strength,
    payouts_over_sales,
    saturated,
    strangers_on_account,
    sudden_inflow,
)
from sycee_scoring.fraud.speed import own_speed, shared_speed
from sycee_scoring.fraud.surroundings import Kind, Member, Surroundings, Verdict
from sycee_scoring.fraud.ties import calm, closeness, mass, reach_of_fraud, same_party, together
from sycee_scoring.fraud.words import Sign

_RINGS: Final = (
    (words.ACCOUNT, (Kind.ACCOUNT,)),
    (words.DEVICE, (Kind.DEVICE,)),
    (words.OPERATOR, (Kind.OPERATOR, Kind.LICENCE)),
    (words.PHONE, (Kind.PHONE,)),
    (words.ADDRESS, (Kind.ADDRESS,)),
    (words.NETWORK, (Kind.NETWORK,)),
)


def assess(application: Application, around: Surroundings) -> Assessment:
    """What looks like fraud. The same evidence gives the same answer."""
    found = [*_findings(around), *_rings(around), *_speeds(around), *_money(application, around), *_own(application)]
    return conclude(found, around.linked_count, around.confirmed_count)


def _finding(sign: Sign, most: int, strength: float, value: float) -> Finding:
    return Finding(sign, round(most * strength), value)


def _findings(around: Surroundings) -> Iterator[Finding]:
    if around.verdict is Verdict.CONFIRMED:
        yield Finding(words.CONFIRMED, by.FRAUD_POINTS, 1.0)
    yield _finding(words.LINKED, by.LINKED_POINTS, reach_of_fraud(around), float(around.confirmed_count))


def _rings(around: Surroundings) -> Iterator[Finding]:
    left = calm(around.verdict, around.found_at, around.moment)
    for sign, kinds in _RINGS:
        strength, kind = max((saturated(mass(around, kind) - by.TIES[kind].free), kind) for kind in kinds)
        sharers = max((one.sharers for one in around.attributes if one.kind in kinds), default=0)
        yield _finding(sign, by.TIES[kind].points, strength * left, float(sharers))
    weights = [weight for member in around.members if (weight := _together(member, around)) > 0.0]
    strength = saturated(sum(weights) - by.TOGETHER_FREE)
    yield _finding(words.TOGETHER, by.TOGETHER_POINTS, strength * left, float(len(weights)))


def _together(member: Member, around: Surroundings) -> float:
    """How far a member came with the applicant: it first applied within days of the applicant, its shop opened
    within weeks of the applicant's, or both, by how close it is. 0 for another shop of the same party."""
    if same_party(member):
        return 0.0
    first, mine, other = member.first_applied_at, around.opened_on, member.opened_on
    began = around.first_applied_at or around.moment
    applied = first is not None and abs(began - first) <= by.TOGETHER_APPLIED
    opened = mine is not None and other is not None and abs(mine - other) <= by.TOGETHER_OPENED
    alone = by.OPENED_WEIGHT if opened else by.APPLIED_WEIGHT if applied else 0.0
    weight = by.BOTH_WEIGHT if opened and applied else alone
    return weight * closeness(member) * calm(member.verdict, member.found_at, around.moment)


def _speeds(around: Surroundings) -> Iterator[Finding]:
    strength, count = own_speed(around)
    yield _finding(words.FAST, by.OWN_SPEED_POINTS, strength, float(count))
    strength, count = shared_speed(around)
    yield _finding(words.SHARED_FAST, by.SHARED_SPEED_POINTS, strength, float(count))


def _money(application: Application, around: Surroundings) -> Iterator[Finding]:
    strangers = strangers_on_account(around)
    left = calm(around.verdict, around.found_at, around.moment)
    yield _finding(words.MULE, by.MULE_POINTS, mule_strength(strangers) * left, float(strangers))
    yield _finding(words.INFLOW, by.INFLOW_POINTS, *sudden_inflow(application.trade))
    yield _finding(words.PAYOUTS, by.PAYOUT_POINTS, *payouts_over_sales(application.settlement_ratio))


def _own(application: Application) -> Iterator[Finding]:
    share = application.fake_share or 0.0
    strength = (share - by.BRUSHING_FREE) / (by.BRUSHING_FULL - by.BRUSHING_FREE)
    yield _finding(words.BRUSHING, by.BRUSHING_POINTS, min(1.0, max(0.0, strength)), share)
    strongest = max((sign.strength for sign in application.signs), default=0.0)
    yield _finding(words.DOCUMENTS, by.DOCUMENT_POINTS, _documents(application.signs), strongest)


def _documents(signs: tuple[DocumentSign, ...]) -> float:
    """Signs of one code in one document count once, by the strongest: a picture copied in ten places is one forgery."""
    worst: dict[tuple[str, str], float] = {}
    for sign in signs:
        key = sign.document_id, sign.code
        worst[key] = max(worst.get(key, 0.0), sign.strength)
    return together(by.DOCUMENT_TRUST * strength for strength in worst.values())
