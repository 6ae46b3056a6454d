"""Double entry, pure. What moves, moves between three parts of an account: available, held and drawn.

An account is a merchant, a lender or a product, such as `lender/river-bank`. Its available part is the counterpart of
what is held and drawn in it, so it is never above zero: the cap itself is policy, not money, and is kept elsewhere.
Movements sum to zero within each account, and so does every entry.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sycee_limits.domain.kinds import RepaymentMethod

PARTS = ("available", "held", "drawn")
"""The parts of an account, as they follow its name: `lender/river-bank/held`."""


class EntryKind(StrEnum):
    """Kind of an entry."""

    RESERVE = "RESERVE"
    CAPTURE = "CAPTURE"
    RELEASE = "RELEASE"
    EXPIRE = "EXPIRE"


class ReservationState(StrEnum):
    """State of a hold."""

    HELD = "HELD"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Posting:
    """What an entry does to each of its accounts, in fen. Debit positive, credit negative."""

    kind: EntryKind
    held_fen: int
    drawn_fen: int

    @property
    def available_fen(self) -> int:
        """The counterpart: the three parts sum to zero."""
        return -(self.held_fen + self.drawn_fen)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry."""

    account: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Entries are never changed or removed."""

    entry_id: int
    kind: EntryKind
    reservation_id: str
    merchant_id: str
    lines: tuple[Line, ...]
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Reservation:
    """A hold on head-room, with the terms it was quoted at."""

    reservation_id: str
    merchant_id: str
    product_id: str
    lender_id: str
    amount_fen: int
    state: ReservationState
    expires_at: datetime
    nominal_rate_bp: int
    rate_bp: int
    term_months: int
    method: RepaymentMethod
    service_fen: int
    catalogue_version: str
    captured_fen: int = 0
    facility_id: str = ""

    def state_at(self, moment: datetime) -> ReservationState:
        """Its state at a moment: a hold past its time has expired, whether that is posted yet or not."""
        if self.state is ReservationState.HELD and self.expires_at <= moment:
            return ReservationState.EXPIRED
        return self.state

    @property
    def accounts(self) -> tuple[str, str, str]:
        """The accounts it is posted to, in the order in which they are always locked."""
        return accounts_of(self.merchant_id, self.product_id, self.lender_id)


@dataclass(frozen=True, slots=True)
class Facility:
    """A loan in being."""

    facility_id: str
    reservation_id: str
    merchant_id: str
    product_id: str
    lender_id: str
    limit_fen: int
    drawn_fen: int
    nominal_rate_bp: int
    term_months: int
    method: RepaymentMethod
    service_fen: int
    opened_at: datetime


def reserve(amount_fen: int) -> Posting:
    """Available → held."""
    return Posting(EntryKind.RESERVE, amount_fen, 0)


def capture(held_fen: int, amount_fen: int) -> tuple[Posting, ...]:
    """Held → drawn for `amount_fen`; what is left of the hold goes back in an entry of its own.

    Errors: ValueError unless 0 < amount ≤ held.
    """
    if not 0 < amount_fen <= held_fen:
        raise ValueError("a capture is above zero and at most the hold")
    drawn = Posting(EntryKind.CAPTURE, -amount_fen, amount_fen)
    return (drawn, release(held_fen - amount_fen)) if amount_fen < held_fen else (drawn,)


def release(amount_fen: int) -> Posting:
    """Held → available, because it was let go."""
    return Posting(EntryKind.RELEASE, -amount_fen, 0)


def expire(amount_fen: int) -> Posting:
    """Held → available, because its time ran out."""
    return Posting(EntryKind.EXPIRE, -amount_fen, 0)


def merchant_account(merchant_id: str) -> str:
    """The account of a merchant."""
    return f"merchant/{merchant_id}"


def product_account(product_id: str) -> str:
    """The account of a product's programme."""
    return f"product/{product_id}"


def lender_account(lender_id: str) -> str:
    """The account of a lender's book."""
    return f"lender/{lender_id}"


def accounts_of(merchant_id: str, product_id: str, lender_id: str) -> tuple[str, str, str]:
    """The accounts of a hold, in the order in which they are always locked: the one that most decisions share last."""
    return merchant_account(merchant_id), product_account(product_id), lender_account(lender_id)


def split_account(text: str) -> tuple[str, str]:
    """`lender/river-bank/held` as its account and its part; the part is empty where the text names none."""
    name, _, part = text.rpartition("/")
    return (name, part) if part in PARTS and "/" in name else (text, "")


def lines_of(account: str, available_fen: int, held_fen: int, drawn_fen: int) -> tuple[Line, ...]:
    """The lines of a movement in one account; parts that do not move have none."""
    amounts = zip(PARTS, (available_fen, held_fen, drawn_fen), strict=True)
    return tuple(Line(f"{account}/{part}", amount) for part, amount in amounts if amount)
