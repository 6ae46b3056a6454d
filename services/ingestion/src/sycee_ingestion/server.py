"""The server: `sycee-ingestion`."""

from __future__ import annotations

from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_service.host import Host, StartRefusedError, serve

from sycee_ingestion.announcing import Announcer
from sycee_ingestion.files import ImportRoot
from sycee_ingestion.handlers import ACCESS, OWN_VALIDATION, IngestionHandlers
from sycee_ingestion.importing import Importer
from sycee_ingestion.portraits import PortraitCache
from sycee_ingestion.publishing import Publisher
from sycee_ingestion.sealing import Sealer, read_key
from sycee_ingestion.service import IngestionService
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.events import EventStore
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.profiles import ProfileStore


def main() -> None:
    """Runs the server until it is told to stop."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Puts the service together."""
    settings, clock = host.settings, host.clock
    sealer = _sealer(settings)
    database = await host.database("sycee_ingestion.migrations")
    await host.bus()
    merchants, imports, events = MerchantStore(database, sealer), ImportStore(database), EventStore(database)
    publisher = Publisher(events, clock)
    root = None if settings.import_root is None else ImportRoot(settings.import_root)
    importer = Importer(imports, merchants, publisher, root, clock, poll_s=settings.import_poll_ms / 1000)
    service = IngestionService(
        merchants,
        ProfileStore(database, sealer),
        imports,
        importer=importer,
        portraits=PortraitCache(settings.portraits_kept),
        clock=clock,
        watch_interval_s=settings.watch_interval_ms / 1000,
    )
    host.background("importer", importer.run)
    host.background("announcer", Announcer(events, settings.announce_interval_ms / 1000).run)
    host.add(
        IngestionHandlers(service, publisher, clock),
        ingestion_pb2_grpc.add_IngestionServiceServicer_to_server,
        ingestion_pb2.DESCRIPTOR.services_by_name["IngestionService"],
        ACCESS,
        own_validation=OWN_VALIDATION,
    )


def _sealer(settings: Settings) -> Sealer:
    try:
        return Sealer(read_key(settings.data_key_file))
    except (OSError, ValueError) as error:
        raise StartRefusedError(f"the data key cannot be read: {error}") from error
