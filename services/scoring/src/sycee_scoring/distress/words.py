"""Why a warning was given, in words: each cause with a figure that the merchant can check."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain.reasons import MAX_REASONS, Reason

LEAST_LOG_ODDS: Final = 0.15
"""A cause that raised the odds by less than a sixth is no principal reason: judgement."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the texts speak of: the seven figures by name, and the days of school breaks in the last and next 56."""

    figures: dict[str, float]
    past_break_days: int
    coming_break_days: int


_Texts = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Cause:
    """A reason code, the figures whose contributions make it up, and its words."""

    code: str
    figures: tuple[str, ...]
    words: Callable[[Facts], _Texts]


def _halving(facts: Facts) -> _Texts:
    chance = _percent(facts.figures["half_risk"])
    return (
        f"按近两周交易水平、校历和周度波动推算,未来八周交易减半的可能性约为 {chance}",
        f"Going by the last two weeks, the school calendar and weekly swings, the chance that trade halves is {chance}",
    )


def _below_peak(facts: Facts) -> _Texts:
    fall = _percent(1.0 - math.exp(facts.figures["below_peak"]))
    return (
        f"近两周日均交易笔数比近半年最好的一周低 {fall}(已考虑学校假期)",
        f"Payments a day in the last two weeks are {fall} below the best week of the half-year, breaks allowed for",
    )


def _restless(facts: Facts) -> _Texts:
    swing = _percent(max(0.0, math.exp(facts.figures["restless"]) - 0.05))
    return (
        f"近八周每日交易笔数围绕均值波动约 {swing}",
        f"Over the last eight weeks, daily payments swing by about {swing} around their mean",
    )


def _school_calendar(facts: Facts) -> _Texts:
    coming, past = facts.coming_break_days, facts.past_break_days
    change = facts.figures["season_turn"]
    zh = f"未来56天有 {coming} 天为学校假期(过去56天有 {past} 天)"
    en = f"School breaks take up {coming} of the next 56 days ({past} of the last 56)"
    if change > -0.01 and coming >= past:
        return f"{zh},该店周末交易偏少,客流与学校相近", f"{en}, and weekends are weak here, as near schools"
    if change > -0.01:
        return (
            f"{zh},该店周末交易偏多,假期结束后客流可能减少",
            f"{en}, and weekends are strong here, as where holidays bring trade",
        )
    fall = _percent(1.0 - math.exp(change))
    return (
        f"{zh},按以往假期和周内规律推算交易将减少约 {fall}",
        f"{en}; by its past breaks and weekday pattern that takes about {fall} of its trade",
    )


def _falling(facts: Facts) -> _Texts:
    fall = _percent(1.0 - math.exp(facts.figures["trend"]))
    return (
        f"近四周交易笔数相对同业每周下降约 {fall}",
        f"Over the last four weeks, payments fell by about {fall} a week against peers",
    )


def _gaps(facts: Facts) -> _Texts:
    days = round(28.0 * facts.figures["gaps"])
    return f"近28天有 {days} 天没有交易", f"There was no trade on {days} of the last 28 days"


CAUSES: Final = (
    _Cause("TRADE_HALVING_LIKELY", ("half_risk",), _halving),
    _Cause("TRADE_BELOW_PEAK", ("below_peak",), _below_peak),
    _Cause("TRADE_RESTLESS", ("restless",), _restless),
    _Cause("SCHOOL_CALENDAR", ("season_turn", "weekday_break"), _school_calendar),
    _Cause("TRADE_FALLING", ("trend",), _falling),
    _Cause("TRADE_GAPS", ("gaps",), _gaps),
)
"""Every figure belongs to one cause, so that contributions are counted once. A code never changes its meaning."""

NO_DAILY_TRADE: Final = Reason("NO_DAILY_TRADE", "未收到每日交易笔数", "No daily payments have been received", 0.0)


def history_short(days: int, least: int) -> Reason:
    """Too few days of trade to judge by."""
    return Reason(
        "DAILY_HISTORY_SHORT",
        f"仅有 {days} 天交易记录,至少需要 {least} 天",
        f"There are {days} days of trade; {least} are needed",
        0.0,
    )


def trade_small(a_day: float, least: float) -> Reason:
    """Too few payments a day to judge by."""
    return Reason(
        "DAILY_TRADE_SMALL",
        f"近56天日均交易 {a_day:.1f} 笔,至少需要 {least:.0f} 笔",
        f"The last 56 days had {a_day:.1f} payments a day; {least:.0f} are needed",
        0.0,
    )


def principal(contributions: dict[str, float], facts: Facts) -> tuple[Reason, ...]:
    """At most four causes that raised the log-odds, those that did most first; equal ones by code. `contributions`:
    log-odds by figure."""
    raised = [(sum(contributions[name] for name in cause.figures), cause) for cause in CAUSES]
    kept = sorted((-total, cause.code, cause) for total, cause in raised if total >= LEAST_LOG_ODDS)
    return tuple(_reason(-total, cause, facts) for total, _, cause in kept[:MAX_REASONS])


def _reason(total: float, cause: _Cause, facts: Facts) -> Reason:
    text_zh, text_en = cause.words(facts)
    return Reason(cause.code, text_zh, text_en, total)


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}%"
