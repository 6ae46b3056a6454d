"""How much can be lent: every bound of LM-01 to LM-03 and of the caps in law, each with its value and its source.

LM-01 multiplies by grade and tenure. Here the grade scales each bound that speaks of the merchant or the product, and
the tenure gives a bound of its own, so that the bound which sets the limit is always named for what it is. Caps of law
and room in a book are not scaled: they say nothing about the merchant.
"""

from collections.abc import Iterable

from sycee_limits.domain.application import Application, Books, Case, Constraint
from sycee_limits.domain.catalogue import Lender, Policy, Product
from sycee_limits.domain.kinds import BUSINESS_PURPOSES, BorrowerKind, LenderKind
from sycee_limits.domain.money import reckoned_fen, stated_fen
from sycee_limits.domain.pricing import payment_per_fen

CATALOGUE = "CATALOGUE"
"""Source of a bound that the catalogue sets and no rule."""
REQUEST = "REQUEST"
"""Source of the bound that is what was asked for."""

EVEN_28D_SHARE = 28 / 365
"""The share of a year's sales that 28 days hold when there is no season."""
MONTHS_BEFORE_SALES_SPEAK = 3
"""Under three months of trade, sales prove nothing yet (LM-02)."""

MICROLOAN_BORROWER_SHARE = 10
"""One borrower: at most a tenth of prior-year-end net assets (CN-MICRO-03)."""
MICROLOAN_BUSINESS_MAX_FEN = 1_000_000_000
"""10,000,000 yuan a borrower for business (CN-MICRO-02)."""
CONSUMER_MAX_FEN = 20_000_000
"""200,000 yuan a borrower for consumption (CN-MICRO-01, CN-NET-01, CN-CAP-01)."""


def constraints(case: Case, lender: Lender, rate_bp: int) -> tuple[Constraint, ...]:
    """Every bound on what `lender` could lend now at `rate_bp`, exactly one of them binding."""
    merchant_left_fen = case.policy.merchant_cap_fen - case.books.merchant_used_fen()
    bounds = [
        Constraint("REQUESTED", case.application.requested_fen, REQUEST),
        *_evidence_bounds(case, rate_bp),
        _borrower_cap(case, lender),
        _programme(lender, case.books),
        Constraint("MERCHANT_CAP", stated_fen(merchant_left_fen), CATALOGUE),
    ]
    return bound_by_least(bounds)


def bound_by_least(bounds: Iterable[Constraint]) -> tuple[Constraint, ...]:
    """The bounds with the least of them marked as binding; of equals the first."""
    listed = tuple(bounds)
    least = min(range(len(listed)), key=lambda place: listed[place].amount_fen)
    chosen = listed[least]
    binding = Constraint(chosen.code, chosen.amount_fen, chosen.rule_id, binding=True)
    return (*listed[:least], binding, *listed[least + 1 :])


def limit_fen(bounds: Iterable[Constraint]) -> int:
    """The most that could be lent, whatever was asked for."""
    return min(bound.amount_fen for bound in bounds if bound.code != "REQUESTED")


def season_share_milli(peak_28d_share: float, policy: Policy) -> int:
    """The extra that a season may add, in thousandths of the sales-based limit (LM-03).

    It is the uplift of the merchant's own best 28 days over even ones, at most the policy's share.
    """
    uplift = peak_28d_share / EVEN_28D_SHARE - 1
    return max(0, min(int(uplift * 1000), policy.season_share_max_milli))


def _evidence_bounds(case: Case, rate_bp: int) -> list[Constraint]:
    """The bounds of LM-01 to LM-03 that speak of the merchant and of the product, what is used already taken off."""
    application, product, policy, books = case.application, case.product, case.policy, case.books
    grade_milli = policy.grade_factor_milli(application.grade)
    used_fen = books.merchant_used_fen()
    product_max_fen = product.max_fen * grade_milli // 1000
    bounds = [_product_bound(product, product_max_fen, books)]
    ceilings: list[float] = [product_max_fen]

    if product.sized_by_sales:
        base_fen = _sales_fen(application) * product.sales_multiple_milli * grade_milli // 1_000_000
        extra_fen = base_fen * _season_share_milli(case) // 1000
        bounds.append(Constraint("SALES_MULTIPLE", reckoned_fen(base_fen + extra_fen - used_fen), "LM-01"))
        ceilings.append(base_fen + extra_fen)
        if product.seasons:
            in_season_fen = extra_fen - books.in_product_fen(product.product_id)
            bounds.append(Constraint("SEASON", reckoned_fen(in_season_fen), "LM-03"))

    if product.sized_by_sales or application.months_of_history >= MONTHS_BEFORE_SALES_SPEAK:
        per_fen = payment_per_fen(rate_bp, application.term_months, application.method)
        free_fen = _free_for_service_fen(case) - application.other_debt_service_fen
        left_fen = free_fen - books.merchant_service_fen()
        bounds.append(Constraint("DEBT_SERVICE", reckoned_fen(left_fen / per_fen), "LM-01"))
        ceilings.append(free_fen / per_fen)

    debt_fen = _total_debt_fen(case) - application.other_debt_fen
    bounds.append(Constraint("TOTAL_DEBT", reckoned_fen(debt_fen - used_fen), "LM-01"))
    ceilings.append(debt_fen)

    tenure_milli = policy.tenure_factor_milli(application.months_of_history)
    if product.sized_by_sales and tenure_milli < 1000:
        young_fen = int(min(ceilings)) * tenure_milli // 1000 - used_fen
        bounds.append(Constraint("TENURE", reckoned_fen(young_fen), "LM-02"))
    return bounds


def _sales_fen(application: Application) -> int:
    return max(0, application.monthly_net_fen)


def _season_share_milli(case: Case) -> int:
    return season_share_milli(case.application.peak_28d_share, case.policy) if case.product.seasons else 0


def _product_bound(product: Product, product_max_fen: int, books: Books) -> Constraint:
    """The lower of what the product lends to one merchant and what is left of the product's programme."""
    own_fen = reckoned_fen(product_max_fen - books.in_product_fen(product.product_id))
    left_fen = stated_fen(product.programme_limit_fen - books.product_used_fen)
    if left_fen < own_fen:
        return Constraint("PRODUCT_MAX", left_fen, CATALOGUE)
    return Constraint("PRODUCT_MAX", own_fen, "LM-01")


def _free_for_service_fen(case: Case) -> int:
    """What a month can give to lenders at the wanted cover (LM-01, DSCR ≥ 1.2–1.5).

    It is the margin on net sales. Stock that is financed for a season turns into money once, within the term, so a
    seasonal product adds the season's extra sales, spread over the term.
    """
    policy, application = case.policy, case.application
    margin_milli = policy.operating_margin_milli + _season_share_milli(case) // application.term_months
    scaled = _sales_fen(application) * margin_milli * policy.grade_factor_milli(application.grade)
    return scaled // (policy.debt_service_cover_milli * 1000)


def _total_debt_fen(case: Case) -> int:
    """All debt that a merchant may carry, here and elsewhere (LM-01); a new shop's is a plain amount (LM-02)."""
    policy = case.policy
    grade_milli = policy.grade_factor_milli(case.application.grade)
    if case.product.sized_by_sales:
        return _sales_fen(case.application) * policy.total_debt_months_milli * grade_milli // 1_000_000
    return policy.new_shop_debt_max_fen * grade_milli // 1000


def _borrower_cap(case: Case, lender: Lender) -> Constraint:
    """The least of the caps on one borrower at this lender, less what the merchant has there already."""
    caps = [*legal_caps(case.application, case.product, lender), (lender.max_per_borrower_fen, CATALOGUE)]
    cap_fen, rule_id = min(caps, key=lambda cap: cap[0])
    return Constraint("LENDER_BORROWER_CAP", stated_fen(cap_fen - case.books.at_lender_fen(lender.lender_id)), rule_id)


def legal_caps(application: Application, product: Product, lender: Lender) -> list[tuple[int, str]]:
    """The caps in law on one borrower at this lender, each with its rule.

    A borrower without a licence, or whose legal form is not known, has nothing that evidences business use, so at a
    microloan company the consumer cap stands for it (CN-MICRO-01; worked case 2).
    """
    business = product.purpose in BUSINESS_PURPOSES
    match lender.kind:
        case LenderKind.MICROLOAN:
            licensed = application.borrower_kind in {BorrowerKind.SOLE_TRADER, BorrowerKind.ENTERPRISE}
            by_purpose = (
                (MICROLOAN_BUSINESS_MAX_FEN, "CN-MICRO-02")
                if business and licensed
                else (CONSUMER_MAX_FEN, "CN-MICRO-01")
            )
            net_assets = lender.capital_for(application.as_of).amount_fen
            return [by_purpose, (net_assets // MICROLOAN_BORROWER_SHARE, "CN-MICRO-03")]
        case LenderKind.BANK:
            return [] if business else [(CONSUMER_MAX_FEN, "CN-NET-01")]
        case LenderKind.CONSUMER_FINANCE:
            return [(0, "CN-CFC-01")] if business else [(CONSUMER_MAX_FEN, "CN-CAP-01")]
        case _:
            return [(0, CATALOGUE)]


def _programme(lender: Lender, books: Books) -> Constraint:
    left = lender.programme_limit_fen - books.lender_used_fen.get(lender.lender_id, 0)
    return Constraint("LENDER_PROGRAMME", stated_fen(left), CATALOGUE)
