"""Everything that is drawn once for a shop. Its registration, its events and its truth all follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from sycee.common.v1 import common_pb2

from sycee_simulator import identifiers, naming, reviews, truth
from sycee_simulator.archetypes import DECK, DECK_SIZE, PATTERNS, Archetype, Pattern
from sycee_simulator.cities import CITIES, City
from sycee_simulator.goods import GOODS, Goods
from sycee_simulator.truth import Truth

PLATFORMS: Final = ("sim-taobao", "sim-douyin", "sim-jd", "sim-pdd", "sim-kuaishou")
"""Sources of trade events. They are called simulated, as all that comes from here."""
DAYS_PER_MONTH: Final = 30.4375
_RING_DECKS: Final = 2  # decks whose brushing shops make one ring: four shops


@dataclass(frozen=True, slots=True)
class Person:
    """The operator: nobody."""

    name: str
    resident_id: str
    phone: str


@dataclass(frozen=True, slots=True)
class Brush:
    """How a shop brushes (刷单): hired buyers who share devices and addresses across the ring, and a script."""

    share: float  # of all orders
    buyers: tuple[str, ...]
    devices: tuple[str, ...]
    addresses: tuple[str, ...]
    script: str


@dataclass(frozen=True, slots=True)
class Feeds:
    """Which feeds exist for the shop; what is not there is missing, as it is for real shops."""

    shipments: bool
    traffic: bool
    social: bool
    bureau: bool
    tax: bool
    energy: bool


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One shop, drawn."""

    merchant_id: str
    index: int
    pattern: Pattern
    kind: common_pb2.BorrowerKind.ValueType
    name: str
    uscc: str
    person: Person
    goods: Goods
    home: City
    registered_on: date
    first_day: date
    day_count: int  # days of history; the last is the market's end
    platforms: tuple[str, ...]
    employee_count: int
    monthly_sales_fen: int  # genuine and paid, on an ordinary month at the history's end (before a collapse sets in)
    orders_per_day: float  # genuine, scale applied
    drift_per_year: float
    collapse_day: int | None  # from the first day, counted in days; None where sales do not collapse
    refund_rate: float
    low_star_share: float
    late_rate: float
    declared_share: float
    brush: Brush | None
    feeds: Feeds
    truth: Truth

    @property
    def end(self) -> date:
        """The last day of the history."""
        return self.first_day + timedelta(days=self.day_count - 1)

    @property
    def archetype(self) -> Archetype:
        """How the shop behaves."""
        return self.truth.archetype


def deal(seed: int, index: int) -> Archetype:
    """The archetype of shop `index`: decks of `DECK_SIZE` cards, each shuffled by itself."""
    cards = [archetype for archetype, count in DECK for _ in range(count)]
    Random(f"{seed}:deck:{index // DECK_SIZE}").shuffle(cards)
    return cards[index % DECK_SIZE]


def draw(seed: int, index: int, end: date, scale: float, merchant_id: str) -> Blueprint:
    """Shop `index` of the market `seed`. Only the volume of orders and their value depend on `scale`."""
    archetype = deal(seed, index)
    pattern = PATTERNS[archetype]
    rnd = Random(f"{seed}:shop:{index}")
    kind = _kind(rnd, archetype)
    home, goods = CITIES[int(rnd.random() * len(CITIES))], GOODS[int(rnd.random() * len(GOODS))]
    name, person = _names(rnd, index, kind, listed=archetype is Archetype.SANCTIONED, home=home, goods=goods)
    day_count = _whole(rnd, pattern.history_days)
    first_day = end - timedelta(days=day_count - 1)
    monthly_sales = min(max(pattern.monthly_sales_yuan * rnd.lognormvariate(0, 0.7), 6_000.0), 900_000.0)
    brush, ring_id = _brush(seed, index, rnd, pattern, goods)
    individual = kind == common_pb2.BORROWER_KIND_INDIVIDUAL
    return Blueprint(
        merchant_id=merchant_id,
        index=index,
        pattern=pattern,
        kind=kind,
        name=name,
        uscc="" if individual else _social_credit_code(rnd, home, kind),
        person=person,
        goods=goods,
        home=home,
        registered_on=first_day - timedelta(days=_whole(rnd, (20, 900))),
        first_day=first_day,
        day_count=day_count,
        platforms=tuple(rnd.sample(PLATFORMS, 2 if rnd.random() < 0.2 else 1)),
        employee_count=1 if individual else max(1, round(monthly_sales / 60_000 * rnd.uniform(0.6, 1.6))),
        monthly_sales_fen=int(monthly_sales * 100),
        orders_per_day=rnd.uniform(*pattern.orders_per_day) * scale,
        drift_per_year=rnd.uniform(*pattern.drift_per_year),
        collapse_day=day_count - _whole(rnd, (120, 210)) if archetype is Archetype.COLLAPSING else None,
        refund_rate=min(0.6, rnd.uniform(*pattern.refund_rate) * goods.refund_factor),
        low_star_share=rnd.uniform(*pattern.low_star_share),
        late_rate=rnd.uniform(*pattern.late_rate),
        declared_share=rnd.uniform(*pattern.declared_share),
        brush=brush,
        feeds=_feeds(rnd, archetype, kind),
        truth=_truth(rnd, archetype, end, 0.0 if brush is None else brush.share, ring_id),
    )


def _whole(rnd: Random, bounds: tuple[int, int]) -> int:
    """A whole number within `bounds`, both included."""
    return rnd.randint(*bounds)


def _kind(rnd: Random, archetype: Archetype) -> common_pb2.BorrowerKind.ValueType:
    """Mostly sole traders; what has a licence to lose, or a company's name on a list, is never an individual."""
    if archetype is Archetype.SANCTIONED:
        return common_pb2.BORROWER_KIND_ENTERPRISE
    fraction = rnd.random()
    if fraction < 0.08 and archetype is not Archetype.REVOKED:
        return common_pb2.BORROWER_KIND_INDIVIDUAL
    return common_pb2.BORROWER_KIND_SOLE_TRADER if fraction < 0.62 else common_pb2.BORROWER_KIND_ENTERPRISE


def _names(
    rnd: Random, index: int, kind: common_pb2.BorrowerKind.ValueType, *, listed: bool, home: City, goods: Goods
) -> tuple[str, Person]:
    """Name of the business and its operator. Of the sanctioned, the business, the operator or both are on the list."""
    operator = naming.person(rnd)
    name = naming.organisation(rnd, home, goods, sole_trader=kind == common_pb2.BORROWER_KIND_SOLE_TRADER)
    if listed:
        fraction = rnd.random()
        name = naming.SANCTIONED_ORGANISATION if fraction < 0.75 else name
        operator = naming.SANCTIONED_PERSON if fraction > 0.4 else operator
    if kind == common_pb2.BORROWER_KIND_INDIVIDUAL:
        name = f"{operator}(模拟)"
    resident_id = identifiers.resident_id(index, home.province_code)
    return name, Person(operator, resident_id, identifiers.phone(index))


def _social_credit_code(rnd: Random, home: City, kind: common_pb2.BorrowerKind.ValueType) -> str:
    sole_trader = kind == common_pb2.BORROWER_KIND_SOLE_TRADER
    return identifiers.social_credit_code(rnd, home.province_code, sole_trader=sole_trader)


def _brush(seed: int, index: int, rnd: Random, pattern: Pattern, goods: Goods) -> tuple[Brush | None, str | None]:
    """The shop's brushing and its ring, whose hired buyers, devices and addresses all its shops share."""
    if pattern.brushed_share[1] == 0:
        return None, None
    ring_id = f"ring-{seed}-{index // (DECK_SIZE * _RING_DECKS)}"
    pool = Random(f"{seed}:{ring_id}")
    brush = Brush(
        share=rnd.uniform(*pattern.brushed_share),
        buyers=tuple(f"r{pool.getrandbits(40):010x}" for _ in range(_whole(pool, (14, 30)))),
        devices=tuple(f"{pool.getrandbits(64):016x}" for _ in range(_whole(pool, (4, 8)))),
        addresses=tuple(f"{pool.getrandbits(64):016x}" for _ in range(_whole(pool, (3, 6)))),
        script=reviews.script(rnd, goods),
    )
    return brush, ring_id


def _feeds(rnd: Random, archetype: Archetype, kind: common_pb2.BorrowerKind.ValueType) -> Feeds:
    licensed = kind != common_pb2.BORROWER_KIND_INDIVIDUAL
    enterprise = kind == common_pb2.BORROWER_KIND_ENTERPRISE
    green = archetype is Archetype.GREEN
    return Feeds(
        shipments=rnd.random() < 0.92 or green,
        traffic=rnd.random() < 0.9,
        social=rnd.random() < 0.6,
        bureau=rnd.random() < (0.5 if archetype is Archetype.NEW else 0.8),
        tax=licensed and rnd.random() < (0.9 if enterprise else 0.6),
        energy=rnd.random() < 0.3 or green,
    )


def _truth(rnd: Random, archetype: Archetype, end: date, brushed_share: float, ring_id: str | None) -> Truth:
    pattern = PATTERNS[archetype]
    buffer_months = pattern.buffer_months * rnd.lognormvariate(0, 0.6)
    probability = truth.default_probability(pattern.default_logit, buffer_months)
    default_day = truth.draw_default_day(rnd, end, probability)
    return Truth(
        archetype=archetype,
        will_default=default_day is not None,
        default_day=default_day,
        default_probability=probability,
        buffer_months=buffer_months,
        brushed_share=brushed_share,
        ring_id=ring_id,
    )
