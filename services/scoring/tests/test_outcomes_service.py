"""Outcomes and comparison through the real server, with PostgreSQL: recorded once, listed by page, compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from google.type.date_pb2 import Date
from outcome_books import FIRST, loans
from outcome_desk import NOW, Desk, desk
from sqlalchemy import Connection, MetaData, Table, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sycee.scoring.v1 import model_pb2, outcome_pb2
from sycee_scoring.domain.scale import BASE_LOG_ODDS, log_odds
from sycee_scoring.outcomes import noted
from sycee_scoring.outcomes.rows import ScoredLoan, outcome_rows
from sycee_scoring.schema import metadata
from sycee_scoring.schema import outcomes as tables
from sycee_scoring.settings import Settings
from sycee_scoring.store.outcomes import OutcomeStore
from sycee_scoring.store.score_rows import Lineup, Note

__all__ = ["desk"]

CHAMPION, CHALLENGER, OTHER = "application-1+sha256.aaaaaaaaaaaa", "application-2+sha256.bbbbbbbbbbbb", "bureau-1"
COMPONENTS = ("structural", "application", "bureau")
VERSIONS = ("structural-1", CHAMPION, OTHER)


def day(of: date) -> Date:
    return Date(year=of.year, month=of.month, day=of.day)


def told(loan_id: str = "loan-1", until: date = date(2026, 3, 1), **changes: Any) -> outcome_pb2.Outcome:
    message = outcome_pb2.Outcome(
        loan_id=loan_id, merchant_id="shop-1", opened_on=day(date(2025, 6, 1)), observed_until=day(until)
    )
    for name, value in changes.items():
        if isinstance(value, date):
            getattr(message, name).CopyFrom(day(value))
        else:
            setattr(message, name, value)
    return message


def recording(request_id: str, *outcomes: outcome_pb2.Outcome) -> outcome_pb2.RecordOutcomesRequest:
    return outcome_pb2.RecordOutcomesRequest(request_id=request_id, outcomes=outcomes)


async def test_a_longer_observed_outcome_replaces_and_a_shorter_does_not(desk: Desk) -> None:
    first = await desk.stub.RecordOutcomes(recording("request-1", told(), told("loan-2")))
    assert (first.recorded_count, first.unchanged_count) == (2, 0)
    longer = told(until=date(2026, 5, 1), defaulted_on=date(2026, 4, 1))
    again = await desk.stub.RecordOutcomes(recording("request-2", longer, told("loan-2")))
    assert (again.recorded_count, again.unchanged_count) == (1, 1)
    shorter = await desk.stub.RecordOutcomes(recording("request-3", told(until=date(2026, 1, 1))))
    assert (shorter.recorded_count, shorter.unchanged_count) == (0, 1)
    listed = (await desk.stub.ListOutcomes(outcome_pb2.ListOutcomesRequest())).outcomes
    assert list(listed) == [longer, told("loan-2")]


async def test_of_one_loan_twice_in_a_request_the_longest_observed_counts(desk: Desk) -> None:
    longer = told(until=date(2026, 5, 1), closed_on=date(2026, 4, 1))
    done = await desk.stub.RecordOutcomes(recording("request-1", told(), longer, told()))
    assert (done.recorded_count, done.unchanged_count) == (1, 2)
    assert list((await desk.stub.ListOutcomes(outcome_pb2.ListOutcomesRequest())).outcomes) == [longer]


async def test_the_same_request_gives_the_same_answer_and_another_under_its_name_is_refused(desk: Desk) -> None:
    asked = recording("request-1", told())
    first, second = await desk.stub.RecordOutcomes(asked), await desk.stub.RecordOutcomes(asked)
    assert first == second
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.stub.RecordOutcomes(recording("request-1", told("loan-9")))
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS


@pytest.mark.parametrize(
    ("spoilt", "field"),
    [
        (told(until=date(2026, 11, 25)), "observed_until"),
        (told(until=date(2025, 5, 31)), "opened_on"),
        (told(defaulted_on=date(2026, 3, 2)), "defaulted_on"),
        (told(closed_on=date(2025, 5, 1)), "closed_on"),
        (told(defaulted_on=date(2026, 2, 1), closed_on=date(2026, 1, 1)), "defaulted_on"),
        (told(loan_id="no loan"), "loan_id"),
        (outcome_pb2.Outcome(loan_id="a", merchant_id="b"), "opened_on"),
        (outcome_pb2.Outcome(loan_id="a", merchant_id="b", opened_on=Date(year=2025, month=2, day=30)), "opened_on"),
    ],
)
async def test_days_that_cannot_be_are_refused_with_their_field(
    desk: Desk, spoilt: outcome_pb2.Outcome, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.stub.RecordOutcomes(recording("request-1", told(), spoilt))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert f"outcomes[1].{field}" in caught.value.details()
    assert not (await desk.stub.ListOutcomes(outcome_pb2.ListOutcomesRequest())).outcomes


async def test_a_loan_stays_with_who_borrowed_it(desk: Desk) -> None:
    await desk.stub.RecordOutcomes(recording("request-1", told()))
    for number, outcomes in enumerate(
        ([told(merchant_id="shop-2", until=date(2026, 6, 1))], [told("loan-3"), told("loan-3", merchant_id="shop-2")])
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.stub.RecordOutcomes(recording(f"request-{number + 2}", *outcomes))
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_pages_hold_every_loan_once(desk: Desk) -> None:
    names = [f"loan-{number:02d}" for number in range(7)]
    await desk.stub.RecordOutcomes(recording("request-1", *(told(name) for name in names)))
    await desk.stub.RecordOutcomes(recording("request-2", told("other", merchant_id="shop-2")))
    seen, token = [], ""
    while True:
        page = await desk.stub.ListOutcomes(
            outcome_pb2.ListOutcomesRequest(merchant_id="shop-1", page_size=3, page_token=token)
        )
        seen += [outcome.loan_id for outcome in page.outcomes]
        token = page.next_page_token
        if not token:
            break
    assert seen == names
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.stub.ListOutcomes(outcome_pb2.ListOutcomesRequest(page_token="x"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("peer", "records", "reads"), [("operator", True, True), ("limits", True, False), ("gateway", False, False)]
)
async def test_who_may_do_what(desk: Desk, peer: str, records: bool, reads: bool) -> None:
    metadata = (("x-test-peer", peer),)
    for allowed, call in (
        (records, desk.stub.RecordOutcomes(recording("request-1", told()), metadata=metadata)),
        (reads, desk.stub.ListOutcomes(outcome_pb2.ListOutcomesRequest(), metadata=metadata)),
    ):
        if allowed:
            await call
        else:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def notes_of(loan: ScoredLoan, at: datetime, *, challenger: bool = True) -> list[Note]:
    """What was noted when the loan was scored: by the champions and, seeing half as well, by the challenger."""
    base = Note(
        lineup=Lineup("", "combined-1", COMPONENTS, VERSIONS, noted.NAMES),
        merchant_id=loan.outcome.merchant_id,
        as_of_day=loan.scored_on,
        scored_on=loan.scored_on,
        scored_at=at,
        default_probability=loan.default_probability,
        log_odds=log_odds(loan.default_probability),
        coverage=loan.coverage,
        component_log_odds=[BASE_LOG_ODDS + loan.evidence.get(name, 0.0) / 0.5 for name in COMPONENTS],
        component_weights=[0.5] * 3,
        features=[float("nan")] * len(noted.NAMES),
    )
    lineup = Lineup(CHALLENGER, "combined-1", COMPONENTS, ("structural-1", CHALLENGER, OTHER), noted.NAMES)
    other = replace(base, lineup=lineup, default_probability=0.5 * loan.default_probability + 0.03)
    return [base, other] if challenger else [base]


async def kept(desk: Desk, count: int) -> list[ScoredLoan]:
    """A book in the database, each loan scored twice on its day, of which the later one counts."""
    some = [
        replace(loan, outcome=replace(loan.outcome, merchant_id=f"shop-of-{loan.outcome.loan_id}"))
        for loan in loans(count, -2.4, (0.6, 1.5, 0.3), seed=11)
    ]
    notes = []
    for loan in some:
        at = datetime(loan.scored_on.year, loan.scored_on.month, loan.scored_on.day, 3, tzinfo=UTC)
        stale = replace(loan, default_probability=0.5, evidence={})
        notes += notes_of(stale, at) + notes_of(loan, at + timedelta(seconds=int(loan.outcome.loan_id[-6:])))
    await desk.scores.add(notes)
    await OutcomeStore(desk.database).record([loan.outcome for loan in some], NOW)
    return some


async def test_models_are_compared_on_the_loans_that_both_scored(desk: Desk) -> None:
    some = await kept(desk, 600)
    asked = model_pb2.CompareModelsRequest(champion_version=CHAMPION, challenger_version=CHALLENGER)
    found = await desk.stub.CompareModels(asked)
    bads = sum(loan.outcome.defaulted_on is not None for loan in some)
    assert (found.total.count, found.total.bad_count, found.immature_count) == (600, bads, 0)
    assert found.total.champion_mean_probability == pytest.approx(sum(loan.default_probability for loan in some) / 600)
    assert found.auc_difference.value == pytest.approx(0.0, abs=1e-9)  # the same order
    assert found.brier_difference.value > 0.0  # less true
    assert [vintage.month.month for vintage in found.vintages] == list(range(1, 13))
    some_months = model_pb2.CompareModelsRequest(
        champion_version=CHAMPION,
        challenger_version=CHALLENGER,
        first_day=day(date(2024, 3, 1)),
        last_day=day(date(2024, 8, 31)),
    )
    assert [v.month.month for v in (await desk.stub.CompareModels(some_months)).vintages] == list(range(3, 9))


@pytest.mark.parametrize(
    ("champion", "challenger", "code"),
    [
        (CHAMPION, "application-9", grpc.StatusCode.NOT_FOUND),
        (CHAMPION, CHAMPION, grpc.StatusCode.INVALID_ARGUMENT),
        (CHAMPION, OTHER, grpc.StatusCode.INVALID_ARGUMENT),
        (CHAMPION, CHALLENGER, grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    desk: Desk, champion: str, challenger: str, code: grpc.StatusCode
) -> None:
    await kept(desk, 20)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.stub.CompareModels(
            model_pb2.CompareModelsRequest(champion_version=champion, challenger_version=challenger)
        )
    assert caught.value.code() is code


async def test_the_refit_gets_the_evidence_of_the_score_that_granted(desk: Desk) -> None:
    some = await kept(desk, 300)
    found = await desk.scores.scored_loans(None, None)
    one, other = outcome_rows(found, COMPONENTS), outcome_rows(some, COMPONENTS)
    assert one.scored_on == other.scored_on
    assert one.bad.tolist() == other.bad.tolist()
    assert one.evidence == pytest.approx(other.evidence, abs=1e-9)
    late = await desk.scores.scored_loans(date(2024, 7, 1), None)
    assert 0 < len(late) < len(found)
    assert min(loan.scored_on for loan in late) >= date(2024, 7, 1)


async def test_a_loan_without_a_fresh_score_is_left_out(desk: Desk) -> None:
    loan = loans(1, -2.4, (1.0, 1.0, 1.0), seed=1)[0]
    at = datetime(loan.scored_on.year, loan.scored_on.month, loan.scored_on.day, 15, 59, tzinfo=UTC)  # Shanghai: 23:59
    await desk.scores.add(notes_of(loan, at))
    for opened, expected in ((loan.scored_on + timedelta(days=90), 1), (loan.scored_on + timedelta(days=91), 0)):
        outcome = replace(loan.outcome, loan_id=f"loan-{expected}", opened_on=opened, defaulted_on=None)
        await OutcomeStore(desk.database).record([outcome], NOW)
    assert [found.outcome.loan_id for found in await desk.scores.scored_loans(None, None)] == ["loan-1"]
    assert loan.scored_on >= FIRST


async def test_migrations_and_tables_agree(desk: Desk, settings: Settings) -> None:
    assert desk.database is not None
    address = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address)
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    ours = MetaData()
    names = {name for name, value in vars(tables).items() if isinstance(value, Table)}
    for name in names:
        metadata.tables[name].to_metadata(ours)
    options = {"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or name in names}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), ours))
