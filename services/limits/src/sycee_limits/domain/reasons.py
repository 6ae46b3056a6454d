"""Why nothing, or less, is offered: specific, true and in both languages (XP-01, CN-PIPL-03). Codes are for ever."""

from sycee_limits.domain.application import Application, Reason
from sycee_limits.domain.catalogue import Lender, Policy, Product, Season
from sycee_limits.domain.kinds import Grade, RepaymentMethod
from sycee_limits.domain.money import percent, yuan
from sycee_limits.domain.price import effective_rate

REASONS_MAX = 4
"""XP-01: at most four."""

_METHODS_ZH = {
    RepaymentMethod.EQUAL_INSTALMENT: "等额本息",
    RepaymentMethod.EQUAL_PRINCIPAL: "等额本金",
    RepaymentMethod.INTEREST_FIRST: "先息后本",
}
_METHODS_EN = {
    RepaymentMethod.EQUAL_INSTALMENT: "equal instalments",
    RepaymentMethod.EQUAL_PRINCIPAL: "equal principal",
    RepaymentMethod.INTEREST_FIRST: "interest first",
}


def history_too_short(application: Application, product: Product) -> Reason:
    """Fewer months of trade than the product wants (LM-02)."""
    have, want = application.months_of_history, product.min_months_of_history
    return Reason(
        "HISTORY_TOO_SHORT",
        f"{product.name_zh}要求至少 {want} 个月的经营记录，目前为 {have} 个月。",
        f"{product.name_en} wants at least {want} months of trade; there are {have}.",
    )


def not_graded(product: Product) -> Reason:
    """No grade: the evidence did not suffice for a score."""
    return Reason(
        "NOT_GRADED",
        f"现有资料不足以评定信用等级，{product.name_zh}的额度与价格须以等级为依据。",
        f"The evidence did not suffice for a credit grade, which {product.name_en} is sized and priced by.",
    )


def grade_too_weak(application: Application, product: Product, weakest: Grade) -> Reason:
    """A grade below what any lender takes for this product."""
    risk = percent(round(application.default_probability * 10_000))
    grade = application.grade.name
    return Reason(
        "GRADE_TOO_WEAK",
        f"未来 12 个月违约概率估计为 {risk}（{grade} 级）；{product.name_zh}的资金方最低接受 {weakest.name} 级。",
        f"The probability of default within 12 months is put at {risk} (grade {grade}); the lenders of "
        f"{product.name_en} take grade {weakest.name} or better.",
    )


def sales_missing(application: Application) -> Reason:
    """No net sales to size a limit by (LM-01)."""
    sales = yuan(application.monthly_net_fen)
    return Reason(
        "SALES_TOO_SMALL",
        f"扣除退款和刷单后的月均净销售额为 {sales} 元，无法据以核定额度。",
        f"Monthly sales net of refunds and brushed orders are {sales} yuan, which supports no limit.",
    )


def out_of_season(application: Application, product: Product) -> Reason:
    """A seasonal product outside its windows (LM-03)."""
    day = application.as_of
    coming = min((season for season in product.seasons if season.opens > day), key=_opens, default=None)
    next_zh = f"下一个窗口为{coming.name_zh}，{coming.opens} 起。" if coming else "目前没有已公布的下一个窗口。"
    next_en = f"the next, {coming.name_en}, opens on {coming.opens}." if coming else "no later window is announced yet."
    return Reason(
        "OUT_OF_SEASON",
        f"{product.name_zh}仅在备货季内申请，{day} 不在窗口内；{next_zh}",
        f"{product.name_en} is open in its seasons only and {day} is in none; {next_en}",
    )


def _opens(season: Season) -> int:
    return season.opens.toordinal()


def no_seasonal_uplift(application: Application, product: Product) -> Reason:
    """The merchant's own year shows no season (LM-03, own uplift evidence)."""
    share = percent(round(application.peak_28d_share * 10_000))
    return Reason(
        "NO_SEASONAL_UPLIFT",
        f"最旺 28 天占全年销售的 {share}，未高于平日水平（7.67 %）；{product.name_zh}须以本店自身的旺季增量为依据。",
        f"The best 28 days hold {share} of the year's sales, no more than even days would (7.67 %); "
        f"{product.name_en} is sized by the shop's own seasonal uplift.",
    )


def term_not_offered(application: Application, product: Product) -> Reason:
    """A term that the product does not have."""
    terms_zh = "、".join(str(term) for term in product.terms_months)
    terms_en = ", ".join(str(term) for term in product.terms_months)
    return Reason(
        "TERM_NOT_OFFERED",
        f"{product.name_zh}的期限为 {terms_zh} 个月，不提供 {application.term_months} 个月。",
        f"{product.name_en} has terms of {terms_en} months, not of {application.term_months}.",
    )


def term_past_season(application: Application, season: Season) -> Reason:
    """A term that ends too long after the season (LM-03, 30–60 days)."""
    return Reason(
        "TERM_PAST_SEASON",
        f"{season.name_zh}备货贷款须在 {season.repay_by} 前还清，{application.term_months} 个月的期限超出该日。",
        f"Stock for {season.name_en} must be repaid by {season.repay_by}; a term of "
        f"{application.term_months} months ends later.",
    )


def method_not_offered(application: Application, product: Product) -> Reason:
    """A way to repay that the product does not have."""
    names_zh = "、".join(_METHODS_ZH[method] for method in product.methods)
    names_en = ", ".join(_METHODS_EN[method] for method in product.methods)
    return Reason(
        "METHOD_NOT_OFFERED",
        f"{product.name_zh}的还款方式为{names_zh}，不提供{_METHODS_ZH[application.method]}。",
        f"{product.name_en} is repaid by {names_en}, not by {_METHODS_EN[application.method]}.",
    )


def amount_below_minimum(application: Application, product: Product) -> Reason:
    """Less asked for than the product's smallest amount."""
    asked, least = yuan(application.requested_fen), yuan(product.min_fen)
    return Reason(
        "AMOUNT_BELOW_MINIMUM",
        f"申请金额 {asked} 元低于{product.name_zh}的最低金额 {least} 元。",
        f"{asked} yuan is below the {least} yuan that {product.name_en} starts at.",
    )


def no_lender_for_purpose(product: Product, asked: Lender | None) -> Reason:
    """No lender funds the product's purpose, or not the one asked for (such as CN-CFC-01)."""
    if asked is None:
        return Reason(
            "NO_LENDER_FOR_PURPOSE",
            f"目前没有资金方为{product.name_zh}的用途放款。",
            f"No lender funds the purpose of {product.name_en} at present.",
        )
    return Reason(
        "NO_LENDER_FOR_PURPOSE",
        f"{asked.name_zh}不为{product.name_zh}的用途放款。",
        f"{asked.name_en} does not fund the purpose of {product.name_en}.",
    )


def no_lender_in_region(application: Application, product: Product) -> Reason:
    """Lenders fund the purpose, but none lends in the borrower's province (CN-NET-05, CN-MICRO-09)."""
    place_zh = f"省份代码 {application.province_code}" if application.province_code else "未知省份"
    place_en = f"province {application.province_code}" if application.province_code else "an unknown province"
    return Reason(
        "NO_LENDER_IN_REGION",
        f"{product.name_zh}的资金方均未在{place_zh}开展业务。",
        f"No lender of {product.name_en} may lend in {place_en}.",
    )


def price_above_cap(rate_bp: int, policy: Policy) -> Reason:
    """The rate the risk would need is above a cap (section 8: no offer, never added fees)."""
    caps = f"{percent(policy.nominal_cap_bp)} / {percent(policy.effective_cap_bp)}"
    needed = f"{percent(rate_bp)} / {percent(round(effective_rate(rate_bp / 10_000) * 10_000))}"
    return Reason(
        "PRICE_ABOVE_CAP",
        f"覆盖资金、运营、预期损失和资本成本需年利率 {needed}（单利 / 复利），超过上限 {caps} 或适用的 4 倍 LPR。",
        f"Funding, operation, expected loss and capital would need {needed} a year (nominal / effective), above "
        f"the cap of {caps}, or of 4 × LPR where that binds.",
    )
