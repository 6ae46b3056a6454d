"""The statements of `store`, made once of the columns in `rows`. Values are always parameters."""

# ruff: noqa: S608 (what is put together here are constants)

from __future__ import annotations

from collections.abc import Sequence

from sycee_gateway import rows


def _parameters(first: int, count: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + count))


def _columns(names: Sequence[str]) -> str:
    return ", ".join(names)


_DECISION = _columns(rows.DECISION_COLUMNS)
_CONCLUSION = _columns(rows.CONCLUSION_COLUMNS)
_OFFER = _columns(rows.OFFER_COLUMNS)
_D, _C, _O = len(rows.DECISION_COLUMNS), len(rows.CONCLUSION_COLUMNS), len(rows.OFFER_COLUMNS)

_WHOLE = """
from decision left join conclusion using (decision_id) left join offer using (decision_id)
     left join receipt using (decision_id) left join acceptance using (decision_id)
"""

FIND = f"select {_columns(rows.COLUMNS)} {_WHOLE} where decision_id = $1"

_LISTED = ", ".join(f"null::bytea as {name}" if name in rows.BULKY_COLUMNS else name for name in rows.COLUMNS)
_ORDER = "order by decided_at desc, decision_id desc limit $3"
_MADE_BEFORE = "where outcome is not null and (decided_at, decision_id) < ($1, $2)"
PAGE = f"select {_LISTED} {_WHOLE} {_MADE_BEFORE} {_ORDER}"
MERCHANT_PAGE = f"select {_LISTED} {_WHOLE} {_MADE_BEFORE} and merchant_id = $4 {_ORDER}"

DUE = f"""
select {_columns(rows.COLUMNS)} {_WHOLE} join unfinished using (decision_id)
where retry_at <= $1 order by retry_at limit $2
"""

# What the merchant owes each lender as known here at the moment looked from, for business and for consumption: drawn,
# or held by an offer that still stands. Repayments are not deducted, so that a figure is never too low.
INSERT_EVALUATED = f"""
with debt as (
    select lender_id,
           json_build_array(coalesce(sum(amount_fen) filter (where not consumption), 0),
                            coalesce(sum(amount_fen) filter (where consumption), 0)) as fen
    from offer left join acceptance using (decision_id)
    where debtor_id = $5 and expires_at is not null
      and (accepted_at <= ${_D + 2}
           or (accepted_at is null and offered_at <= ${_D + 2} and expires_at > ${_D + 2}))
    group by lender_id
), made as (
    insert into decision ({_DECISION}, debts)
    values ({_parameters(1, _D)}, (select coalesce(json_object_agg(lender_id, fen), '{{}}')::text from debt))
    on conflict (decision_id) do nothing
    returning decision_id, debts
), owed as (
    insert into unfinished (decision_id, retry_at) select decision_id, ${_D + 1} from made
)
select debts from made
"""

INSERT_DECIDED = f"""
with made as (
    insert into decision ({_DECISION}, debts) values ({_parameters(1, _D)}, '{{}}')
    on conflict (decision_id) do nothing
    returning decision_id
), owed as (
    insert into unfinished (decision_id, retry_at) select decision_id, ${_D + 1} from made
), concluded as (
    insert into conclusion (decision_id, {_CONCLUSION}) select decision_id, {_parameters(_D + 2, _C)} from made
)
insert into outbox (event_id, subject, body) select {_parameters(_D + 2 + _C, 3)} from made returning seq
"""

CONCLUDE = f"""
with made as (
    insert into conclusion (decision_id, {_CONCLUSION}) values ({_parameters(1, 1 + _C)})
    on conflict (decision_id) do nothing
    returning decision_id
), offered as (
    insert into offer (decision_id, {_OFFER})
    select decision_id, {_parameters(2 + _C, _O)} from made where ${2 + _C}::text is not null
)
insert into outbox (event_id, subject, body) select {_parameters(2 + _C + _O, 3)} from made returning seq
"""

SEAL = """
with sealed as (
    insert into receipt (decision_id, leaf_index, inclusion_path, tree_head)
    select * from unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[])
    on conflict (decision_id) do nothing
)
delete from unfinished where decision_id = any($1::text[]) and not accepting
"""

CLAIMED_BY = "select decision_id from acceptance where accept_key = $1"

CLAIM = """
with claimed as (
    insert into acceptance (decision_id, accept_key) values ($1, $2) on conflict (decision_id) do nothing
    returning decision_id
)
insert into unfinished (decision_id, retry_at, accepting) select decision_id, $3, true from claimed
on conflict (decision_id) do update set accepting = true
"""

UNCLAIM = """
with gone as (
    delete from acceptance where decision_id = $1 and accept_key = $2 and accepted_at is null returning decision_id
)
update unfinished set accepting = false from gone where unfinished.decision_id = gone.decision_id
"""

ACCEPT = """
with made as (
    update acceptance set accepted_at = $3, facility_id = $4, facility = $5
    where decision_id = $1 and accept_key = $2 and accepted_at is null
    returning decision_id
), owed as (
    update unfinished set accepting = false from made where unfinished.decision_id = made.decision_id
)
insert into outbox (event_id, subject, body) select $6, $7, $8 from made returning seq
"""

POSTPONE = "update unfinished set retry_at = $2 where decision_id = $1"

STRIKE_OFF = "delete from unfinished where decision_id = $1 and not accepting"
