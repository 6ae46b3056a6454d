"""The slow feeds of a shop: visits, social media, bureau reports, electricity bills and penalties.

None of them depends on single orders, so they are made before the days are walked. Each function gives pairs of Unix
second and event; what would fall before the first day or after the last is left out by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

from sycee.ingestion.v1 import event_pb2 as pb

from sycee_simulator import demand
from sycee_simulator.archetypes import Archetype
from sycee_simulator.blueprint import DAYS_PER_MONTH, Blueprint
from sycee_simulator.moments import DAY_SECONDS, midnight, money, proto_date, timestamp

Dated = tuple[int, pb.Event]

_TRAFFIC_DAYS: Final = 180  # how far back platforms give visits
_SOCIAL_WEEKS: Final = 26
_BUREAU_EVERY_DAYS: Final = 180
_BUREAU_SOURCE: Final = "sim-bureau"
_GRID_SOURCE: Final = "sim-grid"
_SOCIAL_SOURCE: Final = "sim-xiaohongshu"
_REGULATOR_SOURCE: Final = "sim-regulator"

_PENALTIES: Final[dict[Archetype, tuple[pb.StorePenalty.Kind.ValueType, ...]]] = {
    Archetype.BRUSHING: (pb.StorePenalty.KIND_FAKE_TRADE, pb.StorePenalty.KIND_FAKE_TRADE, pb.StorePenalty.KIND_OTHER),
    Archetype.RETURNS_HEAVY: (
        pb.StorePenalty.KIND_SAFETY,
        pb.StorePenalty.KIND_COUNTERFEIT,
        pb.StorePenalty.KIND_OTHER,
    ),
    Archetype.REVOKED: (pb.StorePenalty.KIND_COUNTERFEIT, pb.StorePenalty.KIND_SAFETY, pb.StorePenalty.KIND_LABOUR),
}
_ORDINARY_PENALTIES: Final = (
    pb.StorePenalty.KIND_OTHER,
    pb.StorePenalty.KIND_OTHER,
    pb.StorePenalty.KIND_ENVIRONMENT,
    pb.StorePenalty.KIND_PRIVACY,
    pb.StorePenalty.KIND_LABOUR,
)


def all_feeds(blueprint: Blueprint, rnd: Random, expected: Sequence[float]) -> Iterator[Dated]:
    """Every slow feed that the shop has, in no particular order. `expected` holds genuine orders a day."""
    feeds = blueprint.feeds
    if feeds.traffic:
        yield from _traffic(blueprint, rnd, expected)
    if feeds.social:
        yield from _social(blueprint, rnd)
    if feeds.bureau:
        yield from _bureau(blueprint, rnd)
    if feeds.energy:
        yield from _energy(blueprint, rnd, expected)
    yield from _penalties(blueprint, rnd)


def _dated(blueprint: Blueprint, source: str, name: str, day: date, second: int) -> Dated:
    """An event without a body, at `second` of `day` in Shanghai."""
    moment = midnight(day) + second
    event = pb.Event(
        source=source,
        event_id=f"{blueprint.merchant_id}-{name}",
        merchant_id=blueprint.merchant_id,
        occurred_at=timestamp(moment),
    )
    return moment, event


def _traffic(blueprint: Blueprint, rnd: Random, expected: Sequence[float]) -> Iterator[Dated]:
    """Visits of each day. Hired buyers go straight to the goods, so brushing shows as orders without visitors."""
    visitors_per_order = rnd.uniform(22, 45)
    pages_per_visitor = rnd.uniform(2.2, 4.5)
    for place in range(max(0, blueprint.day_count - _TRAFFIC_DAYS), blueprint.day_count):
        day = blueprint.first_day + timedelta(days=place)
        moment, event = _dated(blueprint, blueprint.platforms[0], f"t{place}", day, DAY_SECONDS - 600)
        visitors = int(expected[place] * visitors_per_order * rnd.lognormvariate(0, 0.2)) + 1
        event.traffic.visitors = visitors
        event.traffic.page_views = int(visitors * pages_per_visitor)
        yield moment, event


def _social(blueprint: Blueprint, rnd: Random) -> Iterator[Dated]:
    """Activity of one day a week."""
    followers = rnd.lognormvariate(7.5, 1.1)
    weekly = math.exp(blueprint.drift_per_year / 52)
    reach = rnd.uniform(0.01, 0.06)
    for week in range(_SOCIAL_WEEKS, 0, -1):
        day = blueprint.end - timedelta(days=7 * week - 6)
        moment, event = _dated(blueprint, _SOCIAL_SOURCE, f"s{week}", day, DAY_SECONDS - 900)
        event.social_activity.followers = int(followers * weekly ** (_SOCIAL_WEEKS - week))
        event.social_activity.posts = demand.poisson(rnd, 1.5)
        event.social_activity.interactions = int(followers * reach * rnd.lognormvariate(0, 0.5))
        yield moment, event


def _bureau(blueprint: Blueprint, rnd: Random) -> Iterator[Dated]:
    """Reports every half-year and one shortly before the end. Thin buffers go with more debt, paid later."""
    stress = 1 / (1 + math.exp(1.2 + 1.1 * math.log(blueprint.truth.buffer_months)))  # 0.23 at one month, 0.08 at three
    service_share = rnd.uniform(0.01, 0.05) + 0.25 * stress * rnd.random()  # of monthly sales
    accounts = demand.poisson(rnd, 1.2 + 4 * stress)
    line_months = rnd.uniform(8, 20)
    grid = _repayment_grid(rnd, accounts, stress)
    newest = blueprint.end - timedelta(days=rnd.randint(3, 25))
    for age in range(blueprint.day_count // _BUREAU_EVERY_DAYS, -1, -1):
        day = newest - timedelta(days=age * _BUREAU_EVERY_DAYS)
        moment, event = _dated(blueprint, _BUREAU_SOURCE, f"b{age}", day, 10 * 3600)
        months_ago = age * _BUREAU_EVERY_DAYS // 30
        service_fen = int(blueprint.monthly_sales_fen * service_share) if accounts else 0
        outstanding_fen = int(service_fen * line_months * rnd.uniform(0.5, 0.95))
        report = event.bureau_report
        report.report_date.CopyFrom(proto_date(day))
        report.open_accounts = accounts
        report.outstanding.CopyFrom(money(outstanding_fen))
        report.credit_lines.CopyFrom(money(int(outstanding_fen * rnd.uniform(1.05, 2.0))))
        report.monthly_debt_service.CopyFrom(money(service_fen))
        report.repayment_grid = grid[months_ago : months_ago + 24]
        report.enquiries_3m = demand.poisson(rnd, 0.6 + 9 * stress)
        report.public_records = 1 if rnd.random() < 0.12 * stress else 0
        yield moment, event


def _repayment_grid(rnd: Random, accounts: int, stress: float) -> str:
    """State by month over five years, newest first: long enough for the oldest report."""
    if accounts == 0:
        return "-" * 60
    months = ["N"] * rnd.randint(10, 60)
    for month in range(len(months)):
        if rnd.random() < 0.16 * stress:
            months[month] = "1" if rnd.random() < 0.75 else "2"
    return "".join(months).ljust(60, "-")


def _energy(blueprint: Blueprint, rnd: Random, expected: Sequence[float]) -> Iterator[Dated]:
    """Electricity bills of whole calendar months: the premises, and something for each parcel packed."""
    premises_wh = blueprint.employee_count * rnd.uniform(70_000, 160_000)  # a month
    parcel_wh = rnd.uniform(150, 400)
    first = (blueprint.first_day.replace(day=1) + timedelta(days=32)).replace(day=1)
    while True:
        following = (first + timedelta(days=32)).replace(day=1)
        if following > blueprint.end:
            return
        start = (first - blueprint.first_day).days
        parcels = math.fsum(expected[start : start + (following - first).days])
        day = following + timedelta(days=4)
        moment, event = _dated(blueprint, _GRID_SOURCE, f"e{first:%Y%m}", day, 9 * 3600)
        event.energy_use.period_first.CopyFrom(proto_date(first))
        event.energy_use.period_last.CopyFrom(proto_date(following - timedelta(days=1)))
        event.energy_use.electricity_wh = int((premises_wh + parcels * parcel_wh) * rnd.uniform(0.85, 1.2))
        yield moment, event
        first = following


def _penalties(blueprint: Blueprint, rnd: Random) -> Iterator[Dated]:
    """Punishments by the platform or an authority, of kinds that fit the archetype."""
    years = blueprint.day_count / (12 * DAYS_PER_MONTH)
    kinds = _PENALTIES.get(blueprint.archetype, _ORDINARY_PENALTIES)
    for number in range(demand.poisson(rnd, blueprint.pattern.penalties_per_year * years)):
        kind = rnd.choice(kinds)
        by_platform = kind in (pb.StorePenalty.KIND_FAKE_TRADE, pb.StorePenalty.KIND_OTHER)
        source = blueprint.platforms[0] if by_platform else _REGULATOR_SOURCE
        day = blueprint.first_day + timedelta(days=rnd.randrange(blueprint.day_count))
        moment, event = _dated(blueprint, source, f"p{number}", day, rnd.randrange(9, 18) * 3600)
        event.store_penalty.kind = kind
        event.store_penalty.points = rnd.choice((2, 4, 6, 12)) if by_platform else 0
        event.store_penalty.fine.CopyFrom(money(0 if by_platform else rnd.randrange(5, 200) * 10_000))
        yield moment, event
