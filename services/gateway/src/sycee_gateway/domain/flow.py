"""How evidence becomes an outcome: first what the evidence alone settles, then what the quote and the rules say.

Fails closed: where a check is missing the answer is REFERRED, whatever else is known; no path leads from a missing,
referring or blocking check to an approval. ESG is no check: without it the offer is merely not discounted (ESG-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sycee_gateway.domain import reasons
from sycee_gateway.domain.decision import Outcome, Verdict
from sycee_gateway.domain.evidence import (
    GREEN,
    Check,
    DataQuality,
    Debt,
    Debts,
    FraudCheck,
    Lender,
    Offer,
    OfferFacts,
    PartyCheck,
    Product,
    Quoted,
    Reason,
    RulesChecked,
    Scored,
)
from sycee_gateway.domain.policy import Policy


def scored_fen(requested_fen: int, product: Product, monthly_net_fen: int) -> int:
    """The loan to score: what is asked for, but no more than the product could lend on these sales (LM-01).

    A merchant who asks for more than can be lent is then offered less, instead of being declined for a loan that
    nobody would have made.
    """
    most_fen = product.max_fen
    if product.sales_multiple_milli:
        most_fen = min(most_fen, monthly_net_fen * product.sales_multiple_milli // 1000)
    return min(requested_fen, max(most_fen, product.min_fen))


class Seen(NamedTuple):
    """The checks that a decision cannot do without; None where one is late, down or refused."""

    party: PartyCheck | None
    scored: Scored | None
    fraud: FraudCheck | None


_MISSING: Final = (reasons.PARTY_UNAVAILABLE, reasons.SCORING_UNAVAILABLE, reasons.FRAUD_UNAVAILABLE)
"""What is said of each where it is missing."""


def judge_evidence(policy: Policy, product_id: str, seen: Seen, quality: DataQuality) -> Verdict | None:
    """Whether the evidence alone ends it: nothing is asked of the ledger then."""
    party_reasons, fraud_reasons = _party_reasons(seen.party), _fraud_reasons(seen.fraud)
    credit = judge_credit(policy, product_id, seen.scored)
    credit_reasons = credit.reasons if credit else ()
    missing = [reason for reason, answer in zip(_MISSING, seen, strict=True) if answer is None]
    if missing:
        return Verdict(Outcome.REFERRED, reasons.principal(missing, party_reasons, fraud_reasons, credit_reasons))
    if _outcome(seen.party) is Check.BLOCK or _outcome(seen.fraud) is Check.BLOCK:
        return Verdict(Outcome.DECLINED, reasons.principal(party_reasons, fraud_reasons, credit_reasons))
    if credit is not None and credit.outcome is Outcome.DECLINED:
        return Verdict(Outcome.DECLINED, reasons.principal(credit_reasons, party_reasons, fraud_reasons))
    data_reasons = _data_reasons(policy, quality)
    if party_reasons or fraud_reasons or credit is not None or data_reasons:
        return Verdict(Outcome.REFERRED, reasons.principal(party_reasons, fraud_reasons, credit_reasons, data_reasons))
    return None


def _outcome(check: PartyCheck | FraudCheck | None) -> Check | None:
    return check.outcome if check is not None else None


def _fraud_reasons(fraud: FraudCheck | None) -> tuple[Reason, ...]:
    if fraud is None or fraud.outcome in (Check.PASS, Check.WARN):
        return ()
    return fraud.reasons or (reasons.FRAUD_SUSPECTED,)


def _party_reasons(party: PartyCheck | None) -> tuple[Reason, ...]:
    if party is None or party.outcome in (Check.PASS, Check.WARN):
        return ()
    return party.reasons or (reasons.PARTY_NOT_PASSED,)


def _data_reasons(policy: Policy, quality: DataQuality) -> tuple[Reason, ...]:
    """Why a person must look at the data first. It never declines: it may be the feed that is at fault."""
    bounds = policy.data
    found = list(quality.severe) if bounds.refer_severe_defects else []
    if quality.fake_amount_share > bounds.refer_fake_share_above:
        found.append(reasons.brushed_sales(quality.fake_amount_share))
    if quality.score is not None and quality.score < bounds.refer_quality_below:
        found.append(reasons.poor_data(quality.score, bounds.refer_quality_below))
    return tuple(found)


def judge_credit(policy: Policy, product_id: str, scored: Scored | None) -> Verdict | None:
    """What the score alone says, None where it says nothing against."""
    if scored is None:
        return None
    if not scored.scorable:
        return Verdict(Outcome.DECLINED, scored.reasons or (reasons.NOT_ENOUGH_DATA,))
    worst = policy.worst_grade_for(product_id)
    if scored.grade is None or scored.grade > worst:
        fallback = (reasons.default_risk(scored.grade, scored.default_probability, worst),)
        return Verdict(Outcome.DECLINED, _lowering(scored.reasons) or fallback)
    if scored.grade in policy.referred_grades:
        needs_person = reasons.referred_grade(scored.grade, scored.default_probability)
        return Verdict(Outcome.REFERRED, (needs_person, *_lowering(scored.reasons)))
    return None


def _lowering(given: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Reasons that speak against the merchant; one that raised the score explains no decline."""
    return tuple(reason for reason in given if reason.contribution <= 0)


def judge_no_offer(quoted: Quoted | None) -> Verdict:
    """The outcome where nothing is offered. None stands for an application that the ledger refused to take."""
    if quoted is None:
        return Verdict(Outcome.REFERRED, (reasons.QUOTE_REFUSED,))
    return Verdict(Outcome.DECLINED, reasons.principal(quoted.reasons) or (reasons.NO_HEADROOM,))


def judge_offer(requested_fen: int, quoted: Quoted, rules: RulesChecked | None) -> Verdict:
    """The outcome of a concrete offer, given what the rules of the day say of it."""
    if rules is None:
        return Verdict(Outcome.REFERRED, (reasons.RULES_UNAVAILABLE,))
    if rules.outcome in (Check.BLOCK, Check.REFER):
        outcome = Outcome.DECLINED if rules.outcome is Check.BLOCK else Outcome.REFERRED
        return Verdict(outcome, reasons.principal(rules.reasons) or (reasons.RULES_NOT_PASSED,))
    if quoted.offer is not None and quoted.offer.amount_fen < requested_fen:
        return Verdict(Outcome.APPROVED, reasons.principal(quoted.reasons) or (reasons.SMALLER_OFFER,))
    return Verdict(Outcome.APPROVED, ())


def monthly_net_fen(monthly_12m_fen: int, monthly_3m_adjusted_fen: int) -> int:
    """Monthly sales, net of refunds and of brushed orders, that size a limit: the lower mean (LM-01), in fen."""
    return min(monthly_12m_fen, monthly_3m_adjusted_fen)


def offer_facts(
    *,
    merchant_id: str,
    borrower_kind: int,
    purpose: int,
    offer: Offer,
    lenders: Mapping[str, Lender],
    debts: Debts,
) -> OfferFacts:
    """The facts that rules look at. A lender whose capital is not known leaves its rules untellable, which refers."""
    lender = lenders.get(offer.lender_id)
    return OfferFacts(
        merchant_id=merchant_id,
        borrower_kind=borrower_kind,
        purpose=purpose,
        offer=offer,
        capital_fen=lender.capital_fen if lender else None,
        debt=debts.get(offer.lender_id, Debt()),
        green_label=purpose == GREEN,
    )
