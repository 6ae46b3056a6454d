"""Puts the search for fraud on the host: its handlers, and the erasure of merchants who ask for it."""

from __future__ import annotations

from typing import Final

from sycee_service.bus import Bus, CloudEvent
from sycee_service.database import Database
from sycee_service.host import Host

from sycee_scoring.handlers.fraud import FraudHandlers
from sycee_scoring.service.fraud import FraudService
from sycee_scoring.settings import Settings
from sycee_scoring.store.fraud import FraudStore

ERASED: Final = "sycee.ingestion.merchant_erased.v1"
ERASURES: Final = "scoring-fraud-erasures"


async def keep_fraud(host: Host[Settings], database: Database, bus: Bus) -> FraudHandlers:
    """The handlers; from now on merchants are forgotten that ingestion says were erased."""
    store = FraudStore(database)

    async def erase(event: CloudEvent) -> None:
        await store.erase(event.subject)

    await bus.consume(ERASURES, ERASED, erase)
    return FraudHandlers(FraudService(store, host.clock))
