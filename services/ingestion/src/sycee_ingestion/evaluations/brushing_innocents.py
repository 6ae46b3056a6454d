"""Clean merchants that look like brushing to a careless eye: each one's orders are all honest."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from sycee_ingestion.brushing.details import DAY_S
from sycee_ingestion.evaluations.brushing_patterns import fresh
from sycee_ingestion.evaluations.brushing_texts import PRAISES_FOR_COINS
from sycee_ingestion.evaluations.brushing_trade import Habits, Shop, as_of_s, new_ids

Innocent = Callable[[Shop, Habits, np.random.Generator], Shop]


def innocent(kind: str, shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """The shop turned into one of `INNOCENTS`."""
    return INNOCENTS[kind](shop, habits, rng)


def _festival(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """Double eleven: a third of the year's orders in two days, at midnight and in the evening, all at a discount."""
    crowd = fresh(shop, len(shop.rows) // 2, habits, rng)
    hour = rng.choice((0, 0, 0, 1, 9, 12, 15, 18, 20, 21, 22, 23, 24, 25, 33, 44, 45), len(crowd))
    at_s = _some_day(shop, rng) + hour * 3_600 + rng.integers(0, 3_600, len(crowd))
    off = 1.0 - 0.1 * (crowd["goods"].to_numpy() % 5 + 1)  # 10 % to 50 %, the same for all orders of the goods
    return _with(shop, crowd.with_columns(_series("at_s", at_s), _series("fen", crowd["fen"].to_numpy() * off)))


def _flash_sale(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """A livestream sells one thing at one round price within two hours to a crowd of strangers."""
    crowd = fresh(shop, max(len(shop.rows) // 5, 1), habits, rng)
    at_s = _some_day(shop, rng) + 20 * 3_600 + rng.integers(0, 2 * 3_600, len(crowd))
    one = crowd.with_columns(_series("at_s", at_s), fen=pl.lit(10_000, pl.Int64), goods=pl.lit(99_99, pl.Int64))
    return _with(shop, one)


def _flat_price_day(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """Everything at one price that ends in a nine, on one day, bought by strangers."""
    crowd = fresh(shop, max(len(shop.rows) // 5, 1), habits, rng)
    at_s = _some_day(shop, rng) + 9 * 3_600 + rng.integers(0, 14 * 3_600, len(crowd))
    return _with(
        shop, crowd.with_columns(_series("at_s", at_s), fen=pl.lit(int(rng.choice((990, 1_990, 9_900))), pl.Int64))
    )


def _wholesale(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """A few resellers order one to four times a week all year beside the retail buyers."""
    more = fresh(shop, max(len(shop.rows) // 3, 1), habits, rng)
    resellers = max(len(more) // 100, 1)
    return _with(shop, _belonging(more, rng.integers(0, resellers, len(more))))


def _between_firms(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """A dozen firms buy everything, by projects: nothing for weeks, then order after order."""
    firms = _belonging(shop.rows, rng.integers(0, 12, len(shop.rows)))
    project = rng.integers(0, 24, len(firms)) * 15 * DAY_S + rng.integers(0, 3 * DAY_S, len(firms))
    at_s = as_of_s(shop.as_of) - 365 * DAY_S + project
    return Shop(shop.as_of, firms.with_columns(_series("at_s", at_s)))


def _many_firms(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """Forty firms buy everything, two or three orders at a time."""
    return Shop(shop.as_of, _belonging(shop.rows, rng.integers(0, 40, len(shop.rows))))


def _loyal(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """Regulars come back every week or two for months: half of the orders."""
    more = fresh(shop, len(shop.rows), habits, rng)
    return _with(shop, _belonging(more, np.arange(len(more)) % max(len(more) // 25, 1)))


def _campus(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """A tenth of the orders go to students of a campus with one address, all year."""
    rows = shop.rows
    on_campus = rng.random(len(rows)) < 0.1
    where = new_ids(max(len(rows) // 300, 1), rng)
    address = np.where(on_campus, where[rng.integers(0, len(where), len(rows))], rows["address"].to_numpy())
    return Shop(shop.as_of, rows.with_columns(_series("address", address)))


def _districts(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """The feed's address is a district, its device the app's own number."""
    rows = shop.rows
    district = rng.zipf(1.4, len(rows)).clip(1, 200)
    return Shop(shop.as_of, rows.with_columns(_series("address", district), device=pl.lit(1, pl.Int64)))


def _unweighed_carrier(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """One carrier of three weighs nothing and tells no route."""
    return _unweighed(shop, rng.random(len(shop.rows)) < 0.33)


def _scale_down(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """The scale is broken for a month."""
    begins = _some_day(shop, rng)
    at_s = shop.rows["at_s"].to_numpy()
    return _unweighed(shop, (at_s >= begins) & (at_s < begins + 30 * DAY_S))


def _codes_by_mail(shop: Shop, _habits: Habits, _rng: np.random.Generator) -> Shop:
    """A third of the goods are codes that are never sent."""
    code = pl.col("goods") % 3 == 0
    names = ("weight_g", "distance_km")
    return Shop(
        shop.as_of,
        shop.rows.with_columns(
            (pl.when(code).then(0).otherwise(pl.col(name)).alias(name) for name in names),
            parcel=~code & pl.col("parcel"),
            odd_route=~code & pl.col("odd_route"),
        ),
    )


def _praise_for_coins(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """Every tenth review is a text that everybody pastes."""
    pasted = rng.random(len(shop.rows)) < 0.1
    texts = [
        str(rng.choice(PRAISES_FOR_COINS)) if each and old is not None else old
        for each, old in zip(pasted.tolist(), shop.rows["review"].to_list(), strict=True)
    ]
    return Shop(shop.as_of, shop.rows.with_columns(review=pl.Series(texts, dtype=pl.String)))


def _serial_cancellers(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """One buyer in a hundred cannot decide: three orders cancelled before they are sent."""
    undecided = fresh(shop, 3 * max(len(shop.rows) // 100, 1), habits, rng)
    cancelled = undecided.with_columns(
        refund_fen="fen", returned=pl.lit(value=False), parcel=pl.lit(value=False), review=pl.lit(None, pl.String)
    )
    return _with(shop, _belonging(cancelled, np.arange(len(cancelled)) // 3))


def _subscriptions(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """Monthly boxes at one price, charged one after another at four in the morning of the first."""
    months = 12
    boxes = fresh(shop, months * max(len(shop.rows) // 30, 1), habits, rng)
    subscriber, month = np.divmod(np.arange(len(boxes)), months)
    at_s = as_of_s(shop.as_of) - (360 - 30 * month) * DAY_S + 4 * 3_600 + 30 * subscriber
    same = _belonging(boxes, subscriber).with_columns(_series("at_s", at_s), fen=pl.lit(5_000, pl.Int64))
    return _with(shop, same.with_columns(goods=pl.lit(77_77, pl.Int64)))


def _dates_only(shop: Shop, _habits: Habits, _rng: np.random.Generator) -> Shop:
    """The feed tells days, not hours."""
    return Shop(shop.as_of, shop.rows.with_columns(at_s=pl.col("at_s") // DAY_S * DAY_S))


def _bare(shop: Shop, habits: Habits, rng: np.random.Generator) -> Shop:
    """A feed of dates and amounts alone."""
    unsaid = {name: pl.lit(0, pl.Int64) for name in ("buyer", "address", "device", "goods")}
    bare = shop.rows.with_columns(**unsaid, parcel=pl.lit(value=False), review=pl.lit(None, pl.String))
    return _dates_only(Shop(shop.as_of, bare), habits, rng)


def _new_shop(shop: Shop, _habits: Habits, rng: np.random.Generator) -> Shop:
    """Twenty orders, all of the last month, friends and family first."""
    rows = shop.rows[rng.permutation(len(shop.rows))[:20]]
    at_s = as_of_s(shop.as_of) - rng.integers(1, 30 * DAY_S, len(rows))
    friends = _belonging(rows, rng.integers(0, 12, len(rows)))
    return Shop(shop.as_of, friends.with_columns(_series("at_s", at_s)))


INNOCENTS: Mapping[str, Innocent] = {
    "festival": _festival,
    "flash sale": _flash_sale,
    "flat-price day": _flat_price_day,
    "wholesale buyers": _wholesale,
    "a dozen firms": _between_firms,
    "forty firms": _many_firms,
    "loyal regulars": _loyal,
    "campus": _campus,
    "addresses are districts": _districts,
    "carrier that weighs nothing": _unweighed_carrier,
    "scale broken for a month": _scale_down,
    "codes by mail": _codes_by_mail,
    "praise for coins": _praise_for_coins,
    "serial cancellers": _serial_cancellers,
    "subscriptions": _subscriptions,
    "dates only": _dates_only,
    "bare feed": _bare,
    "new shop": _new_shop,
}


def _with(shop: Shop, more: pl.DataFrame) -> Shop:
    return Shop(shop.as_of, pl.concat((shop.rows, more.select(shop.rows.columns))))


def _some_day(shop: Shop, rng: np.random.Generator) -> int:
    """The first second, in Shanghai, of a day of the year that has a month on either side."""
    return as_of_s(shop.as_of) - int(rng.integers(45, 320)) * DAY_S


def _belonging(rows: pl.DataFrame, of_account: np.ndarray) -> pl.DataFrame:
    """The orders of accounts, each with the buyer, address and device of its first order."""
    first = np.unique(of_account, return_index=True)[1][np.unique(of_account, return_inverse=True)[1]]
    return rows.with_columns(pl.Series(name, rows[name].to_numpy()[first]) for name in ("buyer", "address", "device"))


def _unweighed(shop: Shop, which: np.ndarray) -> Shop:
    return Shop(
        shop.as_of,
        shop.rows.with_columns(
            _series("weight_g", np.where(which, 0, shop.rows["weight_g"].to_numpy())),
            _series("distance_km", np.where(which, 0, shop.rows["distance_km"].to_numpy())),
        ),
    )


def _series(name: str, values: np.ndarray) -> pl.Series:
    return pl.Series(name, values.astype(np.int64))
