"""What a quote is made of, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sycee_limits.domain.catalogue import Policy, Product
from sycee_limits.domain.kinds import BorrowerKind, Grade, LenderKind, RepaymentMethod


@dataclass(frozen=True, slots=True)
class Application:
    """An application with its evidence. Amounts in fen; `default_probability` and `peak_28d_share` from 0 to 1."""

    merchant_id: str
    product_id: str
    requested_fen: int
    term_months: int
    method: RepaymentMethod
    lender_id: str
    as_of: date
    borrower_kind: BorrowerKind
    province_code: str
    monthly_net_fen: int
    months_of_history: int
    default_probability: float
    grade: Grade
    other_debt_fen: int
    other_debt_service_fen: int
    peak_28d_share: float
    esg_discount_bp: int


@dataclass(frozen=True, slots=True)
class Position:
    """What a merchant holds or owes with one lender under one product, with its mean monthly payment."""

    lender_id: str
    product_id: str
    amount_fen: int
    service_fen: int


@dataclass(frozen=True, slots=True)
class Books:
    """The state of the ledger that a quote looks at: drawn and held, in fen."""

    positions: tuple[Position, ...]
    lender_used_fen: Mapping[str, int]
    product_used_fen: int

    def merchant_used_fen(self) -> int:
        """All that the merchant holds and owes here."""
        return sum(position.amount_fen for position in self.positions)

    def merchant_service_fen(self) -> int:
        """Mean monthly payments of all that the merchant holds and owes here."""
        return sum(position.service_fen for position in self.positions)

    def at_lender_fen(self, lender_id: str) -> int:
        """What the merchant holds and owes with one lender."""
        return sum(position.amount_fen for position in self.positions if position.lender_id == lender_id)

    def in_product_fen(self, product_id: str) -> int:
        """What the merchant holds and owes under one product."""
        return sum(position.amount_fen for position in self.positions if position.product_id == product_id)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a quote looks at, but for the lender."""

    application: Application
    product: Product
    policy: Policy
    books: Books


@dataclass(frozen=True, slots=True)
class Constraint:
    """One bound on a limit: its code, the most it allows, where it comes from, and whether it set the limit."""

    code: str
    amount_fen: int
    rule_id: str
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing, or less, is offered, in words that the merchant can contest (XP-01)."""

    code: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Price:
    """What makes up a rate, in basis points a year."""

    cost_of_funds_bp: int
    operating_cost_bp: int
    expected_loss_bp: int
    capital_charge_bp: int
    tax_bp: int
    esg_discount_bp: int

    @property
    def full_bp(self) -> int:
        """The rate that the loan needs, before the ESG discount. Caps are held against this one."""
        return (
            self.cost_of_funds_bp
            + self.operating_cost_bp
            + self.expected_loss_bp
            + self.capital_charge_bp
            + self.tax_bp
        )

    @property
    def rate_bp(self) -> int:
        """The rate that is asked."""
        return self.full_bp - self.esg_discount_bp


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer. `limit_fen` is the most this lender could lend; `service_fen` the mean monthly payment."""

    lender_id: str
    lender_kind: LenderKind
    amount_fen: int
    limit_fen: int
    term_months: int
    method: RepaymentMethod
    nominal_rate_bp: int
    effective_rate_bp: int
    first_payment_fen: int
    total_cost_fen: int
    service_fen: int
    price: Price
    above_four_lpr: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer, or the reasons why there is none."""

    product_id: str
    catalogue_version: str
    offer: Offer | None
    constraints: tuple[Constraint, ...]
    reasons: tuple[Reason, ...]
