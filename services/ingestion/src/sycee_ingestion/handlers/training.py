"""Training rows on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow
from sycee_service.wire import time_from_proto, time_to_proto

from sycee_ingestion.features.catalogue import FEATURE_VERSION
from sycee_ingestion.handlers.callers import OPERATOR_ONLY, READ, Context
from sycee_ingestion.service.training import Sample, TrainingService

ACCESS = {"ExportTrainingSet": Allow(scope=READ, peers=OPERATOR_ONLY)}


class TrainingHandlers:
    """ExportTrainingSet."""

    def __init__(self, service: TrainingService) -> None:
        self._service = service

    async def ExportTrainingSet(
        self, request: ingestion_pb2.ExportTrainingSetRequest, _context: Context
    ) -> AsyncIterator[ingestion_pb2.ExportTrainingSetResponse]:
        """Streams training rows."""
        samples = [
            Sample(sample.merchant_id, time_from_proto(f"samples[{index}].as_of", sample.as_of))
            for index, sample in enumerate(request.samples)
        ]
        names = self._service.names(request.feature_names)
        then = request.knowledge != ingestion_pb2.ExportTrainingSetRequest.KNOWLEDGE_NOW
        shown = names
        async for rows in self._service.rows(samples, names, then=then):
            answer = ingestion_pb2.ExportTrainingSetResponse(feature_names=shown, feature_version=FEATURE_VERSION)
            shown = []
            for row in rows:
                made = answer.rows.add(merchant_id=row.sample.merchant_id, values=row.values)
                made.as_of.CopyFrom(time_to_proto(row.sample.as_of))
            yield answer
