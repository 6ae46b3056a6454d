"""Composes the service and runs it."""

from __future__ import annotations

from datetime import timedelta

from sycee.decision.v1 import decision_pb2, decision_pb2_grpc
from sycee_client import MutualTls, SyceeClient
from sycee_service.host import Host, serve

from sycee_gateway.catalogue import Catalogue
from sycee_gateway.handlers import ACCESS, OWN_IDEMPOTENCY, DecisionHandlers
from sycee_gateway.metrics import DecisionMetrics
from sycee_gateway.peers import GrpcPeers
from sycee_gateway.policy_file import load_policies, load_policy
from sycee_gateway.seals import Seals
from sycee_gateway.service import DecisionService
from sycee_gateway.settings import Settings
from sycee_gateway.store import DecisionStore
from sycee_gateway.sweeper import Sweeper


def main() -> None:
    """Runs the gateway until it is told to stop."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Puts the parts together."""
    settings = host.settings
    client = SyceeClient.direct(settings.addresses(), _tls(settings))
    host.on_close(client.close)
    database = await host.database("sycee_gateway.migrations")
    await host.bus()
    decisions = DecisionStore(database, timedelta(milliseconds=settings.unfinished_after_ms))
    peers = GrpcPeers(client, settings.deadlines())
    seals = Seals(decisions)
    metrics = DecisionMetrics(host.metrics.registry)
    service = DecisionService(
        decisions=decisions,
        peers=peers,
        catalogue=Catalogue(peers, host.clock, timedelta(seconds=settings.catalogue_max_age_s)),
        seals=seals,
        policy=load_policy(settings.policy),
        policies=load_policies(),
        clock=host.clock,
        metrics=metrics,
        max_under_way=settings.max_decisions_under_way,
    )
    every = timedelta(milliseconds=settings.sweep_interval_ms)
    sweeper = Sweeper(decisions, service, host.clock, metrics, every)
    host.background("seals", seals.run)
    host.background("sweeper", sweeper.run)
    host.on_close(service.drain)
    host.add(
        DecisionHandlers(service),
        decision_pb2_grpc.add_DecisionServiceServicer_to_server,
        decision_pb2.DESCRIPTOR.services_by_name["DecisionService"],
        ACCESS,
        OWN_IDEMPOTENCY,
    )


def _tls(settings: Settings) -> MutualTls | None:
    """The gateway's own certificate, shown to the other services too; None in tests without TLS."""
    if settings.tls_ca is None or settings.tls_cert is None or settings.tls_key is None:
        return None
    return MutualTls.from_files(settings.tls_ca, settings.tls_cert, settings.tls_key)
