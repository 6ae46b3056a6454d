"""Histories of shops for tests of portraits: every kind of event, late ones, corrections and withdrawals."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from ingestion_events import day, event, fen, invoice, order
from sycee.ingestion.v1 import event_pb2

TODAY = date(2026, 3, 15)
FIRST = date(2023, 9, 1)


def ago(days: int) -> date:
    """So many days before TODAY."""
    return TODAY - timedelta(days=days)


def noon(on: date) -> datetime:
    """Noon of a day in Shanghai."""
    return datetime(on.year, on.month, on.day, 4, tzinfo=UTC)


def history(merchant_id: str, chance: random.Random, size: int) -> list[tuple[date, event_pb2.Event]]:
    """Events of all kinds with the business day on which each is sent, in that order; most come within a week of what
    they tell of, some a year later, and some are corrected or withdrawn.
    """
    sent = []
    for number in range(size):
        on = FIRST + timedelta(days=chance.randrange((TODAY - FIRST).days - 1))
        made = _any_event(f"{merchant_id}-{number}", on, chance)
        made.merchant_id = merchant_id
        came = on + timedelta(days=chance.choice((0, 1, 2, 6, 6, 380)))
        sent.append((min(came, ago(1)), made))
        if chance.random() < 0.15:
            again = event_pb2.Event()
            again.CopyFrom(made)
            again.revision = 1
            again.withdrawn = chance.random() < 0.4
            if again.HasField("order") and not again.withdrawn:
                again.order.amount.CopyFrom(fen(chance.randrange(10**6)))
            sent.append((min(came + timedelta(days=chance.randrange(60)), ago(1)), again))
    return sorted(sent, key=lambda entry: entry[0])


def _any_event(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    kind = chance.choices(range(len(_MAKERS)), weights=[20, 4, 4, 6, 3, 3, 1, 3, 1, 1, 1, 1, 1, 1])[0]
    made = _MAKERS[kind](name, on, chance)
    made.source = chance.choice(("taobao", "douyin"))
    return made


def _order(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    made = order(name, noon(on) + timedelta(minutes=chance.randrange(600)), chance.randrange(100, 90_000))
    body = made.order
    body.buyer_id, body.goods_id = chance.choice(("", "a", "b", "c", "d")), chance.choice(("", "g1", "g2"))
    body.item_count = chance.randrange(1, 5)
    return made


def _refund(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.Refund(
        order_id=f"o-{name}",
        amount=fen(chance.randrange(20_000)),
        goods_returned=chance.random() < 0.5,
        disputed=chance.random() < 0.2,
    )
    return event(name, on, refund=body)


def _review(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.Review(stars=chance.randrange(1, 6), complaint=chance.random() < 0.1, order_id=f"o-{name}")
    body.text = chance.choice(("", "质量很好，物流也快，下次还会再来买的", "太差了，用了一天就坏了，客服也不理人"))
    return event(name, on, review=body)


def _shipment(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.Shipment(
        order_id=f"o-{name}",
        weight_g=chance.randrange(3_000),
        distance_km=chance.randrange(1_500),
        mode=chance.randrange(5),
        packaging=chance.randrange(4),
        late=chance.random() < 0.1,
    )
    return event(name, on, shipment=body)


def _settlement(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    amounts = {"net_amount": fen(chance.randrange(200_000)), "fee_amount": fen(chance.randrange(9_000))}
    return event(name, on, settlement=event_pb2.Settlement(**amounts))


def _traffic(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    visitors = chance.randrange(1, 400)
    return event(name, on, traffic=event_pb2.Traffic(visitors=visitors, page_views=visitors * 3))


def _social(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.SocialActivity(followers=chance.randrange(9_000), posts=chance.randrange(4), interactions=7)
    return event(name, on, social_activity=body)


def _invoice(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    made = invoice(name, on, chance.randrange(-20_000, 90_000), purchase=chance.random() < 0.4)
    made.invoice.voided = chance.random() < 0.1
    made.invoice.counterparty_id = chance.choice(("", "x", "y", "z"))
    return made


def _bureau(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.BureauReport(
        report_date=day(on - timedelta(days=chance.randrange(9))),
        open_accounts=chance.randrange(4),
        outstanding=fen(chance.randrange(10**7)),
        credit_lines=fen(chance.randrange(10**7)),
        monthly_debt_service=fen(chance.randrange(10**5)),
        repayment_grid="".join(chance.choice("NNNN12-") for _ in range(24)),
        enquiries_3m=chance.randrange(5),
    )
    return event(name, on, bureau_report=body)


def _tax(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    last = on - timedelta(days=chance.randrange(20))
    body = event_pb2.TaxRecord(
        period_first=day(last - timedelta(days=chance.randrange(92))),
        period_last=day(last),
        rating=chance.randrange(6),
        late=chance.random() < 0.3,
    )
    if chance.random() < 0.8:
        body.declared_sales.CopyFrom(fen(chance.randrange(10**7)))
    return event(name, on, tax_record=body)


def _energy(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    last = on - timedelta(days=chance.randrange(20))
    first = last - timedelta(days=chance.randrange(60))
    body = event_pb2.EnergyUse(period_first=day(first), period_last=day(last), electricity_wh=chance.randrange(10**6))
    return event(name, on, energy_use=body)


def _penalty(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.StorePenalty(kind=chance.randrange(8), fine=fen(chance.randrange(10**5)), points=3)
    return event(name, on, store_penalty=body)


def _repayment(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    body = event_pb2.Repayment(
        facility_id="f-1", due_date=day(on), amount=fen(chance.randrange(10**5)), days_past_due=chance.randrange(40)
    )
    return event(name, on, repayment=body)


def _daily_count(name: str, on: date, chance: random.Random) -> event_pb2.Event:
    return event(name, on, daily_count=event_pb2.DailyCount(payment_count=chance.randrange(200)))


_MAKERS = (
    _order,
    _refund,
    _review,
    _shipment,
    _settlement,
    _traffic,
    _social,
    _invoice,
    _bureau,
    _tax,
    _energy,
    _penalty,
    _repayment,
    _daily_count,
)
