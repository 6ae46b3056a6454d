"""All that must be known of a party before lending, in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sycee_compliance.domain.consent import Purpose, Standing
from sycee_compliance.domain.identity import BorrowerKind, IdentityCheck, IdentityClaim
from sycee_compliance.domain.outcome import Outcome, Reason, worst
from sycee_compliance.domain.screening import Party, PartyKind, Screening

REASONS_MAX = 4
"""XP-01: at most four principal reasons."""

SCREENING_REVIEW = Reason(
    "SCREENING_REVIEW", "该申请需要进一步人工核实", "This application needs a further review by a person"
)
"""CN-AML-03: what the party sees of a hit is generic, whatever the list commands."""

PURPOSE_NAMES: dict[Purpose, tuple[str, str]] = {
    Purpose.CREDIT_DECISION: ("使用平台数据作信贷决策", "use of platform data for the credit decision"),
    Purpose.BUREAU_QUERY: ("查询征信", "query of a credit bureau"),
    Purpose.LENDER_TRANSFER: ("向资金方提供信息", "transfer of data to the lender"),
}


@dataclass(frozen=True, slots=True)
class PartyCheck:
    """The worst of identity, screening and consent, each of them, and at most four reasons fit for the merchant."""

    outcome: Outcome
    identity: tuple[IdentityCheck, ...]
    screening: Screening
    consents: tuple[Standing, ...]
    reasons: tuple[Reason, ...]


def parties_to_screen(claim: IdentityClaim) -> tuple[Party, ...]:
    """The merchant by its registered name and the operator by name, each with its number where it is known."""
    parties = []
    if claim.name.strip():
        # The name of an unlicensed individual is a person's; that of a shop, even of one person, is an organisation's.
        individual = claim.borrower_kind is BorrowerKind.INDIVIDUAL
        parties.append(Party(claim.name, PartyKind.PERSON if individual else PartyKind.ORGANISATION, claim.uscc))
    if claim.operator is not None and claim.operator.name.strip():
        parties.append(Party(claim.operator.name, PartyKind.PERSON, claim.operator.resident_id))
    return tuple(parties)


def party_check(
    identity: tuple[IdentityCheck, ...], screening: Screening, consents: tuple[Standing, ...]
) -> PartyCheck:
    """Puts the three together. A consent that does not stand blocks: without it a lender may not use the data."""
    consent = Outcome.PASS if all(standing.granted for standing in consents) else Outcome.BLOCK
    outcome = worst((*(check.outcome for check in identity), screening.outcome, consent))
    causes = sorted(_causes(identity, screening, consents), key=lambda cause: cause[0], reverse=True)
    reasons = tuple(dict.fromkeys(reason for _, reason in causes))[:REASONS_MAX]
    return PartyCheck(outcome, identity, screening, consents, reasons)


def _causes(
    identity: Iterable[IdentityCheck], screening: Screening, consents: Iterable[Standing]
) -> Iterator[tuple[Outcome, Reason]]:
    for check in identity:
        if check.reason is not None:
            yield check.outcome, check.reason
    missing = list(dict.fromkeys(standing.query.purpose for standing in consents if not standing.granted))
    if missing:
        yield Outcome.BLOCK, _consent_missing(missing)
    if screening.outcome is not Outcome.PASS:
        yield screening.outcome, SCREENING_REVIEW


def _consent_missing(purposes: list[Purpose]) -> Reason:
    names_zh, names_en = zip(*(PURPOSE_NAMES[purpose] for purpose in purposes), strict=True)
    return Reason("CONSENT_MISSING", f"缺少有效授权:{'、'.join(names_zh)}", f"No consent stands: {', '.join(names_en)}")
