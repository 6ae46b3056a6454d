"""A shop's events, day by day: what is bought, sent, reviewed, sent back and paid out.

This is the simulator's hot path: messages are filled field by field, random draws are plain fractions, and what an
order brings about later waits in the bucket of its day.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from operator import itemgetter
from random import Random
from typing import Final

from sycee.ingestion.v1 import event_pb2 as pb

from sycee_simulator import demand, feeds, reviews
from sycee_simulator.archetypes import Archetype
from sycee_simulator.blueprint import DAYS_PER_MONTH, Blueprint, Brush
from sycee_simulator.cities import BUYER_CITIES, CITIES, road_km
from sycee_simulator.moments import (
    DAY_SECONDS,
    ORDER_SECONDS,
    ORDER_SPREAD_SECONDS,
    midnight,
    money,
    proto_date,
)

_FEE_SHARE: Final = 0.056  # what the platform keeps
_VALUE_SIGMA: Final = 0.5  # of the logarithm of an order's value
_ARTICLES: Final = 12  # that a shop sells
_REPEAT_SHARE: Final = 0.28  # of orders by a buyer who came before
_REVIEW_SHARE: Final = 0.27  # of genuine orders
_BRUSHED_REVIEW_SHARE: Final = 0.75
_PARCEL_SHARE: Final = 0.92  # of genuine orders whose parcel the feed reports
_UNWEIGHED_SHARE: Final = 0.1
_MEASURED_SHARE: Final = 0.3  # of parcels whose carrier says the distance
_TAX_FILING_DAYS: Final = 15  # after the quarter's end
_TAX_SOURCE: Final = "sim-tax"
_MIX: Final = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits: spreads small numbers over all digits
_MASK: Final = (1 << 64) - 1
_SECOND: Final = itemgetter(0)

_PACKAGING: Final = (pb.PACKAGING_SINGLE_USE,) * 7 + (pb.PACKAGING_RECYCLED,) + (pb.PACKAGING_UNSPECIFIED,) * 2
_GREEN_PACKAGING: Final = (pb.PACKAGING_RECYCLED,) * 5 + (pb.PACKAGING_REUSABLE,) * 4 + (pb.PACKAGING_SINGLE_USE,)
_RATINGS: Final[dict[Archetype, tuple[pb.TaxRating.ValueType, ...]]] = {
    Archetype.GREEN: (pb.TAX_RATING_A, pb.TAX_RATING_A, pb.TAX_RATING_B),
    Archetype.NEW: (pb.TAX_RATING_M,),
    Archetype.BRUSHING: (pb.TAX_RATING_B, pb.TAX_RATING_C, pb.TAX_RATING_C, pb.TAX_RATING_UNSPECIFIED),
    Archetype.REVOKED: (pb.TAX_RATING_C, pb.TAX_RATING_D),
    Archetype.COLLAPSING: (pb.TAX_RATING_B, pb.TAX_RATING_C, pb.TAX_RATING_UNSPECIFIED),
}
_ORDINARY_RATINGS: Final = (
    pb.TAX_RATING_A,
    pb.TAX_RATING_B,
    pb.TAX_RATING_B,
    pb.TAX_RATING_M,
    pb.TAX_RATING_UNSPECIFIED,
)


class EventStream:
    """Makes the events of one shop, once."""

    def __init__(self, blueprint: Blueprint, rnd: Random, day_factors: Sequence[float]) -> None:
        """`day_factors` has one entry for each day of the history."""
        self._plan = blueprint
        self._rnd = rnd
        self._pick = rnd.random
        self._genuine = demand.expected_orders(blueprint, rnd, day_factors)
        self._brushed = demand.expected_brushed(blueprint, rnd, self._genuine)
        self._start = midnight(blueprint.first_day)
        self._buckets: list[list[tuple[int, pb.Event]]] = [[] for _ in range(blueprint.day_count)]
        self._net_fen = [0] * blueprint.day_count
        self._unpaid_fen = dict.fromkeys(blueprint.platforms, 0)
        self._number = 0
        self._buyers = 0
        self._salt = rnd.getrandbits(64)
        self._log_value = (
            math.log(blueprint.monthly_sales_fen / (blueprint.orders_per_day * DAYS_PER_MONTH))
            - _VALUE_SIGMA * _VALUE_SIGMA / 2
        )
        self._distances_km = [road_km(blueprint.home, city) for city in CITIES]
        self._packaging = _GREEN_PACKAGING if blueprint.archetype is Archetype.GREEN else _PACKAGING
        self._rating = rnd.choice(_RATINGS.get(blueprint.archetype, _ORDINARY_RATINGS))
        self._tax_days = self._plan_tax() if blueprint.feeds.tax else {}

    def run(self) -> Iterator[pb.Event]:
        """Every event in the order of `occurred_at`."""
        for second, event in feeds.all_feeds(self._plan, self._rnd, self._genuine):
            self._keep(second, event)
        brush, draw = self._plan.brush, self._rnd
        for day, expected in enumerate(self._genuine):
            self._sell(day, demand.poisson(draw, expected))
            if brush is not None and self._brushed[day]:
                self._brush(day, demand.poisson(draw, self._brushed[day]), brush)
            if day % 7 == 6:
                self._settle(day)
            if day in self._tax_days:
                self._file_tax(day, *self._tax_days[day])
            bucket = self._buckets[day]
            bucket.sort(key=_SECOND)
            for _, event in bucket:
                yield event
            bucket.clear()

    def _keep(self, second: int, event: pb.Event) -> int | None:
        """Puts an event into the bucket of its day and gives the day, or None when it is outside the history."""
        day = (second - self._start) // DAY_SECONDS
        if 0 <= day < self._plan.day_count:
            self._buckets[day].append((second, event))
            return day
        return None

    def _event(self, source: str, name: str, second: int) -> pb.Event:
        merchant_id = self._plan.merchant_id
        event = pb.Event(source=source, event_id=f"{merchant_id}-{name}", merchant_id=merchant_id)
        event.occurred_at.seconds = second
        return event

    def _order(self, second: int, fen: int, buyer: str, device: str, address: str) -> tuple[str, str]:
        """An order paid at `second`; gives its source and number."""
        plan, number = self._plan, self._number
        self._number = number + 1
        source = plan.platforms[number % len(plan.platforms)]
        order_id = f"{plan.merchant_id}-{number}"
        event = self._event(source, f"o{number}", second)
        order = event.order
        order.order_id = order_id
        order.buyer_id = buyer
        order.item_count = 1 + int(self._pick() ** 3 * 4)
        order.category = plan.goods.code
        order.goods_id = f"g{plan.index:x}.{self._article(number)}"
        order.device_digest = device
        order.address_digest = address
        amount = order.amount
        amount.currency_code = "CNY"
        amount.units = fen // 100
        amount.nanos = fen % 100 * 10_000_000
        self._keep(second, event)
        self._unpaid_fen[source] += fen
        return source, order_id

    def _article(self, number: int) -> int:
        """What an order is for, out of `_ARTICLES`: a few sell most, as the square of an even draw falls."""
        draw = ((number + 1) * _MIX ^ self._salt) * _MIX & _MASK
        return int((draw / (_MASK + 1)) ** 2 * _ARTICLES)

    def _sell(self, day: int, count: int) -> None:
        """Genuine orders of one day and what follows from each."""
        plan, pick = self._plan, self._pick
        midnight_second = self._start + day * DAY_SECONDS
        for _ in range(count):
            second = (
                midnight_second + ORDER_SECONDS[int(pick() * len(ORDER_SECONDS))] + int(pick() * ORDER_SPREAD_SECONDS)
            )
            fen = max(500, int(math.exp(self._rnd.gauss(self._log_value, _VALUE_SIGMA))))
            if self._buyers and pick() < _REPEAT_SHARE:
                buyer = int(pick() * self._buyers)
            else:
                buyer = self._buyers
                self._buyers += 1
            spread = (buyer + 1) * _MIX + self._salt & _MASK
            pseudonym, address = f"b{plan.index:x}.{buyer:x}", f"{spread * _MIX & _MASK:016x}"
            source, order_id = self._order(second, fen, pseudonym, f"{spread:016x}", address)
            self._net_fen[day] += fen
            if plan.feeds.shipments and pick() < _PARCEL_SHARE:
                self._ship(second, source, order_id, BUYER_CITIES[spread % len(BUYER_CITIES)])
            if pick() < _REVIEW_SHARE:
                self._review(second, source, order_id)
            if pick() < plan.refund_rate:
                self._refund(second, source, order_id, fen)

    def _brush(self, day: int, count: int, brush: Brush) -> None:
        """Brushed orders of one day: the ring's buyers, one stretch of the evening, parcels without weight or route."""
        plan, pick = self._plan, self._pick
        opening = self._start + day * DAY_SECONDS + 72_000 + int(pick() * 5_400)
        for _ in range(count):
            second = opening + int(pick() * 5_400)
            fen = max(500, int(math.exp(self._log_value + 0.2 * (pick() - 0.5))) // 1000 * 1000)
            buyer = brush.buyers[int(pick() * len(brush.buyers))]
            device = brush.devices[int(pick() * len(brush.devices))]
            address = brush.addresses[int(pick() * len(brush.addresses))]
            source, order_id = self._order(second, fen, buyer, device, address)
            self._net_fen[day] += fen
            if plan.feeds.shipments and pick() < 0.6:
                event = self._event(source, f"s{self._number - 1}", second + 7_200)
                event.shipment.order_id = order_id
                self._keep(second + 7_200, event)
            if pick() < _BRUSHED_REVIEW_SHARE:
                self._write(
                    second + 86_400 + int(pick() * 100_000),
                    source,
                    order_id,
                    5,
                    reviews.brushed(self._rnd, brush.script),
                )

    def _ship(self, ordered: int, source: str, order_id: str, city: int) -> None:
        plan, pick = self._plan, self._pick
        second = ordered + 7_200 + int(pick() * 100_000)
        event = self._event(source, f"s{self._number - 1}", second)
        shipment, home, there = event.shipment, plan.home, CITIES[city]
        shipment.order_id = order_id
        if pick() >= _UNWEIGHED_SHARE:
            shipment.weight_g = int(plan.goods.piece_g * (0.5 + 2 * pick() * pick())) + 40
        shipment.origin.latitude = home.latitude
        shipment.origin.longitude = home.longitude
        shipment.destination.latitude = there.latitude
        shipment.destination.longitude = there.longitude
        distance_km = self._distances_km[city]
        if pick() < _MEASURED_SHARE:
            shipment.distance_km = distance_km
        shipment.mode = self._mode(distance_km)
        shipment.packaging = self._packaging[int(pick() * len(self._packaging))]
        shipment.late = pick() < plan.late_rate
        self._keep(second, event)

    def _mode(self, distance_km: int) -> pb.TransportMode.ValueType:
        """Short ways by light lorry, long ones by heavy lorry; a green shop sends far parcels by rail."""
        if self._plan.archetype is Archetype.GREEN and distance_km > 600:
            return pb.TRANSPORT_MODE_RAIL
        if self._pick() < 0.15:
            return pb.TRANSPORT_MODE_UNSPECIFIED
        if distance_km < 120:
            return pb.TRANSPORT_MODE_ROAD_LIGHT
        return pb.TRANSPORT_MODE_ROAD_MEDIUM if distance_km < 500 else pb.TRANSPORT_MODE_ROAD_HEAVY

    def _review(self, ordered: int, source: str, order_id: str) -> None:
        plan, pick = self._plan, self._pick
        fraction = pick()
        if fraction < plan.low_star_share:
            stars = 1 if pick() < 0.55 else 2
        else:
            stars = 3 if fraction < plan.low_star_share * 2 else 4 if pick() < 0.22 else 5
        # Complaints are rates of orders, and only buyers with one or two stars complain.
        rate = plan.pattern.complaint_rate / (_REVIEW_SHARE * plan.low_star_share)
        complaint = stars <= 2 and pick() < rate
        text = reviews.genuine(self._rnd, plan.goods, stars, complaint=complaint)
        self._write(ordered + 250_000 + int(pick() * 1_200_000), source, order_id, stars, text, complaint=complaint)

    def _write(
        self, second: int, source: str, order_id: str, stars: int, text: str, *, complaint: bool = False
    ) -> None:
        event = self._event(source, f"r{self._number - 1}", second)
        review = event.review
        review.order_id = order_id
        review.stars = stars
        review.text = text
        review.complaint = complaint
        self._keep(second, event)

    def _refund(self, ordered: int, source: str, order_id: str, paid_fen: int) -> None:
        """Two refunds in three are returns; one in five gives back a part only."""
        pick = self._pick
        second = ordered + 170_000 + int(pick() * 1_100_000)
        fen = paid_fen if pick() < 0.8 else int(paid_fen * (0.1 + 0.5 * pick()))
        event = self._event(source, f"f{self._number - 1}", second)
        refund = event.refund
        refund.order_id = order_id
        refund.amount.CopyFrom(money(fen))
        refund.goods_returned = pick() < 0.67
        refund.disputed = pick() < self._plan.pattern.dispute_share
        day = self._keep(second, event)
        if day is not None:
            self._net_fen[day] -= fen
            self._unpaid_fen[source] -= fen

    def _settle(self, day: int) -> None:
        """Pays out what is due two days after each week, less the fee; what is below zero waits for the next week."""
        for source, due_fen in self._unpaid_fen.items():
            if due_fen <= 0:
                continue
            second = self._start + (day + 2) * DAY_SECONDS + 36_000
            event = self._event(source, f"w{day // 7}", second)
            fee_fen = int(due_fen * _FEE_SHARE)
            event.settlement.net_amount.CopyFrom(money(due_fen - fee_fen))
            event.settlement.fee_amount.CopyFrom(money(fee_fen))
            self._keep(second, event)
            self._unpaid_fen[source] = 0

    def _plan_tax(self) -> dict[int, tuple[date, date]]:
        """Filing days, from the first day, with the first and last day of the quarter that each is for."""
        plan = self._plan
        first = date(plan.first_day.year, (plan.first_day.month - 1) // 3 * 3 + 1, 1)
        days: dict[int, tuple[date, date]] = {}
        while True:
            following = (first + timedelta(days=95)).replace(day=1)
            filed = (following - plan.first_day).days + _TAX_FILING_DAYS
            if filed >= plan.day_count:
                return days
            days[filed] = (first, following - timedelta(days=1))
            first = following

    def _file_tax(self, day: int, first: date, last: date) -> None:
        """A quarter's declaration: the shop's own share of what it sold net of refunds (rule CN-ID-08)."""
        plan = self._plan
        start = max(0, (first - plan.first_day).days)
        net_fen = max(0, sum(self._net_fen[start : (last - plan.first_day).days + 1]))
        second = self._start + day * DAY_SECONDS + 39_600
        event = self._event(_TAX_SOURCE, f"x{first:%Y%m}", second)
        record = event.tax_record
        record.period_first.CopyFrom(proto_date(first))
        record.period_last.CopyFrom(proto_date(last))
        record.declared_sales.CopyFrom(money(int(net_fen * plan.declared_share)))
        record.rating = self._rating
        record.late = self._pick() < plan.pattern.tax_late_rate
        self._keep(second, event)
