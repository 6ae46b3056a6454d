"""The SQL of the ledger, one statement a step.

Every transaction locks in one order: merchants, then holds, then products, then lenders. A hold is only ever changed by
who has its merchant locked, so the state of a merchant's holds is fixed while that lock lasts. Lenders and products,
which most decisions share, come last and stay locked only until the commit that follows at once.
"""

# Kinds of row: account (account, –, used, revision), hold and facility (lender, product, amount, service),
# late (lender, product, amount, how many are this merchant's): holds whose time ran out and that are not posted yet.
_BOOKS = """
select 'account' as kind, account as first, '' as second, held_fen + drawn_fen as amount_fen, revision as other
from account where account = any($1::text[])
union all
select 'hold', lender_id, product_id, amount_fen, service_fen
from reservation where merchant_id = $2 and state = 'HELD' and expires_at > $3
union all
select 'facility', lender_id, product_id, drawn_fen, service_fen
from facility where merchant_id = $2 and drawn_fen > 0
union all
select 'late', lender_id, product_id, sum(amount_fen)::bigint, count(*) filter (where merchant_id = $2)
from reservation where state = 'HELD' and expires_at <= $3 group by lender_id, product_id
"""

# $1 accounts, $2 merchant_id, $3 now
READ_BOOKS = _BOOKS

# The same, $4 reservation_id, $5 the merchant's account, which is opened on its first hold.
READ_BOOKS_TO_HOLD = f"""
with opened as (
    insert into account (account) select $5 where not exists (select from account where account = $5)
    on conflict do nothing
)
{_BOOKS}
union all
select 'taken', reservation_id, '', 0, 0 from reservation where reservation_id = $4
"""  # noqa: S608 - built of the constant above

# Holds, if and only if nothing of the merchant's changed since it was read and every account has room. When the
# merchant did change, product and lender are not locked.
# $1 accounts (merchant, product, lender), $2 their ceilings, $3 amount, $4 the merchant's revision as read
HOLD = """
with merchant as materialized (
    select held_fen + drawn_fen + $3::bigint as wanted_fen, revision
    from account where account = ($1::text[])[1]
    for no key update
), unchanged as materialized (
    select from merchant where revision = $4 and wanted_fen <= ($2::bigint[])[1]
), programmes as materialized (
    select account, held_fen + drawn_fen + $3::bigint as wanted_fen
    from account where account = any(($1::text[])[2:3]) and exists (select from unchanged)
    order by array_position($1::text[], account)
    for no key update
), gate as materialized (
    select from programmes
    having count(*) = 2 and bool_and(wanted_fen <= ($2::bigint[])[array_position($1::text[], account)])
), posted as (
    insert into entry (kind, reservation_id, merchant_id, posted_at)
    select 'RESERVE', $5, $6, $9 from gate
    returning entry_id
), moved as (
    insert into movement (entry_id, account, available_fen, held_fen, drawn_fen)
    select posted.entry_id, touched.account, -$3, $3, 0 from posted, unnest($1::text[]) as touched (account)
), counted as (
    update account set held_fen = held_fen + $3, revision = revision + 1
    from gate where account.account = any($1::text[])
), made as (
    insert into reservation (
        reservation_id, merchant_id, product_id, lender_id, amount_fen, state, created_at, expires_at,
        nominal_rate_bp, rate_bp, term_months, repayment_method, service_fen, catalogue_version
    )
    select $5, $6, $7, $8, $3, 'HELD', $9, $10, $11, $12, $13, $14, $15, $16 from gate
)
select entry_id from posted
"""

# Ends a hold. $1 accounts, $2 reservation_id, $3 new state, $4 now, $5 captured, $6 facility_id or null,
# $7 kinds of the entries with $8 held and $9 drawn of each, $10 held and $11 drawn of all, $12 facility's service
CLOSE = """
with merchant as materialized (
    select account from account where account = ($1::text[])[1] for no key update
), closed as (
    update reservation set state = $3, closed_at = $4, captured_fen = $5, facility_id = $6
    where reservation_id = $2 and state = 'HELD' and expires_at > $4 and exists (select from merchant)
    returning *
), locked as materialized (
    select account from account where account = any($1::text[]) and exists (select from closed)
    order by array_position($1::text[], account)
    for no key update
), ready as materialized (
    select count(*) as accounts from locked
), posted as (
    insert into entry (kind, reservation_id, merchant_id, posted_at)
    select planned.kind, closed.reservation_id, closed.merchant_id, $4
    from closed, ready, unnest($7::text[]) with ordinality as planned (kind, place)
    where ready.accounts = 3 order by planned.place
    returning entry_id, kind
), moved as (
    insert into movement (entry_id, account, available_fen, held_fen, drawn_fen)
    select posted.entry_id, touched.account,
           -(planned.held_fen + planned.drawn_fen), planned.held_fen, planned.drawn_fen
    from posted
    join unnest($7::text[], $8::bigint[], $9::bigint[]) as planned (kind, held_fen, drawn_fen) using (kind)
    cross join unnest($1::text[]) as touched (account)
), counted as (
    update account set held_fen = held_fen + $10, drawn_fen = drawn_fen + $11, revision = revision + 1
    from closed, ready where account.account = any($1::text[]) and ready.accounts = 3
), opened as (
    insert into facility (
        facility_id, reservation_id, merchant_id, product_id, lender_id, limit_fen, drawn_fen,
        nominal_rate_bp, term_months, repayment_method, service_fen, opened_at
    )
    select $6, reservation_id, merchant_id, product_id, lender_id, $5, $5,
           nominal_rate_bp, term_months, repayment_method, $12, $4
    from closed where $6::text is not null
)
select ready.accounts from closed, ready
"""

# Locks accounts in the order of $1.
LOCK = """
select account from account where account = any($1::text[])
order by array_position($1::text[], account)
for no key update
"""

# Holds whose time ran out, with their merchants locked; merchants that others hold are left for the next time.
# $1 now, $2 at most, $3 a merchant whose holds come first (or '')
PICK_EXPIRED = """
select reservation.reservation_id, reservation.merchant_id, reservation.product_id, reservation.lender_id
from reservation join account on account.account = 'merchant/' || reservation.merchant_id
where reservation.state = 'HELD' and reservation.expires_at <= $1
order by reservation.merchant_id <> $3, reservation.expires_at, reservation.reservation_id
limit $2
for no key update of account skip locked
"""

# Posts the expiry of $1 reservation_ids at $2 now; their merchants, products and lenders are locked by then.
EXPIRE = """
with dead as (
    update reservation set state = 'EXPIRED', closed_at = $2
    where reservation_id = any($1::text[]) and state = 'HELD' and expires_at <= $2
    returning *
), posted as (
    insert into entry (kind, reservation_id, merchant_id, posted_at)
    select 'EXPIRE', reservation_id, merchant_id, $2 from dead order by expires_at, reservation_id
    returning entry_id, reservation_id
), parts as materialized (
    select posted.entry_id, touched.account, dead.amount_fen
    from posted join dead using (reservation_id)
    cross join lateral (values
        ('merchant/' || dead.merchant_id), ('product/' || dead.product_id), ('lender/' || dead.lender_id)
    ) as touched (account)
), moved as (
    insert into movement (entry_id, account, available_fen, held_fen, drawn_fen)
    select entry_id, account, amount_fen, -amount_fen, 0 from parts
), counted as (
    update account set held_fen = account.held_fen - total.amount_fen, revision = account.revision + 1
    from (select account, sum(amount_fen) as amount_fen from parts group by account) as total
    where account.account = total.account
)
select * from dead
"""

OPEN_ACCOUNTS = "insert into account (account) select unnest($1::text[]) on conflict do nothing"

GET_RESERVATION = "select * from reservation where reservation_id = $1"

GET_FACILITY = "select * from facility where facility_id = $1"

USED = "select account, held_fen + drawn_fen as used_fen from account where account = any($1::text[])"

# A page of entries with their movements. $1 after this entry_id, $2 at most.
_PAGE = """
with page as ({page})
select page.entry_id, page.kind, page.reservation_id, page.merchant_id, page.posted_at,
       movement.account, movement.available_fen, movement.held_fen, movement.drawn_fen
from page join movement using (entry_id)
order by page.entry_id, movement.account
"""

LIST_ENTRIES = _PAGE.format(page="select * from entry where entry_id > $1 order by entry_id limit $2")

# $3 account, $4 also this account (or ''), $5 only where this part of $3 moved (or '')
LIST_ENTRIES_OF_ACCOUNT = _PAGE.format(
    page="""
    select entry.* from movement join entry using (entry_id)
    where movement.account = $3 and movement.entry_id > $1
      and case $5 when '' then true when 'available' then movement.available_fen <> 0
          when 'held' then movement.held_fen <> 0 else movement.drawn_fen <> 0 end
      and ($4 = '' or exists (
          select from movement as other where other.entry_id = entry.entry_id and other.account = $4))
    order by movement.entry_id limit $2
"""
)

# Every way in which a balance, a hold or a facility disagrees with the entries. None is right.
VERIFY = """
with derived as (
    select account, sum(available_fen) as available_fen, sum(held_fen) as held_fen, sum(drawn_fen) as drawn_fen
    from movement group by account
), holds as (
    select account, sum(amount_fen) as held_fen from (
        select unnest(array['merchant/' || merchant_id, 'product/' || product_id, 'lender/' || lender_id]) as account,
               amount_fen
        from reservation where state = 'HELD'
    ) as spread group by account
), loans as (
    select account, sum(drawn_fen) as drawn_fen from (
        select unnest(array['merchant/' || merchant_id, 'product/' || product_id, 'lender/' || lender_id]) as account,
               drawn_fen
        from facility
    ) as spread group by account
)
select account, account.held_fen, account.drawn_fen,
       coalesce(derived.held_fen, 0)::bigint as entries_held_fen,
       coalesce(derived.drawn_fen, 0)::bigint as entries_drawn_fen,
       coalesce(holds.held_fen, 0)::bigint as holds_fen, coalesce(loans.drawn_fen, 0)::bigint as facilities_fen
from account
left join derived using (account) left join holds using (account) left join loans using (account)
where account.held_fen <> coalesce(derived.held_fen, 0) or account.drawn_fen <> coalesce(derived.drawn_fen, 0)
   or coalesce(derived.available_fen, 0) <> -(account.held_fen + account.drawn_fen)
   or account.held_fen <> coalesce(holds.held_fen, 0) or account.drawn_fen <> coalesce(loans.drawn_fen, 0)
order by account
"""

# Entries that do not move all three accounts alike, or whose parts do not sum to zero.
VERIFY_ENTRIES = """
select entry.entry_id from entry left join movement using (entry_id)
group by entry.entry_id
having count(movement.account) <> 3 or sum(available_fen + held_fen + drawn_fen) <> 0
    or count(distinct (held_fen, drawn_fen)) <> 1
order by entry.entry_id limit 100
"""
