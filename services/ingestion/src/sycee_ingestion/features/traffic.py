"""Visits and social media."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import ratio, where
from sycee_ingestion.features.days import FOLLOWERS_BEFORE_DAYS
from sycee_ingestion.features.definitions import YEAR_DAYS, DayTotals, Definition, Family, Unit, seen

TRAFFIC, SOCIAL = "traffic", "social_activity"

_NO_VISIT = "Null without a visitor in them."
_NO_VISIT_ZH = "期间无访客则为空。"


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _visits(total)
    yield from _growth(total)
    yield from _conversion(total)
    yield from _social(total)


def _visits(total: DayTotals) -> Iterator[Definition]:
    for name, column, days, en, zh in (
        ("visitor_28d_count", "visitors", 28, "Visitors, summed by day,", "访客数(按日累计)"),
        ("visitor_90d_count", "visitors", 90, "Visitors, summed by day,", "访客数(按日累计)"),
        ("page_view_90d_count", "page_views", 90, "Page views", "页面浏览量"),
    ):
        yield Definition(
            name,
            Family.TRAFFIC,
            Unit.COUNT,
            days,
            (TRAFFIC,),
            where(seen(total, "traffic_count"), total(column, days)),
            f"{en} in the last {days} days. Null where visits were never told of.",
            f"最近{days}天的{zh}。从未有流量信息则为空。",
        )
    for days in (90, YEAR_DAYS):
        yield Definition(
            f"page_depth_{days}d_ratio",
            Family.TRAFFIC,
            Unit.RATIO,
            days,
            (TRAFFIC,),
            ratio(total("page_views", days), total("visitors", days)),
            f"Page views a visitor over the last {days} days. {_NO_VISIT}",
            f"最近{days}天人均页面浏览量。{_NO_VISIT_ZH}",
        )


def _growth(total: DayTotals) -> Iterator[Definition]:
    for name, days, until, en, zh in (
        ("visitor_growth_28d_ratio", 28, 28, "28 days before", "此前28天"),
        ("visitor_growth_90d_ratio", 90, 90, "90 days before", "此前90天"),
        ("visitor_90d_year_on_year_ratio", 90, YEAR_DAYS, "same 90 days a year before", "上年同期90天"),
    ):
        yield Definition(
            name,
            Family.TRAFFIC,
            Unit.RATIO,
            days + until,
            (TRAFFIC,),
            ratio(total("visitors", days), total("visitors", days, until)),
            f"Visitors of the last {days} days over those of the {en}; above 1 is growth. Null without a visitor in"
            " the latter.",
            f"最近{days}天访客数与{zh}之比,大于1为增长。后者无访客则为空。",
        )


def _conversion(total: DayTotals) -> Iterator[Definition]:
    rates = {days: ratio(total("order_count", days), total("visitors", days)) for days in (28, 90, YEAR_DAYS)}
    for days in (28, 90):
        yield Definition(
            f"conversion_{days}d_ratio",
            Family.TRAFFIC,
            Unit.RATIO,
            days,
            ("order", TRAFFIC),
            rates[days],
            f"Orders over visitors (summed by day) in the last {days} days; above 1 where visits are not told of"
            f" whole. {_NO_VISIT}",
            f"最近{days}天订单数与访客数(按日累计)之比,流量不全时可大于1。{_NO_VISIT_ZH}",
        )
    yield Definition(
        "conversion_90d_to_365d_ratio",
        Family.TRAFFIC,
        Unit.RATIO,
        YEAR_DAYS,
        ("order", TRAFFIC),
        ratio(rates[90], rates[YEAR_DAYS]),
        "Orders a visitor of the last 90 days over those of the last 365. Null without a visitor in 90 days or an"
        " order in 365.",
        "最近90天转化率与最近365天之比。90天内无访客或365天内无订单则为空。",
    )
    yield Definition(
        "paid_per_visitor_90d_fen",
        Family.TRAFFIC,
        Unit.FEN,
        90,
        ("order", TRAFFIC),
        ratio(total("order_fen", 90), total("visitors", 90)),
        f"Paid a visitor over the last 90 days. {_NO_VISIT}",
        f"最近90天每个访客的平均付款额。{_NO_VISIT_ZH}",
    )


def _social(total: DayTotals) -> Iterator[Definition]:
    followers = nw.col("followers")
    yield Definition(
        "follower_count",
        Family.SOCIAL,
        Unit.COUNT,
        0,
        (SOCIAL,),
        followers,
        "Followers at the newest day that was told of. Null where social activity never was.",
        "最近一次报送的粉丝数。从未有社交信息则为空。",
    )
    yield Definition(
        "follower_growth_90d_ratio",
        Family.SOCIAL,
        Unit.RATIO,
        FOLLOWERS_BEFORE_DAYS,
        (SOCIAL,),
        ratio(followers, nw.col("followers_before")),
        "Followers at the newest day over those at the newest day that is older than 90 days. Null without the"
        " latter, or where it had none.",
        "最新粉丝数与90天之前最近一次粉丝数之比。无后者或后者为零则为空。",
    )
    for name, column, en, zh in (
        ("post_90d_count", "posts", "Posts, streams and clips", "发布的图文、直播和短视频数"),
        ("interaction_90d_count", "interactions", "Likes, comments and shares", "点赞、评论和转发数"),
    ):
        yield Definition(
            name,
            Family.SOCIAL,
            Unit.COUNT,
            90,
            (SOCIAL,),
            where(seen(total, "social_count"), total(column, 90)),
            f"{en} in the last 90 days. Null where social activity was never told of.",
            f"最近90天{zh}。从未有社交信息则为空。",
        )
    interactions = total("interactions", 90)
    yield Definition(
        "interactions_per_post_90d_ratio",
        Family.SOCIAL,
        Unit.RATIO,
        90,
        (SOCIAL,),
        ratio(interactions, total("posts", 90)),
        "Likes, comments and shares a post over the last 90 days. Null without a post in them.",
        "最近90天平均每次发布的互动数。期间无发布则为空。",
    )
    yield Definition(
        "interactions_per_follower_90d_ratio",
        Family.SOCIAL,
        Unit.RATIO,
        90,
        (SOCIAL,),
        ratio(interactions, followers),
        "Likes, comments and shares of the last 90 days over the newest number of followers. Null without followers.",
        "最近90天互动数与最新粉丝数之比。无粉丝则为空。",
    )
