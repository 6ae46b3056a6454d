"""Merchants: contract ↔ domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import date_from_proto, time_from_proto, time_to_proto

from sycee_ingestion.convert.times import day_to_proto, moment_to_proto
from sycee_ingestion.domain import merchant as merchants
from sycee_ingestion.domain.merchant import (
    BorrowerKind,
    Changes,
    Identity,
    Merchant,
    Operator,
    RegisterEntry,
    SettlementAccount,
    Shop,
)

Update = ingestion_pb2.UpdateMerchantRequest


def merchant_from_proto(request: ingestion_pb2.RegisterMerchantRequest, now: datetime) -> Merchant:
    """A merchant to register. Raises InvalidArgument for days and times that do not exist."""
    return Merchant(
        merchant_id=request.merchant_id,
        name=request.name,
        borrower_kind=BorrowerKind(request.borrower_kind),
        uscc=request.uscc,
        category=request.category,
        province_code=request.province_code,
        shops=_shops(request),
        employee_count=_employee_count(request),
        operator=_operator(request),
        register_entry=_register_entry(request),
        simulated=request.simulated,
        created_at=now,
        address=request.address,
    )


def accounts_from_proto(
    request: ingestion_pb2.RegisterMerchantRequest | Update,
) -> tuple[SettlementAccount, ...]:
    """The accounts in a request."""
    return tuple(SettlementAccount(account.platform, account.account_number) for account in request.settlement_accounts)


def changes_from_proto(request: Update) -> Changes:
    """What an update says. Raises InvalidArgument for a mask that names nothing, or something that is no such field."""
    names = list(dict.fromkeys(request.update_mask.paths))
    if not names:
        raise InvalidArgument("update_mask", "must name at least one field")
    for name in names:
        if name not in _READ and name != _ACCOUNTS:
            raise InvalidArgument("update_mask", f"must name fields out of {', '.join((*_READ, _ACCOUNTS))}")
    accounts = accounts_from_proto(request) if _ACCOUNTS in names else None
    return Changes({name: _READ[name](request) for name in names if name in _READ}, accounts)


def merchant_to_proto(merchant: Merchant) -> ingestion_pb2.Merchant:
    """A merchant as it may be shown: personal data masked."""
    individual = merchant.borrower_kind is BorrowerKind.INDIVIDUAL
    shown = ingestion_pb2.Merchant(
        merchant_id=merchant.merchant_id,
        name=merchants.masked_name(merchant.name) if individual else merchant.name,
        borrower_kind=merchant.borrower_kind.value,  # type: ignore[arg-type] # the numbers are the contract's
        uscc=merchant.uscc,
        category=merchant.category,
        province_code=merchant.province_code,
        shops=[_shop_to_proto(shop) for shop in merchant.shops],
        employee_count=merchant.employee_count,
        operator_masked="" if merchant.operator is None else merchants.masked_operator(merchant.operator),
        created_at=time_to_proto(merchant.created_at),
        simulated=merchant.simulated,
        linked_merchant_ids=merchant.linked_merchant_ids,
        erased_at=moment_to_proto(merchant.erased_at),
    )
    if merchant.register_entry is not None:
        shown.register_entry.CopyFrom(_entry_to_proto(merchant.register_entry))
    return shown


def identity_to_proto(identity: Identity) -> ingestion_pb2.Identity:
    """Whom a merchant is, unmasked: for internal peers."""
    operator = identity.operator
    return ingestion_pb2.Identity(
        name=identity.name,
        uscc=identity.uscc,
        operator=None
        if operator is None
        else ingestion_pb2.Operator(name=operator.name, resident_id=operator.resident_id, phone=operator.phone),
    )


def _shops(request: ingestion_pb2.RegisterMerchantRequest | Update) -> tuple[Shop, ...]:
    return tuple(_shop_from_proto(f"shops[{index}]", shop) for index, shop in enumerate(request.shops))


def _employee_count(request: ingestion_pb2.RegisterMerchantRequest | Update) -> int | None:
    return request.employee_count if request.HasField("employee_count") else None


def _operator(request: ingestion_pb2.RegisterMerchantRequest | Update) -> Operator:
    if not request.HasField("operator"):
        raise InvalidArgument("operator", "must be said")
    return Operator(request.operator.name, request.operator.resident_id, request.operator.phone)


def _register_entry(request: ingestion_pb2.RegisterMerchantRequest | Update) -> RegisterEntry | None:
    return _entry_from_proto(request.register_entry) if request.HasField("register_entry") else None


_ACCOUNTS = "settlement_accounts"
_READ: Mapping[str, Callable[[Update], object]] = {
    "name": lambda request: request.name,
    "borrower_kind": lambda request: BorrowerKind(request.borrower_kind),
    "uscc": lambda request: request.uscc,
    "category": lambda request: request.category,
    "province_code": lambda request: request.province_code,
    "shops": _shops,
    "employee_count": _employee_count,
    "operator": _operator,
    "register_entry": _register_entry,
    "address": lambda request: request.address,
}
"""How each field of the mask is read, by its name, which is that of `Merchant`'s field."""


def _shop_from_proto(field: str, shop: ingestion_pb2.Shop) -> Shop:
    opened_on = date_from_proto(f"{field}.opened_on", shop.opened_on) if shop.HasField("opened_on") else None
    return Shop(shop.platform, shop.shop_id, opened_on)


def _shop_to_proto(shop: Shop) -> ingestion_pb2.Shop:
    return ingestion_pb2.Shop(platform=shop.platform, shop_id=shop.shop_id, opened_on=day_to_proto(shop.opened_on))


def _entry_from_proto(entry: ingestion_pb2.RegisterEntry) -> RegisterEntry:
    return RegisterEntry(
        status=entry.status,
        registered_on=date_from_proto("register_entry.registered_on", entry.registered_on)
        if entry.HasField("registered_on")
        else None,
        source=entry.source,
        checked_at=time_from_proto("register_entry.checked_at", entry.checked_at)
        if entry.HasField("checked_at")
        else None,
    )


def _entry_to_proto(entry: RegisterEntry) -> ingestion_pb2.RegisterEntry:
    return ingestion_pb2.RegisterEntry(
        status=entry.status,  # type: ignore[arg-type] # the numbers are the contract's
        registered_on=day_to_proto(entry.registered_on),
        source=entry.source,
        checked_at=moment_to_proto(entry.checked_at),
    )
