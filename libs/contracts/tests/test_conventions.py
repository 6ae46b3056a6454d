"""What every contract keeps to, checked over all services that the descriptor set holds."""

from importlib.resources import files

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

SERVICES = {
    "sycee.ingestion.v1.IngestionService",
    "sycee.scoring.v1.ScoringService",
    "sycee.esg.v1.EsgService",
    "sycee.limits.v1.LimitsService",
    "sycee.compliance.v1.ComplianceService",
    "sycee.decision.v1.DecisionService",
}


def described() -> list[ServiceDescriptor]:
    """Every service in the committed descriptor set."""
    listed = descriptor_pb2.FileDescriptorSet.FromString((files("sycee") / "descriptors.binpb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in listed.file:
        pool.Add(file)
    return [
        pool.FindServiceByName(f"{file.package}.{service.name}")
        for file in listed.file
        if file.package.startswith("sycee.")
        for service in file.service
    ]


METHODS = [method for service in described() for method in service.methods]


def name_of(method: MethodDescriptor) -> str:
    return f"{method.containing_service.name}.{method.name}"


def safe(method: MethodDescriptor) -> bool:
    options = descriptor_pb2.MethodOptions.FromString(method.GetOptions().SerializeToString())
    return options.idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS


def test_the_descriptor_set_holds_every_service() -> None:
    assert {service.full_name for service in described()} == SERVICES


@pytest.mark.parametrize("method", METHODS, ids=name_of)
def test_a_method_without_request_id_is_declared_free_of_side_effects(method: MethodDescriptor) -> None:
    if method.client_streaming:
        return  # events carry their own identity: source and event_id
    assert safe(method) != ("request_id" in method.input_type.fields_by_name)


@pytest.mark.parametrize("method", [m for m in METHODS if m.name.startswith("List")], ids=name_of)
def test_a_list_is_paged(method: MethodDescriptor) -> None:
    assert {"page_size", "page_token"} <= set(method.input_type.fields_by_name)
    assert "next_page_token" in method.output_type.fields_by_name


@pytest.mark.parametrize("method", METHODS, ids=name_of)
def test_request_and_response_belong_to_their_method_alone(method: MethodDescriptor) -> None:
    assert method.input_type.name == f"{method.name}Request"
    assert method.output_type.name == f"{method.name}Response"


def test_no_two_methods_share_an_http_route() -> None:
    routes: dict[tuple[str, str], str] = {}
    for method in METHODS:
        options = descriptor_pb2.MethodOptions.FromString(method.GetOptions().SerializeToString())
        rule = options.Extensions[annotations_pb2.http]
        if verb := rule.WhichOneof("pattern"):
            route = (verb, getattr(rule, verb))
            assert route not in routes, f"{name_of(method)} and {routes[route]} share {route}"
            routes[route] = name_of(method)
            assert route[1].startswith("/v1/")
    assert len(routes) >= 20


def test_money_is_always_google_money_or_named_in_fen() -> None:
    for method in METHODS:
        for message in (method.input_type, method.output_type):
            message_factory.GetMessageClass(message)
            for field in message.fields:
                if field.name.endswith("amount"):
                    assert field.message_type is not None, field.full_name
                    assert field.message_type.full_name == "google.type.Money", field.full_name
