"""What judged orders are worth: precision, recall and AUC with bootstrap intervals over merchants, and harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """One merchant's orders, each array (n,): the suspicion, the verdict, the truth and the amount."""

    kind: str
    share: float
    suspicion: NDArray[np.float64]
    fake: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    fen: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure and its 95 % interval over merchants; nan where nothing was to be measured."""

    value: float
    interval: Interval

    def plain(self) -> dict[str, object]:
        """For JSON: null where there is no value."""
        return {"value": _rounded(self.value), "interval": [_rounded(self.interval[0]), _rounded(self.interval[1])]}


@dataclass(frozen=True, slots=True)
class Found:
    """How well the fakes of some merchants were found, order by order."""

    merchants: int
    orders: int
    fakes: int
    precision: Figure
    recall: Figure
    auc: Figure


@dataclass(frozen=True, slots=True)
class Harm:
    """What clean merchants suffered: shares of orders and of the amount called fake, and of merchants with any."""

    merchants: int
    orders: int
    order_share: Figure
    fen_share: Figure
    any_share: float
    above_1_percent_share: float


def found(judged: Sequence[Judged], rng: np.random.Generator) -> Found:
    """Precision, recall and AUC over the orders of all the merchants together."""
    hits = np.array([(each.fake & each.truth).sum() for each in judged], float)
    called = np.array([each.fake.sum() for each in judged], float)
    fakes = np.array([each.truth.sum() for each in judged], float)
    draws = _draws(len(judged), rng)
    return Found(
        merchants=len(judged),
        orders=sum(len(each.truth) for each in judged),
        fakes=int(fakes.sum()),
        precision=_ratio(hits, called, draws),
        recall=_ratio(hits, fakes, draws),
        auc=_auc(judged, draws),
    )


def harm(judged: Sequence[Judged], rng: np.random.Generator) -> Harm:
    """The false share of clean merchants."""
    called = np.array([each.fake.sum() for each in judged], float)
    orders = np.array([len(each.fake) for each in judged], float)
    called_fen = np.array([each.fen[each.fake].sum() for each in judged], float)
    draws = _draws(len(judged), rng)
    return Harm(
        merchants=len(judged),
        orders=int(orders.sum()),
        order_share=_ratio(called, orders, draws),
        fen_share=_ratio(called_fen, np.array([each.fen.sum() for each in judged], float), draws),
        any_share=float((called > 0).mean()),
        above_1_percent_share=float((called > 0.01 * orders).mean()),
    )


def _draws(merchants: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each merchant stands in each resample, (`RESAMPLES` + 1, merchants); the first is the sample."""
    drawn = rng.multinomial(merchants, np.full(merchants, 1 / merchants), RESAMPLES)
    return np.vstack((np.ones(merchants), drawn)).astype(np.float64)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], draws: NDArray[np.float64]) -> Figure:
    total = draws @ below
    return _figure(np.divide(draws @ above, total, out=np.full(len(draws), np.nan), where=total > 0))


def _auc(judged: Sequence[Judged], draws: NDArray[np.float64]) -> Figure:
    """The chance that a fake order is more suspicious than a real one, ties half (Mann and Whitney, 1947)."""
    suspicion = np.concatenate([each.suspicion for each in judged])
    truth = np.concatenate([each.truth for each in judged])
    merchant = np.repeat(np.arange(len(judged)), [len(each.truth) for each in judged])
    levels = np.unique(suspicion, return_inverse=True)[1]
    values = []
    for draw in draws:
        fakes = np.bincount(levels, draw[merchant] * truth)
        real = np.bincount(levels, draw[merchant] * ~truth)
        pairs = fakes.sum() * real.sum()
        below = np.cumsum(real) - real / 2
        values.append(float((fakes * below).sum() / pairs) if pairs else np.nan)
    return _figure(np.array(values))


def _figure(values: NDArray[np.float64]) -> Figure:
    drawn = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(drawn, (0.025, 0.975)) if len(drawn) else (np.nan, np.nan)
    return Figure(float(values[0]), (float(low), float(high)))


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
