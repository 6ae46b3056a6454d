"""Puts the service together and runs it."""

from sycee.limits.v1 import limits_pb2, limits_pb2_grpc
from sycee_service.host import Host, StartRefusedError, serve

from sycee_limits.access import ACCESS
from sycee_limits.catalogue_files import CatalogueError, load_catalogue
from sycee_limits.handlers import LimitsHandlers
from sycee_limits.service import LimitsService
from sycee_limits.settings import Settings
from sycee_limits.store import LimitsStore
from sycee_limits.sweeper import Sweeper


def main() -> None:
    """The command `sycee-limits`."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Wires the service."""
    settings = host.settings
    try:
        catalogue = load_catalogue(settings.catalogue)
    except CatalogueError as error:
        raise StartRefusedError(f"the catalogue cannot be used: {error}") from error
    database = await host.database("sycee_limits.migrations")
    await host.bus()
    service = LimitsService(LimitsStore(database), catalogue, host.clock)
    await service.open_books()
    sweeper = Sweeper(service, interval_s=settings.sweep_interval_ms / 1000, batch=settings.sweep_batch)
    host.background("expiry", sweeper.run)
    host.add(
        LimitsHandlers(service),
        limits_pb2_grpc.add_LimitsServiceServicer_to_server,
        limits_pb2.DESCRIPTOR.services_by_name["LimitsService"],
        ACCESS,
    )
