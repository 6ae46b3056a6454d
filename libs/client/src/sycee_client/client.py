"""The client: typed stubs of every service over as few channels as there are targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from sycee.compliance.v1 import compliance_pb2, compliance_pb2_grpc
from sycee.decision.v1 import decision_pb2, decision_pb2_grpc
from sycee.esg.v1 import esg_pb2, esg_pb2_grpc
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee.limits.v1 import limits_pb2, limits_pb2_grpc
from sycee.scoring.v1 import scoring_pb2, scoring_pb2_grpc

from sycee_client._stubs import Bearer, wrapped
from sycee_client.transport import MutualTls, edge_channel, plaintext_channel, service_channel

if TYPE_CHECKING:
    from sycee.compliance.v1.compliance_pb2_grpc import ComplianceServiceAsyncStub
    from sycee.decision.v1.decision_pb2_grpc import DecisionServiceAsyncStub
    from sycee.esg.v1.esg_pb2_grpc import EsgServiceAsyncStub
    from sycee.ingestion.v1.ingestion_pb2_grpc import IngestionServiceAsyncStub
    from sycee.limits.v1.limits_pb2_grpc import LimitsServiceAsyncStub
    from sycee.scoring.v1.scoring_pb2_grpc import ScoringServiceAsyncStub

# The stub class and the descriptor of each service, by the name of its attribute.
_SERVICES: Mapping[str, tuple[Callable[[grpc.aio.Channel], Any], ServiceDescriptor]] = {
    "ingestion": (
        ingestion_pb2_grpc.IngestionServiceStub,
        ingestion_pb2.DESCRIPTOR.services_by_name["IngestionService"],
    ),
    "scoring": (scoring_pb2_grpc.ScoringServiceStub, scoring_pb2.DESCRIPTOR.services_by_name["ScoringService"]),
    "esg": (esg_pb2_grpc.EsgServiceStub, esg_pb2.DESCRIPTOR.services_by_name["EsgService"]),
    "limits": (limits_pb2_grpc.LimitsServiceStub, limits_pb2.DESCRIPTOR.services_by_name["LimitsService"]),
    "compliance": (
        compliance_pb2_grpc.ComplianceServiceStub,
        compliance_pb2.DESCRIPTOR.services_by_name["ComplianceService"],
    ),
    "decision": (decision_pb2_grpc.DecisionServiceStub, decision_pb2.DESCRIPTOR.services_by_name["DecisionService"]),
}
# The name that a service's certificate bears where it is not the attribute's.
_CERTIFICATE_NAMES = {"decision": "gateway"}


class SyceeClient:
    """Calls Sycee.

        async with SyceeClient("credit.example.com:443", token=token) as sycee:
            answer = await sycee.decision.Decide(request)

    A stub's RPC is awaited (or iterated over, where it streams) and raises what `sycee_client.errors` draws. Each has a
    default deadline and is tried again where that is safe (`sycee_client.policies`). Make one client and keep it: it
    holds one channel for each target, made in the running event loop.
    """

    def __init__(self, address: str, *, token: str | Callable[[], str], ca: bytes | None = None) -> None:
        """A client of the edge at `address` (host:port).

        `token` is the bearer token, or a function that gives the one to use now. `ca` is the authority that signed the
        edge's certificate, PEM; None means the system's.
        """
        bearer = token if callable(token) else lambda: token
        channel = edge_channel(address, ca, [service for _, service in _SERVICES.values()])
        self._channels = [channel]
        self._stubs = {name: _stub(name, channel, bearer) for name in _SERVICES}

    @classmethod
    def direct(cls, addresses: Mapping[str, str], tls: MutualTls | None) -> Self:
        """A client of single services inside the suite: {"limits": "127.0.0.1:7001", …}, without the edge.

        Each service must show a certificate for its own name. `tls` None means plain text, for tests on one machine.
        Raises ValueError for a service that there is not.
        """
        unknown = addresses.keys() - _SERVICES.keys()
        if unknown:
            raise ValueError(f"no such service: {', '.join(sorted(unknown))}; there are {', '.join(_SERVICES)}")
        client = cls.__new__(cls)
        client._channels = []
        client._stubs = {}
        for name, address in addresses.items():
            channel = _direct_channel(name, address, tls)
            client._channels.append(channel)
            client._stubs[name] = _stub(name, channel, None)
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every channel; calls under way are cancelled."""
        for channel in self._channels:
            await channel.close()

    @property
    def ingestion(self) -> IngestionServiceAsyncStub:
        """Merchants, their events and portraits."""
        return cast("IngestionServiceAsyncStub", self._stub_of("ingestion"))

    @property
    def scoring(self) -> ScoringServiceAsyncStub:
        """Probability of default, score, grade and reasons."""
        return cast("ScoringServiceAsyncStub", self._stub_of("scoring"))

    @property
    def esg(self) -> EsgServiceAsyncStub:
        """Environmental, social and governance standing."""
        return cast("EsgServiceAsyncStub", self._stub_of("esg"))

    @property
    def limits(self) -> LimitsServiceAsyncStub:
        """Products, lenders, quotes, reservations and the ledger."""
        return cast("LimitsServiceAsyncStub", self._stub_of("limits"))

    @property
    def compliance(self) -> ComplianceServiceAsyncStub:
        """Identity, screening, consent, rules and the log."""
        return cast("ComplianceServiceAsyncStub", self._stub_of("compliance"))

    @property
    def decision(self) -> DecisionServiceAsyncStub:
        """Decisions."""
        return cast("DecisionServiceAsyncStub", self._stub_of("decision"))

    def _stub_of(self, name: str) -> object:
        try:
            return self._stubs[name]
        except KeyError:
            raise LookupError(f"this client was given no address for {name}") from None


def _direct_channel(name: str, address: str, tls: MutualTls | None) -> grpc.aio.Channel:
    service = _SERVICES[name][1]
    if tls is None:
        return plaintext_channel(address, service)
    return service_channel(address, _CERTIFICATE_NAMES.get(name, name), tls, service)


def _stub(name: str, channel: grpc.aio.Channel, bearer: Bearer | None) -> object:
    make, service = _SERVICES[name]
    return wrapped(make(channel), service, bearer)
