"""Starts the ESG service."""

from __future__ import annotations

from sycee.esg.v1 import esg_pb2, esg_pb2_grpc
from sycee_service.host import Host, serve

from sycee_esg.access import ACCESS
from sycee_esg.catalogue import load_catalogue
from sycee_esg.handlers import EsgHandlers
from sycee_esg.service import EsgService
from sycee_esg.settings import Settings


def main() -> None:
    """Runs until it is told to stop."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Puts the service together. A book that does not hold together stops the start."""
    service = EsgService(load_catalogue(), host.clock)
    host.add_check("factors", service.check_factors)
    descriptor = esg_pb2.DESCRIPTOR.services_by_name["EsgService"]
    host.add(EsgHandlers(service), esg_pb2_grpc.add_EsgServiceServicer_to_server, descriptor, ACCESS)
