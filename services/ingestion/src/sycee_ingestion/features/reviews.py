"""Reviews: stars, complaints, and what was read in their texts."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, ratio, where
from sycee_ingestion.features.definitions import YEAR_DAYS, DayTotals, Definition, Family, Unit, seen

REVIEW = "review"

REVIEW_DAYS = YEAR_DAYS
"""How far back single reviews are read."""

NEGATIVE_BELOW_MILLI = 500
"""A text speaks badly of the shop where its sentiment, 0 (bad) to 1000 (good), lies below this."""

TOPICS = {
    "quality": ("quality", "质量"),
    "counterfeit": ("counterfeit goods", "假货"),
    "delivery": ("delivery", "物流"),
    "service": ("service", "服务"),
    "packaging": ("packaging", "包装"),
    "safety": ("safety", "安全"),
    "price": ("price", "价格"),
}
"""What reviews speak of, in the order of the bits of their topic mask, the lowest first."""

COMPLAINT_SHIFT = 8
"""So many bits higher stands what they complain of: a bad review may praise the parcel, and a good one blame it."""


def review_facts(rows: Frame) -> Frame:
    """One row a point: of the reviews of the last REVIEW_DAYS, those whose text was read: their sentiment and
    topics."""
    age, sentiment = nw.col("age"), nw.col("sentiment_milli")
    rows = rows.filter(~sentiment.is_null())
    negative = sentiment < NEGATIVE_BELOW_MILLI
    topics = nw.col("topics").fill_null(0)
    spoken = {topic: topics // 2**bit % 2 == 1 for bit, topic in enumerate(TOPICS)}
    complained = {topic: topics // 2 ** (COMPLAINT_SHIFT + bit) % 2 == 1 for bit, topic in enumerate(TOPICS)}

    def count(condition: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(1).otherwise(0).sum()

    return rows.group_by("point").agg(
        nw.len().alias("read_365d"),
        count(age <= 90).alias("read_90d"),
        count(negative).alias("negative_365d"),
        count(negative & (age <= 90)).alias("negative_90d"),
        sentiment.cast(nw.Int64).sum().alias("sentiment_365d"),
        *[count(met).alias(f"{topic}_365d") for topic, met in spoken.items()],
        *[count(met).alias(f"{topic}_negative_365d") for topic, met in complained.items()],
    )


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _counts(total)
    yield from _stars(total)
    yield from _complaints(total)
    yield from _texts()
    yield from _topics()


def _counts(total: DayTotals) -> Iterator[Definition]:
    for name, column, days, en, zh in (
        ("review_90d_count", "review_count", 90, "Reviews", "评价数"),
        ("review_365d_count", "review_count", YEAR_DAYS, "Reviews", "评价数"),
        (
            "complaint_365d_count",
            "complaint_count",
            YEAR_DAYS,
            "Complaints to the platform or 12315",
            "平台或12315投诉数",
        ),
    ):
        yield Definition(
            name,
            Family.REVIEWS,
            Unit.COUNT,
            days,
            (REVIEW,),
            where(seen(total, "review_count"), total(column, days)),
            f"{en} in the last {days} days. Null where there was never a review.",
            f"最近{days}天的{zh}。从未有评价则为空。",
        )
    yield Definition(
        "reviews_per_order_365d_ratio",
        Family.REVIEWS,
        Unit.RATIO,
        YEAR_DAYS,
        ("order", REVIEW),
        where(seen(total, "review_count"), ratio(total("review_count", YEAR_DAYS), total("order_count", YEAR_DAYS))),
        "Reviews over orders in the last 365 days. Null without an order in them, or where there was never a review.",
        "最近365天评价数与订单数之比。期间无订单或从未有评价则为空。",
    )


def _stars(total: DayTotals) -> Iterator[Definition]:
    for days in (90, YEAR_DAYS):
        reviews = total("review_count", days)
        yield Definition(
            f"mean_{days}d_stars",
            Family.REVIEWS,
            Unit.STARS,
            days,
            (REVIEW,),
            ratio(total("star_sum", days), reviews),
            f"Mean stars, 1 to 5, of the last {days} days' reviews. Null without one.",
            f"最近{days}天评价的平均星级(1至5)。期间无评价则为空。",
        )
        yield Definition(
            f"low_star_{days}d_share",
            Family.REVIEWS,
            Unit.SHARE,
            days,
            (REVIEW,),
            ratio(total("low_star_count", days), reviews),
            f"Share of the last {days} days' reviews with one or two stars. Null without a review.",
            f"最近{days}天评价中一二星的占比。期间无评价则为空。",
        )
    recent = ratio(total("star_sum", 90), total("review_count", 90))
    older = ratio(total("star_sum", YEAR_DAYS - 90, 90), total("review_count", YEAR_DAYS - 90, 90))
    yield Definition(
        "change_90d_stars",
        Family.REVIEWS,
        Unit.STARS,
        YEAR_DAYS,
        (REVIEW,),
        recent - older,
        "Mean stars of the last 90 days' reviews less those of the 275 days before; below 0 they fall. Null without a"
        " review in either.",
        "最近90天平均星级减去此前275天平均星级,小于0为下降。任一期间无评价则为空。",
    )


def _complaints(total: DayTotals) -> Iterator[Definition]:
    for days in (90, YEAR_DAYS):
        yield Definition(
            f"complaints_per_10000_orders_{days}d_ratio",
            Family.REVIEWS,
            Unit.RATIO,
            days,
            ("order", REVIEW),
            where(
                seen(total, "review_count"),
                ratio(total("complaint_count", days) * 10_000.0, total("order_count", days)),
            ),
            f"Complaints to the platform or 12315 on ten thousand orders, over the last {days} days. Null without an"
            " order in them, or where there was never a review.",
            f"最近{days}天每万笔订单的平台或12315投诉数。期间无订单或从未有评价则为空。",
        )


def _texts() -> Iterator[Definition]:
    yield Definition(
        "read_review_365d_count",
        Family.REVIEWS,
        Unit.COUNT,
        REVIEW_DAYS,
        (REVIEW,),
        nw.col("read_365d"),
        "Reviews of the last 365 days whose text was read. Null without one.",
        "最近365天文本已分析的评价数。无则为空。",
    )
    yield Definition(
        "sentiment_365d_score",
        Family.REVIEWS,
        Unit.SCORE,
        REVIEW_DAYS,
        (REVIEW,),
        ratio(nw.col("sentiment_365d") * 0.001, nw.col("read_365d")),
        "Mean sentiment of the last 365 days' texts, 0 (bad) to 1 (good). Null without a text that was read.",
        "最近365天评价文本的平均情感得分,0为差,1为好。无已分析文本则为空。",
    )
    for days in (90, REVIEW_DAYS):
        yield Definition(
            f"negative_review_{days}d_share",
            Family.REVIEWS,
            Unit.SHARE,
            days,
            (REVIEW,),
            ratio(nw.col(f"negative_{days}d"), nw.col(f"read_{days}d")),
            f"Share of the last {days} days' read texts that speak badly of the shop (sentiment below 0.5). Null"
            " without a text that was read.",
            f"最近{days}天已分析文本中负面(情感得分低于0.5)的占比。无已分析文本则为空。",
        )


def _topics() -> Iterator[Definition]:
    read = nw.col("read_365d")
    for topic, (en, zh) in TOPICS.items():
        for name, column, verb, verb_zh in (
            (topic, f"{topic}_365d", "speak", "提及"),
            (f"{topic}_negative", f"{topic}_negative_365d", "complain", "抱怨"),
        ):
            yield Definition(
                f"topic_{name}_365d_count",
                Family.REVIEWS,
                Unit.COUNT,
                REVIEW_DAYS,
                (REVIEW,),
                nw.col(column),
                f"Read texts of the last 365 days that {verb} of {en}. Null without a text that was read.",
                f"最近365天已分析文本中{verb_zh}{zh}的评价数。无已分析文本则为空。",
            )
        yield Definition(
            f"topic_{topic}_negative_365d_share",
            Family.REVIEWS,
            Unit.SHARE,
            REVIEW_DAYS,
            (REVIEW,),
            ratio(nw.col(f"{topic}_negative_365d"), read),
            f"Share of the last 365 days' read texts that complain of {en}. Null without a text that was read.",
            f"最近365天已分析文本中抱怨{zh}的占比。无已分析文本则为空。",
        )
