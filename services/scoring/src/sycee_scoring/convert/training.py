"""Wishes to train, and how far they are, on the wire. Total."""

from __future__ import annotations

from datetime import date

from google.type.date_pb2 import Date
from sycee.scoring.v1 import model_pb2
from sycee_service.wire import date_from_proto

from sycee_scoring.convert.models import component_from_proto
from sycee_scoring.registry.wish import OwnOutcomes, Progress, TrainingTable, Wish, check


def wish_from_proto(request: model_pb2.TrainModelRequest) -> Wish:
    """What is wanted. Raises InvalidArgument where component and source do not belong together."""
    source = _outcomes(request.own_outcomes) if request.HasField("own_outcomes") else _table(request.table)
    wish = Wish(component_from_proto(request.component), request.seed, source)
    check(wish)
    return wish


def progress_to_proto(progress: Progress) -> model_pb2.TrainingProgress:
    """How far it is."""
    return model_pb2.TrainingProgress(stage=progress.stage, done_count=progress.done, total_count=progress.total)


def _table(table: model_pb2.TrainingTable) -> TrainingTable:
    return TrainingTable(table.content, table.label_column, table.time_column, table.description)


def _outcomes(outcomes: model_pb2.OwnOutcomes) -> OwnOutcomes:
    return OwnOutcomes(
        _day("first_day", outcomes.first_day) if outcomes.HasField("first_day") else None,
        _day("last_day", outcomes.last_day) if outcomes.HasField("last_day") else None,
    )


def _day(field: str, day: Date) -> date:
    return date_from_proto(f"own_outcomes.{field}", day)
