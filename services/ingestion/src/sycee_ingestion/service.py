"""What the service does for its callers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sycee_ingestion import domain
from sycee_ingestion.domain.imports import Import, ImportState
from sycee_ingestion.domain.merchant import Identity, Merchant, flaws
from sycee_ingestion.domain.event import CLOCK_SKEW, EARLIEST_DAY
from sycee_ingestion.domain.profile import Profile, portray
from sycee_ingestion.importing import Importer
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.profiles import ProfileStore
from sycee_service.clock import Clock, business_day
from sycee_service.errors import InvalidArgument, NotFound, Violation

DEFAULT_PAGE_SIZE = 50


class IngestionService:
    """Use cases over the stores; `watch_interval_s` is how often a watched import is looked at."""

    def __init__(
        self,
        merchants: MerchantStore,
        profiles: ProfileStore,
        imports: ImportStore,
        importer: Importer,
        clock: Clock,
        *,
        watch_interval_s: float,
    ) -> None:
        self._merchants = merchants
        self._profiles = profiles
        self._imports = imports
        self._importer = importer
        self._clock = clock
        self._watch_interval_s = watch_interval_s
