"""What a portrait says of a merchant, before it is put into the words of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sycee_ingestion.domain.coverage import SourceStatus
from sycee_ingestion.domain.quality import Quality


@dataclass(frozen=True, slots=True)
class Traits:
    """What the merchant is; numbers of the contract's BorrowerKind and RegisterStatus."""

    borrower_kind: int
    category: str
    province_code: str
    opened_on: date | None
    employee_count: int | None
    register_status: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class FakeSignal:
    """A sign of fake trade, and how many of the orders that carry it were judged fake."""

    code: str
    order_count: int
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """What is known of a merchant as of the morning of `as_of`.

    `features` by name (see `features.catalogue`), those that are known. `weekly_net_fen` and `weekly_clean_fen`: sales
    by week of seven days that ends with the day before, oldest first, without weeks before the first order.
    `daily_counts`: orders by day, or payments where there are none, up to the day before, oldest first. `statuses`: the
    kinds that were ever received, in their order. `fake_signals`: the strongest first. `settled`: whether it stays
    as it is until something comes: not while reviews wait to be read.
    """

    as_of: date
    feature_version: str
    features: Mapping[str, float]
    weekly_net_fen: tuple[int, ...]
    weekly_clean_fen: tuple[int, ...]
    daily_counts: tuple[int, ...]
    statuses: tuple[SourceStatus, ...]
    quality: Quality
    fake_signals: tuple[FakeSignal, ...]
    settled: bool
