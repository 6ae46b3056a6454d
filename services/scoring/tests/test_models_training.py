"""TrainModel through the real server and its real process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from registry_models import SHIPPED, Keeper, person, reason_of
from sycee.scoring.v1 import model_pb2, scoring_pb2_grpc
from sycee_scoring.registry import training_process
from sycee_scoring.registry.model import Component
from sycee_scoring.registry.table_trainer import train
from sycee_scoring.registry.training_run import ENDED_WITH_THE_SERVER, write_job
from sycee_scoring.registry.wish import Job, Progress, TrainingTable
from sycee_scoring.settings import Settings
from sycee_service.errors import InvalidArgument, Unavailable
from sycee_service.testing import running, until
from training_tables import application_rows, csv_of, parquet_of

AsyncStub = Any
States = list[model_pb2.TrainModelResponse]


@pytest.fixture
async def stub(settings: Settings) -> AsyncIterator[AsyncStub]:
    async with running(settings, Keeper().build, peer="operator") as channel:
        yield scoring_pb2_grpc.ScoringServiceStub(channel)


def wish(request_id: str, content: bytes, seed: int = 7, **table: str) -> model_pb2.TrainModelRequest:
    said = {"label_column": "bad", "time_column": "day", "description": "loans of a test"} | table
    return model_pb2.TrainModelRequest(
        request_id=request_id,
        component=model_pb2.MODEL_COMPONENT_APPLICATION,
        seed=seed,
        table=model_pb2.TrainingTable(content=content, **said),
    )


async def trained(stub: AsyncStub, request: model_pb2.TrainModelRequest, who: str = "tina") -> States:
    return [state async for state in stub.TrainModel(request, metadata=person(who))]


async def refusal(stub: AsyncStub, request: model_pb2.TrainModelRequest, who: str = "tina") -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await trained(stub, request, who)
    return caught.value


def trainings() -> list[int]:
    """Processes under way that this one started to train."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"training_run" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has just ended
            continue
    return found


async def test_a_model_is_trained_kept_and_the_same_again(stub: AsyncStub) -> None:
    table = csv_of(application_rows(400))
    states = await trained(stub, wish("train-0001", table))
    stages = [state.progress for state in states[:-1]]
    assert [stage.stage for stage in stages][:2] == ["fold 1 of 5", "fold 2 of 5"]
    assert all(stage.done_count <= stage.total_count == 6 for stage in stages)
    model = states[-1].model
    assert model.version.startswith("application-own.")
    assert model.version.endswith(model.artefact_sha256[:12])
    assert (model.role, model.trained_by) == (model_pb2.MODEL_ROLE_UNSPECIFIED, "tina")
    assert 0.5 < model.auc.low < model.auc.value < model.auc.high < 1.0

    card = json.loads((await stub.GetModel(model_pb2.GetModelRequest(version=model.version))).model.card_json)
    assert card["data"]["description"] == "loans of a test"
    assert card["data"]["period"] == {"first": "2020-01-01", "last": "2022-12-01"}
    assert card["evaluation"]["how"].startswith("out of time")
    assert len(card["evaluation"]["folds"]) == 5
    assert model.row_count == card["data"]["train_rows"] < 400

    again = await trained(stub, wish("train-0001", table))
    assert again == [states[-1]], "answered, not trained"
    reused = await refusal(stub, wish("train-0001", table, seed=8))
    assert (reused.code(), reason_of(reused)) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")

    same = await trained(stub, wish("train-0002", table), "tom")
    assert same[-1].model == model, "same data and seed, same model, whoever asks"
    asked = model_pb2.PromoteModelRequest(
        request_id="promote-1", version=model.version, role=model_pb2.MODEL_ROLE_CHALLENGER, reason="compare"
    )
    assert not (await stub.PromoteModel(asked, metadata=person("paul"))).in_force
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.PromoteModel(asked, metadata=person("tom"))
    assert reason_of(caught.value) == "SECOND_PERSON_NEEDED"
    assert (await stub.PromoteModel(asked, metadata=person("anna"))).in_force


async def test_one_at_a_time_and_a_broken_call_leaves_nothing(stub: AsyncStub) -> None:
    call = stub.TrainModel(wish("train-0001", parquet_of(application_rows(6000))), metadata=person("tina"))
    assert (await call.read()).progress.stage == "fold 1 of 5"
    assert len(trainings()) == 1
    busy = await refusal(stub, wish("train-0002", csv_of(application_rows())))
    assert (busy.code(), reason_of(busy)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TRAINING_BUSY")
    call.cancel()
    await until(lambda: not trainings())
    listed = (await stub.ListModels(model_pb2.ListModelsRequest())).models
    assert [model.version for model in listed] == [SHIPPED.version]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda rows: rows.pop("employees"), "'employees' must be a column"),
        (
            lambda rows: rows.update(employees=["many", *rows["employees"][1:].astype(str)]),
            "'employees' must be a number",
        ),
        (lambda rows: rows.update(bad=[2, *rows["bad"][1:]]), "'bad' must be 1 for bad or 0 for good"),
        (lambda rows: rows.update(bad=[0] * 600), "'bad' must be 1 (bad) in at least 50 rows"),
        (lambda rows: rows.update(day=["soon", *rows["day"][1:]]), "'day' must be a day"),
        (lambda rows: rows.update(day=["2020-01-01"] * 600), "'day' must cut the rows"),
    ],
)
async def test_a_bad_table_is_refused_by_column_value_and_rule(change: Any, named: str) -> None:
    rows = application_rows()
    change(rows)
    table = TrainingTable(csv_of(rows), "bad", "day", "")
    with pytest.raises(InvalidArgument) as caught:
        train(Job(Component.APPLICATION, 1, table, None, {}), lambda _progress: None)
    assert named in str(caught.value)


async def test_the_refusal_comes_through(stub: AsyncStub) -> None:
    error = await refusal(stub, wish("train-0001", b"PAR1 and nothing else"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "table.content" in (error.details() or "")
    assert not trainings()
    wrong = wish("train-0002", b"a")
    wrong.component = model_pb2.MODEL_COMPONENT_COMBINATION
    error = await refusal(stub, wrong)
    assert (error.code(), "own_outcomes" in (error.details() or "")) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_without_outcomes_the_combination_is_not_refitted(stub: AsyncStub) -> None:
    request = model_pb2.TrainModelRequest(
        request_id="train-0001",
        component=model_pb2.MODEL_COMPONENT_COMBINATION,
        own_outcomes=model_pb2.OwnOutcomes(),
    )
    error = await refusal(stub, request)
    assert (error.code(), reason_of(error)) == (grpc.StatusCode.FAILED_PRECONDITION, "TOO_FEW_OUTCOMES")


JOB = Job(Component.APPLICATION, 1, TrainingTable(b"a", "bad", "", ""), None, {})


async def test_a_process_that_dies_is_told_of() -> None:
    with pytest.raises(Unavailable, match="ended before"):
        _ = [state async for state in training_process.train(JOB, (sys.executable, "-c", "raise SystemExit(3)"))]


async def test_the_process_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYCEE_SCORING_DATABASE_URL", "postgresql://sycee:secret@localhost/scoring")
    script = (
        "import json, os; names = [n for n in os.environ if 'SYCEE' in n]; "
        "print(json.dumps({'progress': [str(names), 0, 1]}), flush=True)"
    )
    states = training_process.train(JOB, (sys.executable, "-c", script))
    assert await anext(states) == Progress("[]", 0, 1)
    await states.aclose()


async def test_the_process_ends_with_the_server(tmp_path: Path) -> None:
    table = TrainingTable(parquet_of(application_rows(6000)), "bad", "", "")
    write_job(tmp_path, Job(Component.APPLICATION, 1, table, None, {}))
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*training_process.COMMAND, str(tmp_path), **pipes)
    assert process.stdin is not None
    assert process.stdout is not None
    assert b"fold 1 of 5" in await process.stdout.readline()
    process.stdin.close()
    async with asyncio.timeout(10):
        assert await process.wait() == ENDED_WITH_THE_SERVER


async def test_the_server_imports_nothing_that_trains() -> None:
    script = (
        "import sys, sycee_scoring.keeping_models; "
        "print([m for m in ('lightgbm', 'polars', 'scipy', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert said.decode().strip() == "[]"
