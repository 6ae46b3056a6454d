"""All that the ledger reads and writes in PostgreSQL.

Guarantees: a hold exists if and only if its entry, its movements and the balances that count it do; no account is ever
above the ceiling it was held against; entries are only ever added. Each method joins the transaction around it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg
from sycee_service.database import Database, Transaction, TransactionContext
from sycee_service.errors import AlreadyExists

from sycee_limits import statements
from sycee_limits.domain.application import Books, Position
from sycee_limits.domain.kinds import RepaymentMethod
from sycee_limits.domain.ledger import (
    Entry,
    EntryKind,
    Facility,
    Line,
    Posting,
    Reservation,
    ReservationState,
    lender_account,
    lines_of,
    merchant_account,
    product_account,
)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """An account and the most that it may hold and have drawn, in fen."""

    account: str
    limit_fen: int


@dataclass(frozen=True, slots=True)
class LedgerView:
    """What one statement saw.

    `books` leave out holds whose time ran out; `posted_fen` are the balances of accounts, which count them until their
    expiry is posted. `revision` is the merchant's, `late` whether it has such holds itself, `taken` whether the
    reservation_id is in use, `locked` whether none of it can change before the transaction ends.
    """

    books: Books
    product_account: str
    posted_fen: dict[str, int]
    revision: int
    late: bool
    taken: bool
    locked: bool = False

    def as_locked(self) -> "LedgerView":
        """The same seen with all its accounts locked: what is posted is what counts."""
        books = _books(self.books.positions, self.posted_fen, self.product_account)
        return replace(self, books=books, locked=True)


@dataclass(frozen=True, slots=True)
class ExpiredHold:
    """A hold whose time ran out, with the accounts to lock for it."""

    reservation_id: str
    product_account: str
    lender_account: str


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A balance that does not agree with what it is derived from, in fen."""

    account: str
    text: str


class LimitsStore:
    """The ledger in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> TransactionContext:
        """A transaction that the methods below join; the RPC's own where there is one."""
        return self._database.transaction()

    async def open_accounts(self, accounts: Sequence[str]) -> None:
        """Makes the accounts that are not there yet, at zero."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(statements.OPEN_ACCOUNTS, list(accounts))

    async def read(self, merchant_id: str, product_id: str, lender_ids: Iterable[str], now: datetime) -> LedgerView:
        """What a quote looks at, as one statement sees it. Locks nothing."""
        accounts = _accounts(merchant_id, product_id, lender_ids)
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(statements.READ_BOOKS, accounts, merchant_id, now)
        return _view(rows, merchant_id, product_id)

    async def read_to_hold(
        self, reservation_id: str, merchant_id: str, product_id: str, lender_ids: Iterable[str], *, now: datetime
    ) -> LedgerView:
        """The same for a hold to come; opens the merchant's account."""
        accounts = _accounts(merchant_id, product_id, lender_ids)
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(
                statements.READ_BOOKS_TO_HOLD, accounts, merchant_id, now, reservation_id, accounts[0]
            )
        return _view(rows, merchant_id, product_id)

    async def hold(
        self, reservation: Reservation, ceilings: Sequence[Ceiling], *, revision: int, now: datetime
    ) -> bool:
        """Holds the amount on merchant, product and lender, in one statement.

        False, and nothing is done, when the merchant's revision is another by now, or an account would pass its
        ceiling. In the first case the merchant stays locked, in the second all three do.

        Errors: AlreadyExists (RESERVATION_EXISTS) when another merchant takes the same reservation_id in this moment.
        """
        async with self._database.transaction() as tx:
            return await _hold(tx, reservation, ceilings, revision, now)

    async def hold_or_let_go(
        self, reservation: Reservation, ceilings: Sequence[Ceiling], *, revision: int, now: datetime
    ) -> bool:
        """The same for two more statements; when it is false, nothing that it locked stays locked."""
        async with self._database.transaction() as tx:
            try:
                async with tx.savepoint():
                    await _hold_or_raise(tx, reservation, ceilings, revision, now)
            except _NotHeldError:
                return False
        return True

    async def close(
        self,
        reservation: Reservation,
        postings: Sequence[Posting],
        *,
        state: ReservationState,
        now: datetime,
        facility: Facility | None = None,
    ) -> bool:
        """Ends a hold with its postings, and opens the facility it becomes.

        False, and nothing is done, when someone else ended the hold or its time ran out.
        """
        drawn_fen = facility.limit_fen if facility else 0
        async with self._database.transaction() as tx:
            accounts = await tx.driver.fetchval(
                statements.CLOSE,
                list(reservation.accounts),
                reservation.reservation_id,
                state,
                now,
                drawn_fen,
                facility.facility_id if facility else None,
                [posting.kind for posting in postings],
                [posting.held_fen for posting in postings],
                [posting.drawn_fen for posting in postings],
                sum(posting.held_fen for posting in postings),
                sum(posting.drawn_fen for posting in postings),
                facility.service_fen if facility else 0,
            )
            if accounts not in {None, 3}:
                raise RuntimeError("a hold without its accounts")
        return accounts is not None

    async def lock(self, accounts: Sequence[str]) -> None:
        """Locks accounts in the order given, until the end of the transaction."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(statements.LOCK, list(accounts))

    async def pick_expired(self, now: datetime, at_most: int, *, merchant_first: str = "") -> list[ExpiredHold]:
        """Holds whose time ran out, their merchants locked. Merchants that others have locked are skipped."""
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(statements.PICK_EXPIRED, now, at_most, merchant_first)
        return [
            ExpiredHold(row["reservation_id"], product_account(row["product_id"]), lender_account(row["lender_id"]))
            for row in rows
        ]

    async def expire(self, reservation_ids: Sequence[str], now: datetime) -> list[Reservation]:
        """Posts the expiry of holds whose accounts the transaction has locked; those that ended before are left."""
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(statements.EXPIRE, list(reservation_ids), now)
        return [_reservation(row) for row in rows]

    async def reservation(self, reservation_id: str) -> Reservation | None:
        """A hold in whatever state."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(statements.GET_RESERVATION, reservation_id)
        return _reservation(row) if row else None

    async def facility(self, facility_id: str) -> Facility | None:
        """A facility."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(statements.GET_FACILITY, facility_id)
        return _facility(row) if row else None

    async def used_fen(self, accounts: Sequence[str]) -> dict[str, int]:
        """Held and drawn of each account."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(statements.USED, list(accounts))
        return {row["account"]: row["used_fen"] for row in rows}

    async def entries(
        self, after_entry_id: int, at_most: int, *, account: str = "", also: str = "", part: str = ""
    ) -> list[Entry]:
        """Entries after an id, oldest first; of one account, of one of its parts, and of a second account too.

        The ids of one account's entries ascend in the order of their commits, because they are drawn under its lock.
        """
        async with self._database.reading() as tx:
            if account:
                rows = await tx.driver.fetch(
                    statements.LIST_ENTRIES_OF_ACCOUNT, after_entry_id, at_most, account, also, part
                )
            else:
                rows = await tx.driver.fetch(statements.LIST_ENTRIES, after_entry_id, at_most)
        return _entries(rows)

    async def verify(self) -> list[Discrepancy]:
        """Derives every balance, hold and facility from the entries; what does not agree. Reads the whole ledger."""
        async with self._database.reading() as tx:
            balances = await tx.driver.fetch(statements.VERIFY)
            entries = await tx.driver.fetch(statements.VERIFY_ENTRIES)
        return [
            *(
                Discrepancy(row["account"], ", ".join(f"{key} {value}" for key, value in row.items()))
                for row in balances
            ),
            *(Discrepancy("", f"entry {row['entry_id']} is not balanced") for row in entries),
        ]


class _NotHeldError(Exception):
    """Undoes a savepoint."""


async def _hold_or_raise(
    tx: Transaction, reservation: Reservation, ceilings: Sequence[Ceiling], revision: int, now: datetime
) -> None:
    if not await _hold(tx, reservation, ceilings, revision, now):
        raise _NotHeldError


async def _hold(
    tx: Transaction, reservation: Reservation, ceilings: Sequence[Ceiling], revision: int, now: datetime
) -> bool:
    try:
        row = await tx.driver.fetchrow(
            statements.HOLD,
            [ceiling.account for ceiling in ceilings],
            [ceiling.limit_fen for ceiling in ceilings],
            reservation.amount_fen,
            revision,
            reservation.reservation_id,
            reservation.merchant_id,
            reservation.product_id,
            reservation.lender_id,
            now,
            reservation.expires_at,
            reservation.nominal_rate_bp,
            reservation.rate_bp,
            reservation.term_months,
            reservation.method,
            reservation.service_fen,
            reservation.catalogue_version,
        )
    except asyncpg.UniqueViolationError as error:
        raise reservation_exists(reservation.reservation_id) from error
    return row is not None


def reservation_exists(reservation_id: str) -> AlreadyExists:
    """The error for a reservation_id that is in use."""
    return AlreadyExists("RESERVATION_EXISTS", "the reservation_id is in use", reservation_id=reservation_id)


def _accounts(merchant_id: str, product_id: str, lender_ids: Iterable[str]) -> list[str]:
    return [merchant_account(merchant_id), product_account(product_id), *map(lender_account, lender_ids)]


def _view(rows: Sequence[asyncpg.Record], merchant_id: str, product_id: str) -> LedgerView:
    positions: list[Position] = []
    posted: dict[str, int] = {}
    late_at: dict[str, int] = {}
    revision, late, taken = 0, False, False
    merchant = merchant_account(merchant_id)
    for kind, first, second, amount_fen, other in rows:
        if kind == "account":
            posted[first] = amount_fen
            revision = other if first == merchant else revision
        elif kind == "late":
            for account in (lender_account(first), product_account(second)):
                late_at[account] = late_at.get(account, 0) + amount_fen
            late = late or other > 0
        elif kind == "taken":
            taken = True
        else:
            positions.append(Position(first, second, amount_fen, other))
    product = product_account(product_id)
    live = {account: used_fen - late_at.get(account, 0) for account, used_fen in posted.items()}
    return LedgerView(_books(tuple(positions), live, product), product, posted, revision, late, taken)


def _books(positions: tuple[Position, ...], used_fen: dict[str, int], product: str) -> Books:
    prefix = lender_account("")
    lenders = {account.removeprefix(prefix): fen for account, fen in used_fen.items() if account.startswith(prefix)}
    return Books(positions=positions, lender_used_fen=lenders, product_used_fen=used_fen.get(product, 0))


def _reservation(row: asyncpg.Record) -> Reservation:
    return Reservation(
        reservation_id=row["reservation_id"],
        merchant_id=row["merchant_id"],
        product_id=row["product_id"],
        lender_id=row["lender_id"],
        amount_fen=row["amount_fen"],
        state=ReservationState(row["state"]),
        expires_at=row["expires_at"],
        nominal_rate_bp=row["nominal_rate_bp"],
        rate_bp=row["rate_bp"],
        term_months=row["term_months"],
        method=RepaymentMethod(row["repayment_method"]),
        service_fen=row["service_fen"],
        catalogue_version=row["catalogue_version"],
        captured_fen=row["captured_fen"],
        facility_id=row["facility_id"] or "",
    )


def _facility(row: asyncpg.Record) -> Facility:
    return Facility(
        facility_id=row["facility_id"],
        reservation_id=row["reservation_id"],
        merchant_id=row["merchant_id"],
        product_id=row["product_id"],
        lender_id=row["lender_id"],
        limit_fen=row["limit_fen"],
        drawn_fen=row["drawn_fen"],
        nominal_rate_bp=row["nominal_rate_bp"],
        term_months=row["term_months"],
        method=RepaymentMethod(row["repayment_method"]),
        service_fen=row["service_fen"],
        opened_at=row["opened_at"],
    )


def _entries(rows: Sequence[asyncpg.Record]) -> list[Entry]:
    lines: dict[int, list[Line]] = {}
    heads: dict[int, asyncpg.Record] = {}
    for row in rows:
        heads.setdefault(row["entry_id"], row)
        moved = lines_of(row["account"], row["available_fen"], row["held_fen"], row["drawn_fen"])
        lines.setdefault(row["entry_id"], []).extend(moved)
    return [
        Entry(
            entry_id=entry_id,
            kind=EntryKind(row["kind"]),
            reservation_id=row["reservation_id"],
            merchant_id=row["merchant_id"],
            lines=tuple(lines[entry_id]),
            posted_at=row["posted_at"],
        )
        for entry_id, row in heads.items()
    ]
