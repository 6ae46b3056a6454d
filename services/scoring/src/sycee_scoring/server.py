"""Starts the scoring server: `sycee-scoring`."""

from __future__ import annotations

import math

from sycee.scoring.v1 import scoring_pb2, scoring_pb2_grpc
from sycee_service.host import Host, serve

from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.handlers import ACCESS, ScoringHandlers
from sycee_scoring.model_files import ModelRefusedError, load_application_model
from sycee_scoring.service import ScoringService
from sycee_scoring.settings import Settings


def main() -> None:
    """Serves until told to stop."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Loads the model, which checks its digest, and puts the service on the host. A model that is refused stops the
    start."""
    model = load_application_model()

    async def model_answers() -> None:
        _check(model)

    host.add_check("application-model", model_answers)
    host.add(
        ScoringHandlers(ScoringService(model)),
        scoring_pb2_grpc.add_ScoringServiceServicer_to_server,
        scoring_pb2.DESCRIPTOR.services_by_name["ScoringService"],
        ACCESS,
    )


def _check(model: ApplicationModel) -> None:
    if not math.isfinite(model.log_odds(model.reference)):
        raise ModelRefusedError(f"{model.version} gives no number for its reference applicant")
