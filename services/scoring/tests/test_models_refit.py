"""The whole way: outcomes in the database, a refit of the combination, two people, and the score that follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outcome_books import COMPONENTS, loans
from outcome_desk import NOW, Desk, desk
from registry_models import person
from scoring_merchants import request
from sycee.scoring.v1 import model_pb2
from sycee_scoring.domain.scale import BASE_LOG_ODDS, log_odds
from sycee_scoring.outcomes import noted
from sycee_scoring.store.outcomes import OutcomeStore
from sycee_scoring.store.score_rows import Lineup, Note
from sycee_service.testing import until

__all__ = ["desk"]

COMBINATION = model_pb2.MODEL_COMPONENT_COMBINATION
LINEUP = Lineup("", "combined-1", COMPONENTS, ("structural-1", "application-1", "bureau-1"), noted.NAMES)


async def keep(desk: Desk, count: int) -> None:
    """A book whose truth gives the second component more weight than the first."""
    notes, outcomes = [], []
    for number, loan in enumerate(loans(count, -2.0, (0.6, 1.5, 0.3), seed=11)):
        at = datetime(loan.scored_on.year, loan.scored_on.month, loan.scored_on.day, 3, tzinfo=UTC)
        notes.append(
            Note(
                lineup=LINEUP,
                merchant_id=loan.outcome.merchant_id,
                as_of_day=loan.scored_on,
                scored_on=loan.scored_on,
                scored_at=at + timedelta(seconds=number),
                default_probability=loan.default_probability,
                log_odds=log_odds(loan.default_probability),
                coverage=loan.coverage,
                component_log_odds=[BASE_LOG_ODDS + loan.evidence.get(name, 0.0) / 0.5 for name in COMPONENTS],
                component_weights=[0.5] * len(COMPONENTS),
                features=[float("nan")] * len(noted.NAMES),
            )
        )
        outcomes.append(loan.outcome)
    await desk.scores.add(notes)
    await OutcomeStore(desk.database).record(outcomes, NOW)


async def test_a_refit_from_own_outcomes_comes_into_the_score_by_two_people(desk: Desk) -> None:
    await keep(desk, 400)
    before = (await desk.stub.Score(request())).score
    wish = model_pb2.TrainModelRequest(
        request_id="refit-0001", component=COMBINATION, own_outcomes=model_pb2.OwnOutcomes()
    )
    states = [state async for state in desk.stub.TrainModel(wish, metadata=person("tina"))]
    model = states[-1].model
    assert model.version.startswith("combined-refit+sha256.")
    assert model.row_count > 300
    for number, who in enumerate(("paul", "anna")):
        asked = model_pb2.PromoteModelRequest(
            request_id=f"promote-{number}",
            version=model.version,
            role=model_pb2.MODEL_ROLE_CHAMPION,
            reason="our own outcomes",
        )
        answer = await desk.stub.PromoteModel(asked, metadata=person(who))
    assert answer.in_force

    async def scored_by_it() -> bool:
        return (await desk.stub.Score(request())).score.model_version == model.version

    await until(scored_by_it, timeout_s=4.5)
    after = (await desk.stub.Score(request())).score
    assert after.default_probability.value != before.default_probability.value
    back = model_pb2.RollbackModelRequest(request_id="rollback-1", component=COMBINATION, reason="as before")
    assert (await desk.stub.RollbackModel(back, metadata=person("rita"))).model.version == before.model_version
