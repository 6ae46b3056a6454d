"""The statements that take a batch of events in: SQL made once, of a table of what each column adds up.

Rows are copied into the temporary table `staged` (one a connection, emptied by each commit). Then
1. ENTER puts the events' keys into `event_keys`, with a number of the batch's own: what is there already stays;
2. `store.corrections` runs only when something was there already: it takes duplicates and conflicts out of `staged` and
   puts what corrections replace into it once more, to be counted off;
3. a merge appends what is left to `events`, `snapshots` and `review_facts` and adds it up by day, split and feed.
Every insert that may meet another is in the order of its key, so that two batches never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sycee_ingestion.domain.event import DAILY_KINDS, MARK_BITS, SNAPSHOT_KINDS, EventKind
from sycee_ingestion.schema.books import FEED_KINDS
from sycee_ingestion.store.sums import DAY_SUMS, SPLITS, DaySum

PREPARE = """
create temporary table if not exists staged (
    position bigint not null,
    place bigint not null,
    hash bigint not null,
    source text collate "C" not null,
    event_id text collate "C" not null,
    merchant_no integer not null,
    kind smallint not null,
    revision integer not null,
    withdrawn boolean not null,
    occurred_at timestamptz not null,
    day date not null,
    digest bigint not null,
    body bytea not null,
    first bigint not null,
    second bigint not null,
    third bigint not null,
    order_key bigint not null,
    party bigint not null,
    goods bigint not null,
    address bigint not null,
    device bigint not null,
    facts jsonb,
    sign smallint not null default 1,
    superseded boolean not null default false
) on commit delete rows
"""

ENTER = """
insert into event_keys (place, hash, digest, revision, entered_by)
select place, hash, digest, revision, $1::bigint from staged order by place, hash
on conflict (place, hash) do nothing
"""

NEW = "position >= 0"
"""Rows of `staged` that came with the batch; the others are what corrections replace, to be counted off."""

_IS_SNAPSHOT = f"kind between {min(SNAPSHOT_KINDS):d} and {max(SNAPSHOT_KINDS):d}"
_OPERATORS = {False: ("count(*)", "sum({})"), True: ("sum(sign)", "sum(sign * {})")}


def merge_of(kinds: Collection[int]) -> str:
    """The merge of `staged` for a batch of these kinds: $1 the moment of receipt, $2 its business day.

    It answers with one row: whether a merchant of the batch was erased, so that nothing of it may stay. A batch of one
    kind, which most are, is spared the columns of the others.
    """
    return _merge(next(iter(kinds)) if len(kinds) == 1 else None, signed=False)


def signed_merge() -> str:
    """The same for any kinds, heeding `sign`: 1 adds an event up, 0 leaves it out, -1 takes off what was replaced."""
    return _merge(None, signed=True)


@cache
def _merge(alone: int | None, *, signed: bool) -> str:
    """The merge of batches of one kind `alone`, or of all kinds."""
    kinds = list(EventKind) if alone is None else [EventKind(alone)]
    parts = {"appended": _append_events(signed=signed)}
    if set(kinds) & set(SNAPSHOT_KINDS):
        parts["kept_snapshots"] = _keep_snapshots(signed=signed)
    if EventKind.REVIEW in kinds:
        parts["kept_reviews"] = _keep_reviews(signed=signed)
    parts["merged_feeds"] = _merge_feeds(kinds, signed=signed)
    if any(split.kind in kinds for split in SPLITS):
        parts["merged_splits"] = _append_splits(kinds, signed=signed)
    if set(kinds) & set(DAILY_KINDS):
        parts["merged_days"] = _merge_days(kinds, signed=signed)
    steps = ", ".join(f"{name} as ({part})" for name, part in parts.items())
    statement = f"""with {steps}
select exists (
    select from (select distinct merchant_no from staged) as named join merchants using (merchant_no)
    where erased_at is not null
) as erased"""  # noqa: S608 - built of constants; values are parameters
    return " ".join(statement.split())  # asyncpg keeps no statement of 15 KiB or more: it would be planned each time


def _superseded_on(*, signed: bool) -> str:
    return "case when superseded then $2::date end" if signed else "null"


def _append_events(*, signed: bool) -> str:
    said = "source, event_id, merchant_no, kind, revision, withdrawn, occurred_at"
    measures = "first, second, third, order_key, party, goods, address, device"
    return f"""
    insert into events ({said}, received_at, day, received_on, superseded_on, {measures}, body)
    select {said}, $1::timestamptz, day, $2::date, {_superseded_on(signed=signed)}, {measures}, body
    from staged where {NEW}"""  # noqa: S608 - names of columns


def _keep_snapshots(*, signed: bool) -> str:
    said = "merchant_no, kind, day, source, event_id, revision, withdrawn, occurred_at"
    return f"""
    insert into snapshots ({said}, received_on, superseded_on, ends_on, facts)
    select {said}, $2::date, {_superseded_on(signed=signed)}, (facts ->> 'ends_on')::date, facts - 'ends_on'
    from staged where {_IS_SNAPSHOT} and {NEW}"""  # noqa: S608 - names of columns


def _keep_reviews(*, signed: bool) -> str:
    said = "merchant_no, day, source, event_id, revision, withdrawn, occurred_at"
    return f"""
    insert into review_facts ({said}, received_on, superseded_on, order_key, stars, complaint, has_text)
    select {said}, $2::date, {_superseded_on(signed=signed)}, order_key, first, second = 1, third = 1
    from staged where kind = {EventKind.REVIEW:d} and {NEW}"""  # noqa: S608 - names of columns


def _of_kind(kinds: Collection[EventKind], kind: EventKind, condition: str = "") -> str:
    """The filter that leaves the rows of a kind, with nothing to say where there are no others."""
    terms = [f"kind = {kind:d}"] if len(kinds) > 1 else []
    terms += [condition] if condition else []
    return f"filter (where {' and '.join(terms)})" if terms else ""


def _day_sum(kinds: Collection[EventKind], added: DaySum, *, signed: bool) -> str:
    count, total = _OPERATORS[signed]
    operator = total.format(added.value) if added.value else count
    return f"coalesce({operator} {_of_kind(kinds, added.kind, added.condition)}, 0)"


def _merge_days(kinds: Collection[EventKind], *, signed: bool) -> str:
    sums = [added for added in DAY_SUMS if added.kind in kinds]
    columns = [added.column for added in sums]
    values = [_day_sum(kinds, added, signed=signed) for added in sums]
    sets = [f"{column} = kept.{column} + excluded.{column}" for column in columns]
    if EventKind.SOCIAL_ACTIVITY in kinds:
        columns.append("followers_mark")
        values.append(_followers_mark(signed=signed))
        sets.append(_GREATER_MARK)
    return f"""
    insert into merchant_days as kept (merchant_no, day, received_on, {", ".join(columns)})
    select merchant_no, day, $2::date, {", ".join(values)}
    from staged
    where not ({_IS_SNAPSHOT})
    group by merchant_no, day
    order by merchant_no, day
    on conflict (merchant_no, day, received_on) do update set {", ".join(sets)}"""  # noqa: S608 - names of columns


def _followers_mark(*, signed: bool) -> str:
    """The greatest mark of a day among the rows of the batch, under the generation that stands for the day."""
    social = f"kind = {EventKind.SOCIAL_ACTIVITY:d}" + (" and sign > 0" if signed else "")
    return f"""case when bool_or({social}) then max(third) filter (where {social}) | ((
            select coalesce(max(followers_mark), 0) >> {MARK_BITS} from merchant_days as known
            where known.merchant_no = staged.merchant_no and known.day = staged.day
        ) << {MARK_BITS}) else 0 end"""  # noqa: S608 - a constant


_GREATER_MARK = f"""followers_mark = greatest(
            kept.followers_mark,
            (greatest(kept.followers_mark >> {MARK_BITS}, excluded.followers_mark >> {MARK_BITS}) << {MARK_BITS})
                | (excluded.followers_mark & {(1 << MARK_BITS) - 1})
        )"""


def _append_splits(kinds: Collection[EventKind], *, signed: bool) -> str:
    """Of each dimension a part of its own. Nothing is looked up: what a batch adds to a split is a row of its own."""
    count, total = _OPERATORS[signed]
    parts = " union all ".join(
        f"""select merchant_no, day, {split.dimension:d} as dimension, {split.key} as key,
            {count} as rows, {total.format("first")} as fen
        from staged where kind = {split.kind:d}{split.condition and " and "}{split.condition}
        group by merchant_no, day, {split.key}"""  # noqa: S608 - names of columns
        for split in SPLITS
        if split.kind in kinds
    )
    return f"""
    insert into day_splits (merchant_no, day, dimension, key, received_on, count, fen)
    select merchant_no, day, dimension, key, $2::date, rows, fen from ({parts}) as split
    order by merchant_no, day"""  # noqa: S608 - names of columns


def _merge_feeds(kinds: Collection[EventKind], *, signed: bool) -> str:
    count, _ = _OPERATORS[signed]
    columns, values, sets = [], [], []
    for name, kind in zip(FEED_KINDS, DAILY_KINDS, strict=True):
        if kind in kinds:
            rows = _of_kind(kinds, kind)
            columns += [f"{name}_count", f"{name}_first", f"{name}_last"]
            values += [f"coalesce({count} {rows}, 0)", f"min(day) {rows}", f"max(day) {rows}"]
            sets += [
                f"{name}_count = kept.{name}_count + excluded.{name}_count",
                f"{name}_first = least(kept.{name}_first, excluded.{name}_first)",
                f"{name}_last = greatest(kept.{name}_last, excluded.{name}_last)",
            ]
    moves = f"bool_or(day < $2::date or {_IS_SNAPSHOT} or not ({NEW}))"
    columns += ["version", "past_version", "unportrayed"]
    values += ["1", f"{moves}::integer", moves]
    sets += [
        "version = kept.version + 1",
        "past_version = kept.past_version + excluded.past_version",
        "unportrayed = kept.unportrayed or excluded.unportrayed",
    ]
    return f"""
    insert into feeds as kept (merchant_no, source, {", ".join(columns)})
    select merchant_no, source, {", ".join(values)}
    from staged
    group by merchant_no, source
    order by merchant_no, source
    on conflict (merchant_no, source) do update set {", ".join(sets)}"""  # noqa: S608 - names of columns
