"""The server: `sycee-ingestion`."""

from __future__ import annotations

from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_service.host import Host, serve

from sycee_ingestion.bringing_in import bring_in
from sycee_ingestion.guarding import guard, open_database
from sycee_ingestion.handlers import ACCESS, OWN_VALIDATION, IngestionHandlers
from sycee_ingestion.handlers.events import EventHandlers
from sycee_ingestion.handlers.links import LinkHandlers
from sycee_ingestion.handlers.merchants import MerchantHandlers
from sycee_ingestion.publishing import Publisher
from sycee_ingestion.receiving import receive_documents
from sycee_ingestion.service.links import LinkService
from sycee_ingestion.service.merchants import MerchantService
from sycee_ingestion.settings import Settings
from sycee_ingestion.showing import show_portraits
from sycee_ingestion.store.documents import DocumentStore
from sycee_ingestion.store.events import EventStore
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.links import LinkStore
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.quarantine import QuarantineStore


def main() -> None:
    """Runs the server until it is told to stop."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Puts the service together."""
    clock = host.clock
    database, sealer = await open_database(host)
    await host.bus()
    merchants, imports, events = MerchantStore(database, sealer), ImportStore(database), EventStore(database)
    quarantine = QuarantineStore(database, sealer)
    documents = DocumentStore(database, sealer)
    privacy_handlers, access_log = guard(host, database, sealer, quarantine=quarantine, documents=documents)
    publisher = Publisher(events, clock)
    import_handlers = bring_in(host, sealer, publisher, merchants, imports=imports, quarantine=quarantine)
    host.add(
        IngestionHandlers(
            MerchantHandlers(MerchantService(merchants, clock), clock),
            LinkHandlers(LinkService(LinkStore(database, sealer), clock)),
            privacy_handlers,
            EventHandlers(publisher),
            import_handlers,
            receive_documents(host, documents, access_log),
            *show_portraits(host, database, sealer, access_log),
        ),
        ingestion_pb2_grpc.add_IngestionServiceServicer_to_server,
        ingestion_pb2.DESCRIPTOR.services_by_name["IngestionService"],
        ACCESS,
        own_validation=OWN_VALIDATION,
    )
