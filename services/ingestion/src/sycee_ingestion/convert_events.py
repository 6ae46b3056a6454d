"""Events as the contract has them to rows for the store: total, without I/O, in one tight loop.

The contract's constraints are judged first (`contract_flaws`); what lies beyond them (clocks, calendar days, text that
PostgreSQL cannot hold) is judged here. Every event of a batch comes out as a row or a reject.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import date, datetime, timedelta

from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_service.clock import business_day

from sycee_ingestion.contract_flaws import check_batch, contract_flaws
from sycee_ingestion.domain import event as domain
from sycee_ingestion.domain import event_names as names
from sycee_ingestion.domain.event import Judged, Reject, Staged
from sycee_ingestion.event_measures import BODIES, EPOCH, BadEventError, day_of

INVALID_FIELD = domain.INVALID_FIELD
UNKNOWN_MERCHANT = "UNKNOWN_MERCHANT"
OCCURRED_IN_FUTURE = "OCCURRED_IN_FUTURE"
MERCHANT_ERASED = "MERCHANT_ERASED"
CONFLICTING_DUPLICATE = "CONFLICTING_DUPLICATE"
CORRECTION_MOVES_EVENT = "CORRECTION_MOVES_EVENT"

STEP_EVENTS = 64
"""Events judged at a time, about a millisecond: whoever waits for the event loop waits no longer than that."""

_MAX_SHOWN_SOURCE, _MAX_SHOWN_ID = 32, 128


def judge(
    request: ingestion_pb2.PublishEventsRequest,
    merchant_nos: Mapping[str, int],
    now: datetime,
    first_position: int = 0,
) -> Judged:
    """Judges each event of a batch by itself, all at once: see `judging`."""
    steps = judging(request, merchant_nos, now, first_position)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            judged: Judged = done.value
            return judged


def judging(
    request: ingestion_pb2.PublishEventsRequest,
    merchant_nos: Mapping[str, int],
    now: datetime,
    first_position: int = 0,
) -> Generator[None, None, Judged]:
    """Judges each event of a batch by itself, in steps; between them others may work.

    `merchant_nos` maps the merchants that are registered to their numbers, those whose data was erased to `ERASED`; an
    event of any other is rejected. Raises InvalidArgument when the batch itself is wrong (empty, or too long).
    """
    check_batch(request)
    latest_s = int((now + domain.CLOCK_SKEW - EPOCH).total_seconds())
    today = business_day(now)
    rows: list[Staged] = []
    rejects: list[Reject] = []
    for begin in range(0, len(request.events), STEP_EVENTS):
        events = request.events[begin : begin + STEP_EVENTS]
        flaws = contract_flaws(events, merchant_nos)
        for place, event in enumerate(events):
            try:
                if place in flaws:
                    raise BadEventError(*flaws[place])  # noqa: TRY301 - one way out for every reject
                rows.append(_row(first_position + begin + place, event, merchant_nos, latest_s, today))
            except BadEventError as bad:
                rejects.append(_reject(begin + place, event, bad.reason, bad.field, bad.rule))
        yield
    return Judged(rows, rejects)


def conflict(index: int, event: event_pb2.Event) -> Reject:
    """The reject of an event whose revision is stored with another content."""
    rule = "an event of this source, event_id and revision says something else"
    return _reject(index, event, CONFLICTING_DUPLICATE, "", rule)


def moved(index: int, event: event_pb2.Event) -> Reject:
    """The reject of a correction of another merchant, kind or business day."""
    rule = "a correction keeps merchant, kind and business day: withdraw the event and publish another"
    return _reject(index, event, CORRECTION_MOVES_EVENT, "", rule)


def _row(position: int, event: event_pb2.Event, merchant_nos: Mapping[str, int], latest_s: int, today: date) -> Staged:
    merchant_no = merchant_nos.get(event.merchant_id)
    if not merchant_no:
        if merchant_no == domain.ERASED:
            raise BadEventError("merchant_id", "must not be that of a merchant whose data was erased", MERCHANT_ERASED)
        raise BadEventError("merchant_id", "must be registered", UNKNOWN_MERCHANT)
    occurred_at = event.occurred_at
    seconds, nanos = occurred_at.seconds, occurred_at.nanos
    if not 0 <= nanos <= 999_999_999:
        raise BadEventError("occurred_at.nanos", "must lie between 0 and 999,999,999")
    if seconds >= latest_s:
        raise BadEventError("occurred_at", "must not lie more than five minutes in the future", OCCURRED_IN_FUTURE)
    source, event_id, withdrawn = event.source, event.event_id, event.withdrawn
    if "\x00" in event_id:
        raise BadEventError("event_id", "must not hold the character NUL")
    name = event.WhichOneof("body")
    if name is None:
        raise BadEventError("body", "exactly one field is required in oneof")
    kind, measure = BODIES[name]
    body = getattr(event, name)
    body_bytes = body.SerializeToString()
    return (
        position,
        *names.event_key(source, event_id),
        source,
        event_id,
        merchant_no,
        kind,
        event.revision,
        withdrawn,
        EPOCH + timedelta(0, seconds, nanos // 1_000),
        day_of(seconds),
        names.payload_digest(event.merchant_id, seconds, nanos, kind, withdrawn, body_bytes),
        body_bytes,
        *measure(body, source, seconds, today),
    )


def _reject(index: int, event: event_pb2.Event, reason: str, field: str, rule: str) -> Reject:
    shown_id = event.event_id[:_MAX_SHOWN_ID]
    return Reject(index, event.source[:_MAX_SHOWN_SOURCE], shown_id, reason, field, rule)
