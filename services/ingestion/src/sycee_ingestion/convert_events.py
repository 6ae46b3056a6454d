"""Events as the contract has them to rows for the store: total, without I/O, in one tight loop.

The contract's constraints are judged by one native call a batch, for those events that are not plainly right; what
lies beyond them (clocks, calendar days, text that PostgreSQL cannot hold) is judged here. Every event of a batch comes
out as a row, a duplicate or a reject.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import protovalidate
from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money
from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_service.clock import business_day
from sycee_service.errors import InvalidArgument, Violation

from sycee_ingestion import plain_events
from sycee_ingestion.domain import event as domain
from sycee_ingestion.domain.distance import road_km
from sycee_ingestion.domain.event import EventKind, Judged, Reject, Staged
from sycee_ingestion.domain.records import grid_counts

INVALID_FIELD = "INVALID_FIELD"
UNKNOWN_MERCHANT = "UNKNOWN_MERCHANT"
OCCURRED_IN_FUTURE = "OCCURRED_IN_FUTURE"
CONFLICTING_DUPLICATE = "CONFLICTING_DUPLICATE"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_DAY_S = 86_400
_SHANGHAI_OFFSET_S = 8 * 3_600
_OFFSET_FIXED_SINCE_S = 700_000_000  # 1992-03-07; the summer times of 1986 to 1991 lie before
_NANOS_PER_FEN = 10_000_000
_MAX_SHOWN_SOURCE, _MAX_SHOWN_ID = 32, 128

Measures = tuple[int, int, int, str | None]
"""first, second, third, facts: see `sycee_ingestion.domain.event`."""

_validator = protovalidate.Validator()


class BadEventError(Exception):
    """One event breaks a rule that the contract cannot state."""

    def __init__(self, field: str, rule: str, reason: str = INVALID_FIELD) -> None:
        super().__init__(field, rule)
        self.field, self.rule, self.reason = field, rule, reason


def judge(request: ingestion_pb2.PublishEventsRequest, merchant_nos: Mapping[str, int], now: datetime) -> Judged:
    """Judges each event of a batch by itself.

    `merchant_nos` maps the merchants that are registered to their numbers; an event of any other is rejected.
    Raises InvalidArgument when the batch itself is wrong (empty, or too long).
    """
    events = request.events
    flaws = _contract_flaws(request, merchant_nos)
    latest_s = int((now + domain.CLOCK_SKEW - _EPOCH).total_seconds())
    today = business_day(now)
    rows: list[Staged] = []
    rejects: list[Reject] = []
    seen: dict[tuple[str, str], bytes] = {}
    duplicate_count = 0
    for index, event in enumerate(events):
        try:
            if index in flaws:
                raise BadEventError(*flaws[index])  # noqa: TRY301 - one way out for every reject
            row = _row(index, event, merchant_nos, latest_s, today)
        except BadEventError as bad:
            rejects.append(_reject(index, event, bad.reason, bad.field, bad.rule))
            continue
        key, digest = (event.source, event.event_id), row[7]
        before = seen.setdefault(key, digest)
        if before is digest:
            rows.append(row)
        elif before == digest:
            duplicate_count += 1
        else:
            rejects.append(conflict(index, event))
    return Judged(rows, rejects, duplicate_count)


def conflict(index: int, event: event_pb2.Event) -> Reject:
    """The reject of an event whose name is taken by another content."""
    return _reject(index, event, CONFLICTING_DUPLICATE, "", "an event of this source and event_id says something else")


def _row(
    index: int, event: event_pb2.Event, merchant_nos: Mapping[str, int], latest_s: int, today: date
) -> tuple[int, str, str, int, int, datetime, date, bytes, bytes, int, int, int, int | None, str | None]:
    merchant_no = merchant_nos.get(event.merchant_id)
    if merchant_no is None:
        raise BadEventError("merchant_id", "must be registered", UNKNOWN_MERCHANT)
    occurred_at = event.occurred_at
    seconds, nanos = occurred_at.seconds, occurred_at.nanos
    if not 0 <= nanos <= 999_999_999:
        raise BadEventError("occurred_at.nanos", "must lie between 0 and 999,999,999")
    if seconds >= latest_s:
        raise BadEventError("occurred_at", "must not lie more than five minutes in the future", OCCURRED_IN_FUTURE)
    if "\x00" in event.event_id:
        raise BadEventError("event_id", "must not hold the character NUL")
    name = event.WhichOneof("body")
    if name is None:
        raise BadEventError("body", "exactly one field is required in oneof")
    kind, measure = _BODIES[name]
    body = getattr(event, name)
    first, second, third, facts = measure(body, seconds, today)
    buyer = None
    if kind is EventKind.ORDER and body.buyer_id:
        buyer = domain.buyer_hash(event.source, body.buyer_id)
    body_bytes = body.SerializeToString()
    moment = _EPOCH + timedelta(0, seconds, nanos // 1_000)
    return (
        index,
        event.source,
        event.event_id,
        merchant_no,
        kind,
        moment,
        day_of(seconds),
        domain.payload_digest(event.merchant_id, seconds, nanos, kind, body_bytes),
        body_bytes,
        first,
        second,
        third,
        buyer,
        facts,
    )


def day_of(seconds: int) -> date:
    """The business day (Asia/Shanghai) of a moment in seconds of the epoch; as `business_day`, but quick."""
    if seconds < _OFFSET_FIXED_SINCE_S:
        return business_day(_EPOCH + timedelta(seconds=seconds))
    return date.fromordinal((seconds + _SHANGHAI_OFFSET_S) // _DAY_S + _EPOCH_ORDINAL)


def _fen(money: Money) -> int:
    """Fen of an amount that the contract's rule has passed; an absent one is 0."""
    fen: int = money.units * 100 + money.nanos // _NANOS_PER_FEN
    return fen


def _order(body: event_pb2.Order, _seconds: int, _today: date) -> Measures:
    return _fen(body.amount), 0, 0, None


def _refund(body: event_pb2.Refund, _seconds: int, _today: date) -> Measures:
    return _fen(body.amount), int(body.goods_returned), int(body.disputed), None


def _review(body: event_pb2.Review, _seconds: int, _today: date) -> Measures:
    return body.stars, int(body.complaint), 0, None


def _shipment(body: event_pb2.Shipment, _seconds: int, _today: date) -> Measures:
    code = domain.parcel_code(body.mode, body.packaging, body.late)
    return body.weight_g, body.distance_km or _reckoned_km(body), code, None


def _reckoned_km(body: event_pb2.Shipment) -> int:
    if not (body.HasField("origin") and body.HasField("destination")):
        return 0
    origin, destination = body.origin, body.destination
    if _nowhere(origin) or _nowhere(destination):
        return 0
    return road_km(origin.latitude, origin.longitude, destination.latitude, destination.longitude)


def _nowhere(place: LatLng) -> bool:
    """Zero north, zero east lies in the ocean: it is what an unset coordinate looks like."""
    return bool(place.latitude == 0.0 and place.longitude == 0.0)


def _settlement(body: event_pb2.Settlement, _seconds: int, _today: date) -> Measures:
    return _fen(body.net_amount), _fen(body.fee_amount), 0, None


def _traffic(body: event_pb2.Traffic, _seconds: int, _today: date) -> Measures:
    return body.page_views, body.visitors, 0, None


def _social_activity(body: event_pb2.SocialActivity, seconds: int, _today: date) -> Measures:
    second_of_day = (seconds + _SHANGHAI_OFFSET_S) % _DAY_S
    return body.posts, body.interactions, domain.followers_mark(second_of_day, body.followers), None


def _bureau_report(body: event_pb2.BureauReport, _seconds: int, today: date) -> Measures:
    months_overdue, worst_overdue = grid_counts(body.repayment_grid)
    return _facts(
        _past_day("bureau_report.report_date", body.report_date, today),
        open_accounts=body.open_accounts,
        outstanding_fen=_fen(body.outstanding),
        credit_lines_fen=_fen(body.credit_lines),
        monthly_debt_service_fen=_fen(body.monthly_debt_service),
        months_overdue_24m=months_overdue,
        worst_overdue_24m=worst_overdue,
        enquiries_3m=body.enquiries_3m,
        public_records=body.public_records,
    )


def _tax_record(body: event_pb2.TaxRecord, _seconds: int, today: date) -> Measures:
    first, last = _period("tax_record", body.period_first, body.period_last, today)
    return _facts(
        last,
        period_first=first,
        declared_sales_fen=_fen(body.declared_sales) if body.HasField("declared_sales") else None,
        rating=body.rating,
        late=body.late,
    )


def _energy_use(body: event_pb2.EnergyUse, _seconds: int, today: date) -> Measures:
    first, last = _period("energy_use", body.period_first, body.period_last, today)
    return _facts(last, period_first=first, electricity_wh=body.electricity_wh)


def _store_penalty(body: event_pb2.StorePenalty, seconds: int, _today: date) -> Measures:
    return _facts(day_of(seconds), kind=body.kind, fine_fen=_fen(body.fine), points=body.points)


def _repayment(body: event_pb2.Repayment, _seconds: int, _today: date) -> Measures:
    due_date = _day("repayment.due_date", body.due_date)
    return _facts(due_date, amount_fen=_fen(body.amount), days_past_due=body.days_past_due)


def _facts(ends_on: date, **facts: object) -> Measures:
    return 0, 0, 0, json.dumps({"ends_on": ends_on, **facts}, default=str, separators=(",", ":"))


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


_BODIES: Mapping[str, tuple[EventKind, Callable[[Any, int, date], Measures]]] = {
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
}


def _reject(index: int, event: event_pb2.Event, reason: str, field: str, rule: str) -> Reject:
    shown_id = event.event_id[:_MAX_SHOWN_ID]
    return Reject(index, event.source[:_MAX_SHOWN_SOURCE], shown_id, reason, field, rule)


def _contract_flaws(
    request: ingestion_pb2.PublishEventsRequest, merchant_nos: Mapping[str, int]
) -> dict[int, tuple[str, str]]:
    """Events that break the contract's own constraints: index → (field, rule), the first rule of each."""
    events = request.events
    if not 1 <= len(events) <= plain_events.MOST_EVENTS:
        return _judged_natively(request, range(len(events)))
    doubtful = [
        index
        for index, event in enumerate(events)
        if event.merchant_id not in merchant_nos or not plain_events.plainly_right(event, event.WhichOneof("body"))
    ]
    if not doubtful:
        return {}
    if len(doubtful) == len(events):
        return _judged_natively(request, doubtful)
    return _judged_natively(ingestion_pb2.PublishEventsRequest(events=[events[index] for index in doubtful]), doubtful)


def _judged_natively(request: ingestion_pb2.PublishEventsRequest, places: Sequence[int]) -> dict[int, tuple[str, str]]:
    """What the contract's validator says of a batch whose events stand at `places` of another."""
    found: dict[int, tuple[str, str]] = {}
    of_batch: list[Violation] = []
    for violation in _violations(request):
        elements = violation.proto.field.elements if violation.proto.field else []
        if len(elements) > 0 and elements[0].field_name == "events" and elements[0].subscript is not None:
            index = places[int(elements[0].subscript.value)]
            found.setdefault(index, (_path(elements[1:]), violation.proto.message))
        else:
            of_batch.append(Violation(_path(elements), violation.proto.message))
    if of_batch:
        raise InvalidArgument.many(of_batch)
    return found


def _violations(request: ingestion_pb2.PublishEventsRequest) -> Sequence[protovalidate.Violation]:
    try:
        return _validator.collect_violations(request)
    except protovalidate.EvaluationError as error:
        # A rule that cannot be evaluated refuses the batch; it never lets an unjudged event through.
        raise InvalidArgument("events", "must be such that every rule of the contract can be evaluated") from error


def _path(elements: Sequence[Any]) -> str:
    """A path as people write it, such as `order.amount`."""
    names = []
    for element in elements:
        index = "" if element.subscript is None else f"[{element.subscript.value}]"
        names.append(f"{element.field_name}{index}")
    return ".".join(names)
