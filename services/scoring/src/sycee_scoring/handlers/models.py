"""The life of models: convert, call, convert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import model_pb2
from sycee_service.access import Allow, current_caller
from sycee_service.idempotency import digest_of

from sycee_scoring.convert.models import component_from_proto, model_to_proto, role_from_proto
from sycee_scoring.convert.training import progress_to_proto, wish_from_proto
from sycee_scoring.registry.model import Model
from sycee_scoring.service.model_training import ModelTraining, Request
from sycee_scoring.service.models import ModelService

READ, WRITE = "scoring.models.read", "scoring.models.write"
_OPERATOR = frozenset({"operator"})

ACCESS: Final = {
    "TrainModel": Allow(scope=WRITE, peers=_OPERATOR),
    "ListModels": Allow(scope=READ, peers=_OPERATOR),
    "GetModel": Allow(scope=READ, peers=_OPERATOR),
    "PromoteModel": Allow(scope=WRITE, peers=_OPERATOR),
    "RollbackModel": Allow(scope=WRITE, peers=_OPERATOR),
}

Context = grpc.aio.ServicerContext[Any, Any]


class ModelHandlers:
    """TrainModel, ListModels, GetModel, PromoteModel, RollbackModel."""

    def __init__(self, service: ModelService, training: ModelTraining) -> None:
        self._service = service
        self._training = training

    async def TrainModel(
        self, request: model_pb2.TrainModelRequest, _context: Context
    ) -> AsyncIterator[model_pb2.TrainModelResponse]:
        """Trains a candidate, telling how far it is."""
        caller = current_caller()
        asked = Request(caller.key, caller.subject, request.request_id, digest_of(request))
        async for state in self._training.train(asked, wish_from_proto(request)):
            if isinstance(state, Model):
                yield model_pb2.TrainModelResponse(model=model_to_proto(state))
            else:
                yield model_pb2.TrainModelResponse(progress=progress_to_proto(state))

    async def ListModels(self, request: model_pb2.ListModelsRequest, _context: Context) -> model_pb2.ListModelsResponse:
        """A page of models."""
        page = await self._service.page(request.component, request.role, request.page_size, request.page_token)
        return model_pb2.ListModelsResponse(
            models=[model_to_proto(model) for model in page.models], next_page_token=page.next_page_token
        )

    async def GetModel(self, request: model_pb2.GetModelRequest, _context: Context) -> model_pb2.GetModelResponse:
        """A model with its card."""
        return model_pb2.GetModelResponse(model=model_to_proto(await self._service.get(request.version)))

    async def PromoteModel(
        self, request: model_pb2.PromoteModelRequest, _context: Context
    ) -> model_pb2.PromoteModelResponse:
        """Proposes a role, or puts what another person proposed in force."""
        role, caller = role_from_proto(request.role), current_caller().subject
        model, in_force = await self._service.promote(request.version, role, request.reason, caller)
        return model_pb2.PromoteModelResponse(model=model_to_proto(model), in_force=in_force)

    async def RollbackModel(
        self, request: model_pb2.RollbackModelRequest, _context: Context
    ) -> model_pb2.RollbackModelResponse:
        """Puts the champion before back in force."""
        component, caller = component_from_proto(request.component), current_caller().subject
        model = await self._service.roll_back(component, request.reason, caller)
        return model_pb2.RollbackModelResponse(model=model_to_proto(model))
