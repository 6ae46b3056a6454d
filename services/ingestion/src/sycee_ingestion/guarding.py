"""Puts together what guards personal data: keys, the access log, exports and erasures, and what is cleared away."""

from __future__ import annotations

from sycee_service.database import Database
from sycee_service.errors import FailedPrecondition
from sycee_service.host import Host, StartRefusedError

from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.handlers.privacy import PrivacyHandlers
from sycee_ingestion.retention import Retention, steps
from sycee_ingestion.sealing import Keyring, Sealer, read_keys
from sycee_ingestion.service.privacy import PrivacyService
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.accesses import AccessStore
from sycee_ingestion.store.documents import DocumentStore
from sycee_ingestion.store.erasures import ErasureStore
from sycee_ingestion.store.exports import ExportStore
from sycee_ingestion.store.keys import open_sealer
from sycee_ingestion.store.quarantine import QuarantineStore


async def open_database(host: Host[Settings]) -> tuple[Database, Sealer]:
    """The database and what opens its sealed values. Raises StartRefusedError when the data key does not."""
    try:
        keyring = Keyring(read_keys(host.settings.data_key_file))
    except (OSError, ValueError) as error:
        raise StartRefusedError(f"the data key cannot be read: {error}") from error
    database = await host.database("sycee_ingestion.migrations")
    try:
        return database, await open_sealer(database, keyring)
    except FailedPrecondition as error:
        raise StartRefusedError(f"the data key does not fit this database: {error.message}") from error


def guard(
    host: Host[Settings], database: Database, sealer: Sealer, *, quarantine: QuarantineStore, documents: DocumentStore
) -> tuple[PrivacyHandlers, AccessLog]:
    """The handlers of what people may ask of their data, and the log of who reads it; its tasks run with the host."""
    settings, clock = host.settings, host.clock
    accesses = AccessStore(database)
    log, erasures = AccessLog(accesses, clock), ErasureStore(database, sealer, accesses, quarantine, documents)
    clearing = steps(
        database,
        sealer,
        accesses=accesses,
        erasures=erasures,
        quarantine=quarantine,
        quarantine_kept_days=settings.quarantine_kept_days,
    )
    host.background("access log", log.run)
    host.on_close(log.flush)
    host.background("retention", Retention(database, clearing, clock, settings.retention_hour).run)
    service = PrivacyService(ExportStore(database, sealer, documents), erasures, accesses, log, clock)
    return PrivacyHandlers(service), log
