"""The facts behind a portrait: one statement, whatever the length of the history.

A kind's count as of a day is its count over all time less what came on later days, so no read goes further back than the
two years that a portrait's windows reach.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import asyncpg

from sycee_ingestion.domain.coverage import Received
from sycee_ingestion.domain.event import DAILY_KINDS, EventKind, followers_of
from sycee_ingestion.domain.profile import Facts, Traits, Year
from sycee_ingestion.domain.records import BureauReport, EnergyUse, Penalties, RepaymentRecord, TaxRecord
from sycee_ingestion.domain.trade import SERIES_DAYS, DailySales, TradeCounts
from sycee_ingestion.schema import FEED_KINDS
from sycee_service.database import Database

_DAY_COUNTS = (
    "order_count",
    "refund_count",
    "review_count",
    "parcel_count",
    "settlement_count",
    "traffic_count",
    "social_count",
)
"""The columns of `merchant_days` that count the kinds of FEED_KINDS, in the same order."""
