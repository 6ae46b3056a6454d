"""What is on offer and by whom: products, lenders and the policy they share. Frozen data; read from files elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sycee_limits.domain.kinds import Grade, LenderKind, LoanPurpose, RepaymentMethod


@dataclass(frozen=True, slots=True)
class Season:
    """A selling season (LM-03): when stock may be financed, the event itself, and the day all must be repaid by."""

    name_zh: str
    name_en: str
    opens: date
    event: date
    repay_by: date


@dataclass(frozen=True, slots=True)
class Product:
    """A loan product. `seasons` is empty for a product that is open all year."""

    product_id: str
    name_zh: str
    name_en: str
    purpose: LoanPurpose
    min_fen: int
    max_fen: int
    programme_limit_fen: int
    terms_months: tuple[int, ...]
    methods: tuple[RepaymentMethod, ...]
    min_months_of_history: int
    sales_multiple_milli: int
    seasons: tuple[Season, ...] = ()

    @property
    def sized_by_sales(self) -> bool:
        """Whether sales set the limit (LM-01). The start-up package is sized by its operator's grade (LM-02)."""
        return self.sales_multiple_milli > 0

    def season_on(self, day: date) -> Season | None:
        """The season whose stock may be financed on `day`; of two, the one that leaves longer to repay."""
        open_now = [season for season in self.seasons if season.opens <= day <= season.event]
        return max(open_now, key=lambda season: season.repay_by, default=None)


@dataclass(frozen=True, slots=True)
class Capital:
    """Net assets (microloan) or tier-1 capital (bank) on a balance-sheet day."""

    day: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Lender:
    """A funding institution. `appetite` says, for each purpose it funds, the weakest grade it takes.

    `provinces` is empty for a lender that may lend everywhere (an online bank, CN-NET-05; an online licence,
    CN-MICRO-09). Rates are basis points a year, shares are thousandths.
    """

    lender_id: str
    name_zh: str
    name_en: str
    kind: LenderKind
    capital: tuple[Capital, ...]
    cost_of_funds_bp: int
    operating_cost_bp: int
    loss_given_default_milli: int
    risk_weight_milli: int
    capital_ratio_milli: int
    return_on_capital_bp: int
    appetite: Mapping[LoanPurpose, Grade]
    provinces: frozenset[str]
    max_per_borrower_fen: int
    programme_limit_fen: int

    def capital_for(self, day: date) -> Capital:
        """The figure that counts on `day`: that of the year-end before, frozen for the year (CN-MICRO-03).

        Where that year-end is not in the data, the last figure before it stands, and before all figures the first.
        """
        known = [figure for figure in self.capital if figure.day.year < day.year]
        return max(known, key=lambda figure: figure.day) if known else self.capital[0]

    @property
    def worst_grade(self) -> Grade:
        """The weakest grade it takes for any purpose."""
        return max(self.appetite.values())


@dataclass(frozen=True, slots=True)
class TenureStep:
    """From so many months of trade on, this share of the limit (LM-02), in thousandths."""

    from_months: int
    factor_milli: int


@dataclass(frozen=True, slots=True)
class LoanPrimeRate:
    """The one-year loan prime rate from a day on (CN-RATE-05)."""

    day: date
    rate_bp: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What all products and lenders share. Shares are thousandths, rates basis points."""

    merchant_cap_fen: int
    grade_factors_milli: Mapping[Grade, int]
    tenure_steps: tuple[TenureStep, ...]
    debt_service_cover_milli: int
    operating_margin_milli: int
    total_debt_months_milli: int
    new_shop_debt_max_fen: int
    season_share_max_milli: int
    nominal_cap_bp: int
    effective_cap_bp: int
    esg_discount_max_bp: int
    income_tax_milli: int
    vat_on_interest_milli: int
    vat_exempt_max_fen: int
    vat_exempt_until: date
    loan_prime_rates: tuple[LoanPrimeRate, ...]
    four_lpr_binds_from: date

    def grade_factor_milli(self, grade: Grade) -> int:
        """The share of a limit that a grade earns (LM-01); none without a grade."""
        return self.grade_factors_milli.get(grade, 0)

    def tenure_factor_milli(self, months: int) -> int:
        """The share of a limit that so many months of trade earn (LM-02)."""
        return max((step for step in self.tenure_steps if step.from_months <= months), key=_from_months).factor_milli

    def full_tenure_months(self) -> int:
        """Months of trade from which nothing is taken off."""
        return max(self.tenure_steps, key=_from_months).from_months

    def four_lpr_bp(self, day: date) -> int | None:
        """Four times the one-year loan prime rate on `day` (CN-RATE-05); None before the table begins."""
        known = [rate for rate in self.loan_prime_rates if rate.day <= day]
        return 4 * max(known, key=lambda rate: rate.day).rate_bp if known else None


def _from_months(step: TenureStep) -> int:
    return step.from_months


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything on offer, under one version that changes with any byte of it."""

    version: str
    products: Mapping[str, Product]
    lenders: Mapping[str, Lender]
    policy: Policy
