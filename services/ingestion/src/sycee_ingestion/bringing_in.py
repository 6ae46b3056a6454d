"""Puts together what brings events in beside PublishEvents: imports, subscriptions, the quarantine."""

from __future__ import annotations

from sycee_service.host import Host, StartRefusedError

from sycee_ingestion.connectors.registry import BadConnectorError, connectors
from sycee_ingestion.files import ImportRoot
from sycee_ingestion.handlers.imports import ImportHandlers
from sycee_ingestion.importing import Importer
from sycee_ingestion.intake import Intake
from sycee_ingestion.planning import Planner
from sycee_ingestion.publishing import Publisher
from sycee_ingestion.releasing import Releaser
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.service.imports import ImportService, QuarantineService
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.quarantine import QuarantineStore
from sycee_ingestion.subscribing import Subscriber
from sycee_ingestion.subscriptions import BadSubscriptionsError, Subscription, read_subscriptions
from sycee_ingestion.suggesting import Suggester

_DIGEST_BYTES = 16


def bring_in(
    host: Host[Settings],
    sealer: Sealer,
    publisher: Publisher,
    merchants: MerchantStore,
    *,
    imports: ImportStore,
    quarantine: QuarantineStore,
) -> ImportHandlers:
    """Gives the RPCs, and `host` the background work. Raises StartRefusedError for what is configured wrongly."""
    settings, clock = host.settings, host.clock
    subscriptions = _checked(settings)
    planner = Planner(None if settings.import_root is None else ImportRoot(settings.import_root))
    intake = Intake(publisher, merchants, quarantine, clock)

    def digest(text: str) -> str:
        return sealer.digest(text, "imported").hex()[: 2 * _DIGEST_BYTES]

    importer = Importer(
        imports,
        quarantine,
        intake,
        planner,
        digest=digest,
        clock=clock,
        poll_s=settings.import_poll_ms / 1000,
        most_held=settings.import_held_most,
    )
    host.background("importer", importer.run)
    for one in subscriptions:
        subscriber = Subscriber(
            one,
            intake,
            quarantine,
            url=settings.nats_url or "",
            digest=digest,
            clock=clock,
            metrics=host.metrics,
            in_flight=settings.subscription_in_flight,
        )
        host.background(f"subscription {one.durable}", subscriber.run)
    mappings = {one.durable: one.mapping_yaml for one in subscriptions}
    releaser = Releaser(imports, quarantine, intake, planner, digest=digest, clock=clock, subscriptions=mappings)
    suggester = Suggester(planner, digest, clock)
    service = ImportService(imports, planner, suggester, clock, settings.watch_interval_ms / 1000)
    return ImportHandlers(service, QuarantineService(quarantine, releaser))


def _checked(settings: Settings) -> tuple[Subscription, ...]:
    """The subscriptions, after a look at what is installed."""
    try:
        connectors()
        return read_subscriptions(settings.subscriptions_file)
    except BadConnectorError as error:
        raise StartRefusedError(str(error)) from error
    except (BadSubscriptionsError, OSError) as error:
        raise StartRefusedError(f"the subscriptions cannot be read: {error}") from error
