"""Portraits to daily trade and warnings to messages. Total: bad input is InvalidArgument that names the field."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Final

from sycee.common.v1.common_pb2 import Reason as ProtoReason
from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import distress_pb2
from sycee_service.clock import business_day
from sycee_service.errors import InvalidArgument
from sycee_service.wire import date_from_proto, time_from_proto

from sycee_scoring.convert.scores import FIRST_YEAR, LAST_YEAR
from sycee_scoring.distress.features import HORIZON_DAYS, WINDOW_DAYS
from sycee_scoring.domain.distress import DailyTrade, NotAssessable, Warned

LEAST_PEER_CHANGE: Final = 0.01
MOST_PEER_CHANGE: Final = 100.0


def daily_trade_from_proto(request: distress_pb2.AssessDistressRequest) -> DailyTrade:
    """The daily counts of a portrait, judged on the day after the last of them; without counts, on the portrait's day.
    Raises InvalidArgument for a portrait that is missing, a day that is none or lies after the portrait, and too many
    counts."""
    if not request.HasField("profile"):
        raise InvalidArgument("profile", "is required")
    as_of = time_from_proto("profile.as_of", request.profile.as_of)
    if not FIRST_YEAR <= as_of.year <= LAST_YEAR:
        rule = f"must lie within the years {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidArgument("profile.as_of", rule, value=as_of.isoformat())
    today, trade = business_day(as_of), request.profile.daily_trade
    if not trade.counts:
        return DailyTrade(today, ())
    return DailyTrade(_day_after(trade, today), tuple(trade.counts))


def peer_change_from_proto(request: distress_pb2.AssessDistressRequest) -> float:
    """The peers' change, 1 where it is not said. Raises InvalidArgument outside 0.01 to 100."""
    if not request.HasField("peer_change_28d"):
        return 1.0
    change = request.peer_change_28d
    if not (math.isfinite(change) and LEAST_PEER_CHANGE <= change <= MOST_PEER_CHANGE):
        raise InvalidArgument(
            "peer_change_28d", f"must be from {LEAST_PEER_CHANGE} to {MOST_PEER_CHANGE:.0f}", value=change
        )
    return change


def warning_to_proto(
    request: distress_pb2.AssessDistressRequest, found: Warned | NotAssessable, version: str
) -> distress_pb2.AssessDistressResponse:
    """The answer to a request. `as_of` goes back as it came, to the nanosecond."""
    answer = distress_pb2.AssessDistressResponse(
        merchant_id=request.profile.merchant_id,
        as_of=request.profile.as_of,
        assessable=isinstance(found, Warned),
        horizon_days=HORIZON_DAYS,
        reasons=[
            ProtoReason(
                code=reason.code, text_zh=reason.text_zh, text_en=reason.text_en, contribution=reason.contribution
            )
            for reason in found.reasons
        ],
        model_version=version,
    )
    if isinstance(found, Warned):
        answer.probability.value, answer.probability.low, answer.probability.high = (
            found.probability,
            found.low,
            found.high,
        )
    return answer


def _day_after(trade: profile_pb2.DailyTrade, today: date) -> date:
    """The day after the last count: at most the day after the portrait's, for clocks in other time zones."""
    days = len(trade.counts)
    if days > WINDOW_DAYS:
        raise InvalidArgument("profile.daily_trade.counts", f"must hold at most {WINDOW_DAYS} days", value=days)
    if not trade.HasField("first_day"):
        raise InvalidArgument("profile.daily_trade.first_day", "is required where there are counts")
    first = date_from_proto("profile.daily_trade.first_day", trade.first_day)
    if first > today + timedelta(days=1 - days):
        rule = "must leave room for all counts before profile.as_of"
        raise InvalidArgument("profile.daily_trade.first_day", rule, value=first.isoformat())
    return first + timedelta(days=days)
