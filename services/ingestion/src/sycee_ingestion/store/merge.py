"""The statements that take a batch of events in: SQL made once, of a table of what each column adds up.

Rows are copied into the temporary table `staged` (one a connection, emptied by each commit). Then
1. ENTER puts (source, event_id) into `event_keys`, with a number of the batch's own: what is there already stays;
2. DROP_KNOWN, run only when something was there already, takes that out of `staged` and says whether it conflicts;
3. MERGE appends what is left to `events` and `snapshots`, enters its buyers, and adds it up by day and by feed.
Every insert is in the order of its key, so that two batches never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping

from sycee_ingestion.domain.event import DAILY_KINDS, SNAPSHOT_KINDS, EventKind
from sycee_ingestion.schema import DAY_SUMS, FEED_KINDS

CREATE_STAGED = """
create temporary table if not exists staged (
    position integer not null,
    source text collate "C" not null,
    event_id text collate "C" not null,
    merchant_no integer not null,
    kind smallint not null,
    occurred_at timestamptz not null,
    day date not null,
    digest bytea not null,
    body bytea not null,
    first bigint not null,
    second bigint not null,
    third bigint not null,
    buyer bigint,
    facts jsonb
) on commit delete rows
"""

ENTER = """
insert into event_keys (source, event_id, digest, entered_by)
select source, event_id, digest, $1::bigint from staged order by source, event_id
on conflict (source, event_id) do nothing
"""

DROP_KNOWN = """
delete from staged using event_keys as known
where known.source = staged.source and known.event_id = staged.event_id and known.entered_by <> $1::bigint
returning staged.position, known.digest <> staged.digest as conflicts
"""
"""A statement after ENTER: its snapshot shows what another transaction entered while ENTER waited for it."""


def _count(kind: EventKind, condition: str = "true") -> str:
    return f"count(*) filter (where kind = {kind:d} and {condition})"


def _sum(kind: EventKind, value: str, condition: str = "true") -> str:
    return f"coalesce(sum({value}) filter (where kind = {kind:d} and {condition}), 0)"


_MODES = ("unknown", "road_light", "road_medium", "road_heavy", "rail")
_PACKAGINGS = ("unknown", "single_use", "recycled", "reusable")

_ADDS: Mapping[str, str] = {
    "order_count": _count(EventKind.ORDER),
    "order_fen": _sum(EventKind.ORDER, "first"),
    # Buyers that are new on the day, and each order without a buyer as one of its own: not known is not the same one.
    "buyer_count": f"coalesce(max(new_buyer_days.buyers), 0) + {_count(EventKind.ORDER, 'buyer is null')}",
    "refund_count": _count(EventKind.REFUND),
    "refund_fen": _sum(EventKind.REFUND, "first"),
    "return_count": _sum(EventKind.REFUND, "second"),
    "dispute_count": _sum(EventKind.REFUND, "third"),
    "review_count": _count(EventKind.REVIEW),
    "star_sum": _sum(EventKind.REVIEW, "first"),
    "low_star_count": _count(EventKind.REVIEW, "first <= 2"),
    "complaint_count": _sum(EventKind.REVIEW, "second"),
    "parcel_count": _count(EventKind.SHIPMENT),
    "weighed_count": _count(EventKind.SHIPMENT, "first > 0"),
    "routed_count": _count(EventKind.SHIPMENT, "second > 0"),
    "weight_g": _sum(EventKind.SHIPMENT, "first"),
    "late_count": _count(EventKind.SHIPMENT, "third >= 64"),
    **{
        f"gram_km_{mode}": _sum(EventKind.SHIPMENT, "first * second", f"third & 15 = {number}")
        for number, mode in enumerate(_MODES)
    },
    **{
        f"packaging_{packaging}": _count(EventKind.SHIPMENT, f"(third >> 4) & 3 = {number}")
        for number, packaging in enumerate(_PACKAGINGS)
    },
    "settlement_count": _count(EventKind.SETTLEMENT),
    "settlement_fen": _sum(EventKind.SETTLEMENT, "first"),
    "fee_fen": _sum(EventKind.SETTLEMENT, "second"),
    "traffic_count": _count(EventKind.TRAFFIC),
    "page_views": _sum(EventKind.TRAFFIC, "first"),
    "visitors": _sum(EventKind.TRAFFIC, "second"),
    "social_count": _count(EventKind.SOCIAL_ACTIVITY),
    "posts": _sum(EventKind.SOCIAL_ACTIVITY, "first"),
    "interactions": _sum(EventKind.SOCIAL_ACTIVITY, "second"),
}
_FOLLOWERS_MARK = f"coalesce(max(third) filter (where kind = {EventKind.SOCIAL_ACTIVITY:d}), 0)"


def _merge_days() -> str:
    adds = ",\n        ".join(f"{_ADDS[column]} as {column}" for column in DAY_SUMS)
    sets = ",\n        ".join(f"{column} = kept.{column} + excluded.{column}" for column in DAY_SUMS)
    return f"""
    insert into merchant_days as kept (merchant_no, day, {", ".join(DAY_SUMS)}, followers_mark)
    select merchant_no, day,
        {adds},
        {_FOLLOWERS_MARK}
    from staged left join new_buyer_days using (merchant_no, day)
    where kind <= {max(DAILY_KINDS):d}
    group by merchant_no, day
    order by merchant_no, day
    on conflict (merchant_no, day) do update set
        {sets},
        followers_mark = greatest(kept.followers_mark, excluded.followers_mark)"""  # noqa: S608 - names of columns


def _merge_feeds() -> str:
    columns, values, sets = [], [], []
    for name, kind in zip(FEED_KINDS, DAILY_KINDS, strict=True):
        of_kind = f"filter (where kind = {kind:d})"
        columns += [f"{name}_count", f"{name}_first", f"{name}_last"]
        values += [f"count(*) {of_kind}", f"min(day) {of_kind}", f"max(day) {of_kind}"]
        sets += [
            f"{name}_count = kept.{name}_count + excluded.{name}_count",
            f"{name}_first = least(kept.{name}_first, excluded.{name}_first)",
            f"{name}_last = greatest(kept.{name}_last, excluded.{name}_last)",
        ]
    return f"""
    insert into feeds as kept (merchant_no, source, {", ".join(columns)}, version, unannounced)
    select merchant_no, source, {", ".join(values)}, 1, true
    from staged
    group by merchant_no, source
    order by merchant_no, source
    on conflict (merchant_no, source) do update set
        {", ".join(sets)},
        version = kept.version + 1,
        unannounced = true"""  # noqa: S608 - names of columns


MERGE = f"""
with appended as (
    insert into events (source, event_id, merchant_no, kind, occurred_at, received_at, body)
    select source, event_id, merchant_no, kind, occurred_at, $1::timestamptz, body from staged
), kept_snapshots as (
    insert into snapshots (merchant_no, kind, ends_on, day, source, event_id, occurred_at, facts)
    select merchant_no, kind, (facts ->> 'ends_on')::date, day, source, event_id, occurred_at, facts - 'ends_on'
    from staged
    where kind >= {min(SNAPSHOT_KINDS):d}
), entered_buyers as (
    insert into buyer_days (merchant_no, day, buyer)
    select distinct merchant_no, day, buyer from staged
    where kind = {EventKind.ORDER:d} and buyer is not null
    order by merchant_no, day, buyer
    on conflict (merchant_no, day, buyer) do nothing
    returning merchant_no, day
), new_buyer_days as (
    select merchant_no, day, count(*) as buyers from entered_buyers group by merchant_no, day
), merged_feeds as ({_merge_feeds()}
)
{_merge_days().strip()}
"""  # noqa: S608 - built of the constants above; values are parameters
