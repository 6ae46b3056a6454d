"""The rate a loan needs (funding + operating cost + PD×LGD + capital charge + tax, rules.md section 8) and its caps."""

from datetime import date
from math import ceil

from sycee_limits.domain.application import Price
from sycee_limits.domain.catalogue import Lender, Policy
from sycee_limits.domain.kinds import LenderKind, RepaymentMethod


def build_price(
    lender: Lender,
    policy: Policy,
    *,
    default_probability: float,
    term_months: int,
    method: RepaymentMethod,
    line_fen: int,
    as_of: date,
    esg_discount_bp: int,
) -> Price:
    """The rate in its parts. `default_probability` looks 12 months ahead; `line_fen` is the largest line in question.

    The capital charge pays the lender's wanted return on the capital that the loan ties up, and the tax pays the income
    tax on that return, so RAROC = (yield − funding − opex − EL)(1−t)/capital comes out at the wanted return. The ESG
    discount is the lender's to give: at most the policy's 50 bp, and never more than the return it gives up.
    """
    capital_share = lender.risk_weight_milli * lender.capital_ratio_milli / 1e6
    charge_bp = capital_share * lender.return_on_capital_bp
    income_tax = policy.income_tax_milli / 1000
    income_tax_bp = charge_bp * income_tax / (1 - income_tax)
    loss_bp = expected_loss_bp(lender.loss_given_default_milli, default_probability, term_months, method)
    before_vat = lender.cost_of_funds_bp + lender.operating_cost_bp + loss_bp + ceil(charge_bp) + ceil(income_tax_bp)
    vat_bp = 0 if vat_exempt(policy, line_fen, as_of) else before_vat * _vat_mark_up(policy)
    return Price(
        cost_of_funds_bp=lender.cost_of_funds_bp,
        operating_cost_bp=lender.operating_cost_bp,
        expected_loss_bp=loss_bp,
        capital_charge_bp=ceil(charge_bp),
        tax_bp=ceil(income_tax_bp) + ceil(vat_bp),
        esg_discount_bp=min(esg_discount_bp, policy.esg_discount_max_bp, ceil(charge_bp)),
    )


def expected_loss_bp(
    loss_given_default_milli: int, default_probability: float, term_months: int, method: RepaymentMethod
) -> int:
    """PD×LGD as an annual rate on the loan's mean balance, rounded up to whole basis points.

    The 12-month PD is carried to the term at a constant hazard; the loss is reckoned on the whole principal (defaults
    come early, before much is repaid) and earned back on the mean balance over the term.
    """
    years = term_months / 12
    within_term: float = 1 - (1 - default_probability) ** years
    loss = within_term * loss_given_default_milli / 1000
    return ceil(loss / (mean_balance_share(term_months, method) * years) * 10_000 - 1e-9)


def mean_balance_share(term_months: int, method: RepaymentMethod) -> float:
    """The mean balance over the term as a share of the principal.

    Exact for equal principal and interest-first; an equal instalment repays later, so its mean is a little higher and
    the figure used here errs to the safe side.
    """
    return 1.0 if method is RepaymentMethod.INTEREST_FIRST else (term_months + 1) / (2 * term_months)


def vat_exempt(policy: Policy, line_fen: int, as_of: date) -> bool:
    """Whether interest on the line is free of VAT (CN-RATE-10: micro and small lines up to 1m, to 2027-12-31)."""
    return line_fen <= policy.vat_exempt_max_fen and as_of <= policy.vat_exempt_until


def _vat_mark_up(policy: Policy) -> float:
    """VAT as a share of the rate before it; the statutory share is taken of the rate with it."""
    share = policy.vat_on_interest_milli / 1000
    return share / (1 - share)


def effective_rate(nominal_rate: float) -> float:
    """(1 + i/12)^12 − 1 as a fraction (rules.md section 8)."""
    return float((1 + nominal_rate / 12) ** 12 - 1)


def within_caps(policy: Policy, lender: Lender, nominal_rate: float, as_of: date) -> bool:
    """Whether a rate is under every cap: 24 % by both conventions (CN-NET-08, CN-RATE-03, section 8), and 4×LPR for a
    microloan company from the day that binds (CN-RATE-03, 2028-01-01)."""
    allowed = nominal_rate <= policy.nominal_cap_bp / 1e4 + 1e-12
    allowed = allowed and effective_rate(nominal_rate) <= policy.effective_cap_bp / 1e4 + 1e-12
    binds = lender.kind is LenderKind.MICROLOAN and as_of >= policy.four_lpr_binds_from
    return allowed and not (binds and above_four_lpr(policy, nominal_rate, as_of))


def above_four_lpr(policy: Policy, nominal_rate: float, as_of: date) -> bool:
    """Whether a rate is above 4×LPR (CN-RATE-03): noted before it binds, because the share of such loans must fall."""
    four_lpr_bp = policy.four_lpr_bp(as_of)
    return four_lpr_bp is not None and nominal_rate > four_lpr_bp / 1e4 + 1e-12
