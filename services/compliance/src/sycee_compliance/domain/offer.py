"""A concrete offer, and the facts that rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from sycee_compliance.domain.identity import BorrowerKind
from sycee_compliance.domain.lending_rates import LendingRates

WHOLE_BP = 10_000


class LoanPurpose(IntEnum):
    """What the money is for. The numbers are those of the contract."""

    UNSPECIFIED = 0
    WORKING_CAPITAL = 1
    STOCKING = 2
    START_UP = 3
    GREEN = 4
    CONSUMPTION = 5
    SECURITIES_OR_PROPERTY = 6


class LenderKind(IntEnum):
    """Kind of a funding institution. The numbers are those of the contract."""

    BANK = 1
    MICROLOAN = 2
    CONSUMER_FINANCE = 3


@dataclass(frozen=True, slots=True)
class LenderShare:
    """A lender's part. `capital_fen`: net assets or tier-1 capital at the last year's end, None when not known."""

    lender_id: str
    kind: LenderKind
    share_bp: int
    capital_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A loan as it would be signed. Amounts in fen, rates a year in basis points over every cost; None is not known.

    `displayed_rate_bp` is None when the borrower is shown no rate. Shares sum to 10,000.
    """

    borrower_kind: BorrowerKind
    purpose: LoanPurpose
    amount_fen: int
    net_received_fen: int
    term_months: int
    nominal_rate_bp: int
    effective_rate_bp: int
    displayed_rate_bp: int | None
    lenders: tuple[LenderShare, ...]
    existing_business_debt_fen: int | None
    existing_consumer_debt_fen: int | None
    green_label: bool
    green_evidence: bool
    automated: bool
    review_offered: bool
    cost_table_shown: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that rules may name. `optional` facts can be missing: a rule that uses one must list it in `needs`."""

    name_zh: str
    name_en: str
    optional: bool = False


FACTS: Mapping[str, Fact] = {
    "borrower_kind": Fact("主体类型", "legal form of the borrower", optional=True),
    "purpose": Fact("贷款用途", "purpose of the loan", optional=True),
    "amount_fen": Fact("合同本金", "contract principal"),
    "net_received_fen": Fact("实际到账金额", "amount received"),
    "term_months": Fact("期限(月)", "term in months"),
    "nominal_rate_bp": Fact("综合年化成本(单利)", "all-in nominal rate a year"),
    "effective_rate_bp": Fact("综合年化成本(复利)", "all-in effective rate a year"),
    "displayed_rate_bp": Fact("展示的年化利率", "rate shown to the borrower"),
    "rate_displayed": Fact("是否展示年化利率", "whether a rate is shown"),
    "lender_count": Fact("出资机构数", "number of lenders"),
    "has_bank": Fact("是否有银行出资", "whether a bank lends"),
    "has_microloan": Fact("是否有小额贷款公司出资", "whether a microloan company lends"),
    "has_consumer_finance": Fact("是否有消费金融公司出资", "whether a consumer-finance company lends"),
    "bank_share_bp": Fact("银行出资比例", "share of the banks"),
    "partner_share_bp": Fact("合作机构出资比例", "share of the lenders that are no banks"),
    "bank_part_fen": Fact("银行出资金额", "largest part of one bank"),
    "microloan_part_fen": Fact("小额贷款公司出资金额", "largest part of one microloan company"),
    "microloans": Fact("小额贷款公司上年末净资产", "prior-year-end net assets of the microloan company", optional=True),
    "existing_business_debt_fen": Fact(
        "在同一机构的经营性贷款余额", "business debt at the same lenders", optional=True
    ),
    "existing_consumer_debt_fen": Fact("在同一机构的消费贷款余额", "consumer debt at the same lenders", optional=True),
    "lpr_1y_bp": Fact("一年期 LPR", "one-year LPR", optional=True),
    "green_label": Fact("是否使用绿色标识", "whether a green label is claimed"),
    "green_evidence": Fact("是否有绿色用途证明", "whether evidence of green use is on file"),
    "automated": Fact("是否仅由系统自动决定", "whether a machine alone decided"),
    "review_offered": Fact("是否提供说明和人工复核", "whether an explanation and a human review are offered"),
    "cost_table_shown": Fact("签约前是否展示综合融资成本明示表", "whether a cost table is shown before signing"),
}
"""Every fact by the name that CEL expressions use. Amounts are integer fen and rates integer basis points."""

OPTIONAL_FACTS = tuple(name for name, fact in FACTS.items() if fact.optional)


def facts(offer: Offer, day: date, rates: LendingRates) -> dict[str, object]:
    """The facts of an offer on a day, one entry for each name in FACTS; None is a fact that is not known.

    A lender's part is its share of the principal, rounded up to whole fen.
    """
    banks = [lender for lender in offer.lenders if lender.kind is LenderKind.BANK]
    microloans = [lender for lender in offer.lenders if lender.kind is LenderKind.MICROLOAN]
    bank_share_bp = sum(lender.share_bp for lender in banks)
    return {
        "borrower_kind": offer.borrower_kind.name if offer.borrower_kind else None,
        "purpose": offer.purpose.name if offer.purpose else None,
        "amount_fen": offer.amount_fen,
        "net_received_fen": offer.net_received_fen,
        "term_months": offer.term_months,
        "nominal_rate_bp": offer.nominal_rate_bp,
        "effective_rate_bp": offer.effective_rate_bp,
        "displayed_rate_bp": offer.displayed_rate_bp or 0,
        "rate_displayed": offer.displayed_rate_bp is not None,
        "lender_count": len(offer.lenders),
        "has_bank": bool(banks),
        "has_microloan": bool(microloans),
        "has_consumer_finance": len(banks) + len(microloans) < len(offer.lenders),
        "bank_share_bp": bank_share_bp,
        "partner_share_bp": WHOLE_BP - bank_share_bp,
        "bank_part_fen": max((_part_fen(offer, lender) for lender in banks), default=0),
        "microloan_part_fen": max((_part_fen(offer, lender) for lender in microloans), default=0),
        "microloans": _with_capital(offer, microloans),
        "existing_business_debt_fen": offer.existing_business_debt_fen,
        "existing_consumer_debt_fen": offer.existing_consumer_debt_fen,
        "lpr_1y_bp": rates.one_year_bp(day),
        "green_label": offer.green_label,
        "green_evidence": offer.green_evidence,
        "automated": offer.automated,
        "review_offered": offer.review_offered,
        "cost_table_shown": offer.cost_table_shown,
    }


def _part_fen(offer: Offer, lender: LenderShare) -> int:
    return -(-offer.amount_fen * lender.share_bp // WHOLE_BP)


def _with_capital(offer: Offer, lenders: list[LenderShare]) -> list[dict[str, int]] | None:
    """Part and capital of each lender; None as soon as one capital is not known."""
    known = [
        {"part_fen": _part_fen(offer, lender), "capital_fen": lender.capital_fen}
        for lender in lenders
        if lender.capital_fen is not None
    ]
    return known if len(known) == len(lenders) else None
