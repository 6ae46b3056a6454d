"""Who trades: the merchant, its shops, its entry in the business register and the person who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from sycee_service.clock import business_day
from sycee_service.errors import FailedPrecondition


class BorrowerKind(IntEnum):
    """Legal form; the numbers are those of the contract."""

    UNSPECIFIED = 0
    INDIVIDUAL = 1
    SOLE_TRADER = 2
    ENTERPRISE = 3


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop on a platform."""

    platform: str
    shop_id: str
    opened_on: date | None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What the business register says; `status` carries the number of the contract's RegisterStatus."""

    status: int
    registered_on: date | None
    source: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Operator:
    """The person who runs a merchant. Has no repr, so that no log line shows one by accident."""

    name: str
    resident_id: str
    phone: str


@dataclass(frozen=True, slots=True, repr=False)
class SettlementAccount:
    """An account that a merchant is paid out to. Only a digest of its number is ever stored."""

    platform: str
    number: str


@dataclass(frozen=True, slots=True, repr=False)
class Merchant:
    """A merchant as registered. `operator` is None where nobody is known yet (a merchant met in an imported file).

    Of an erased merchant only its id and the moments are there. Has no repr, so that no log line shows one by accident.
    """

    merchant_id: str
    name: str
    borrower_kind: BorrowerKind
    uscc: str
    category: str
    province_code: str
    shops: tuple[Shop, ...]
    employee_count: int | None
    operator: Operator | None
    register_entry: RegisterEntry | None
    simulated: bool
    created_at: datetime
    address: str = ""
    linked_merchant_ids: tuple[str, ...] = ()
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Changes:
    """What an update says of a merchant: new values by the names of `Merchant`'s fields, accounts unless None."""

    values: Mapping[str, object]
    accounts: tuple[SettlementAccount, ...] | None

    @property
    def names(self) -> list[str]:
        """The fields that change, by their names in the contract."""
        return sorted([*self.values, *(() if self.accounts is None else ("settlement_accounts",))])


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Whom compliance deals with."""

    name: str
    uscc: str
    operator: Operator | None


@dataclass(frozen=True, slots=True)
class Flaw:
    """A rule that a request breaks. `value` is None where it would be personal data."""

    field: str
    rule: str
    value: object | None = None


def opened_on(shops: tuple[Shop, ...]) -> date | None:
    """The day the oldest shop opened, where any is known."""
    return min((shop.opened_on for shop in shops if shop.opened_on is not None), default=None)


def refuse_erased(merchant_id: str, erased_at: datetime | None) -> None:
    """Raises FailedPrecondition (MERCHANT_ERASED) once a merchant's data was erased: nothing is done with it."""
    if erased_at is not None:
        raise FailedPrecondition("MERCHANT_ERASED", "the merchant's data was erased", merchant_id=merchant_id)


def flaws(merchant: Merchant, now: datetime) -> list[Flaw]:
    """What is wrong with a merchant beyond the shape of its fields, as of a moment."""
    found: list[Flaw] = []
    if not merchant.name:
        found.append(Flaw("name", "must not be empty"))
    if merchant.borrower_kind is BorrowerKind.UNSPECIFIED:
        found.append(Flaw("borrower_kind", "must be said"))
    if not merchant.uscc and merchant.borrower_kind is not BorrowerKind.INDIVIDUAL:
        found.append(Flaw("uscc", "is needed for every merchant but an individual"))
    today = business_day(now)
    found += _shop_flaws(merchant.shops, today)
    entry = merchant.register_entry
    if entry is not None:
        if entry.registered_on is not None and entry.registered_on > today:
            found.append(Flaw("register_entry.registered_on", "must not lie in the future", entry.registered_on))
        if entry.checked_at is not None and entry.checked_at > now:
            found.append(Flaw("register_entry.checked_at", "must not lie in the future", entry.checked_at))
    return found


def _shop_flaws(shops: tuple[Shop, ...], today: date) -> list[Flaw]:
    found: list[Flaw] = []
    seen: set[tuple[str, str]] = set()
    for index, shop in enumerate(shops):
        key = (shop.platform, shop.shop_id)
        if key in seen:
            found.append(Flaw(f"shops[{index}]", "must not name a shop twice", shop.shop_id))
        seen.add(key)
        if shop.opened_on is not None and shop.opened_on > today:
            found.append(Flaw(f"shops[{index}].opened_on", "must not lie in the future", shop.opened_on))
    return found


def masked_name(name: str) -> str:
    """First character only."""
    return f"{name[:1]}**"


def masked_operator(operator: Operator) -> str:
    """First character of the name and the last two characters of the resident id."""
    return f"{masked_name(operator.name)} {'*' * 16}{operator.resident_id[-2:]}"
