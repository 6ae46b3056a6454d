"""Puts the service together and runs it."""

from __future__ import annotations

from datetime import timedelta

from sycee.compliance.v1 import compliance_pb2, compliance_pb2_grpc
from sycee_service.errors import FailedPrecondition
from sycee_service.host import Host, StartRefusedError, serve

from sycee_compliance.access import ACCESS
from sycee_compliance.handlers import ComplianceHandlers
from sycee_compliance.merkle_log import MerkleLog
from sycee_compliance.rulebook import load_rulebook
from sycee_compliance.screening_desk import ScreeningDesk
from sycee_compliance.service import ComplianceService
from sycee_compliance.settings import Settings
from sycee_compliance.signing import HeadSigner, SigningKeyError, read_signing_key
from sycee_compliance.store import ConsentStore, LogStore

KEEPS_ITS_PROMISE = frozenset({"AppendRecord"})
"""RPCs whose own store makes them idempotent: the log commits for many callers at once."""


def main() -> None:
    """The command `sycee-compliance`."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Wires the service. Raises StartRefusedError when the log's key or name cannot be used."""
    settings = host.settings
    database = await host.database("sycee_compliance.migrations")
    await host.bus()
    leaves = LogStore(database)
    try:
        signer = HeadSigner(settings.log_id, read_signing_key(settings.log_key_file))
        await leaves.open(settings.log_id)
    except (SigningKeyError, FailedPrecondition) as error:
        raise StartRefusedError(str(error)) from error
    bounds = {"waiting_max": settings.append_waiting_max, "batch_max": settings.append_batch_max}
    log = MerkleLog(leaves, signer, host.clock, **bounds)
    desk = ScreeningDesk(settings.screening_list, timedelta(hours=settings.screening_max_age_h), host.clock)
    desk.load()
    service = ComplianceService(ConsentStore(database), log, load_rulebook(), desk, host.clock)
    host.background("append", log.run)
    host.background("screening lists", lambda: desk.renew(settings.screening_reload_s))
    host.add_check("screening", desk.check)
    host.add(
        ComplianceHandlers(service),
        compliance_pb2_grpc.add_ComplianceServiceServicer_to_server,
        compliance_pb2.DESCRIPTOR.services_by_name["ComplianceService"],
        ACCESS,
        own_idempotency=KEEPS_ITS_PROMISE,
    )
