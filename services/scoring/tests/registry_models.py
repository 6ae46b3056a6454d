"""Small real models for the registry's tests, and servers that keep them."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sycee.scoring.v1 import scoring_pb2, scoring_pb2_grpc
from sycee_scoring.domain import application
from sycee_scoring.domain.additive import AdditiveTable, sizes, term, to_text
from sycee_scoring.domain.goods import GOODS
from sycee_scoring.handlers import METHODS, ScoringHandlers
from sycee_scoring.handlers.models import ACCESS as MODELS
from sycee_scoring.keeping_models import keep_models
from sycee_scoring.model_files import canonical_json
from sycee_scoring.registry.known_loaders import LOADERS
from sycee_scoring.registry.loaders import Loader, packaged
from sycee_scoring.registry.model import Component, Facts, Figure, Package, sha256_hex
from sycee_scoring.registry.serving import Models
from sycee_scoring.service.model_watch import POLL_S
from sycee_scoring.settings import Settings
from sycee_service.access import Allow
from sycee_service.host import Host

Metadata = tuple[tuple[str, str], ...]


def application_package(name: str, step: float, **changes: Any) -> Package:
    """An application model whose log-odds fall by `step` above ten employees. `changes` overwrite the card's serving
    section before its digest is taken."""
    thresholds = ((10.0,), *(() for _ in application.FEATURES[1:]))
    table = AdditiveTable(application.FEATURES, thresholds, 0.0, (term((0,), sizes(thresholds), (0.0, -step, 0.0)),))
    artefact = to_text(table, application.MONOTONE).encode()
    serving: dict[str, Any] = {
        "features": list(application.FEATURES),
        "monotone": list(application.MONOTONE),
        "slope": 1.0,
        "goods_risk": dict.fromkeys(GOODS, 0.0),
        "reference": [5.0, *(0.0 for _ in application.FEATURES[1:])],
        **changes,
    }
    card = {
        "version": name,
        "artefact_sha256": sha256_hex(artefact),
        "serving": serving,
        "serving_sha256": sha256_hex(canonical_json(serving)),
    }
    facts = Facts(1000, 100, Figure(0.6, 0.55, 0.65))
    return packaged(LOADERS[Component.APPLICATION], artefact, card, f"# {name}\n", facts)


SHIPPED = application_package("application-shipped", 0.1)


def loaders_with(package: Package = SHIPPED) -> Mapping[Component, Loader]:
    """The application's real loader, with this package as the one that comes with the code."""
    return {Component.APPLICATION: replace(LOADERS[Component.APPLICATION], shipped=lambda: package)}


class _Rest:
    """The RPCs that are not of models: nobody asks for them here."""

    def __getattr__(self, name: str) -> Any:
        if name in MODELS or name not in METHODS:
            raise AttributeError(name)

        async def absent(_request: Any, context: Any) -> None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "not of models")

        return absent


class Keeper:
    """Builds a server of the models alone; `models` is then what it serves."""

    def __init__(self, loaders: Mapping[Component, Loader] | None = None, poll_s: float = POLL_S) -> None:
        self.loaders = loaders if loaders is not None else loaders_with()
        self.poll_s = poll_s
        self.models = Models()

    @property
    def build(self) -> Callable[[Host[Settings]], Awaitable[None]]:
        """For `running`."""
        return self._build

    async def _build(self, host: Host[Settings]) -> None:
        database = await host.database("sycee_scoring.migrations")
        await host.bus()
        self.models, handlers = await keep_models(host, database, loaders=self.loaders, poll_s=self.poll_s)
        access = {name: MODELS.get(name, Allow(peers=frozenset({"operator"}))) for name in METHODS}
        host.add(
            ScoringHandlers(handlers, _Rest()),
            scoring_pb2_grpc.add_ScoringServiceServicer_to_server,
            scoring_pb2.DESCRIPTOR.services_by_name["ScoringService"],
            access,
        )

    def serves(self) -> str:
        """The version of the application's champion."""
        return self.models.current().champions[Component.APPLICATION].version


def person(name: str, scopes: str = "scoring.models.read scoring.models.write") -> Metadata:
    """Who calls through the edge."""
    payload = base64.urlsafe_b64encode(json.dumps({"sub": name, "scope": scopes}).encode()).decode().rstrip("=")
    return (("x-test-peer", "edge"), ("x-jwt-payload", payload))


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason that the service gave."""
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return ""


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    """Code and reason with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), reason_of(caught.value)
