"""Known fake patterns, injected into a merchant's real orders.

Every fake order begins as a copy of one of the merchant's own, at the shop's own rhythm, with a buyer, address and
device that nobody else has and an honest aftermath; a pattern then changes what it is about and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sycee_ingestion.brushing.details import DAY_S
from sycee_ingestion.evaluations.brushing_texts import handed_out, with_edits
from sycee_ingestion.evaluations.brushing_trade import Habits, Shop, as_of_s, new_ids, with_aftermath

Ids = NDArray[np.int64]
Pattern = Callable[[pl.DataFrame, Shop, np.random.Generator], pl.DataFrame]


def injected(pattern: str, shop: Shop, share: float, habits: Habits, rng: np.random.Generator) -> Shop:
    """The shop with fake orders of one pattern, `share` of its real ones in number (at least one)."""
    count = max(round(share * len(shop.rows)), 1)
    fakes = PATTERNS[pattern](fresh(shop, count, habits, rng), shop, rng)
    return Shop(shop.as_of, pl.concat((shop.rows, fakes.with_columns(fake=pl.lit(value=True)))))


def fresh(shop: Shop, count: int, habits: Habits, rng: np.random.Generator) -> pl.DataFrame:
    """Orders like the shop's own by buyers who are strangers to it and to each other."""
    like = shop.rows[rng.integers(0, len(shop.rows), count)]
    # Each buyer's day counts once, or a single customer's orgy would set the shop's rhythm.
    days = shop.rows.group_by("buyer", pl.col("at_s") // DAY_S, maintain_order=True).agg(moment=pl.first("at_s"))
    moments = days["moment"].to_numpy()[rng.integers(0, len(days), count)]
    moments = moments + rng.integers(-3, 4, count) * DAY_S + rng.integers(-1_800, 1_800, count)
    rows = like.with_columns(
        at_s=pl.Series(_within(moments, shop)),
        buyer=pl.Series(new_ids(count, rng)),
        address=pl.Series(new_ids(count, rng) * habits.address_told),
        device=pl.Series(new_ids(count, rng) * habits.device_told),
    )
    return with_aftermath(rows, habits, shop.as_of, rng)


def _burst(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """One to three evenings, a few hours each; colluding buyers place four to eight orders apiece."""
    begins = _campaign(shop, 20, rng) + rng.integers(1, 4) * np.arange(3) * DAY_S + 19 * 3_600
    at_s = rng.choice(begins[: rng.integers(1, 4)], len(fakes)) + rng.integers(0, 3 * 3_600, len(fakes))
    return _by_accounts(fakes, int(rng.integers(4, 9))).with_columns(at_s=pl.Series(_within(at_s, shop)))


def _ring(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """Accounts that place eight to fifteen orders each over two or three weeks."""
    return _spread(_by_accounts(fakes, int(rng.integers(8, 16))), shop, int(rng.integers(14, 22)), rng)


def _address_farm(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """A new buyer each time; ten to twenty-five of them share an address, over one to three months."""
    return _spread(_sharing(fakes, "address", (10, 26), rng), shop, int(rng.integers(30, 90)), rng)


def _device_farm(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """A new buyer each time; six to twenty of them share a device, over one to three months."""
    return _spread(_sharing(fakes, "device", (6, 21), rng), shop, int(rng.integers(30, 90)), rng)


def _one_price(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """One round sum for whatever goods, over ten to thirty days."""
    sum_fen = int(rng.choice((10_000, 20_000, 30_000, 50_000)))
    return _spread(fakes, shop, int(rng.integers(10, 31)), rng).with_columns(fen=pl.lit(sum_fen, pl.Int64))


def _copied(fakes: pl.DataFrame, _shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """Nine in ten are reviewed with one of a few texts, edited a little."""
    texts = handed_out(rng, max(3, len(fakes) // 15))
    written = [
        with_edits(texts[rng.integers(len(texts))], rng) if rng.random() < 0.9 else None for _ in range(len(fakes))
    ]
    return fakes.with_columns(review=pl.Series(written, dtype=pl.String))


def _empty_parcels(fakes: pl.DataFrame, _shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """No parcel, one without weight and route, an empty box, or a route that cannot be; a quarter each."""
    kind = rng.integers(0, 4, len(fakes))
    sent = kind > 0
    weight = np.where(kind == 2, rng.integers(5, 40, len(fakes)), np.where(kind == 3, fakes["weight_g"].to_numpy(), 0))
    return fakes.with_columns(
        parcel=pl.Series(sent),
        weight_g=pl.Series(weight),
        distance_km=pl.Series(np.where(kind >= 2, fakes["distance_km"].to_numpy(), 0)),
        odd_route=pl.Series(kind == 3),
        refund_fen=pl.lit(0, pl.Int64),
    )


def _refund_loop(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """Accounts that buy four to eight times within three months and are refunded in full, nothing sent back."""
    rows = _by_accounts(fakes, int(rng.integers(4, 9))).with_columns(
        refund_fen="fen", returned=pl.lit(value=False), disputed=pl.lit(value=False)
    )
    return _spread(rows, shop, int(rng.integers(60, 91)), rng)


def _slow_drip(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """Over ten months: accounts that come back every few weeks, six to a device, half of the parcels unweighed."""
    rows = _sharing(_by_accounts(fakes, 4), "device", (20, 31), rng)
    unweighed = rng.random(len(rows)) < 0.5
    return _spread(rows, shop, 300, rng).with_columns(
        weight_g=pl.Series(np.where(unweighed, 0, rows["weight_g"].to_numpy())),
        distance_km=pl.Series(np.where(unweighed, 0, rows["distance_km"].to_numpy())),
    )


def _machine(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """A script: one price after another at even intervals by night, a handful of addresses."""
    rows = _sharing(_one_price(fakes, shop, rng), "address", (8, 16), rng)
    gap_s = int(rng.integers(240, 900))
    nights, of_night = np.divmod(np.arange(len(rows)), 4 * 3_600 // gap_s)
    at_s = _campaign(shop, 60, rng) + nights * DAY_S + 3_600 + of_night * gap_s + rng.integers(0, 20, len(rows))
    return rows.with_columns(at_s=pl.Series(_within(at_s, shop)))


def _mixed(fakes: pl.DataFrame, shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """A campaign as it is sold: two weeks, few accounts and addresses, handed-out praise, half of the boxes empty."""
    rows = _copied(_sharing(_by_accounts(fakes, 3), "address", (6, 12), rng), shop, rng)
    empty = pl.Series(rng.random(len(rows)) < 0.5)
    boxes = _empty_parcels(rows, shop, rng)
    rows = rows.with_columns(
        pl.when(empty).then(boxes[name]).otherwise(pl.col(name)).alias(name)
        for name in ("parcel", "weight_g", "distance_km", "odd_route", "refund_fen")
    )
    return _spread(rows, shop, 14, rng)


PATTERNS: Mapping[str, Pattern] = {
    "burst of colluding buyers": _burst,
    "buyer ring": _ring,
    "address farm": _address_farm,
    "shared devices": _device_farm,
    "one round price": _one_price,
    "copied reviews": _copied,
    "empty parcels": _empty_parcels,
    "refund loop": _refund_loop,
    "slow drip": _slow_drip,
    "script by night": _machine,
    "mixed campaign": _mixed,
}


def _by_accounts(rows: pl.DataFrame, orders_each: int) -> pl.DataFrame:
    """Accounts of about so many orders each, every one with its own address and device."""
    accounts = max(len(rows) // orders_each, 1)
    of_account = np.arange(len(rows)) % accounts
    names = ("buyer", "address", "device")
    return rows.with_columns(pl.Series(name, rows[name].to_numpy()[:accounts][of_account]) for name in names)


def _sharing(rows: pl.DataFrame, name: str, orders_each: tuple[int, int], rng: np.random.Generator) -> pl.DataFrame:
    """The address or device of every so many orders is one."""
    shared = max(len(rows) // int(rng.integers(*orders_each)), 1)
    return rows.with_columns(pl.Series(name, rows[name].to_numpy()[rng.integers(0, shared, len(rows))]))


def _spread(rows: pl.DataFrame, shop: Shop, days: int, rng: np.random.Generator) -> pl.DataFrame:
    """Moved into so many days, each order at its own hour."""
    of_day = rows["at_s"].to_numpy() % DAY_S
    begins = _campaign(shop, days, rng)
    begins -= begins % DAY_S
    return rows.with_columns(at_s=pl.Series(_within(begins + rng.integers(0, days, len(rows)) * DAY_S + of_day, shop)))


def _campaign(shop: Shop, days: int, rng: np.random.Generator) -> int:
    """The first second, in Shanghai, of a campaign of so many days within the year."""
    return as_of_s(shop.as_of) - int(rng.integers(days + 1, 361)) * DAY_S


def _within(at_s: Ids, shop: Shop) -> Ids:
    end = as_of_s(shop.as_of)
    return np.clip(at_s, end - 365 * DAY_S, end - 1)
