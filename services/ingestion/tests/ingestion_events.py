"""Events made for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money
from sycee.ingestion.v1 import event_pb2

NOON_UTC_H = 4  # 12:00 in Shanghai


def fen(amount: int) -> Money:
    """An amount of CNY."""
    return Money(currency_code="CNY", units=amount // 100, nanos=amount % 100 * 10_000_000)


def signed_fen(amount: int) -> Money:
    """An amount of CNY that may be negative."""
    money = fen(abs(amount))
    return money if amount >= 0 else Money(currency_code="CNY", units=-money.units, nanos=-money.nanos)


def day(value: date) -> Date:
    """A day on the wire."""
    return Date(year=value.year, month=value.month, day=value.day)


def event(event_id: str, on: date | datetime, *, merchant_id: str = "m-1", source: str = "taobao", **body: object):
    """An event at noon of a day, or at a moment; its body by keyword."""
    made = event_pb2.Event(source=source, event_id=event_id, merchant_id=merchant_id, **body)
    moment = on if isinstance(on, datetime) else datetime(on.year, on.month, on.day, NOON_UTC_H, tzinfo=UTC)
    made.occurred_at.FromDatetime(moment)
    return made


def order(event_id: str, on: date | datetime, amount_fen: int = 10_000, *, buyer: str = "", **where: str):
    """An order that was paid."""
    body = event_pb2.Order(order_id=f"o-{event_id}", buyer_id=buyer, amount=fen(amount_fen))
    return event(event_id, on, order=body, **where)


def refund(event_id: str, on: date, amount_fen: int, *, returned: bool = False, disputed: bool = False, **where: str):
    """Money back."""
    body = event_pb2.Refund(
        order_id=f"o-{event_id}", amount=fen(amount_fen), goods_returned=returned, disputed=disputed
    )
    return event(event_id, on, refund=body, **where)


def invoice(
    event_id: str,
    on: date | datetime,
    net_fen: int = 10_000,
    *,
    purchase: bool = False,
    voided: bool = False,
    **where: str,
):
    """An invoice with 13 % tax; a negative amount makes it a red-letter one."""
    body = event_pb2.Invoice(
        direction="DIRECTION_PURCHASE" if purchase else "DIRECTION_SALE",
        counterparty_id="c-1",
        net_amount=signed_fen(net_fen),
        tax_amount=signed_fen(round(net_fen * 0.13)),
        voided=voided,
    )
    return event(event_id, on, invoice=body, **where)


def said_again(before: event_pb2.Event, revision: int, *, withdrawn: bool = False, **body: object) -> event_pb2.Event:
    """An event in another revision; with another body where one is given."""
    again = event_pb2.Event()
    again.CopyFrom(before)
    again.revision, again.withdrawn = revision, withdrawn
    if body:
        again.ClearField(before.WhichOneof("body"))
        again.MergeFrom(event_pb2.Event(**body))
    return again


def one_of_each(on: date) -> list[event_pb2.Event]:
    """An event of every kind on a day."""
    month_before = on - timedelta(days=30)
    return [
        order("order", on, buyer="b-1"),
        refund("refund", on, 2_500, returned=True, disputed=True),
        event("review", on, review=event_pb2.Review(stars=2, text="一般", complaint=True)),
        event(
            "shipment",
            on,
            shipment=event_pb2.Shipment(
                weight_g=800,
                origin=LatLng(latitude=30.25, longitude=120.17),
                destination=LatLng(latitude=31.23, longitude=121.47),
                mode="TRANSPORT_MODE_ROAD_HEAVY",
                packaging="PACKAGING_RECYCLED",
                late=True,
            ),
        ),
        event("settlement", on, settlement=event_pb2.Settlement(net_amount=fen(9_500), fee_amount=fen(500))),
        event("traffic", on, traffic=event_pb2.Traffic(page_views=900, visitors=300)),
        event(
            "social", on, social_activity=event_pb2.SocialActivity(followers=5_000_000_000, posts=2, interactions=70)
        ),
        event(
            "bureau",
            on,
            bureau_report=event_pb2.BureauReport(
                report_date=day(on),
                open_accounts=3,
                outstanding=fen(8_000_000),
                credit_lines=fen(20_000_000),
                monthly_debt_service=fen(350_000),
                repayment_grid="NN12N--N3",
                enquiries_3m=2,
                public_records=1,
            ),
        ),
        event(
            "tax",
            on,
            tax_record=event_pb2.TaxRecord(
                period_first=day(month_before),
                period_last=day(on),
                declared_sales=fen(9_000),
                rating="TAX_RATING_B",
                late=True,
            ),
        ),
        event(
            "energy",
            on,
            energy_use=event_pb2.EnergyUse(period_first=day(month_before), period_last=day(on), electricity_wh=310_000),
        ),
        event("penalty", on, store_penalty=event_pb2.StorePenalty(kind="KIND_FAKE_TRADE", fine=fen(50_000), points=6)),
        event(
            "repayment",
            on,
            repayment=event_pb2.Repayment(facility_id="f-1", due_date=day(on), amount=fen(100_000), days_past_due=4),
        ),
        invoice("invoice", on),
        event("count", on, daily_count=event_pb2.DailyCount(payment_count=40, amount=fen(123_400))),
    ]
