"""Starts the scoring server: `sycee-scoring`."""

from __future__ import annotations

import math

from sycee.scoring.v1 import scoring_pb2, scoring_pb2_grpc
from sycee_service.host import Host, serve

from sycee_scoring.handlers import ACCESS, OWN_VALIDATION, ScoringHandlers
from sycee_scoring.handlers.distress import DistressHandlers
from sycee_scoring.handlers.explaining import ExplainHandlers
from sycee_scoring.handlers.scores import ScoreHandlers
from sycee_scoring.keeping_fraud import keep_fraud
from sycee_scoring.keeping_models import keep_models
from sycee_scoring.keeping_outcomes import keep_outcomes
from sycee_scoring.registry.serving import Models
from sycee_scoring.service.distress import DistressService
from sycee_scoring.service.explaining import ExplainingService
from sycee_scoring.service.scores import ScoringService
from sycee_scoring.settings import Settings


def main() -> None:
    """Serves until told to stop."""
    serve(Settings, build)


async def build(host: Host[Settings]) -> None:
    """Puts the service together. A model in force whose digest or schema is not what the registry says stops the
    start."""
    database = await host.database("sycee_scoring.migrations")
    bus = await host.bus()
    models, model_handlers = await keep_models(host, database)
    outcomes = await keep_outcomes(host, database, bus, models, models.panel)
    scoring = ScoringService(models.panel)

    async def models_answer() -> None:
        _check(models)

    host.add_check("models", models_answer)
    host.add(
        ScoringHandlers(
            ScoreHandlers(scoring, outcomes.notes),
            ExplainHandlers(ExplainingService(scoring, models.panel)),
            DistressHandlers(DistressService(models.distress)),
            await keep_fraud(host, database, bus),
            model_handlers,
            outcomes.handlers,
        ),
        scoring_pb2_grpc.add_ScoringServiceServicer_to_server,
        scoring_pb2.DESCRIPTOR.services_by_name["ScoringService"],
        ACCESS,
        own_validation=OWN_VALIDATION,
    )


def _check(models: Models) -> None:
    """Raises where the model in force gives no number for its reference applicant."""
    application = models.panel().application
    if not math.isfinite(application.log_odds(application.reference)):
        raise ValueError(f"{application.version} gives no number for its reference applicant")
