"""Personal data between the domain and its sealed columns of `merchants`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from sycee_ingestion.domain.merchant import BorrowerKind, Identity, Merchant, Operator
from sycee_ingestion.sealing import DataKey, KeyUse, Sealer

_NAME, _OPERATOR_NAME, _RESIDENT_ID, _PHONE = "name", "operator.name", "operator.resident_id", "operator.phone"
_ADDRESS, _ACCOUNT = "address", "settlement_accounts"

_OPERATOR_COLUMNS = ("operator_name_sealed", "resident_id_sealed", "phone_sealed", "resident_id_digest", "phone_digest")

KEYS = """(
    select array[identity_key, contact_key] from merchant_keys where merchant_keys.merchant_no = merchant.merchant_no
) as keys"""
"""The wrapped keys of a merchant, for statements that call the table `merchant`."""

IDENTITY = f"""merchant.name, merchant.name_sealed, merchant.uscc, merchant.operator_name_sealed,
    merchant.resident_id_sealed, merchant.phone_sealed, {KEYS}"""
"""What `open_identity` reads beside merchant_id, for statements that call the table `merchant`."""


@dataclass(frozen=True, slots=True)
class MerchantKeys:
    """The keys of a merchant, opened."""

    identity: DataKey
    contact: DataKey


def new_keys(sealer: Sealer, merchant_id: str) -> tuple[MerchantKeys, tuple[bytes, bytes]]:
    """Keys for a new merchant, and the same wrapped, as `merchant_keys` has them."""
    identity, identity_wrapped = sealer.new_key(merchant_id, KeyUse.IDENTITY)
    contact, contact_wrapped = sealer.new_key(merchant_id, KeyUse.CONTACT)
    return MerchantKeys(identity, contact), (identity_wrapped, contact_wrapped)


def open_keys(sealer: Sealer, merchant_id: str, wrapped: Sequence[bytes]) -> MerchantKeys:
    """The keys of a merchant that was not erased, out of `KEYS`. Raises FailedPrecondition (DATA_KEY_MISMATCH)."""
    return MerchantKeys(
        sealer.open_key(wrapped[0], merchant_id, KeyUse.IDENTITY),
        sealer.open_key(wrapped[1], merchant_id, KeyUse.CONTACT),
    )


def sealed_values(sealer: Sealer, keys: MerchantKeys, merchant: Merchant) -> dict[str, object]:
    """The columns that hold personal data, sealed; an individual's name is personal data, a company's is not."""
    operator, identity = merchant.operator, keys.identity
    individual = merchant.borrower_kind is BorrowerKind.INDIVIDUAL
    values: dict[str, object] = {
        "name": None if individual else merchant.name,
        "name_sealed": identity.seal_text(merchant.name, _NAME) if individual else None,
        "address_sealed": keys.contact.seal_text(merchant.address, _ADDRESS) if merchant.address else None,
    }
    if operator is None:
        return values | dict.fromkeys(_OPERATOR_COLUMNS)
    return values | {
        "operator_name_sealed": identity.seal_text(operator.name, _OPERATOR_NAME),
        "resident_id_sealed": identity.seal_text(operator.resident_id, _RESIDENT_ID),
        "phone_sealed": keys.contact.seal_text(operator.phone, _PHONE),
        "resident_id_digest": sealer.digest(operator.resident_id, _RESIDENT_ID),
        "phone_digest": sealer.digest(operator.phone, _PHONE) if operator.phone else None,
    }


def account_digests(sealer: Sealer, numbers: Sequence[str]) -> list[bytes]:
    """What is kept of account numbers: equal ones are found whatever platform pays out to them."""
    return sorted({sealer.digest(number, _ACCOUNT) for number in numbers})


def open_identity(sealer: Sealer, row: asyncpg.Record) -> Identity:
    """Whom a merchant that was not erased is, out of `IDENTITY` and merchant_id."""
    merchant_id = row["merchant_id"]
    return identity_with(open_keys(sealer, merchant_id, row["keys"]), row)


def identity_with(keys: MerchantKeys, row: asyncpg.Record) -> Identity:
    """As `open_identity`, with keys that were opened already."""
    sealed_name = row["name_sealed"]
    name = row["name"] if sealed_name is None else keys.identity.open_text(sealed_name, _NAME)
    if row["operator_name_sealed"] is None:
        return Identity(name, row["uscc"], None)
    operator = Operator(
        name=keys.identity.open_text(row["operator_name_sealed"], _OPERATOR_NAME),
        resident_id=keys.identity.open_text(row["resident_id_sealed"], _RESIDENT_ID),
        phone=keys.contact.open_text(row["phone_sealed"], _PHONE),
    )
    return Identity(name, row["uscc"], operator)


def open_name_and_address(sealer: Sealer, row: asyncpg.Record) -> tuple[str, str]:
    """Name and address of a merchant that was not erased; only the keys that this takes are opened."""
    merchant_id, name, address = row["merchant_id"], row["name"], ""
    if row["name_sealed"] is not None:
        identity = sealer.open_key(row["keys"][0], merchant_id, KeyUse.IDENTITY)
        name = identity.open_text(row["name_sealed"], _NAME)
    if row["address_sealed"] is not None:
        contact = sealer.open_key(row["keys"][1], merchant_id, KeyUse.CONTACT)
        address = contact.open_text(row["address_sealed"], _ADDRESS)
    return name, address


def open_address(keys: MerchantKeys, row: asyncpg.Record) -> str:
    """A merchant's address, out of address_sealed; empty where none is known."""
    return "" if row["address_sealed"] is None else keys.contact.open_text(row["address_sealed"], _ADDRESS)
