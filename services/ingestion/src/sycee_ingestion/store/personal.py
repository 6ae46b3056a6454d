"""Personal data between the domain and its sealed columns of `merchants`."""

from __future__ import annotations

import asyncpg

from sycee_ingestion.domain.merchant import BorrowerKind, Identity, Merchant, Operator
from sycee_ingestion.sealing import Sealer

_NAME, _OPERATOR_NAME, _RESIDENT_ID, _PHONE = "name", "operator.name", "operator.resident_id", "operator.phone"

_OPERATOR_COLUMNS = ("operator_name_sealed", "resident_id_sealed", "phone_sealed", "resident_id_digest", "phone_digest")

COLUMNS = ("name", "name_sealed", "uscc", "operator_name_sealed", "resident_id_sealed", "phone_sealed")
"""What `open_identity` reads."""


def sealed_values(sealer: Sealer, merchant: Merchant) -> dict[str, object]:
    """The columns that hold personal data, sealed; an individual's name is personal data, a company's is not."""
    merchant_id, operator = merchant.merchant_id, merchant.operator
    individual = merchant.borrower_kind is BorrowerKind.INDIVIDUAL
    values: dict[str, object] = {
        "name": None if individual else merchant.name,
        "name_sealed": sealer.seal(merchant.name, merchant_id, _NAME) if individual else None,
    }
    if operator is None:
        return values | dict.fromkeys(_OPERATOR_COLUMNS)
    return values | {
        "operator_name_sealed": sealer.seal(operator.name, merchant_id, _OPERATOR_NAME),
        "resident_id_sealed": sealer.seal(operator.resident_id, merchant_id, _RESIDENT_ID),
        "phone_sealed": sealer.seal(operator.phone, merchant_id, _PHONE),
        "resident_id_digest": sealer.digest(operator.resident_id, _RESIDENT_ID),
        "phone_digest": sealer.digest(operator.phone, _PHONE) if operator.phone else None,
    }


def open_identity(sealer: Sealer, row: asyncpg.Record) -> Identity:
    """Whom a merchant is, out of `COLUMNS` and merchant_id."""
    merchant_id, sealed_name = row["merchant_id"], row["name_sealed"]
    name = row["name"] if sealed_name is None else sealer.open(sealed_name, merchant_id, _NAME)
    if row["operator_name_sealed"] is None:
        return Identity(name, row["uscc"], None)
    operator = Operator(
        name=sealer.open(row["operator_name_sealed"], merchant_id, _OPERATOR_NAME),
        resident_id=sealer.open(row["resident_id_sealed"], merchant_id, _RESIDENT_ID),
        phone=sealer.open(row["phone_sealed"], merchant_id, _PHONE),
    )
    return Identity(name, row["uscc"], operator)
