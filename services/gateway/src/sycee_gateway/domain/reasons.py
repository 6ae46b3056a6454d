"""The reasons that the composition itself gives, and how the reasons of several answers become at most four."""

from __future__ import annotations

from collections.abc import Iterable

from sycee_gateway.domain.evidence import Grade, Reason

MAX_REASONS = 4
"""At most four principal reasons (XP-01)."""

PARTY_UNAVAILABLE = Reason(
    "PARTY_CHECK_UNAVAILABLE",
    "身份、名单与授权核查暂时无法完成，申请已转人工复核。",
    "Identity, list and consent checks could not be completed, so a person will review the application.",
)
SCORING_UNAVAILABLE = Reason(
    "SCORING_UNAVAILABLE",
    "信用评估暂时无法完成，申请已转人工复核。",
    "The credit assessment could not be completed, so a person will review the application.",
)
FRAUD_UNAVAILABLE = Reason(
    "FRAUD_CHECK_UNAVAILABLE",
    "反欺诈核查暂时无法完成，申请已转人工复核。",
    "The check for fraud could not be completed, so a person will review the application.",
)
FRAUD_SUSPECTED = Reason(
    "FRAUD_CHECK_NOT_PASSED",
    "反欺诈核查未通过。",
    "The check for fraud was not passed.",
)
RULES_UNAVAILABLE = Reason(
    "RULE_CHECK_UNAVAILABLE",
    "监管规则核查暂时无法完成，申请已转人工复核。",
    "The check of the offer against the rules could not be completed, so a person will review the application.",
)
QUOTE_REFUSED = Reason(
    "QUOTE_REFUSED",
    "额度系统未能受理该申请的产品、期限或金额，申请已转人工复核。",
    "The limit system could not take the product, term or amount of this application, so a person will review it.",
)
NOT_ENOUGH_DATA = Reason(
    "NOT_ENOUGH_TRADING_DATA",
    "没有可用的销售记录，也没有经营者的征信报告，无法评估还款能力。",
    "There are no sales on record and no bureau report of the operator, so the ability to repay cannot be assessed.",
)
PARTY_NOT_PASSED = Reason(
    "PARTY_CHECK_NOT_PASSED",
    "身份、登记状态或授权核查未通过。",
    "The check of identity, register status or consent was not passed.",
)
RULES_NOT_PASSED = Reason(
    "RULE_CHECK_NOT_PASSED",
    "该方案不符合当日有效的监管规则。",
    "The offer does not meet the rules in force on the day.",
)
NO_HEADROOM = Reason(
    "NO_HEADROOM",
    "按销售额、偿债能力与各项上限计算，当前可用额度不足以发放该产品的最低金额。",
    "After sales, debt service and all caps, the room left is below the product's smallest amount.",
)

SMALLER_OFFER = Reason(
    "SMALLER_OFFER",
    "按销售额、偿债能力与各项上限计算，可发放的金额低于申请金额。",
    "After sales, debt service and all caps, less can be lent than was asked for.",
)


def default_risk(grade: Grade | None, probability: float, worst: Grade) -> Reason:
    """For a grade beyond the policy where scoring named no cause: says the figure and the bound, in numbers."""
    shown = f"{probability * 100:.1f}"
    name = grade.name if grade is not None else "-"
    return Reason(
        "DEFAULT_RISK_ABOVE_POLICY",
        f"预计12个月违约概率为{shown}%（等级{name}），超出该产品可接受的等级{worst.name}。",
        f"The expected probability of default within 12 months is {shown} % (grade {name}), "
        f"beyond grade {worst.name} that this product accepts.",
    )


def referred_grade(grade: Grade, probability: float) -> Reason:
    """For a grade that the policy gives to a person."""
    shown = f"{probability * 100:.1f}"
    return Reason(
        "GRADE_NEEDS_REVIEW",
        f"预计12个月违约概率为{shown}%（等级{grade.name}），按政策需人工复核。",
        f"The expected probability of default within 12 months is {shown} % (grade {grade.name}), "
        "which the policy gives to a person.",
    )


def principal(*groups: Iterable[Reason]) -> tuple[Reason, ...]:
    """The first four reasons of the groups in order, each code once."""
    chosen: dict[str, Reason] = {}
    for group in groups:
        for reason in group:
            if reason.code and reason.code not in chosen:
                chosen[reason.code] = reason
                if len(chosen) == MAX_REASONS:
                    return tuple(chosen.values())
    return tuple(chosen.values())


def poor_data(score: int, bound: int) -> Reason:
    """For data of too low a quality to decide on alone."""
    return Reason(
        "DATA_QUALITY_LOW",
        f"经营数据质量评分为{score}分（满分100），低于{bound}分，需人工复核。",
        f"The quality of the trade data is {score} of 100, below {bound}, so a person will review the application.",
    )


def brushed_sales(share: float) -> Reason:
    """For sales of which much looks fake."""
    shown = f"{share * 100:.0f}"
    return Reason(
        "SALES_LOOK_BRUSHED",
        f"近一年约{shown}%的销售额带有虚假交易特征，需人工复核。",
        f"About {shown} % of the last year's sales show signs of fake trade, so a person will review the application.",
    )
