"""A clean shop drawn by hand, and orders to add to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from sycee_ingestion.brushing.details import Details
from sycee_ingestion.brushing.judgement import Judgement, judge
from sycee_ingestion.brushing.shingling import sketches

AS_OF = date(2026, 3, 1)
_FIRST = datetime(2025, 3, 1, tzinfo=UTC)
_SUBJECTS = ("音质", "包装", "物流", "客服", "价格", "封面", "鼓点", "歌词本", "低音", "碟面")
_WORDS = (
    "清晰耐听",
    "严实完好",
    "两天就到",
    "回复很快",
    "比店里实惠",
    "印得精致",
    "让人想跳舞",
    "有错别字",
    "轰鸣",
    "干净",
)


@dataclass(frozen=True)
class Order:
    """One order with what followed from it; 0 or None is what was not said or did not happen."""

    at: datetime
    buyer: int
    address: int
    device: int
    goods: int
    fen: int
    items: int = 1
    parcels: int = 1
    weight_g: int = 300
    distance_km: int = 800
    odd_route: bool = False
    refund_fen: int = 0
    returned: bool = False
    disputed: bool = False
    review: str | None = None
    added: bool = False


@dataclass
class Shop:
    """A shop of orders; `seen` gives a judgement with the truth of what was added."""

    orders: list[Order] = field(default_factory=list)

    def with_orders(self, *added: Order) -> Shop:
        """The shop and more orders."""
        return Shop([*self.orders, *(replace(order, added=True) for order in added)])

    def each(self, **changes: object) -> Shop:
        """Every order changed in the same way."""
        return Shop([replace(order, **changes) for order in self.orders])

    def details(self, as_of: date = AS_OF) -> Details:
        """The frames; an order's key is its place, from 1."""
        keyed = list(enumerate(self.orders, 1))
        reviewed = [(key, order.review) for key, order in keyed if order.review is not None]
        return Details(
            as_of=as_of,
            orders=_frame(
                [
                    (
                        key,
                        o.at,
                        (o.at + timedelta(hours=8)).date(),
                        o.fen,
                        o.items,
                        o.buyer,
                        o.address,
                        o.device,
                        o.goods,
                    )
                    for key, o in keyed
                ],
                {"order_key": pl.Int64, "occurred_at": pl.Datetime("us", "UTC"), "day": pl.Date, "fen": pl.Int64}
                | dict.fromkeys(("item_count", "buyer", "address", "device", "goods"), pl.Int64),
            ),
            refunds=_frame(
                [(key, o.refund_fen, o.returned, o.disputed) for key, o in keyed if o.refund_fen],
                {"order_key": pl.Int64, "fen": pl.Int64, "goods_returned": pl.Boolean, "disputed": pl.Boolean},
            ),
            shipments=_frame(
                [(key, o.weight_g, o.distance_km, o.odd_route) for key, o in keyed for _ in range(o.parcels)],
                {"order_key": pl.Int64, "weight_g": pl.Int64, "distance_km": pl.Int64, "odd_route": pl.Boolean},
            ),
            reviews=_frame(
                [
                    (key, False, sketch)
                    for (key, _), sketch in zip(reviewed, sketches([text for _, text in reviewed]), strict=True)
                ],
                {"order_key": pl.Int64, "withdrawn": pl.Boolean, "sketch": pl.Binary},
            ),
        )

    def judged(self) -> Seen:
        """The judgement beside the truth."""
        return Seen(judge(self.details()), np.array([order.added for order in self.orders], bool))


@dataclass(frozen=True)
class Seen:
    """A judgement, and which orders were added (by key − 1)."""

    judgement: Judgement
    added: np.ndarray

    @property
    def _added(self) -> np.ndarray:
        return self.added[self.judgement.orders["order_key"].to_numpy() - 1]

    @property
    def fakes(self) -> int:
        """Orders called fake."""
        return int(self.judgement.orders["fake"].sum())

    @property
    def recall(self) -> float:
        """The part of the added orders that was called fake."""
        return float(self.judgement.orders["fake"].to_numpy()[self._added].mean())

    @property
    def precision(self) -> float:
        """The part of the fake ones that had been added."""
        return float(self._added[self.judgement.orders["fake"].to_numpy()].mean())

    @property
    def suspicion(self) -> float:
        """The mean suspicion of the added orders."""
        return float(self.judgement.orders["suspicion"].to_numpy()[self._added].mean())

    def carrying(self, signal: int) -> float:
        """The part of the added orders that carries a signal."""
        return float(((self.judgement.orders["signals"].to_numpy() & signal) > 0)[self._added].mean())


def clean_shop(orders: int = 600, seed: int = 3) -> Shop:
    """A year of honest trade: 50 regulars make a third of it, every order has a weighed parcel, a few a review."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(orders):
        buyer = int(rng.integers(1, 51)) if place % 3 == 0 else 1_000 + place
        goods = int(rng.integers(1, 21))
        items = int(rng.integers(1, 3))
        made.append(
            Order(
                at=day(rng.uniform(0, 365), rng),
                buyer=buyer,
                address=10_000 + buyer,
                device=20_000 + buyer,
                goods=goods,
                fen=items * (1_990 + 700 * goods),
                items=items,
                weight_g=80 + 150 * items + int(rng.integers(0, 40)),
                distance_km=int(rng.integers(20, 2_500)),
                review=words(rng) if place % 5 == 0 else None,
            )
        )
    return Shop(made)


def strangers(count: int, first_day: float, days: float, seed: int = 5) -> list[Order]:
    """Honest orders of people who come once, spread over some days of the year (day 0 is the first)."""
    rng = np.random.default_rng(seed)
    crowd = clean_shop(count, seed).orders
    return [
        replace(
            order,
            at=day(first_day + rng.uniform(0, days), rng),
            buyer=50_000 + seed * 1_000 + place,
            address=60_000 + seed * 1_000 + place,
            device=70_000 + seed * 1_000 + place,
        )
        for place, order in enumerate(crowd)
    ]


def day(place: float, rng: np.random.Generator) -> datetime:
    """A moment of the year's day `int(place)`, between nine and eleven at night in Shanghai."""
    return _FIRST + timedelta(days=int(place), seconds=int(rng.integers(3_600, 15 * 3_600)))


def words(rng: np.random.Generator) -> str:
    """A review in nobody else's words."""
    chosen = rng.permutation(len(_SUBJECTS))[:4]
    middle = "".join(chr(0x4E00 + int(each)) for each in rng.integers(0, 3_000, 8))
    return ",".join(f"{_SUBJECTS[a]}{_WORDS[int(rng.integers(10))]}" for a in chosen) + middle


def _frame(rows: list[tuple[object, ...]], schema: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
