"""Models on the wire. Total."""

from __future__ import annotations

from typing import Final

from sycee.scoring.v1 import model_pb2
from sycee_service.wire import time_to_proto

from sycee_scoring.registry.model import Component, Model, Role

_COMPONENTS: Final = {
    Component.APPLICATION: model_pb2.MODEL_COMPONENT_APPLICATION,
    Component.BUREAU: model_pb2.MODEL_COMPONENT_BUREAU,
    Component.DISTRESS: model_pb2.MODEL_COMPONENT_DISTRESS,
    Component.COMBINATION: model_pb2.MODEL_COMPONENT_COMBINATION,
}
_ROLES: Final = {
    Role.NONE: model_pb2.MODEL_ROLE_UNSPECIFIED,
    Role.CHAMPION: model_pb2.MODEL_ROLE_CHAMPION,
    Role.CHALLENGER: model_pb2.MODEL_ROLE_CHALLENGER,
}


def component_from_proto(component: int) -> Component:
    """The component; the contract lets no other number in."""
    return Component(component)


def role_from_proto(role: int) -> Role:
    """The role; the contract lets no other number in."""
    return Role(role)


def model_to_proto(model: Model) -> model_pb2.Model:
    """A model, with its card where it was read."""
    standing, facts = model.standing, model.facts
    shown = model_pb2.Model(
        version=model.version,
        component=_COMPONENTS[model.component],
        role=_ROLES[standing.role],
        proposed_role=_ROLES[standing.proposed_role],
        artefact_sha256=model.artefact_sha256,
        schema_sha256=model.schema_sha256,
        trained_at=time_to_proto(model.trained_at),
        trained_by=model.trained_by,
        proposed_by=standing.proposed_by,
        approved_by=standing.approved_by,
        row_count=facts.row_count,
        bad_count=facts.bad_count,
        card_markdown=model.card_markdown,
        card_json=model.card_json,
    )
    if standing.since is not None:
        shown.in_role_since.CopyFrom(time_to_proto(standing.since))
    if facts.auc is not None:
        shown.auc.CopyFrom(model_pb2.ModelFigure(value=facts.auc.value, low=facts.auc.low, high=facts.auc.high))
    return shown
