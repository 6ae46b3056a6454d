"""What platforms paid out and what they kept."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import ratio, where
from sycee_ingestion.features.definitions import QUARTER_DAYS, YEAR_DAYS, DayTotals, Definition, Family, Unit, seen

SETTLEMENT = "settlement"


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _amounts(total)
    yield from _cadence(total)


def _amounts(total: DayTotals) -> Iterator[Definition]:
    for name, column, en, zh in (
        (
            "settled_365d_fen",
            "settlement_fen",
            "What arrived, net of the platforms' fees,",
            "扣除平台费用后的到账结算额",
        ),
        ("platform_fee_365d_fen", "fee_fen", "What the platforms kept", "平台扣留的费用"),
    ):
        yield Definition(
            name,
            Family.SETTLEMENT,
            Unit.FEN,
            YEAR_DAYS,
            (SETTLEMENT,),
            where(seen(total, "settlement_count"), total(column, YEAR_DAYS)),
            f"{en} in the last 365 days. Null where there was never a payout.",
            f"最近365天{zh}。从未有结算则为空。",
        )
    for days in (QUARTER_DAYS, YEAR_DAYS):
        settled, fees = total("settlement_fen", days), total("fee_fen", days)
        yield Definition(
            f"platform_fee_{days}d_share",
            Family.SETTLEMENT,
            Unit.SHARE,
            days,
            (SETTLEMENT,),
            ratio(fees, settled + fees),
            f"What the platforms kept of what was to be settled (net and fees), over the last {days} days. Null"
            " without a payout in them.",
            f"最近{days}天平台费用占应结算额(到账额加费用)的比例。期间无结算则为空。",
        )
        sold = total("order_fen", days) - total("refund_fen", days)
        yield Definition(
            f"settled_to_sales_{days}d_ratio",
            Family.SETTLEMENT,
            Unit.RATIO,
            days,
            ("order", "refund", SETTLEMENT),
            where(settled + fees > 0, ratio(settled + fees, sold)),
            f"What was settled (net and fees) over platform sales net of refunds, in the last {days} days: near 1,"
            " apart from the time that payouts take, when both tell of the same trade. Null without a payout or net"
            " sales in them.",
            f"最近{days}天结算额(到账额加费用)与平台净销售额之比,除结算时差外应接近1。"
            "期间无结算或净销售额不大于零则为空。",
        )


def _cadence(total: DayTotals) -> Iterator[Definition]:
    yield Definition(
        "payout_days_365d_count",
        Family.SETTLEMENT,
        Unit.COUNT,
        YEAR_DAYS,
        (SETTLEMENT,),
        where(seen(total, "settlement_count"), nw.col("payout_days_365d")),
        "Days with a payout in the last 365. Null where there was never one.",
        "最近365天中有结算到账的天数。从未有结算则为空。",
    )
    yield Definition(
        "payout_interval_180d_days",
        Family.SETTLEMENT,
        Unit.DAYS,
        180,
        (SETTLEMENT,),
        ratio(nw.col("oldest_payout_age_180d") - nw.col("last_payout_age"), nw.col("payout_days_180d") - 1.0),
        "Mean days from one payout day to the next over the last 180. Null with fewer than two payout days in them.",
        "最近180天相邻结算日之间的平均间隔天数。期间结算日不足两个则为空。",
    )
    yield Definition(
        "longest_payout_gap_365d_days",
        Family.SETTLEMENT,
        Unit.DAYS,
        YEAR_DAYS,
        (SETTLEMENT,),
        nw.col("payout_longest_gap"),
        "The most whole days in a row without a payout in the last 365, the days since the last one among them; what"
        " lies before the first one of the window does not count. Null without a payout in them.",
        "最近365天内连续无结算的最长天数,包括末次结算以来,不计期间首次结算之前。期间无结算则为空。",
    )
    yield Definition(
        "since_last_payout_days",
        Family.SETTLEMENT,
        Unit.DAYS,
        0,
        (SETTLEMENT,),
        nw.col("last_payout_age"),
        "Days since the last payout. Null where there was never one.",
        "距最近一次结算的天数。从未有结算则为空。",
    )
