"""What each kind of event measures: its body to the numbers, hashes and facts of a row for the store.

Total and without I/O. What lies beyond the contract's constraints (calendar days, periods) is judged here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money
from sycee.ingestion.v1 import event_pb2
from sycee_service.clock import business_day

from sycee_ingestion.domain import event as domain
from sycee_ingestion.domain import event_names as names
from sycee_ingestion.domain.distance import road_km
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.domain.routes import Place, odd_route

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = EPOCH.toordinal()
_DAY_S = 86_400
_SHANGHAI_OFFSET_S = 8 * 3_600
_OFFSET_FIXED_SINCE_S = 700_000_000  # 1992-03-07; the summer times of 1986 to 1991 lie before
_NANOS_PER_FEN = 10_000_000

Measures = tuple[int, int, int, int, int, int, int, int, str | None]
"""`first` to `third`, `order_key` to `device`, `facts`: see `sycee_ingestion.domain.event`."""


class BadEventError(Exception):
    """One event breaks a rule that the contract cannot state."""

    def __init__(self, field: str, rule: str, reason: str = domain.INVALID_FIELD) -> None:
        super().__init__(field, rule)
        self.field, self.rule, self.reason = field, rule, reason


def day_of(seconds: int) -> date:
    """The business day (Asia/Shanghai) of a moment in seconds of the epoch; as `business_day`, but quick."""
    if seconds < _OFFSET_FIXED_SINCE_S:
        return business_day(EPOCH + timedelta(seconds=seconds))
    return date.fromordinal((seconds + _SHANGHAI_OFFSET_S) // _DAY_S + _EPOCH_ORDINAL)


def _fen(money: Money) -> int:
    """Fen of an amount that the contract's rule has passed; an absent one is 0."""
    fen: int = money.units * 100 + money.nanos // _NANOS_PER_FEN
    return fen


def _order(body: event_pb2.Order, source: str, seconds: int, _today: date) -> Measures:
    goods_id, name_hash = body.goods_id, names.name_hash
    return (
        _fen(body.amount),
        body.item_count,
        (seconds + _SHANGHAI_OFFSET_S) % _DAY_S // 3_600,
        names.order_hash(source, body.order_id),
        name_hash(source, body.buyer_id),
        name_hash(source, goods_id) if goods_id else names.category_hash(source, body.category),
        name_hash(source, body.address_digest),
        name_hash(source, body.device_digest),
        None,
    )


def _refund(body: event_pb2.Refund, source: str, _seconds: int, _today: date) -> Measures:
    order_key = names.order_hash(source, body.order_id)
    return _fen(body.amount), int(body.goods_returned), int(body.disputed), order_key, 0, 0, 0, 0, None


def _review(body: event_pb2.Review, source: str, _seconds: int, _today: date) -> Measures:
    has_text = int(not body.text.isspace() and body.text != "")
    return body.stars, int(body.complaint), has_text, names.order_hash(source, body.order_id), 0, 0, 0, 0, None


def _shipment(body: event_pb2.Shipment, source: str, _seconds: int, _today: date) -> Measures:
    distance_km = body.distance_km
    both = body.HasField("origin") and body.HasField("destination")
    origin, destination = (_place(body.origin), _place(body.destination)) if both else (None, None)
    odd = odd_route(origin, destination, distance_km)
    if not distance_km and origin is not None and destination is not None:
        distance_km = road_km(*origin, *destination)
    code = domain.parcel_code(body.mode, body.packaging, body.late, odd)
    return body.weight_g, distance_km, code, names.order_hash(source, body.order_id), 0, 0, 0, 0, None


def _place(place: LatLng) -> Place | None:
    """None for zero north, zero east: it lies in the ocean and is what an unset coordinate looks like."""
    latitude, longitude = place.latitude, place.longitude
    return None if latitude == 0.0 and longitude == 0.0 else (latitude, longitude)


def _settlement(body: event_pb2.Settlement, source: str, _seconds: int, _today: date) -> Measures:
    account = names.name_hash(source, body.account_digest)
    return _fen(body.net_amount), _fen(body.fee_amount), 0, 0, account, 0, 0, 0, None


def _traffic(body: event_pb2.Traffic, _source: str, _seconds: int, _today: date) -> Measures:
    return body.page_views, body.visitors, 0, 0, 0, 0, 0, 0, None


def _social_activity(body: event_pb2.SocialActivity, _source: str, seconds: int, _today: date) -> Measures:
    second_of_day = (seconds + _SHANGHAI_OFFSET_S) % _DAY_S
    mark = domain.followers_mark(second_of_day, body.followers)
    return body.posts, body.interactions, mark, 0, 0, 0, 0, 0, None


def _invoice(body: event_pb2.Invoice, source: str, _seconds: int, _today: date) -> Measures:
    code = domain.invoice_code(body.direction, body.voided)
    party = names.name_hash(source, body.counterparty_id)
    return _fen(body.net_amount), _fen(body.tax_amount), code, 0, party, 0, 0, 0, None


def _daily_count(body: event_pb2.DailyCount, _source: str, _seconds: int, _today: date) -> Measures:
    return body.payment_count, _fen(body.amount), int(body.HasField("amount")), 0, 0, 0, 0, 0, None


def _bureau_report(body: event_pb2.BureauReport, _source: str, _seconds: int, today: date) -> Measures:
    return _facts(
        _past_day("bureau_report.report_date", body.report_date, today),
        open_accounts=body.open_accounts,
        outstanding_fen=_fen(body.outstanding),
        credit_lines_fen=_fen(body.credit_lines),
        monthly_debt_service_fen=_fen(body.monthly_debt_service),
        enquiries_3m=body.enquiries_3m,
        public_records=body.public_records,
        enquiries_12m=body.enquiries_12m if body.HasField("enquiries_12m") else None,
        repayment_grid=body.repayment_grid,
        accounts=[_account(account) for account in body.accounts],
    )


def _account(account: event_pb2.BureauAccount) -> list[object]:
    """An account as a list: kind, state, opened_on or None, granted_fen, outstanding_fen, repayment_grid."""
    opened = account.opened_on
    opened_on = date(opened.year, opened.month, opened.day) if account.HasField("opened_on") else None
    amounts = (_fen(account.granted), _fen(account.outstanding))
    return [account.kind, account.state, opened_on, *amounts, account.repayment_grid]


def _tax_record(body: event_pb2.TaxRecord, _source: str, _seconds: int, today: date) -> Measures:
    first, last = _period("tax_record", body.period_first, body.period_last, today)
    return _facts(
        last,
        period_first=first,
        declared_sales_fen=_fen(body.declared_sales) if body.HasField("declared_sales") else None,
        rating=body.rating,
        late=body.late,
    )


def _energy_use(body: event_pb2.EnergyUse, _source: str, _seconds: int, today: date) -> Measures:
    first, last = _period("energy_use", body.period_first, body.period_last, today)
    return _facts(last, period_first=first, electricity_wh=body.electricity_wh)


def _store_penalty(body: event_pb2.StorePenalty, _source: str, seconds: int, _today: date) -> Measures:
    return _facts(day_of(seconds), kind=body.kind, fine_fen=_fen(body.fine), points=body.points)


def _repayment(body: event_pb2.Repayment, _source: str, _seconds: int, _today: date) -> Measures:
    due_date = _day("repayment.due_date", body.due_date)
    return _facts(
        due_date, facility_id=body.facility_id, amount_fen=_fen(body.amount), days_past_due=body.days_past_due
    )


def _facts(ends_on: date, **facts: object) -> Measures:
    return 0, 0, 0, 0, 0, 0, 0, 0, json.dumps({"ends_on": ends_on, **facts}, default=str, separators=(",", ":"))


def _day(field: str, day: Date) -> date:
    try:
        return date(day.year, day.month, day.day)
    except (ValueError, OverflowError):
        raise BadEventError(field, "must be a full calendar day") from None


def _past_day(field: str, day: Date, today: date) -> date:
    found = _day(field, day)
    if found > today:
        raise BadEventError(field, "must not lie in the future")
    return found


def _period(body: str, first: Date, last: Date, today: date) -> tuple[date, date]:
    begin, end = _day(f"{body}.period_first", first), _past_day(f"{body}.period_last", last, today)
    if begin > end:
        raise BadEventError(f"{body}.period_first", "must not lie after period_last")
    if (end - begin).days >= domain.LONGEST_PERIOD_DAYS:
        raise BadEventError(f"{body}.period_last", f"must end a period of at most {domain.LONGEST_PERIOD_DAYS} days")
    return begin, end


BODIES: Mapping[str, tuple[EventKind, Callable[[Any, str, int, date], Measures]]] = {
    "order": (EventKind.ORDER, _order),
    "refund": (EventKind.REFUND, _refund),
    "review": (EventKind.REVIEW, _review),
    "shipment": (EventKind.SHIPMENT, _shipment),
    "settlement": (EventKind.SETTLEMENT, _settlement),
    "traffic": (EventKind.TRAFFIC, _traffic),
    "social_activity": (EventKind.SOCIAL_ACTIVITY, _social_activity),
    "bureau_report": (EventKind.BUREAU_REPORT, _bureau_report),
    "tax_record": (EventKind.TAX_RECORD, _tax_record),
    "energy_use": (EventKind.ENERGY_USE, _energy_use),
    "store_penalty": (EventKind.STORE_PENALTY, _store_penalty),
    "repayment": (EventKind.REPAYMENT, _repayment),
    "invoice": (EventKind.INVOICE, _invoice),
    "daily_count": (EventKind.DAILY_COUNT, _daily_count),
}
"""Of each body in the contract the kind, and what measures it: of the body, its source, the second, today."""
