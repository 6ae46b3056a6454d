"""From an application to a quote: who may lend, at what price, how much, and the best of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sycee_limits.domain import reasons
from sycee_limits.domain.application import Application, Books, Case, Constraint, Offer, Price, Quote, Reason
from sycee_limits.domain.bound_reasons import for_bounds
from sycee_limits.domain.catalogue import Catalogue, Lender, Policy, Product
from sycee_limits.domain.kinds import Grade, RepaymentMethod
from sycee_limits.domain.price import above_four_lpr, build_price, within_caps
from sycee_limits.domain.pricing import add_months, cost, instalments
from sycee_limits.domain.reasons import REASONS_MAX
from sycee_limits.domain.sizing import constraints, limit_fen, season_share_milli


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one lender could do."""

    lender: Lender
    price: Price
    constraints: tuple[Constraint, ...]
    limit_fen: int


def quote(application: Application, catalogue: Catalogue, books: Books) -> Quote:
    """The best offer, or why there is none. Deterministic in its arguments.

    The cheapest lender that can fund all that is asked for wins; when none can, the one that can fund most; ties go to
    the cheaper, then to the first lender_id. Errors: KeyError for a product or lender that the catalogue lacks.
    """
    product = catalogue.products[application.product_id]
    if application.method is RepaymentMethod.UNSPECIFIED:
        application = replace(application, method=product.methods[0])
    case = Case(application, product, catalogue.policy, books)
    unmet = _unmet(application, product, catalogue.policy)
    if unmet:
        return _no_offer(case, catalogue, (), unmet)
    lenders, ruled_out = _willing(application, product, catalogue)
    if not lenders:
        return _no_offer(case, catalogue, (), ruled_out)
    return _best(case, catalogue, lenders)


def _unmet(application: Application, product: Product, policy: Policy) -> list[Reason]:
    """What the application lacks whoever lends."""
    found = []
    if application.months_of_history < product.min_months_of_history:
        found.append(reasons.history_too_short(application, product))
    if application.grade is Grade.UNSPECIFIED:
        found.append(reasons.not_graded(product))
    if product.sized_by_sales and application.monthly_net_fen <= 0:
        found.append(reasons.sales_missing(application))
    if application.requested_fen < product.min_fen:
        found.append(reasons.amount_below_minimum(application, product))
    if application.term_months not in product.terms_months:
        found.append(reasons.term_not_offered(application, product))
    if application.method not in product.methods:
        found.append(reasons.method_not_offered(application, product))
    if product.seasons:
        found.extend(_season_unmet(application, product, policy))
    return found


def _season_unmet(application: Application, product: Product, policy: Policy) -> list[Reason]:
    season = product.season_on(application.as_of)
    if season is None:
        return [reasons.out_of_season(application, product)]
    found = []
    if add_months(application.as_of, application.term_months) > season.repay_by:
        found.append(reasons.term_past_season(application, season))
    if season_share_milli(application.peak_28d_share, policy) == 0:
        found.append(reasons.no_seasonal_uplift(application, product))
    return found


def _willing(
    application: Application, product: Product, catalogue: Catalogue
) -> tuple[list[Lender], tuple[Reason, ...]]:
    """The lenders that take this purpose, place and grade; when there are none, the first thing that ruled them out."""
    asked = catalogue.lenders[application.lender_id] if application.lender_id else None
    pool = [asked] if asked else list(catalogue.lenders.values())
    for_purpose = [lender for lender in pool if product.purpose in lender.appetite]
    if not for_purpose:
        return [], (reasons.no_lender_for_purpose(product, asked),)
    in_place = [lender for lender in for_purpose if _in_place(lender, application.province_code)]
    if not in_place:
        return [], (reasons.no_lender_in_region(application, product),)
    taking = [lender for lender in in_place if application.grade <= lender.appetite[product.purpose]]
    if not taking:
        weakest = max(lender.appetite[product.purpose] for lender in in_place)
        return [], (reasons.grade_too_weak(application, product, weakest),)
    return taking, ()


def _in_place(lender: Lender, province_code: str) -> bool:
    return not lender.provinces or province_code in lender.provinces


def _best(case: Case, catalogue: Catalogue, lenders: list[Lender]) -> Quote:
    product, asked_fen = case.product, case.application.requested_fen
    prices = [(_price(case, lender), lender) for lender in lenders]
    # A discount never lifts a price over a cap: the cap is held against the rate before it.
    allowed = [(price, lender) for price, lender in prices if _within_caps(case, lender, price.full_bp / 10_000)]
    if not allowed:
        needed_bp = min(price.full_bp for price, _ in prices)
        return _no_offer(case, catalogue, (), [reasons.price_above_cap(needed_bp, case.policy)])
    allowed.sort(key=lambda pair: (pair[0].rate_bp, pair[1].lender_id))
    found: list[Candidate] = []
    for price, lender in allowed:
        candidate = _candidate(case, lender, price)
        offer = _offer(case, candidate) if candidate.limit_fen >= asked_fen else None
        if offer is not None:
            return Quote(product.product_id, catalogue.version, offer, candidate.constraints, ())
        found.append(candidate)
    return _less(case, catalogue, found)


def _less(case: Case, catalogue: Catalogue, candidates: list[Candidate]) -> Quote:
    """The most that can be lent when nobody can lend all of it. `candidates` come cheapest first."""
    asked_fen, least_fen = case.application.requested_fen, case.product.min_fen
    by_amount = sorted(candidates, key=lambda candidate: -min(candidate.limit_fen, asked_fen))
    for candidate in by_amount:
        offer = _offer(case, candidate) if candidate.limit_fen >= least_fen else None
        if offer is not None:
            why = for_bounds(candidate.constraints, asked_fen, case, candidate.lender)
            return Quote(case.product.product_id, catalogue.version, offer, candidate.constraints, why)
    first = by_amount[0]
    tight = for_bounds(first.constraints, least_fen, case, first.lender)
    above = reasons.price_above_cap(first.price.full_bp, case.policy)
    return _no_offer(case, catalogue, first.constraints, tight or [above])


def _price(case: Case, lender: Lender) -> Price:
    application = case.application
    return build_price(
        lender,
        case.policy,
        default_probability=application.default_probability,
        term_months=application.term_months,
        method=application.method,
        line_fen=min(application.requested_fen, case.product.max_fen),
        as_of=application.as_of,
        esg_discount_bp=application.esg_discount_bp,
    )


def _candidate(case: Case, lender: Lender, price: Price) -> Candidate:
    bounds = constraints(case, lender, price.rate_bp)
    return Candidate(lender, price, bounds, limit_fen(bounds))


def _within_caps(case: Case, lender: Lender, nominal_rate: float) -> bool:
    return within_caps(case.policy, lender, nominal_rate, case.application.as_of)


def _offer(case: Case, found: Candidate) -> Offer | None:
    """The offer to the fen; None when rounding its payments to the fen would carry it over a cap."""
    application = case.application
    amount_fen = min(application.requested_fen, found.limit_fen)
    parts = instalments(amount_fen, found.price.rate_bp, application.term_months, application.method)
    payments_fen = [principal + interest for principal, interest in parts]
    costs = cost(amount_fen, 0, payments_fen)
    if not _within_caps(case, found.lender, costs.nominal_rate):
        return None
    return Offer(
        lender_id=found.lender.lender_id,
        lender_kind=found.lender.kind,
        amount_fen=amount_fen,
        limit_fen=found.limit_fen,
        term_months=application.term_months,
        method=application.method,
        nominal_rate_bp=round(costs.nominal_rate * 10_000),
        effective_rate_bp=round(costs.effective_rate * 10_000),
        first_payment_fen=payments_fen[0],
        total_cost_fen=costs.total_cost_fen,
        service_fen=-(-sum(payments_fen) // application.term_months),
        price=found.price,
        above_four_lpr=above_four_lpr(case.policy, costs.nominal_rate, application.as_of),
    )


def _no_offer(case: Case, catalogue: Catalogue, bounds: tuple[Constraint, ...], why: Sequence[Reason]) -> Quote:
    return Quote(case.product.product_id, catalogue.version, None, bounds, tuple(why[:REASONS_MAX]))
