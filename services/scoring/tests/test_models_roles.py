"""Roles through the real server: two people, one champion, rollback, history, and every instance."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
import grpc.aio
import pytest
from registry_models import SHIPPED, Keeper, application_package, loaders_with, person, refused
from scoring_merchants import request
from sycee.scoring.v1 import model_pb2, scoring_pb2_grpc
from sycee_scoring.model_files import ModelRefusedError
from sycee_scoring.registry.model import Component, Package
from sycee_scoring.server import build
from sycee_scoring.service.model_shelf import ModelShelf
from sycee_scoring.service.model_watch import ModelWatch
from sycee_scoring.settings import Settings
from sycee_scoring.store.model_roles import RoleStore
from sycee_scoring.store.models import ModelStore, TrainedBy
from sycee_service.clock import SystemClock
from sycee_service.database import Database, open_pool
from sycee_service.errors import Unavailable
from sycee_service.testing import running, until

APPLICATION = model_pb2.MODEL_COMPONENT_APPLICATION
CHAMPION, CHALLENGER = model_pb2.MODEL_ROLE_CHAMPION, model_pb2.MODEL_ROLE_CHALLENGER
SECOND, THIRD = application_package("application-second", 0.2), application_package("application-third", 0.3)
AsyncStub = Any  # its typed name exists for type checkers only


class Bank:
    """Servers on one database, two or the same twice, and the database itself."""

    def __init__(self, first: Keeper, second: Keeper, stub: AsyncStub, other: AsyncStub, database: Database) -> None:
        self.first, self.second, self.stub, self.other, self.database = first, second, stub, other, database
        self.calls = 0

    async def add(self, package: Package, trainer: str = "tina") -> str:
        """Keeps a candidate as a training would."""
        by = TrainedBy(f"edge/{trainer}", package.version, b"digest", trainer, datetime.now(UTC))
        return (await ModelStore(self.database).add_trained(package, by)).version

    async def promote(self, version: str, who: str, role: int = CHAMPION) -> model_pb2.PromoteModelResponse:
        """Asks for a role."""
        self.calls += 1
        request = model_pb2.PromoteModelRequest(
            request_id=f"promote-{self.calls}", version=version, role=role, reason="better on last year"
        )
        return await self.stub.PromoteModel(request, metadata=person(who))

    async def put_in_force(self, version: str, role: int = CHAMPION) -> None:
        """By two people."""
        await self.promote(version, "paul", role)
        assert (await self.promote(version, "anna", role)).in_force

    async def roll_back(self, who: str = "rita") -> model_pb2.Model:
        """Back to the champion before."""
        self.calls += 1
        request = model_pb2.RollbackModelRequest(
            request_id=f"rollback-{self.calls}", component=APPLICATION, reason="losses"
        )
        return (await self.stub.RollbackModel(request, metadata=person(who))).model

    async def rows(self, statement: str) -> list[Any]:
        """Rows of the database."""
        rows: list[Any] = await self.database.pool.fetch(statement)
        return rows


@asynccontextmanager
async def bank_of(
    settings: Settings, first: Keeper, second: Keeper, *channels: grpc.aio.Channel
) -> AsyncIterator[Bank]:
    assert settings.database_url is not None
    pool = await open_pool(settings.database_url.get_secret_value(), 2)
    stubs = (scoring_pb2_grpc.ScoringServiceStub(channel) for channel in channels)
    try:
        yield Bank(first, second, *stubs, Database(pool, "test", SystemClock()))
    finally:
        await pool.close()


@pytest.fixture
async def bank(settings: Settings) -> AsyncIterator[Bank]:
    """One server."""
    keeper = Keeper()
    async with (
        running(settings, keeper.build, peer="operator") as channel,
        bank_of(settings, keeper, keeper, channel, channel) as bank,
    ):
        yield bank


@pytest.fixture
async def twins(settings: Settings) -> AsyncIterator[Bank]:
    """Two servers on one database."""
    first, second = Keeper(), Keeper()
    async with (
        running(settings, first.build, peer="operator") as channel,
        running(settings, second.build, peer="operator") as other,
        bank_of(settings, first, second, channel, other) as twins,
    ):
        yield twins


async def test_what_comes_with_the_code_is_champion_once_and_for_all_instances(twins: Bank) -> None:
    listed = (await twins.stub.ListModels(model_pb2.ListModelsRequest())).models
    assert [(model.version, model.role, model.trained_by) for model in listed] == [(SHIPPED.version, CHAMPION, "sycee")]
    assert twins.first.serves() == twins.second.serves() == SHIPPED.version
    history = await twins.rows("select kind, role from model_role_changes")
    assert [tuple(row) for row in history] == [(1, 1)]


async def test_two_people_put_a_model_in_force_everywhere(twins: Bank) -> None:
    version = await twins.add(SECOND)
    proposed = await twins.promote(version, "paul")
    assert not proposed.in_force
    assert (proposed.model.proposed_role, proposed.model.proposed_by) == (CHAMPION, "paul")
    assert twins.first.serves() == SHIPPED.version
    in_force = await twins.promote(version, "anna")
    assert in_force.in_force
    assert (in_force.model.role, in_force.model.proposed_by, in_force.model.approved_by) == (CHAMPION, "paul", "anna")
    assert in_force.model.HasField("in_role_since")
    assert in_force.model.proposed_role == model_pb2.MODEL_ROLE_UNSPECIFIED
    await until(lambda: twins.first.serves() == twins.second.serves() == version, timeout_s=4.5)
    champions = (await twins.other.ListModels(model_pb2.ListModelsRequest(role=CHAMPION))).models
    assert [model.version for model in champions] == [version]


async def test_neither_who_proposed_nor_who_trained_can_approve(bank: Bank) -> None:
    version = await bank.add(SECOND, trainer="tina")
    assert await bank.add(SECOND, trainer="tom") == version, "the same model, trained again"
    await bank.promote(version, "paul")
    for who in ("paul", "tina", "tom"):
        denied = await refused(bank.promote(version, who))
        assert denied == (grpc.StatusCode.PERMISSION_DENIED, "SECOND_PERSON_NEEDED")
    assert (await bank.promote(version, "anna")).in_force
    third = await bank.add(THIRD, trainer="tina")
    await bank.promote(third, "tina")
    assert (await bank.promote(third, "anna")).in_force, "who trained may propose"


async def test_a_role_that_is_held_cannot_be_asked_for(bank: Bank) -> None:
    state = (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_STATE")
    assert await refused(bank.promote(SHIPPED.version, "paul")) == state
    assert await refused(bank.promote(SHIPPED.version, "paul", CHALLENGER)) == state, "it would leave no champion"
    assert (await refused(bank.promote("application-none", "paul")))[0] is grpc.StatusCode.NOT_FOUND


async def test_the_same_request_is_answered_as_before(twins: Bank) -> None:
    version = await twins.add(SECOND)
    request = model_pb2.PromoteModelRequest(
        request_id="promote-same", version=version, role=CHAMPION, reason="better on last year"
    )
    first = await twins.stub.PromoteModel(request, metadata=person("paul"))
    again = await twins.other.PromoteModel(request, metadata=person("paul"))
    assert first == again
    assert len(await twins.rows("select from model_role_changes where kind = 2")) == 1


async def test_a_rollback_by_one_person_takes_effect_everywhere(twins: Bank) -> None:
    for package in (SECOND, THIRD):
        await twins.put_in_force(await twins.add(package))
    await until(lambda: twins.second.serves() == THIRD.version, timeout_s=4.5)
    assert (await twins.roll_back()).version == SECOND.version
    await until(lambda: twins.first.serves() == twins.second.serves() == SECOND.version, timeout_s=4.5)
    assert (await twins.roll_back()).version == SHIPPED.version, "the second goes back one further"
    assert await refused(twins.roll_back()) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_EARLIER_CHAMPION")
    kinds = [row["kind"] for row in await twins.rows("select kind from model_role_changes order by change_no")]
    assert kinds == [1, 2, 3, 2, 3, 4, 4]


async def test_a_promotion_and_a_rollback_change_the_score_on_every_instance(settings: Settings) -> None:
    """The whole service, twice on one database."""
    async with (
        running(settings, build, peer="operator") as channel,
        running(settings, build, peer="operator") as other,
        bank_of(settings, Keeper(), Keeper(), channel, other) as bank,
    ):

        async def scored_by(stub: AsyncStub) -> str:
            score = (await stub.Score(request())).score
            return next(part.version for part in score.components if part.name == "application")

        async def both_by(version: str) -> bool:
            return await scored_by(bank.stub) == await scored_by(bank.other) == version

        shipped = await scored_by(bank.stub)
        await bank.put_in_force(await bank.add(SECOND))
        await until(lambda: both_by(SECOND.version), timeout_s=4.5)
        await bank.roll_back()
        await until(lambda: both_by(shipped), timeout_s=4.5)


async def test_challengers_score_along_and_the_longest_serving_makes_room(twins: Bank) -> None:
    versions = [await twins.add(application_package(f"application-c{step}", step / 10)) for step in range(3)]
    for version in versions:
        await twins.put_in_force(version, CHALLENGER)

    def challengers() -> list[str]:
        return [one.version for one in twins.second.models.current().challengers_of(Component.APPLICATION)]

    await until(lambda: challengers() == versions[1:], timeout_s=4.5)
    assert twins.second.serves() == SHIPPED.version


async def test_changes_are_events(settings: Settings) -> None:
    """Without a bus they wait in the outbox, to be read here."""
    keeper = Keeper()
    async with (
        running(
            settings.model_copy(update={"nats_url": "nats://127.0.0.1:1"}), keeper.build, peer="operator"
        ) as channel,
        bank_of(settings, keeper, keeper, channel, channel) as bank,
    ):
        await bank.put_in_force(await bank.add(SECOND))
        await bank.roll_back()
        events = [json.loads(row["body"]) for row in await bank.rows("select body from outbox order by seq")]
    assert [(event["type"], event["subject"]) for event in events] == [
        ("sycee.scoring.model.promoted.v1", SHIPPED.version),
        ("sycee.scoring.model.promoted.v1", SECOND.version),
        ("sycee.scoring.model.rolled_back.v1", SHIPPED.version),
    ]
    assert [event["data"]["displaced_version"] for event in events] == ["", SHIPPED.version, SECOND.version]
    assert "paul" not in json.dumps(events), "persons stay in the registry"


async def test_the_database_itself_keeps_the_promises(bank: Bank) -> None:
    for statement in (
        "delete from model_role_changes",
        "update model_role_changes set approved_by = 'nobody'",
        "truncate model_role_changes cascade",
        "update models set card_markdown = ''",
        "delete from models",
        "update model_standings set role = 0, in_role_since = null",
        "delete from model_standings where role = 1",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await bank.database.pool.execute(statement)
    await bank.add(SECOND)
    with pytest.raises(asyncpg.UniqueViolationError):
        await bank.database.pool.execute("update model_standings set role = 1, in_role_since = now()")
    with pytest.raises(asyncpg.CheckViolationError, match="models_digest_check"):
        await bank.add(replace(THIRD, artefact=THIRD.artefact + b" "))


async def test_a_model_of_another_schema_is_refused_and_the_champion_serves_on(bank: Bank) -> None:
    features = [*SECOND.card["serving"]["features"]]
    features[0], features[1] = features[1], features[0]
    version = await bank.add(application_package("application-other", 0.4, features=features))
    assert await refused(bank.promote(version, "paul")) == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_REFUSED")
    turned = [-way for way in SECOND.card["serving"]["monotone"]]
    version = await bank.add(application_package("application-turned", 0.4, monotone=turned))
    assert await refused(bank.promote(version, "paul")) == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_REFUSED")
    assert bank.first.serves() == SHIPPED.version


async def test_a_champion_that_an_instance_cannot_load_leaves_its_old_one_serving(twins: Bank) -> None:
    """As in a rolling upgrade, where another instance's newer code put it in force."""
    version = await twins.add(application_package("application-other", 0.4, features=["another"], monotone=[1]))
    before = twins.first.models.current()
    async with twins.database.transaction() as tx:
        await tx.driver.execute("update model_standings set role = 0, in_role_since = null where role = 1")
        await tx.driver.execute(
            "update model_standings set role = 1, in_role_since = now() from models"
            " where models.model_no = model_standings.model_no and version = $1",
            version,
        )
        await tx.driver.execute("notify sycee_scoring_models")
    await until(lambda: twins.first.models.current() is not before, timeout_s=4.5)
    assert twins.first.serves() == SHIPPED.version
    await twins.put_in_force(await twins.add(SECOND))
    await until(lambda: twins.first.serves() == twins.second.serves() == SECOND.version, timeout_s=4.5)


async def test_a_start_with_a_champion_that_is_refused_does_not_serve(bank: Bank, settings: Settings) -> None:
    await bank.put_in_force(await bank.add(SECOND))
    other_code = loaders_with()
    application = other_code[Component.APPLICATION]
    narrower = replace(application.schema, names=("another",), directions=(1,))
    keeper = Keeper({Component.APPLICATION: replace(application, schema=narrower, shipped=None)})
    with pytest.raises(ModelRefusedError, match="made for"):
        async with running(settings, keeper.build):
            pytest.fail("it started")


async def test_instances_that_start_together_register_once(bank: Bank) -> None:
    store, roles = ModelStore(bank.database), RoleStore(bank.database)
    loaders = loaders_with(SECOND)
    watches = [ModelWatch(store, roles, ModelShelf(store, loaders), SystemClock()) for _ in range(5)]
    await asyncio.gather(*(watch.start() for watch in watches))
    assert len(await bank.rows("select from models")) == 2
    assert len(await bank.rows("select from model_role_changes where kind = 1")) == 2
    assert {watch.models.current().champions[Component.APPLICATION].version for watch in watches} == {SECOND.version}


async def test_a_version_that_changed_its_contents_does_not_start(bank: Bank, settings: Settings) -> None:
    other = application_package("application-shipped", 0.1, reference=[6.0] * len(SHIPPED.card["serving"]["reference"]))
    assert other.version == SHIPPED.version
    with pytest.raises(ModelRefusedError, match="a version of its own"):
        async with running(settings, Keeper(loaders_with(other)).build):
            pytest.fail("it started")
    assert bank.first.serves() == SHIPPED.version


async def test_newer_code_replaces_what_came_with_older_code_but_not_what_people_chose(
    bank: Bank, settings: Settings
) -> None:
    newer = Keeper(loaders_with(SECOND))
    async with running(settings, newer.build):
        assert newer.serves() == SECOND.version
    again = Keeper()
    async with running(settings, again.build):
        assert again.serves() == SECOND.version, "the older code's own model is not new here"
    await bank.put_in_force(await bank.add(THIRD))
    newest = Keeper(loaders_with(application_package("application-fourth", 0.5)))
    async with running(settings, newest.build):
        assert newest.serves() == THIRD.version


async def test_instances_follow_without_a_notice(settings: Settings) -> None:
    """A pool of one has no connection to listen on: reading again must do."""
    keeper, other = (Keeper(poll_s=0.05) for _ in range(2))
    alone = settings.model_copy(update={"database_pool_size": 1})
    async with (
        running(alone, keeper.build, peer="operator") as channel,
        running(alone, other.build, peer="operator"),
        bank_of(settings, keeper, other, channel, channel) as bank,
    ):
        await bank.put_in_force(await bank.add(SECOND))
        await until(lambda: keeper.serves() == other.serves() == SECOND.version, timeout_s=4.5)


async def test_a_kill_in_the_middle_of_a_change_changes_nothing(bank: Bank) -> None:
    version = await bank.add(SECOND)
    await bank.promote(version, "paul")
    for table in ("model_role_changes", "model_standings"):
        await _kill_after(bank, table, "insert or update")
        assert (await refused(bank.promote(version, "anna")))[0] is grpc.StatusCode.UNAVAILABLE
        await bank.database.pool.execute(f"drop trigger killer on {table}")
    rows = await bank.rows("select version, role, proposed_by from models join model_standings using (model_no)")
    assert {tuple(row) for row in rows} == {(SHIPPED.version, 1, "sycee"), (version, 0, "paul")}
    assert len(await bank.rows("select from model_role_changes")) == 2
    assert (await bank.promote(version, "anna")).in_force


async def test_a_kill_in_the_middle_of_keeping_a_model_keeps_none(bank: Bank) -> None:
    for table in ("models", "model_standings", "model_trainings"):
        await _kill_after(bank, table, "insert")
        with pytest.raises(Unavailable):
            await bank.add(SECOND)
        await bank.database.pool.execute(f"drop trigger killer on {table}")
        assert len(await bank.rows("select from models")) == 1
        assert len(await bank.rows("select from model_standings")) == 1
        assert not await bank.rows("select from model_trainings")


async def _kill_after(bank: Bank, table: str, deed: str) -> None:
    """Has the connection that changes the table die right after it did."""
    await bank.database.pool.execute(
        "create or replace function kill_me() returns trigger language plpgsql as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$"
    )
    await bank.database.pool.execute(
        f"create trigger killer after {deed} on {table} for each statement execute function kill_me()"
    )


async def test_a_lost_listening_connection_is_replaced(twins: Bank) -> None:
    await twins.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and query ilike 'listen%'"
    )
    await twins.put_in_force(await twins.add(SECOND))
    await until(lambda: twins.first.serves() == twins.second.serves() == SECOND.version)


async def test_pages_are_newest_first_and_cards_are_only_in_get(bank: Bank) -> None:
    versions = [await bank.add(application_package(f"application-p{step}", step / 10)) for step in range(4)]
    shown: list[str] = []
    token = ""
    while True:
        page = await bank.stub.ListModels(model_pb2.ListModelsRequest(page_size=2, page_token=token))
        assert all(not model.card_json for model in page.models)
        shown += [model.version for model in page.models]
        token = page.next_page_token
        if not token:
            break
    assert shown == [*reversed(versions), SHIPPED.version]
    model = (await bank.stub.GetModel(model_pb2.GetModelRequest(version=versions[0]))).model
    assert json.loads(model.card_json)["version"] == "application-p0"
    assert model.card_markdown == "# application-p0\n"
    assert (model.row_count, model.bad_count, model.auc.value) == (1000, 100, 0.6)
    wrong = bank.stub.ListModels(model_pb2.ListModelsRequest(page_token="other"))
    assert await refused(wrong) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((("x-test-peer", "gateway"),), grpc.StatusCode.PERMISSION_DENIED),
        (person("rita", "scoring.models.read"), grpc.StatusCode.PERMISSION_DENIED),
        (person("rita"), grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
async def test_who_may_change_roles(bank: Bank, metadata: Any, code: grpc.StatusCode) -> None:
    request = model_pb2.RollbackModelRequest(request_id="rollback-x", component=APPLICATION, reason="why")
    assert (await refused(bank.stub.RollbackModel(request, metadata=metadata)))[0] is code


async def test_two_approvals_at_once_put_it_in_force_once(bank: Bank) -> None:
    version = await bank.add(SECOND)
    await bank.promote(version, "paul")
    answers = await asyncio.gather(bank.promote(version, "anna"), bank.promote(version, "otto"), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert len(await bank.rows("select from model_role_changes where kind = 3")) == 1
