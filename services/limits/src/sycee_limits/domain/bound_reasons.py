"""Why a bound on a limit is as low as it is, in words (XP-01). Codes are for ever."""

from collections.abc import Callable, Iterable

from sycee_limits.domain.application import Case, Constraint, Reason
from sycee_limits.domain.catalogue import Lender
from sycee_limits.domain.money import percent, yuan
from sycee_limits.domain.reasons import REASONS_MAX


def for_bounds(bounds: Iterable[Constraint], below_fen: int, case: Case, lender: Lender) -> tuple[Reason, ...]:
    """The reasons of the bounds under `below_fen`, the tightest first, one of each code, at most four."""
    low = [bound for bound in bounds if bound.amount_fen < below_fen and bound.code in _WORDS]
    low.sort(key=lambda bound: bound.amount_fen)
    found: dict[str, Reason] = {}
    for bound in low:
        reason = _WORDS[bound.code](bound, case, lender)
        found.setdefault(reason.code, reason)
    return tuple(found.values())[:REASONS_MAX]


def _product_max(bound: Constraint, case: Case, lender: Lender) -> Reason:
    product, most = case.product, yuan(bound.amount_fen)
    if bound.rule_id == "CATALOGUE":
        return Reason(
            "PRODUCT_BOOK_FULL",
            f"{product.name_zh}的总规模目前仅余 {most} 元。",
            f"The programme of {product.name_en} has {most} yuan left at present.",
        )
    if case.books.in_product_fen(product.product_id):
        return _limit_used(bound, case, lender)
    grade = case.application.grade.name
    return Reason(
        "PRODUCT_MAX_REACHED",
        f"{product.name_zh}对 {grade} 级客户最高 {most} 元。",
        f"{product.name_en} lends at most {most} yuan at grade {grade}.",
    )


def _sales_multiple(bound: Constraint, case: Case, lender: Lender) -> Reason:
    if case.books.merchant_used_fen():
        return _limit_used(bound, case, lender)
    sales, most = _sales(case), yuan(bound.amount_fen)
    return Reason(
        "SALES_TOO_SMALL",
        f"扣除退款和刷单后的月均净销售额为 {sales} 元，按销售倍数最多 {most} 元。",
        f"Monthly sales net of refunds and brushed orders are {sales} yuan, which support at most {most} yuan.",
    )


def _season(bound: Constraint, case: Case, lender: Lender) -> Reason:
    if case.books.in_product_fen(case.product.product_id):
        return _limit_used(bound, case, lender)
    share, most = percent(round(case.application.peak_28d_share * 10_000)), yuan(bound.amount_fen)
    return Reason(
        "SEASONAL_UPLIFT_SMALL",
        f"最旺 28 天占全年销售的 {share}，按旺季增量最多 {most} 元。",
        f"The best 28 days hold {share} of the year's sales; that uplift supports {most} yuan.",
    )


def _debt_service(bound: Constraint, case: Case, _: Lender) -> Reason:
    sales, most = _sales(case), yuan(bound.amount_fen)
    due = yuan(case.application.other_debt_service_fen + case.books.merchant_service_fen())
    return Reason(
        "DEBT_SERVICE_TOO_HIGH",
        f"月均净销售额 {sales} 元、每月已有还款 {due} 元，按偿债覆盖要求最多再借 {most} 元。",
        f"With monthly net sales of {sales} yuan and {due} yuan a month already due, debt service leaves room for "
        f"{most} yuan.",
    )


def _total_debt(bound: Constraint, case: Case, lender: Lender) -> Reason:
    other_fen, used_fen = case.application.other_debt_fen, case.books.merchant_used_fen()
    if used_fen and not other_fen:
        return _limit_used(bound, case, lender)
    other, used, most = yuan(other_fen), yuan(used_fen), yuan(bound.amount_fen)
    if not other_fen:
        return Reason(
            "TOTAL_DEBT_TOO_HIGH",
            f"该商户的总负债上限为 {most} 元。",
            f"All debt of this merchant is capped at {most} yuan.",
        )
    return Reason(
        "TOTAL_DEBT_TOO_HIGH",
        f"其他负债 {other} 元、本平台已用 {used} 元，按总负债上限最多再借 {most} 元。",
        f"Debt of {other} yuan elsewhere and {used} yuan here leave {most} yuan under the cap on total debt.",
    )


def _tenure(bound: Constraint, case: Case, lender: Lender) -> Reason:
    if case.books.merchant_used_fen():
        return _limit_used(bound, case, lender)
    have, full = case.application.months_of_history, case.policy.full_tenure_months()
    most = yuan(bound.amount_fen)
    return Reason(
        "HISTORY_TOO_SHORT",
        f"经营 {have} 个月；满 {full} 个月前额度按比例核定，最多 {most} 元。",
        f"With {have} months of trade only part of the limit is open, {most} yuan; all of it is from {full} months on.",
    )


def _lender_programme(bound: Constraint, _: Case, lender: Lender) -> Reason:
    most = yuan(bound.amount_fen)
    return Reason(
        "LENDER_BOOK_FULL",
        f"{lender.name_zh}的合作额度目前仅余 {most} 元。",
        f"The book of {lender.name_en} has {most} yuan left at present.",
    )


def _lender_borrower_cap(bound: Constraint, case: Case, lender: Lender) -> Reason:
    most, used = yuan(bound.amount_fen), yuan(case.books.at_lender_fen(lender.lender_id))
    return Reason(
        "LENDER_BORROWER_CAP_REACHED",
        f"{lender.name_zh}对单一借款人设有上限，已用 {used} 元，仅余 {most} 元。",
        f"Of the cap of {lender.name_en} on one borrower {used} yuan are used and {most} yuan are left.",
    )


def _limit_used(bound: Constraint, case: Case, _: Lender) -> Reason:
    used, most = yuan(case.books.merchant_used_fen()), yuan(bound.amount_fen)
    return Reason(
        "MERCHANT_LIMIT_USED",
        f"本平台已用或已占用 {used} 元，商户额度仅余 {most} 元。",
        f"{used} yuan are drawn or held here already; {most} yuan of the merchant's limit are left.",
    )


def _sales(case: Case) -> str:
    return yuan(max(0, case.application.monthly_net_fen))


_WORDS: dict[str, Callable[[Constraint, Case, Lender], Reason]] = {
    "PRODUCT_MAX": _product_max,
    "SALES_MULTIPLE": _sales_multiple,
    "SEASON": _season,
    "DEBT_SERVICE": _debt_service,
    "TOTAL_DEBT": _total_debt,
    "TENURE": _tenure,
    "LENDER_PROGRAMME": _lender_programme,
    "LENDER_BORROWER_CAP": _lender_borrower_cap,
    "MERCHANT_CAP": _limit_used,
}
