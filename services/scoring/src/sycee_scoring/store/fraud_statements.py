"""The statements about fraud. Bounds are judgement, from what a lookup may take (5 ms) and what rings look like.

Hubs, attributes of more than `HUB` merchants, are counted and not walked.
"""

# ruff: noqa: S608 (what is put together here are constants)

from __future__ import annotations

from typing import Final

HUB: Final = 64
MOST_OWN: Final = 128
"""The newest attributes of the applicant that are looked at, beyond those of the application at hand."""

MOST_LINKS: Final = 512
"""Links from the applicant's attributes to others; those of the attributes that fewest share come first."""

MOST_VIA: Final = 32
MOST_VIA_ATTRIBUTES: Final = 8
"""Members that are walked on from, those over the rarest attribute first, and the newest attributes of each."""

MOST_FAR_LINKS: Final = 1_000
MOST_FAR_MARKED: Final = 100

MOST_RING: Final = 2_000
"""Members that a ring shows."""

_OWN: Final = "(select merchant_no from self)"

# $1 merchant_id, $2 kinds, $3 digests, $4 the moment, $5 application_id, $6 until when what was written counts. In the
# statement that writes an application it sees what was there before.
_LOOK: Final = f"""
given as materialized (
    select kind, digest from unnest($2::smallint[], $3::bytea[]) as given (kind, digest)
), self as materialized (
    select merchant_no, verdict, found_at, first_applied_at, revision from fraud_merchants where merchant_id = $1
), mine as materialized (
    select attribute_no from fraud_links where merchant_no = {_OWN} and linked_at <= $6
    order by linked_at desc, attribute_no limit {MOST_OWN}
), near as materialized (
    select attribute_no, kind, revision, merchant_count - (
        select count(*) from fraud_links where attribute_no = one.attribute_no and merchant_no = {_OWN}
    ) as others
    from (
        select attribute_no from given join fraud_attributes using (kind, digest) union select attribute_no from mine
    ) as known
    join fraud_attributes as one using (attribute_no)
), links as materialized (
    select near.attribute_no, near.others, link.merchant_no
    from near cross join lateral (
        select merchant_no from fraud_links
        where attribute_no = near.attribute_no and merchant_no is distinct from {_OWN} and linked_at <= $6
        limit {HUB}
    ) as link
    where near.others between 1 and {HUB}
    order by near.others, near.attribute_no, link.merchant_no limit {MOST_LINKS}
), members as materialized (
    select merchant_no, array_agg(attribute_no) as attributes, min(others) as rarest
    from links group by merchant_no
), via as materialized (
    select merchant_no from members order by rarest, cardinality(attributes) desc, merchant_no limit {MOST_VIA}
), bridges as materialized (
    select attribute_no, kind, merchant_count, array_agg(via.merchant_no) as via
    from via cross join lateral (
        select attribute_no from fraud_links where merchant_no = via.merchant_no and linked_at <= $6
        order by linked_at desc, attribute_no limit {MOST_VIA_ATTRIBUTES}
    ) as step
    join fraud_attributes using (attribute_no)
    where merchant_count between 2 and {HUB + 1} and attribute_no not in (select attribute_no from near)
    group by attribute_no, kind, merchant_count
), far as materialized (
    select bridges.attribute_no, link.merchant_no
    from bridges cross join lateral (
        select merchant_no from fraud_links
        where attribute_no = bridges.attribute_no and merchant_no is distinct from {_OWN} and linked_at <= $6
        limit {HUB}
    ) as link
    where link.merchant_no not in (select merchant_no from members)
    order by bridges.merchant_count, bridges.attribute_no limit {MOST_FAR_LINKS}
), found as materialized (
    select merchant_no, verdict, found_at from (select distinct merchant_no from far) as one
    join fraud_merchants using (merchant_no) where verdict <> 0 and found_at <= $6
)
"""

_COUNTS: Final = """
    count(*) filter (where applied_at > $4::timestamptz - interval '1 hour'),
    count(*) filter (where applied_at > $4::timestamptz - interval '24 hours'),
    count(*) filter (where applied_at > $4::timestamptz - interval '7 days'),
    count(*)
"""
_APPLICATIONS: Final = "applied_at > $4::timestamptz - interval '30 days' and applied_at <= $6"

# Only of those who share an account: nobody else's operator is compared.
_OPERATOR: Final = """
    case when one.attributes && (select array_agg(attribute_no) from near where kind = 3) then (
        select min(attribute_no) from (
            select attribute_no from fraud_links where merchant_no = one.merchant_no
            order by linked_at desc, attribute_no limit 32
        ) as newest
        join fraud_attributes using (attribute_no) where kind = 1
    ) end
"""

# Arrays of rows, each in the order that the store reads it in.
_SEEN: Final = f"""
    (select verdict from self where found_at <= $6) as verdict,
    (select found_at from self where found_at <= $6) as found_at,
    (select first_applied_at from self where first_applied_at <= $6) as first_applied_at,
    (
        select array[{_COUNTS}] from fraud_applications
        where merchant_no = (select merchant_no from self) and {_APPLICATIONS} and application_id <> $5
    ) as applications,
    (select array_agg(row(attribute_no, kind, others) order by kind, attribute_no) from near) as attributes,
    (
        select array_agg(
            row(one.merchant_no, one.attributes, {_OPERATOR}, known.verdict, known.found_at, known.opened_on,
                known.first_applied_at, recent.counts)
            order by one.merchant_no
        )
        from members as one join fraud_merchants as known using (merchant_no)
        cross join lateral (
            select array[{_COUNTS}] as counts from fraud_applications
            where merchant_no = one.merchant_no and {_APPLICATIONS}
        ) as recent
    ) as members,
    (
        select array_agg(row(via, kind, merchant_count, verdict, found_at)) from (
            select via, kind, merchant_count, verdict, found_at
            from found join far using (merchant_no) join bridges using (attribute_no)
            order by verdict, merchant_count, attribute_no, merchant_no limit {MOST_FAR_MARKED}
        ) as marked
    ) as far,
    (select count(distinct merchant_no) from far) as far_count,
    (select count(*) from found where verdict = 1) as far_confirmed
"""

LOOK: Final = f"with {_LOOK} select {_SEEN}, false as raced"
"""What stands around an applicant. Reads only."""

# The merchant first, then its attributes in order: two applications that share any of them wait for each other here,
# and never in a circle. A hub that the merchant is linked to already is left alone, so that its thousands do not queue.
# $7 the day its oldest shop opened.
APPLY: Final = f"""
with {_LOOK}, me as (
    insert into fraud_merchants (merchant_id, opened_on, first_applied_at, last_applied_at, revision, verdict)
    values ($1, $7, $4, $4, 1, 0)
    on conflict (merchant_id) do update set
        opened_on = coalesce(excluded.opened_on, fraud_merchants.opened_on),
        first_applied_at = coalesce(fraud_merchants.first_applied_at, excluded.first_applied_at),
        last_applied_at = greatest(fraud_merchants.last_applied_at, excluded.last_applied_at),
        revision = fraud_merchants.revision + 1
    returning merchant_no, revision
), held as (
    insert into fraud_attributes (kind, digest, merchant_count, revision)
    select kind, digest, 0, 1 from me cross join given
    where not exists (
        select from fraud_attributes as hub join fraud_links using (attribute_no)
        where hub.kind = given.kind and hub.digest = given.digest and hub.merchant_count > {HUB + 1}
            and fraud_links.merchant_no = (select merchant_no from self)
    )
    order by kind, digest
    on conflict (kind, digest) do update set revision = fraud_attributes.revision + 1
    returning attribute_no, revision
), linked as (
    insert into fraud_links (attribute_no, merchant_no, linked_at)
    select attribute_no, merchant_no, $4 from held cross join me
    on conflict do nothing
), applied as (
    insert into fraud_applications (merchant_no, application_id, applied_at) select merchant_no, $5, $4 from me
    on conflict do nothing
)
select {_SEEN},
    exists (select from held left join near using (attribute_no) where held.revision <> coalesce(near.revision, 0) + 1)
    or exists (select from me left join self using (merchant_no) where me.revision <> coalesce(self.revision, 0) + 1)
    as raced
"""
"""Keeps an application and its attributes, and sees what stood around it before.

`raced` when another application, of the same merchant or of one that shares an attribute, came in between: then what
that one wrote was not seen, and `LOOK` in the same transaction sees it, since the rows are locked by now.
"""

# $1 merchant_id, $2 verdict, $3 when, $4 by whom. An application of the merchant meanwhile waits, or is waited for.
RECORD: Final = """
with merchant as (
    insert into fraud_merchants (merchant_id, revision, verdict, found_at) values ($1, 0, $2, $3)
    on conflict (merchant_id) do update set verdict = excluded.verdict, found_at = excluded.found_at
    returning merchant_no
)
insert into fraud_findings (merchant_no, verdict, found_at, found_by) select merchant_no, $2, $3, $4 from merchant
"""

APPLICANT: Final = """
select merchant_no from fraud_merchants where merchant_id = $1 and first_applied_at is not null
"""

# $1 the merchants of the step before, $2 all that were seen, $3 how many more may be.
RING_STEP: Final = f"""
with bridges as materialized (
    select distinct attribute_no, kind
    from unnest($1::bigint[]) as one (merchant_no) cross join lateral (
        select attribute_no from fraud_links where merchant_no = one.merchant_no
        order by linked_at desc, attribute_no limit {MOST_OWN}
    ) as step
    join fraud_attributes using (attribute_no)
    where merchant_count between 2 and {HUB + 1}
)
select merchant_no, merchant_id, kinds, verdict, last_applied_at
from (
    select merchant_no, array_agg(distinct kind order by kind) as kinds
    from bridges join fraud_links using (attribute_no) where merchant_no <> all($2::bigint[]) group by merchant_no
) as reached
join fraud_merchants using (merchant_no)
order by merchant_id limit $3
"""

# The merchant and its attributes are locked in the order in which an application locks them.
HOLD_TO_ERASE: Final = """
select merchant_no from fraud_merchants where merchant_id = $1 and verdict <> 1 for update
"""
HOLD_ATTRIBUTES: Final = """
select attribute_no from fraud_attributes
where attribute_no in (select attribute_no from fraud_links where merchant_no = $1)
order by kind, digest for update
"""
ERASE: Final = tuple(
    f"delete from {table} where merchant_no = $1"
    for table in ("fraud_links", "fraud_applications", "fraud_findings", "fraud_merchants")
)
ERASE_ATTRIBUTES: Final = """
delete from fraud_attributes where attribute_no = any($1::bigint[]) and merchant_count = 0
"""
