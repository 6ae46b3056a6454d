"""What a decision stands on: the answers of the other services as plain facts.

Every answer keeps its bytes as received (`wire`): they are stored, digested and shown, never re-made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

GREEN = 4
"""Loan purposes keep their numbers from the contract; this one claims a green label (ESG-01)."""
CONSUMPTION = 5
"""The one that is no business (CN-MICRO-01)."""


class Check(IntEnum):
    """How a check came out, mildest first."""

    PASS = 1
    WARN = 2
    REFER = 3
    BLOCK = 4


class Grade(IntEnum):
    """Credit grade, best first."""

    A = 1
    B = 2
    C = 3
    D = 4
    E = 5


class RepaymentMethod(IntEnum):
    """How principal and interest come back."""

    EQUAL_INSTALMENT = 1
    EQUAL_PRINCIPAL = 2
    INTEREST_FIRST = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """A specific cause that a merchant can understand and contest (XP-01)."""

    code: str
    text_zh: str
    text_en: str
    contribution: float = 0.0


@dataclass(frozen=True, slots=True)
class DataQuality:
    """How far the portrait may be relied on. `score` 0 to 100, None where ingestion says nothing of it.

    `severe` are the defects that a person should look at before money is lent on the data; `fake_amount_share` is the
    share of the year's sales that looks brushed, 0 to 1.
    """

    score: int | None
    severe: tuple[Reason, ...]
    fake_amount_share: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """The merchant at a moment. `message` and `identity` are passed on untouched and never stored as such."""

    merchant_id: str
    as_of: datetime
    feature_version: str
    coverage: float
    borrower_kind: int
    register_status: int
    province_code: str
    simulated: bool
    monthly_net_fen: int
    months_of_history: int
    other_debt_fen: int
    other_debt_service_fen: int
    peak_28d_share: float
    has_bureau_report: bool
    quality: DataQuality
    wire: bytes
    message: object = field(repr=False)
    identity: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class PartyCheck:
    """Identity, screening and consent."""

    outcome: Check
    reasons: tuple[Reason, ...]
    list_versions: tuple[str, ...]
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, or the word that there was too little to score. `grade` is None where none was given."""

    scorable: bool
    score: int
    grade: Grade | None
    default_probability: float
    reasons: tuple[Reason, ...]
    model_version: str
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FraudCheck:
    """What looks like fraud: PASS, REFER or BLOCK, and what it rests on, the strongest first."""

    outcome: Check
    reasons: tuple[Reason, ...]
    score: int
    model_version: str
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assessed:
    """An ESG assessment and the discount that it earns."""

    discount_bp: int
    factor_version: str
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """Money that can be lent, on terms. `expires_at` is None where nothing is held."""

    lender_id: str
    lender_kind: int
    amount_fen: int
    term_months: int
    repayment_method: int
    nominal_rate_bp: int
    effective_rate_bp: int
    first_payment_fen: int
    total_cost_fen: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the ledger can lend: an offer, or the reasons why there is none or a smaller one."""

    offer: Offer | None
    reasons: tuple[Reason, ...]
    catalogue_version: str
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RulesChecked:
    """What the rules of the day say of a concrete offer; `reasons` are those of the worst results, worst first."""

    outcome: Check
    reasons: tuple[Reason, ...]
    pack_version: str
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Product:
    """What the catalogue says of a loan product; terms in months, ascending.

    `sales_multiple_milli` sizes the limit by monthly sales, in thousandths (LM-01); 0 = not sized by sales.
    """

    product_id: str
    purpose: int
    min_fen: int
    max_fen: int
    sales_multiple_milli: int
    terms_months: tuple[int, ...]
    repayment_methods: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lender:
    """What the catalogue says of a lender. `capital_fen` is None where it is not known."""

    lender_id: str
    kind: int
    capital_fen: int | None


@dataclass(frozen=True, slots=True)
class Debt:
    """What one merchant owes one lender as known here, in fen: drawn, and held for offers that still stand."""

    business_fen: int = 0
    consumer_fen: int = 0


Debts = Mapping[str, Debt]
"""Debts of one merchant by lender_id."""


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """A concrete offer with what the rules look at beside it. Debts are those known here, this offer not counted."""

    merchant_id: str
    borrower_kind: int
    purpose: int
    offer: Offer
    capital_fen: int | None
    debt: Debt
    green_label: bool
