"""Merchants made of real orders: disjoint cohorts of CDNOW's buyers, dressed with what CDNOW does not tell.

Real: who bought, on which day, how many discs, for how much. Simulated, from the given generator: hour of day, goods,
addresses, devices, parcels, reviews, refunds. Every figure of the simulation stands in `Habits` and is judgement.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sycee_ingestion.brushing.details import DAY_S, SHANGHAI_OFFSET_S, Details
from sycee_ingestion.brushing.shingling import sketches
from sycee_ingestion.evaluations.brushing_texts import honest_text

WHEEL = "Lifetimes==0.11.3"
INSIDE = "lifetimes/datasets/CDNOW_master.txt"
SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
DOWNLOAD_LIMIT_S = 300
CACHED = Path(".cache/data/CDNOW_master.txt")

YEAR_DAYS = 365
FEN_PER_CENT = 8.28
"""Dollars become yuan at the official rate of 1998."""

HOURS = np.array([30, 14, 7, 4, 3, 4, 9, 18, 34, 52, 62, 60, 52, 54, 56, 58, 56, 50, 46, 52, 66, 72, 66, 46], float)
"""Relative orders by hour of a Chinese online shop: least before dawn, most in the evening. (Judgement.)"""


class OrdersNotHadError(Exception):
    """The file of real orders cannot be had; says why."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a simulated merchant's feeds tell and how its buyers behave; shares are of orders unless said otherwise."""

    address_told: bool = True
    device_told: bool = True
    parcels_told: bool = True
    review_share: float = 0.25
    sent_share: float = 0.985
    unweighed_share: float = 0.03  # of parcels
    odd_route_share: float = 0.003  # of parcels
    refund_share: float = 0.06
    household_share: float = 0.10  # of buyers: two or three at one address
    office_share: float = 0.04  # of buyers: about five at one address
    campus_share: float = 0.01  # of buyers: a dozen at one address


def varied_habits(rng: np.random.Generator) -> Habits:
    """Habits of a merchant like any other: some feeds tell less, some carriers weigh less."""
    return replace(
        told_habits(rng),
        address_told=bool(rng.random() < 0.9),
        device_told=bool(rng.random() < 0.85),
        parcels_told=bool(rng.random() < 0.9),
    )


def told_habits(rng: np.random.Generator) -> Habits:
    """Habits of a merchant whose feeds tell everything."""
    return Habits(
        review_share=float(rng.uniform(0.1, 0.4)),
        unweighed_share=float(rng.beta(1, 30)),
        refund_share=float(rng.beta(3, 45)),
        office_share=float(rng.uniform(0.01, 0.06)),
        campus_share=float(rng.uniform(0.0, 0.02)),
    )


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant: `rows` is one wide table, an order a row, with the truth in `fake`."""

    as_of: date
    rows: pl.DataFrame


def real_orders(path: Path) -> pl.DataFrame:
    """The orders of a file like CDNOW_master.txt: customer, day, items, fen, one a row.

    Raises OrdersNotHadError when it cannot be read as a heading and lines of customer, yyyymmdd, discs and dollars.
    """
    try:
        words = path.read_text(encoding="ascii").split()[4:]
        table = np.array(words, dtype=np.float64).reshape(-1, 4)
        orders = pl.DataFrame(
            {
                "customer": table[:, 0].astype(np.int64),
                "day": pl.Series(table[:, 1].astype(np.int64)).cast(pl.String).str.to_date("%Y%m%d"),
                "items": np.maximum(table[:, 2].astype(np.int64), 1),
                "fen": np.rint(table[:, 3] * 100 * FEN_PER_CENT).astype(np.int64),
            }
        )
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise OrdersNotHadError(f"{path}: {error}") from error
    if orders.is_empty():
        raise OrdersNotHadError(f"{path} holds no order")
    return orders


def cohort(orders: pl.DataFrame, customers: NDArray[np.int64], as_of: date) -> pl.DataFrame:
    """The orders of some customers in the 365 days before `as_of`, sorted."""
    window = pl.col("day").is_between(as_of - timedelta(days=YEAR_DAYS), as_of - timedelta(days=1))
    return orders.filter(pl.col("customer").is_in(customers) & window).sort(pl.all())


def draw_as_of(orders: pl.DataFrame, rng: np.random.Generator) -> date:
    """A day behind which a year of the orders lies; the day after the last one where they do not reach so far."""
    first: date
    last: date
    first, last = orders.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
    spare = max((last - first).days + 1 - YEAR_DAYS, 0)
    return last + timedelta(days=1 - int(rng.integers(spare + 1)))


def dressed(orders: pl.DataFrame, habits: Habits, as_of: date, rng: np.random.Generator) -> Shop:
    """A merchant of real orders with the simulated rest."""
    count = len(orders)
    customers, of_customer = np.unique(orders["customer"].to_numpy(), return_inverse=True)
    whole = orders.select(
        at_s=pl.Series(_moments(orders, rng), dtype=pl.Int64),
        fen="fen",
        items="items",
        buyer=pl.Series(new_ids(len(customers), rng)[of_customer], dtype=pl.Int64),
        address=pl.Series(_addresses(len(customers), of_customer, habits, rng), dtype=pl.Int64),
        device=pl.Series(_devices(len(customers), of_customer, habits, rng), dtype=pl.Int64),
        goods=pl.Series(_goods(orders, rng), dtype=pl.Int64),
        fake=pl.Series(np.zeros(count, np.bool_)),
    )
    return Shop(as_of, with_aftermath(whole, habits, as_of, rng))


def with_aftermath(rows: pl.DataFrame, habits: Habits, as_of: date, rng: np.random.Generator) -> pl.DataFrame:
    """The rows with refunds, parcels and reviews as honest trade has them."""
    count = len(rows)
    refunded = rng.random(count) < habits.refund_share
    kind = rng.random(count)
    returned = refunded & (kind < 0.55)
    cancelled = refunded & (kind >= 0.55) & (kind < 0.85)
    disputed = refunded & (kind >= 0.97)
    part = np.where(refunded & (kind >= 0.85), rng.uniform(0.1, 0.6, count), 1.0)
    age = as_of_s(as_of) - rows["at_s"].to_numpy()
    sent = rng.random(count) < np.where(age < 4 * DAY_S, 0.5, habits.sent_share)
    sent &= ~(cancelled & (rng.random(count) < 0.6)) & habits.parcels_told
    weight = (80 + 110 * rows["items"].to_numpy()) * rng.lognormal(0.0, 0.1, count)
    weighed = rng.random(count) >= habits.unweighed_share
    reviewed = rng.random(count) < habits.review_share
    return rows.with_columns(
        refund_fen=pl.Series(np.where(refunded, np.rint(rows["fen"].to_numpy() * part), 0).astype(np.int64)),
        returned=pl.Series(returned),
        disputed=pl.Series(disputed),
        parcel=pl.Series(sent),
        weight_g=pl.Series(np.where(sent & weighed, weight, 0).astype(np.int64)),
        distance_km=pl.Series(np.where(sent, rng.lognormal(6.5, 0.7, count) + 2, 0).astype(np.int64)),
        odd_route=pl.Series(sent & (rng.random(count) < habits.odd_route_share)),
        review=pl.Series([honest_text(rng) if each else None for each in reviewed.tolist()], dtype=pl.String),
    )


def details_of(shop: Shop) -> Details:
    """What the judgement is given: the truth stays behind."""
    keyed = shop.rows.with_row_index("order_key", 1).with_columns(pl.col("order_key").cast(pl.Int64))
    moment = pl.from_epoch("at_s", "s").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    day = pl.from_epoch(pl.col("at_s") + SHANGHAI_OFFSET_S, "s").dt.date()
    reviews = keyed.filter(pl.col("review").is_not_null())
    return Details(
        as_of=shop.as_of,
        orders=keyed.select(
            "order_key", "fen", "buyer", "address", "device", "goods", occurred_at=moment, day=day, item_count="items"
        ),
        refunds=keyed.filter(pl.col("refund_fen") > 0).select(
            "order_key", "disputed", fen="refund_fen", goods_returned="returned"
        ),
        shipments=keyed.filter("parcel").select("order_key", "weight_g", "distance_km", "odd_route"),
        reviews=reviews.select(
            "order_key",
            withdrawn=pl.lit(value=False),
            sketch=pl.Series(sketches(reviews["review"].to_list()), dtype=pl.Binary),
        ),
    )


def truth_of(shop: Shop, judged: pl.DataFrame) -> NDArray[np.bool_]:
    """Which of the judged orders (any frame with `order_key`) are fake, in its order."""
    truth: NDArray[np.bool_] = shop.rows["fake"].to_numpy()[judged["order_key"].to_numpy() - 1]
    return truth


def as_of_s(as_of: date) -> int:
    """The first second of the day in Shanghai, since 1970 UTC."""
    return (as_of - date(1970, 1, 1)).days * DAY_S - SHANGHAI_OFFSET_S


def orders_file(cached: Path = CACHED) -> Path:
    """CDNOW's file, out of its wheel, downloaded once and checked. Raises OrdersNotHadError when it cannot be had."""
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as unpacked:
            _unpack_wheel(Path(unpacked))
            (Path(unpacked) / INSIDE).replace(cached)
    found = hashlib.sha256(cached.read_bytes()).hexdigest()
    if found != SHA256:
        raise OrdersNotHadError(f"{cached} is not {INSIDE} of {WHEEL}: its SHA-256 is {found}")
    return cached


def _unpack_wheel(folder: Path) -> None:
    """Unpacks the wheel as plain files with uv or pip, whichever is there; nothing of it is run."""
    uv = shutil.which("uv", path=".cache/uv/bin") or shutil.which("uv")
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    words = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(folder), WHEEL]
    try:
        done = subprocess.run(
            [*installer, *words], capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OrdersNotHadError(f"{WHEEL} cannot be downloaded: {error}") from error
    if done.returncode != 0:
        raise OrdersNotHadError(f"{WHEEL} cannot be downloaded: {done.stderr.strip()}")


def new_ids(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Hashes that nobody has yet."""
    return rng.integers(1, 1 << 62, count)


def _moments(orders: pl.DataFrame, rng: np.random.Generator) -> NDArray[np.int64]:
    """Seconds since 1970 UTC. Who orders twice a day does so within an hour or so, as one sitting."""
    hours = HOURS * rng.gamma(8.0, 1 / 8.0, 24)
    days = orders["day"].cast(pl.Int32).cast(pl.Int64).to_numpy()
    sitting = np.unique(np.column_stack((orders["customer"].to_numpy(), days)), axis=0, return_inverse=True)[1].ravel()
    begins = rng.choice(24, sitting.max(initial=-1) + 1, p=hours / hours.sum()) * 3_600
    later = rng.exponential(900.0, len(days)) + rng.uniform(0, 3_600, sitting.max(initial=-1) + 1)[sitting]
    of_day = np.minimum(begins[sitting] + later.astype(np.int64), DAY_S - 1)
    at_s: NDArray[np.int64] = days * DAY_S - SHANGHAI_OFFSET_S + of_day
    return at_s


def _addresses(buyers: int, of_buyer: NDArray[np.int64], habits: Habits, rng: np.random.Generator) -> NDArray[np.int64]:
    if not habits.address_told:
        return np.zeros(len(of_buyer), np.int64)
    homes = new_ids(buyers, rng)
    kinds = rng.random(buyers)
    edges = np.cumsum((habits.household_share, habits.office_share, habits.campus_share))
    for low, high, members in zip((0.0, *edges[:-1]), edges, (2, 5, 12), strict=True):
        together = np.flatnonzero((kinds >= low) & (kinds < high))
        homes[together] = homes[together[np.arange(len(together)) // members * members]]
    elsewhere = rng.random(len(of_buyer)) < 0.05
    return np.where(elsewhere, new_ids(len(of_buyer), rng), homes[of_buyer])


def _devices(buyers: int, of_buyer: NDArray[np.int64], habits: Habits, rng: np.random.Generator) -> NDArray[np.int64]:
    if not habits.device_told:
        return np.zeros(len(of_buyer), np.int64)
    first, second = new_ids(buyers, rng), new_ids(buyers, rng)
    together = np.flatnonzero(rng.random(buyers) < 0.05)
    first[together] = first[together[np.arange(len(together)) // 2 * 2]]
    return np.where(rng.random(len(of_buyer)) < 0.15, second[of_buyer], first[of_buyer])


def _goods(orders: pl.DataFrame, rng: np.random.Generator) -> NDArray[np.int64]:
    """Goods that cost what was paid: a price point stands for as many titles as it has dozens of orders."""
    unit_fen = np.rint(orders["fen"].to_numpy() / orders["items"].to_numpy()).astype(np.int64)
    _, point, orders_of_point = np.unique(unit_fen, return_inverse=True, return_counts=True)
    titles = rng.integers(0, np.maximum(orders_of_point[point] // 12, 1)) + 1
    goods: NDArray[np.int64] = (unit_fen + 1) * 10_000 + titles
    return goods
