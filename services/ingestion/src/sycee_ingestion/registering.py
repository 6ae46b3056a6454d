"""Merchants that a file names and nobody has registered: what its rows say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sycee_service.errors import InvalidArgument

from sycee_ingestion import values
from sycee_ingestion.domain.merchant import BorrowerKind, Merchant
from sycee_ingestion.fields import Column, Flaws, Read, View, check_words, text_column
from sycee_ingestion.mapping import FIELD, MerchantValue, Register, Value
from sycee_ingestion.values import BadValueError

_MERCHANT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_CATEGORY = re.compile(r"([a-z0-9][a-z0-9._-]{0,63})?")
_PROVINCE = re.compile(r"([1-9][0-9])?")
_KINDS = {kind.name: int(kind) for kind in BorrowerKind if kind is not BorrowerKind.UNSPECIFIED}
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True, repr=False)
class Registration:
    """What a row says of a merchant; `number` is the row's place in its chunk. Has no repr: a name may be personal."""

    number: int
    merchant_id: str
    name: str
    borrower_kind: BorrowerKind
    category: str
    province_code: str
    simulated: bool

    def merchant(self, created_at: datetime) -> Merchant:
        """The merchant to register. Nobody is known to run it, so a decision on it is referred."""
        return Merchant(
            merchant_id=self.merchant_id,
            name=self.name,
            borrower_kind=self.borrower_kind,
            uscc="",
            category=self.category,
            province_code=self.province_code,
            shops=(),
            employee_count=None,
            operator=None,
            register_entry=None,
            simulated=self.simulated,
            created_at=created_at,
        )


class Registrar:
    """Reads registrations. Raises InvalidArgument naming the mapping's key for constants that cannot be right."""

    def __init__(self, merchant: MerchantValue, register: Register) -> None:
        self._merchant = text_column("merchant_id", f"{FIELD}.merchant", merchant)
        self._merchant.read = partial(_shaped, shape=_MERCHANT_ID, rule="must be letters, digits, . _ : -")
        self._columns = {name: column for name, column in _columns(register).items() if column is not None}

    @classmethod
    def of(cls, merchant: MerchantValue) -> Registrar | None:
        """The registrar of a mapping, where it registers merchants."""
        return None if merchant.register_as is None else cls(merchant, merchant.register_as)

    def columns_used(self) -> list[tuple[str, str]]:
        """(key, column) of those that its expressions read."""
        return [entry for column in self._columns.values() for entry in column.pick.columns_used()]

    def read(self, view: View, flaws: Flaws, skipped: Mapping[int, str]) -> list[Registration]:
        """One registration for each row that can be read and is not skipped; the others go into `flaws`."""
        merchant_ids = self._merchant.of(view, flaws)
        said = {name: column.of(view, flaws) for name, column in self._columns.items()}
        found = []
        for number, merchant_id in enumerate(merchant_ids):
            if number in skipped or number in flaws:
                continue
            kind = said["borrower_kind"][number]
            if merchant_id is None or kind is None:
                flaws[number] = ("merchant_id" if merchant_id is None else "borrower_kind", "is needed")
                continue
            row = {name: column[number] for name, column in said.items()}
            found.append(_registration(number, str(merchant_id), BorrowerKind(kind), row))  # type: ignore[arg-type]
        return found


def _registration(number: int, merchant_id: str, kind: BorrowerKind, row: Mapping[str, object]) -> Registration:
    return Registration(
        number=number,
        merchant_id=merchant_id,
        name=str(row.get("name") or merchant_id),
        borrower_kind=kind,
        category=str(row.get("category") or ""),
        province_code=str(row.get("province_code") or ""),
        simulated=bool(row.get("simulated")),
    )


def _columns(register: Register) -> dict[str, Column | None]:
    kind_key = f"{FIELD}.merchant.register.borrower_kind"
    check_words(kind_key, register.borrower_kind, _KINDS)
    category = partial(_shaped, shape=_CATEGORY, rule="must be a category such as apparel: a-z, 0-9, . _ -")
    province = partial(_shaped, shape=_PROVINCE, rule="must be two digits of GB/T 2260")
    return {
        "borrower_kind": _column("borrower_kind", register.borrower_kind, partial(values.enum_number, numbers=_KINDS)),
        "name": _column("name", register.name, _name),
        "category": _column("category", register.category, category),
        "province_code": _column("province_code", register.province_code, province),
        "simulated": _column("simulated", register.simulated, values.yes_or_no),
    }


def _column(name: str, value: Value | None, read: Read) -> Column | None:
    if value is None:
        return None
    key = f"{FIELD}.merchant.register.{name}"
    if value.constant is not None:
        try:
            read(value.prefix + value.constant)
        except BadValueError as bad:
            raise InvalidArgument(key, bad.rule, value=value.constant) from None
    column = text_column(name, key, value)
    column.read = read
    return column


def _shaped(value: object, shape: re.Pattern[str], rule: str) -> str:
    text = values.stored_text(value)
    if not shape.fullmatch(text):
        raise BadValueError(rule)
    return text


def _name(value: object) -> str:
    text = values.stored_text(value)
    if len(text) > _LONGEST_NAME:
        raise BadValueError(f"must have at most {_LONGEST_NAME} characters")
    return text
