"""Use cases: quote, hold, draw, let go, expire, look up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sycee_service.clock import Clock, business_day
from sycee_service.database import Transaction
from sycee_service.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound

from sycee_limits import events
from sycee_limits.domain import ledger, pricing, quoting
from sycee_limits.domain.application import Application, Offer, Quote
from sycee_limits.domain.catalogue import Catalogue, Lender, Product
from sycee_limits.domain.kinds import RepaymentMethod
from sycee_limits.domain.ledger import Entry, Facility, Reservation, ReservationState
from sycee_limits.store import Ceiling, LedgerView, LimitsStore, reservation_exists

HOLD_FOR_DEFAULT = timedelta(hours=72)
ATTEMPTS_MAX = 8
"""A hold that lost has its merchant locked when it tries again, so it loses a second time only where room is short."""
HOLDS_AT_ONCE = 64
"""Room for fewer holds than this counts as short: they may be made between a read and a write."""
EXPIRE_AT_ONCE_MAX = 1000
"""Holds that one reservation expires on its way; more are left to the sweep."""
AS_OF_FIRST = date(1990, 1, 1)
CLOCK_SKEW = timedelta(minutes=5)
"""A caller whose clock runs ahead may live in the next day already."""
PAYOUT_LAST = date(2199, 12, 31)

_FACILITIES = UUID("5d0f6a54-3c0b-4c39-9a3c-0d4b7c5f1e8a")


@dataclass(frozen=True, slots=True)
class Fees:
    """All fees of a loan, whoever takes them, in fen."""

    upfront_fen: int
    monthly_fen: int


@dataclass(frozen=True, slots=True)
class LenderView:
    """A lender with its balance-sheet figure of the day and what is drawn and held with it."""

    lender: Lender
    capital_fen: int
    capital_day: date
    exposure_fen: int


class LimitsService:
    """What the RPCs do, free of gRPC and SQL."""

    def __init__(self, store: LimitsStore, catalogue: Catalogue, clock: Clock) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        products = [ledger.product_account(product_id) for product_id in catalogue.products]
        lenders = [ledger.lender_account(lender_id) for lender_id in catalogue.lenders]
        self._programmes = (*products, *lenders)

    @property
    def catalogue_version(self) -> str:
        """Version of the catalogue in force."""
        return self._catalogue.version

    async def open_books(self) -> None:
        """Makes the accounts of all products and lenders. Called once at the start."""
        await self._store.open_accounts(self._programmes)

    def products(self, after: str, at_most: int) -> list[Product]:
        """Products after an id, by id."""
        found = [product for product_id, product in self._catalogue.products.items() if product_id > after]
        return found[:at_most]

    async def lenders(self, after: str, at_most: int) -> list[LenderView]:
        """Lenders after an id, by id, with what is drawn and held now."""
        found = [lender for lender_id, lender in self._catalogue.lenders.items() if lender_id > after][:at_most]
        used_fen = await self._store.used_fen([ledger.lender_account(lender.lender_id) for lender in found])
        today = business_day(self._clock.now())
        views = []
        for lender in found:
            capital = lender.capital_for(today)
            exposure_fen = used_fen.get(ledger.lender_account(lender.lender_id), 0)
            views.append(LenderView(lender, capital.amount_fen, capital.day, exposure_fen))
        return views

    async def quote(self, application: Application) -> Quote:
        """The best offer against the head-room of this moment, or why there is none. Holds nothing.

        Errors: NotFound (product, lender), InvalidArgument (as_of).
        """
        now = self._clock.now()
        self._check(application, now)
        view = await self._store.read(application.merchant_id, application.product_id, self._catalogue.lenders, now)
        return quoting.quote(application, self._catalogue, view.books)

    def schedule(
        self,
        principal_fen: int,
        annual_rate_bp: int,
        term_months: int,
        method: RepaymentMethod,
        *,
        first_day: date,
        fees: Fees,
    ) -> tuple[list[pricing.Payment], pricing.Cost]:
        """The payments of a loan and what it costs. Errors: InvalidArgument (fees, first_day)."""
        if first_day > PAYOUT_LAST:
            raise InvalidArgument("first_day", f"must be at most {PAYOUT_LAST}", value=first_day.isoformat())
        if fees.upfront_fen >= principal_fen:
            raise InvalidArgument("fees", "up-front fees must leave something to receive")
        payments = pricing.schedule(
            principal_fen, annual_rate_bp, term_months, method, first_day=first_day, monthly_fees_fen=fees.monthly_fen
        )
        return payments, pricing.cost(principal_fen, fees.upfront_fen, [payment.total_fen for payment in payments])

    async def reserve(
        self, reservation_id: str, application: Application, hold_for: timedelta | None
    ) -> tuple[Quote, Reservation | None]:
        """Quotes and holds in one transaction; no reservation when nothing is offered.

        Reads and quotes without a lock, then holds in one statement that changes nothing unless the merchant is as it
        was read and every account has room. Who loses that race quotes again: with its merchant locked, so that it
        cannot lose to another hold of the same merchant, or with every programme locked, where room is short.
        Errors: NotFound (product, lender), InvalidArgument (as_of), AlreadyExists (RESERVATION_EXISTS).
        """
        now = self._clock.now()
        self._check(application, now)
        async with self._store.transaction() as tx:
            view = await self._view(reservation_id, application, now)
            for _ in range(ATTEMPTS_MAX):
                if view.taken:
                    raise reservation_exists(reservation_id)
                quote = quoting.quote(application, self._catalogue, view.books)
                if quote.offer is None:
                    return quote, None
                hold = self._reservation(reservation_id, application, quote.offer, now, hold_for)
                ceilings = self._ceilings(hold)
                short = not view.locked and _is_short(view, ceilings, hold.amount_fen)
                if view.late or (short and _counts_late(view, ceilings, hold.amount_fen)):
                    view = await self._view_locked(reservation_id, application, tx, now)
                    continue
                attempt = self._store.hold_or_let_go if short else self._store.hold
                if await attempt(hold, ceilings, revision=view.revision, now=now):
                    tx.emit(events.reserved(hold, quote.offer))
                    return quote, hold
                look_again = self._view_locked if short else self._view_again
                view = await look_again(reservation_id, application, tx, now)
        raise Aborted("LEDGER_CONTENDED", "other holds on the same head-room kept coming first")

    async def capture(self, reservation_id: str, amount_fen: int | None) -> tuple[Reservation, Facility]:
        """Turns a hold, or part of it, into a drawn facility; the rest is let go. None = all of it.

        Errors: NotFound; InvalidArgument (amount); FailedPrecondition (RESERVATION_EXPIRED, RESERVATION_VOIDED, and
        RESERVATION_CAPTURED for a capture of another amount).
        """
        now = self._clock.now()
        async with self._store.transaction() as tx:
            hold = await self._get_reservation(reservation_id)
            asked_fen = _captured_fen(hold, amount_fen)
            if hold.state_at(now) is ReservationState.HELD:
                facility = _facility(hold, asked_fen, now)
                postings = ledger.capture(hold.amount_fen, asked_fen)
                state = ReservationState.CAPTURED
                if await self._store.close(hold, postings, state=state, now=now, facility=facility):
                    tx.emit(events.captured(hold, facility))
                    done = replace(hold, state=state, captured_fen=asked_fen, facility_id=facility.facility_id)
                    return done, facility
                hold = await self._get_reservation(reservation_id)
            return await self._captured_before(hold, asked_fen, now)

    async def void(self, reservation_id: str) -> Reservation:
        """Lets a hold go. A voided or expired one stays as it is.

        Errors: NotFound; FailedPrecondition (RESERVATION_CAPTURED).
        """
        now = self._clock.now()
        async with self._store.transaction() as tx:
            hold = await self._get_reservation(reservation_id)
            if hold.state_at(now) is ReservationState.HELD:
                postings = (ledger.release(hold.amount_fen),)
                if await self._store.close(hold, postings, state=ReservationState.VOIDED, now=now):
                    tx.emit(events.voided(hold))
                    return replace(hold, state=ReservationState.VOIDED)
                hold = await self._get_reservation(reservation_id)
            if hold.state is ReservationState.CAPTURED:
                raise _captured_already(hold)
            return replace(hold, state=hold.state_at(now))

    async def facility(self, facility_id: str) -> Facility:
        """A facility. Errors: NotFound."""
        found = await self._store.facility(facility_id)
        if found is None:
            raise NotFound("facility", facility_id)
        return found

    async def entries(self, after_entry_id: int, at_most: int, *, merchant_id: str, account: str) -> list[Entry]:
        """Entries after an id, oldest first; of one merchant, of one account (or one part of it), or of both."""
        name, part = ledger.split_account(account)
        merchant = ledger.merchant_account(merchant_id) if merchant_id else ""
        if not name:
            return await self._store.entries(after_entry_id, at_most, account=merchant)
        return await self._store.entries(after_entry_id, at_most, account=name, also=merchant, part=part)

    async def sweep(self, at_most: int) -> int:
        """Posts the expiry of holds whose time ran out, at most so many. Returns how many it found to do."""
        now = self._clock.now()
        async with self._store.transaction() as tx:
            picked = await self._store.pick_expired(now, at_most)
            if picked:
                products = sorted({hold.product_account for hold in picked})
                lenders = sorted({hold.lender_account for hold in picked})
                await self._store.lock([*products, *lenders])
                await self._post_expiry([hold.reservation_id for hold in picked], tx, now)
        return len(picked)

    def _check(self, application: Application, now: datetime) -> None:
        if application.product_id not in self._catalogue.products:
            raise NotFound("product", application.product_id)
        if application.lender_id and application.lender_id not in self._catalogue.lenders:
            raise NotFound("lender", application.lender_id)
        today = business_day(now + CLOCK_SKEW)
        if not AS_OF_FIRST <= application.as_of <= today:
            shown = application.as_of.isoformat()
            raise InvalidArgument("application.as_of", f"must be from {AS_OF_FIRST} to today, {today}", value=shown)

    async def _view(self, reservation_id: str, application: Application, now: datetime) -> LedgerView:
        return await self._store.read_to_hold(
            reservation_id, application.merchant_id, application.product_id, self._catalogue.lenders, now=now
        )

    async def _view_again(
        self, reservation_id: str, application: Application, _tx: Transaction, now: datetime
    ) -> LedgerView:
        return await self._view(reservation_id, application, now)

    async def _view_locked(
        self, reservation_id: str, application: Application, tx: Transaction, now: datetime
    ) -> LedgerView:
        """Looks again with the merchant and every programme locked, after posting what ran out, this merchant's first.

        Not while a product or a lender is locked already: that would break the order of locks.
        """
        await self._store.lock([ledger.merchant_account(application.merchant_id)])
        picked = await self._store.pick_expired(now, EXPIRE_AT_ONCE_MAX, merchant_first=application.merchant_id)
        products = {hold.product_account for hold in picked}
        lenders = {hold.lender_account for hold in picked}
        products.update(map(ledger.product_account, self._catalogue.products))
        lenders.update(map(ledger.lender_account, self._catalogue.lenders))
        await self._store.lock([*sorted(products), *sorted(lenders)])
        await self._post_expiry([hold.reservation_id for hold in picked], tx, now)
        return (await self._view(reservation_id, application, now)).as_locked()

    async def _post_expiry(self, reservation_ids: list[str], tx: Transaction, now: datetime) -> None:
        for hold in await self._store.expire(reservation_ids, now):
            tx.emit(events.expired(hold))

    def _reservation(
        self, reservation_id: str, application: Application, offer: Offer, now: datetime, hold_for: timedelta | None
    ) -> Reservation:
        return Reservation(
            reservation_id=reservation_id,
            merchant_id=application.merchant_id,
            product_id=application.product_id,
            lender_id=offer.lender_id,
            amount_fen=offer.amount_fen,
            state=ReservationState.HELD,
            expires_at=now + (hold_for or HOLD_FOR_DEFAULT),
            nominal_rate_bp=offer.nominal_rate_bp,
            rate_bp=offer.price.rate_bp,
            term_months=offer.term_months,
            method=offer.method,
            service_fen=offer.service_fen,
            catalogue_version=self._catalogue.version,
        )

    def _ceilings(self, hold: Reservation) -> tuple[Ceiling, Ceiling, Ceiling]:
        merchant, product, lender = hold.accounts
        return (
            Ceiling(merchant, self._catalogue.policy.merchant_cap_fen),
            Ceiling(product, self._catalogue.products[hold.product_id].programme_limit_fen),
            Ceiling(lender, self._catalogue.lenders[hold.lender_id].programme_limit_fen),
        )

    async def _get_reservation(self, reservation_id: str) -> Reservation:
        found = await self._store.reservation(reservation_id)
        if found is None:
            raise NotFound("reservation", reservation_id)
        return found

    async def _captured_before(self, hold: Reservation, asked_fen: int, now: datetime) -> tuple[Reservation, Facility]:
        """The answer to a capture of a hold that is no longer held."""
        state = hold.state_at(now)
        if state is not ReservationState.CAPTURED:
            raise FailedPrecondition(
                f"RESERVATION_{state}", f"the hold has {state.lower()}", reservation_id=hold.reservation_id
            )
        if hold.captured_fen != asked_fen:
            raise _captured_already(hold)
        return hold, await self.facility(hold.facility_id)


def _is_short(view: LedgerView, ceilings: Sequence[Ceiling], amount_fen: int) -> bool:
    """Whether so little room is left in a programme that a few holds at once could use it up."""
    return any(
        view.posted_fen.get(ceiling.account, 0) + HOLDS_AT_ONCE * amount_fen > ceiling.limit_fen
        for ceiling in ceilings[1:]
    )


def _counts_late(view: LedgerView, ceilings: Sequence[Ceiling], amount_fen: int) -> bool:
    """Whether the amount needs room that holds still take whose time ran out."""
    return any(view.posted_fen.get(ceiling.account, 0) + amount_fen > ceiling.limit_fen for ceiling in ceilings)


def _captured_fen(hold: Reservation, amount_fen: int | None) -> int:
    if amount_fen is not None and amount_fen > hold.amount_fen:
        raise InvalidArgument("amount", f"must be at most the {hold.amount_fen} fen held", value=amount_fen)
    return hold.amount_fen if amount_fen is None else amount_fen


def _captured_already(hold: Reservation) -> FailedPrecondition:
    return FailedPrecondition(
        "RESERVATION_CAPTURED",
        f"the hold became a facility of {hold.captured_fen} fen",
        reservation_id=hold.reservation_id,
        facility_id=hold.facility_id,
    )


def _facility(hold: Reservation, amount_fen: int, now: datetime) -> Facility:
    service_fen = pricing.mean_payment_fen(amount_fen, hold.rate_bp, hold.term_months, hold.method)
    return Facility(
        facility_id=f"fac-{uuid5(_FACILITIES, hold.reservation_id).hex}",
        reservation_id=hold.reservation_id,
        merchant_id=hold.merchant_id,
        product_id=hold.product_id,
        lender_id=hold.lender_id,
        limit_fen=amount_fen,
        drawn_fen=amount_fen,
        nominal_rate_bp=hold.nominal_rate_bp,
        term_months=hold.term_months,
        method=hold.method,
        service_fen=service_fen,
        opened_at=now,
    )
