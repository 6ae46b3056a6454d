"""The sums of a day reckoned once more, from the bodies of events: what the store is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from google.type.money_pb2 import Money
from sycee.ingestion.v1 import event_pb2
from sycee_ingestion.domain.event import EventKind
from sycee_service.clock import SHANGHAI

Day = tuple[str, date]
_BODY_TYPES = {
    EventKind.ORDER: event_pb2.Order,
    EventKind.REFUND: event_pb2.Refund,
    EventKind.REVIEW: event_pb2.Review,
    EventKind.SHIPMENT: event_pb2.Shipment,
    EventKind.SETTLEMENT: event_pb2.Settlement,
    EventKind.TRAFFIC: event_pb2.Traffic,
    EventKind.SOCIAL_ACTIVITY: event_pb2.SocialActivity,
    EventKind.INVOICE: event_pb2.Invoice,
    EventKind.DAILY_COUNT: event_pb2.DailyCount,
}
_MODES = ("unknown", "road_light", "road_medium", "road_heavy", "rail")
_PACKAGINGS = ("unknown", "single_use", "recycled", "reusable")


class Recount:
    """What days and splits come to; `splits` names what it splits by and not its hash."""

    def __init__(self, events: Iterable[tuple[str, int, datetime, bytes]]) -> None:
        """Counts events, each a merchant, a kind, a moment and a serialised body."""
        self.sums: dict[Day, Counter[str]] = {}
        self.splits: Counter[tuple[str, date, int, str]] = Counter()
        self.split_fen: Counter[tuple[str, date, int, str]] = Counter()
        self._newest: dict[Day, tuple[datetime, int]] = {}
        for merchant, kind, moment, body in events:
            if EventKind(kind) in _BODY_TYPES:
                local = moment.astimezone(SHANGHAI)
                self._count((merchant, local.date()), local, _BODY_TYPES[EventKind(kind)].FromString(body))

    def days(self) -> dict[Day, dict[str, int]]:
        """As `Books.days`."""
        found = {day: {name: count for name, count in sums.items() if count} for day, sums in self.sums.items()}
        for day, (_, followers) in self._newest.items():
            if followers:
                found[day]["followers"] = followers
        return {day: counts for day, counts in found.items() if counts}

    def split_shapes(self) -> Counter[tuple[str, date, int, int, int]]:
        """Each split's merchant, day, dimension, count and fen; how its key is hashed is left out."""
        return Counter(
            (*key[:3], self.splits[key], self.split_fen[key])
            for key in self.splits
            if self.splits[key] or self.split_fen[key]
        )

    def _count(self, day: Day, local: datetime, body: object) -> None:
        sums = self.sums.setdefault(day, Counter())
        match body:
            case event_pb2.Order():
                sums.update(order_count=1, order_fen=fen_of(body.amount), item_count=body.item_count)
                sums[f"orders_h{local.hour // 4 * 4:02}"] += 1
                self._split(day, 1, body.buyer_id, fen_of(body.amount))
                self._split(day, 2, body.goods_id or f"category {body.category}", fen_of(body.amount))
            case event_pb2.Refund():
                sums.update(refund_count=1, refund_fen=fen_of(body.amount))
                sums.update(return_count=int(body.goods_returned), dispute_count=int(body.disputed))
            case event_pb2.Review():
                sums.update(review_count=1, star_sum=body.stars, low_star_count=int(body.stars < 3))
                sums.update(complaint_count=int(body.complaint))
            case event_pb2.Shipment():  # these tests give no coordinates
                grams, km = body.weight_g, body.distance_km
                sums.update(parcel_count=1, weighed_count=int(grams > 0), routed_count=int(km > 0), weight_g=grams)
                sums.update(covered_count=int(grams > 0 and km > 0), late_count=int(body.late))
                sums.update(odd_route_count=int(km > 6_500))
                sums.update({f"gram_km_{_MODES[body.mode]}": grams * km, f"packaging_{_PACKAGINGS[body.packaging]}": 1})
            case event_pb2.Settlement():
                fee = fen_of(body.fee_amount)
                sums.update(settlement_count=1, settlement_fen=fen_of(body.net_amount), fee_fen=fee)
            case event_pb2.Traffic():
                sums.update(traffic_count=1, page_views=body.page_views, visitors=body.visitors)
            case event_pb2.SocialActivity():
                sums.update(social_count=1, posts=body.posts, interactions=body.interactions)
                mark = (local.replace(microsecond=0), body.followers)
                self._newest[day] = max(self._newest.get(day, mark), mark)
            case event_pb2.Invoice():
                self._invoice(day, body)
            case event_pb2.DailyCount():
                sums.update(daily_count_count=1, payment_count=body.payment_count, payment_fen=fen_of(body.amount))

    def _invoice(self, day: Day, body: event_pb2.Invoice) -> None:
        sale = body.direction == event_pb2.Invoice.DIRECTION_SALE
        side, net = "sale" if sale else "purchase", fen_of(body.net_amount)
        sums = self.sums[day]
        if body.voided:
            sums[f"{side}_void_count"] += 1
            return
        sums.update({f"{side}_invoice_count": 1, f"{side}_net_fen": net, f"{side}_tax_fen": fen_of(body.tax_amount)})
        if net < 0:
            sums.update({f"{side}_red_count": 1, f"{side}_red_fen": -net})
        self._split(day, 3 if sale else 4, body.counterparty_id, net)

    def _split(self, day: Day, dimension: int, name: str, fen: int) -> None:
        self.splits[*day, dimension, name] += 1
        self.split_fen[*day, dimension, name] += fen


def fen_of(money: Money) -> int:
    """An amount in fen."""
    return round(money.units * 100 + money.nanos / 10_000_000)
