"""The facts behind a portrait: one statement, whatever the length of the history.

A kind's count as of a day is its count over all time less what came on later days, so no read goes further back than
the two years that a portrait's windows reach.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg
from sycee_service.database import Database

from sycee_ingestion.domain.coverage import Received
from sycee_ingestion.domain.event import DAILY_KINDS, EventKind, followers_of
from sycee_ingestion.domain.merchant import Identity
from sycee_ingestion.domain.profile import Facts, Traits, Year
from sycee_ingestion.domain.records import BureauReport, EnergyUse, Penalties, RepaymentRecord, TaxRecord
from sycee_ingestion.domain.trade import SERIES_DAYS, DailySales, TradeCounts
from sycee_ingestion.schema import FEED_KINDS
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.store import personal

_DAY_COUNTS = (
    "order_count",
    "refund_count",
    "review_count",
    "parcel_count",
    "settlement_count",
    "traffic_count",
    "social_count",
)
"""The columns of `merchant_days` that count the kinds of FEED_KINDS, in the same order."""

_BUREAU, _TAX, _ENERGY = EventKind.BUREAU_REPORT, EventKind.TAX_RECORD, EventKind.ENERGY_USE
_PENALTY, _REPAYMENT = EventKind.STORE_PENALTY, EventKind.REPAYMENT

_MOST_RECORDS = 400
"""Tax or energy records of a year that are read, newest first: a bill a day, and more."""


def _feed_facts() -> str:
    """Of each daily kind: events over all time, the first and the last day, and the sources seen before $3."""
    columns = []
    for kind in FEED_KINDS:
        columns += [
            f"coalesce(sum({kind}_count), 0)::bigint as {kind}_count",
            f"min({kind}_first) as {kind}_first",
            f"max({kind}_last) as {kind}_last",
            f"array_agg(source) filter (where {kind}_first < $3::date) as {kind}_sources",
        ]
    return ", ".join(columns)


def _kinds_as_of() -> str:
    """Of each daily kind: events and last day before $3. The look back runs only when the feed went on after $3."""
    columns = []
    for kind, count in zip(FEED_KINDS, _DAY_COUNTS, strict=True):
        columns.append(f"feed.{kind}_first, feed.{kind}_sources")
        columns.append(f"feed.{kind}_count - later.{count} as {kind}_events")
        columns.append(f"""case
            when feed.{kind}_last < $3::date then feed.{kind}_last
            when feed.{kind}_first < $3::date then (
                select day from merchant_days
                where merchant_no = merchant.merchant_no and day < $3::date and {count} > 0
                order by day desc limit 1
            )
        end as {kind}_last""")  # noqa: S608 - names of columns
    return ",\n    ".join(columns)


_LATER = ", ".join(f"coalesce(sum({count}), 0)::bigint as {count}" for count in _DAY_COUNTS)

_YEAR_SUMS = (
    "return_count",
    "review_count",
    "star_sum",
    "low_star_count",
    "complaint_count",
    "parcel_count",
    "weighed_count",
    "routed_count",
    "weight_g",
    "late_count",
    "gram_km_unknown",
    "gram_km_road_light",
    "gram_km_road_medium",
    "gram_km_road_heavy",
    "gram_km_rail",
    "packaging_unknown",
    "packaging_single_use",
    "packaging_recycled",
    "packaging_reusable",
    "settlement_fen",
    "fee_fen",
)
_YEAR = ", ".join(f"coalesce(sum({column}), 0)::bigint as {column}" for column in _YEAR_SUMS)


def _within(days: int, expression: str) -> str:
    return f"coalesce({expression} filter (where day >= $2::date - {days}), 0)::bigint"


# The two years of daily sales come in two parts, so that each day's row is visited once.
_SERIES = "array_agg($2::date - day) as ages, array_agg(order_fen) as paid_fen, array_agg(refund_fen) as refunded_fen"

_RECORD = "jsonb_build_array(occurred_at, ends_on, facts)"


def _records_of_year(kind: EventKind) -> str:
    """The records of a kind that tell of a day of the last 365, newest first."""
    return f"""(select jsonb_agg({_RECORD}) from (
            select occurred_at, ends_on, facts from snapshots
            where merchant_no = merchant.merchant_no and kind = {kind:d}
                and ends_on >= $2::date - 365 and day < $3::date
            order by ends_on desc, occurred_at desc, source, event_id limit {_MOST_RECORDS}
        ) as of_year)"""  # noqa: S608 - built of constants


_HEAD = f"""
    merchant.merchant_id, merchant.borrower_kind, merchant.category, merchant.province_code, merchant.opened_on,
    merchant.employee_count, merchant.register_status, merchant.simulated,
    {", ".join(f"merchant.{column}" for column in personal.COLUMNS)},
    (select coalesce(sum(version), 0)::bigint from feeds where merchant_no = merchant.merchant_no) as version"""  # noqa: S608 - names of columns

_FIND_HEAD = f"select {_HEAD} from merchants as merchant where merchant_id = $1"  # noqa: S608 - built of a constant

_FIND_FACTS = f"""
select {_HEAD},
    {_kinds_as_of()},
    case when feed.social_activity_first < $3::date then (
        select followers_mark from merchant_days
        where merchant_no = merchant.merchant_no and day < $3::date and social_count > 0
        order by day desc limit 1
    ) end as followers_mark,
    year.*, older.*, record.*
from merchants as merchant
cross join lateral (select {_feed_facts()} from feeds where merchant_no = merchant.merchant_no) as feed
cross join lateral (
    select {_LATER} from merchant_days where merchant_no = merchant.merchant_no and day >= $3::date
) as later
cross join lateral (
    select {_YEAR}, {_SERIES},
        count(*) filter (where settlement_count > 0) as settlement_days,
        coalesce(sum(order_count), 0)::bigint as order_count_365d,
        {_within(180, "sum(order_count)")} as order_count_180d,
        {_within(180, "sum(order_fen)")} as paid_180d_fen,
        {_within(180, "sum(refund_fen)")} as refunded_180d_fen,
        {_within(180, "sum(dispute_count)")} as dispute_count_180d,
        {_within(90, "sum(order_count)")} as order_count_90d,
        {_within(90, "sum(buyer_count)")} as buyer_days_90d,
        count(*) filter (where day >= $2::date - 90 and order_count > 0) as active_days_90d,
        {_within(90, "sum(page_views)")} as page_views_90d,
        {_within(90, "sum(visitors)")} as visitors_90d,
        {_within(180, "sum(visitors)")} as visitors_180d,
        {_within(90, "sum(posts)")} as posts_90d,
        {_within(90, "sum(interactions)")} as interactions_90d
    from merchant_days
    where merchant_no = merchant.merchant_no and day >= $2::date - 365 and day < $2::date
) as year
cross join lateral (
    select {_SERIES.replace(" as ", " as older_")} from merchant_days
    where merchant_no = merchant.merchant_no and day >= $2::date - {SERIES_DAYS} and day < $2::date - 365
) as older
cross join lateral (
    select
        (select jsonb_agg(jsonb_build_array(kind, events, first_day, last_day, sources)) from (
            select kind, count(*) as events, min(day) as first_day, max(day) as last_day,
                array_agg(distinct source) as sources
            from snapshots where merchant_no = merchant.merchant_no and day < $3::date group by kind
        ) as received) as snapshots_received,
        (select {_RECORD} from snapshots
            where merchant_no = merchant.merchant_no and kind = {_BUREAU:d} and day < $3::date
            order by ends_on desc, occurred_at desc, source, event_id limit 1) as bureau,
        (select {_RECORD} from snapshots
            where merchant_no = merchant.merchant_no and kind = {_TAX:d} and day < $3::date
            order by ends_on desc, occurred_at desc, source, event_id limit 1) as newest_tax,
        {_records_of_year(_TAX)} as taxes,
        {_records_of_year(_ENERGY)} as energy_uses,
        (select jsonb_agg(jsonb_build_array(kind, penalties, fines_fen) order by kind) from (
            select (facts ->> 'kind')::integer as kind, count(*) as penalties,
                sum((facts ->> 'fine_fen')::bigint)::bigint as fines_fen
            from snapshots
            where merchant_no = merchant.merchant_no and kind = {_PENALTY:d}
                and ends_on >= $2::date - 730 and day < $3::date
            group by 1
        ) as penalty) as penalties,
        (select jsonb_build_array(count(*), max((facts ->> 'days_past_due')::integer)) from snapshots
            where merchant_no = merchant.merchant_no and kind = {_REPAYMENT:d} and day < $3::date) as repayments
) as record
where merchant.merchant_id = $1
"""  # noqa: S608 - built of the constants above; values are parameters


@dataclass(frozen=True, slots=True)
class Head:
    """What goes before a merchant's facts. `version` grows with whatever is stored of it; `identity` if asked for."""

    version: int
    traits: Traits
    identity: Identity | None


class ProfileStore:
    """Reads what portraits are made of."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def head(self, merchant_id: str, *, with_identity: bool) -> Head | None:
        """What tells whether anything has changed since a portrait was made; None when there is no such merchant."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND_HEAD, merchant_id)
        return None if row is None else self._head(row, with_identity=with_identity)

    async def facts(
        self, merchant_id: str, today: date, until: date, *, with_identity: bool
    ) -> tuple[Head, Facts] | None:
        """Everything known of a merchant, or None when there is none; one statement, one snapshot of the data.

        Windows are whole days before `today`; what was ever received counts when its day lies before `until`.
        """
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND_FACTS, merchant_id, today, until)
        if row is None:
            return None
        head = self._head(row, with_identity=with_identity)
        return head, _facts(row, today, head.traits)

    def _head(self, row: asyncpg.Record, *, with_identity: bool) -> Head:
        identity = personal.open_identity(self._sealer, row) if with_identity else None
        return Head(row["version"], _traits(row), identity)


def _facts(row: asyncpg.Record, today: date, traits: Traits) -> Facts:
    followers_mark = row["followers_mark"]
    bureau, newest_tax = _json(row["bureau"]), _json(row["newest_tax"])
    return Facts(
        merchant_id=row["merchant_id"],
        traits=traits,
        received=(*_daily_received(row), *_snapshots_received(row)),
        sales=DailySales.of(today, _both(row, "ages"), _both(row, "paid_fen"), _both(row, "refunded_fen")),
        counts=_counts(row),
        year=_year(row),
        followers=0 if followers_mark is None else followers_of(followers_mark),
        bureau=None if bureau is None else _bureau(*bureau),
        newest_tax=None if newest_tax is None else _tax(*newest_tax),
        taxes=tuple(_tax(*record) for record in _json(row["taxes"]) or ()),
        energy_uses=tuple(_energy(*record) for record in _json(row["energy_uses"]) or ()),
        penalties=_penalties(_json(row["penalties"]) or ()),
        repayments=_repayments(*_json(row["repayments"])),
    )


def _both(row: asyncpg.Record, name: str) -> list[int]:
    """A column of the year and of the time before it."""
    return [*(row[name] or ()), *(row[f"older_{name}"] or ())]


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _traits(row: asyncpg.Record) -> Traits:
    return Traits(
        borrower_kind=row["borrower_kind"],
        category=row["category"],
        province_code=row["province_code"],
        opened_on=row["opened_on"],
        employee_count=row["employee_count"],
        register_status=row["register_status"] or 0,
        simulated=row["simulated"],
    )


def _daily_received(row: asyncpg.Record) -> list[Received]:
    received = []
    for name, kind in zip(FEED_KINDS, DAILY_KINDS, strict=True):
        last_day = row[f"{name}_last"]
        if last_day is not None:
            sources = tuple(row[f"{name}_sources"])
            received.append(Received(kind, row[f"{name}_events"], row[f"{name}_first"], last_day, sources))
    return received


def _snapshots_received(row: asyncpg.Record) -> list[Received]:
    return [
        Received(EventKind(kind), count, date.fromisoformat(first), date.fromisoformat(last), tuple(sources))
        for kind, count, first, last, sources in _json(row["snapshots_received"]) or ()
    ]


def _counts(row: asyncpg.Record) -> TradeCounts:
    return TradeCounts(
        order_count_90d=row["order_count_90d"],
        order_count_365d=row["order_count_365d"],
        buyer_days_90d=row["buyer_days_90d"],
        active_days_90d=row["active_days_90d"],
        paid_180d_fen=row["paid_180d_fen"],
        refunded_180d_fen=row["refunded_180d_fen"],
        order_count_180d=row["order_count_180d"],
        dispute_count_180d=row["dispute_count_180d"],
    )


def _year(row: asyncpg.Record) -> Year:
    return Year(
        return_count=row["return_count"],
        review_count=row["review_count"],
        star_sum=row["star_sum"],
        low_star_count=row["low_star_count"],
        complaint_count=row["complaint_count"],
        parcel_count=row["parcel_count"],
        weighed_count=row["weighed_count"],
        routed_count=row["routed_count"],
        weight_g=row["weight_g"],
        late_count=row["late_count"],
        gram_km=(
            row["gram_km_unknown"],
            row["gram_km_road_light"],
            row["gram_km_road_medium"],
            row["gram_km_road_heavy"],
            row["gram_km_rail"],
        ),
        packaging=(
            row["packaging_unknown"],
            row["packaging_single_use"],
            row["packaging_recycled"],
            row["packaging_reusable"],
        ),
        settlement_fen=row["settlement_fen"],
        fee_fen=row["fee_fen"],
        settlement_days=row["settlement_days"],
        page_views_90d=row["page_views_90d"],
        visitors_90d=row["visitors_90d"],
        visitors_90d_before=row["visitors_180d"] - row["visitors_90d"],
        posts_90d=row["posts_90d"],
        interactions_90d=row["interactions_90d"],
    )


def _bureau(_occurred_at: str, ends_on: str, facts: dict[str, Any]) -> BureauReport:
    return BureauReport(report_date=date.fromisoformat(ends_on), **facts)


def _tax(occurred_at: str, ends_on: str, facts: dict[str, Any]) -> TaxRecord:
    return TaxRecord(
        occurred_at=datetime.fromisoformat(occurred_at),
        period_first=date.fromisoformat(facts["period_first"]),
        period_last=date.fromisoformat(ends_on),
        declared_sales_fen=facts["declared_sales_fen"],
        rating=facts["rating"],
        late=facts["late"],
    )


def _energy(_occurred_at: str, ends_on: str, facts: dict[str, Any]) -> EnergyUse:
    return EnergyUse(
        period_first=date.fromisoformat(facts["period_first"]),
        period_last=date.fromisoformat(ends_on),
        electricity_wh=facts["electricity_wh"],
    )


def _penalties(rows: Sequence[tuple[int, int, int]]) -> Penalties:
    return Penalties(
        counts=tuple((kind, count) for kind, count, _ in rows),
        fines_fen=sum(fines_fen for _, _, fines_fen in rows),
    )


def _repayments(count: int, worst_days_past_due: int | None) -> RepaymentRecord:
    return RepaymentRecord(repayment_count=count, worst_days_past_due=worst_days_past_due or 0)
