"""Bad input at every RPC of every running service: INVALID_ARGUMENT naming the field, never INTERNAL, nothing lost.

RPCs are found by reflection, so a new one is covered as soon as it is served; it fails here until it has a good request
to spoil.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status
from support.bad_input import Case, spoilt
from support.good_requests import GOOD, STREAMED
from support.local_suite import SERVICES, Suite

# What an RPC is there to judge: its answer says that it is wrong, the call does not fail.
JUDGED = {("VerifyIdentity", "uscc"), ("CheckParty", "identity.uscc")}
# What a list, a head or an empty search may be asked without saying anything.
ASKED_WITH_NOTHING = {
    *("ListMerchants", "ListQuarantine", "ListFeatures", "ListShopLinks", "WatchProfiles", "ListProducts"),
    *("ListLenders", "ListEntries", "ListDecisions", "GetTreeHead", "GetInclusionProof"),
    *("ListModels", "ListOutcomes"),
}


def methods_of(suite: Suite, service: str) -> list[MethodDescriptor]:
    """Every RPC that the service says it serves, by reflection."""
    address, credentials = suite.target(service)
    with grpc.secure_channel(address, credentials, options=suite.channel_options(service)) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(database)
        names = [name for name in database.get_services() if name.startswith("sycee.")]
        return [method for name in names for method in pool.FindServiceByName(name).methods]


def key_of(method: MethodDescriptor) -> str:
    return f"{method.containing_service.name}.{method.name}"


async def answer_of(
    channel: grpc.aio.Channel, method: MethodDescriptor, request: Message
) -> grpc.aio.AioRpcError | None:
    """Sends one request; the error it met, or None."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    encode = type(request).SerializeToString
    try:
        if method.server_streaming:
            async for _ in channel.unary_stream(path, encode)(request, timeout=10):
                break
        else:
            await channel.unary_unary(path, encode)(request, timeout=10)
    except grpc.aio.AioRpcError as error:
        return error
    return None


def named_fields(error: grpc.aio.AioRpcError) -> list[str]:
    """The fields that the error's BadRequest names."""
    status = rpc_status.from_call(error)
    named = []
    for detail in status.details if status else []:
        if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            named += [violation.field for violation in bad.field_violations]
    return named


def good_request(method: MethodDescriptor, said: dict[str, Any]) -> Message:
    message = GetMessageClass(method.input_type)()
    json_format.ParseDict(said, message)
    return message


def fault_in(case: Case, error: grpc.aio.AioRpcError | None) -> str | None:
    """What is wrong with the answer to a bad request; None when all is well."""
    if error is None:
        return f"{case}: accepted"
    if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
        return f"{case}: {error.code().name}: {error.details()}"
    fields = named_fields(error)
    last = case.field.rsplit(".", 1)[-1]
    if not any(last in field or case.field.startswith(field) for field in fields if field):
        return f"{case}: names {fields}"
    return None


@pytest.mark.parametrize("service", SERVICES)
async def test_every_way_to_get_a_request_wrong_is_refused_by_name(suite: Suite, service: str) -> None:
    found = await asyncio.to_thread(methods_of, suite, service)
    assert found
    faults: list[str] = []
    sent = 0
    async with suite.channel(service) as channel:
        for method in found:
            key = key_of(method)
            if key in STREAMED:
                continue
            request = good_request(method, GOOD[key])
            async for case, error in answers(channel, method, request):
                sent += 1
                fault = fault_in(case, error)
                if fault:
                    faults.append(f"{key} {fault}")
    assert not faults, f"{len(faults)} of {sent}:\n" + "\n".join(faults)
    assert sent > 20 or service == "esg"


async def answers(
    channel: grpc.aio.Channel, method: MethodDescriptor, good: Message
) -> AsyncIterator[tuple[Case, grpc.aio.AioRpcError | None]]:
    if method.name not in ASKED_WITH_NOTHING:
        nothing = type(good)()
        error = await answer_of(channel, method, nothing)
        first = named_fields(error)[0] if error and named_fields(error) else "(some field)"
        yield Case(first, "empty request", nothing), error
    for case in spoilt(good):
        if case.flaw == "malformed" and (method.name, case.field) in JUDGED:
            continue
        yield case, await answer_of(channel, method, case.request)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_good_request_is_not_refused_as_bad(suite: Suite, service: str) -> None:
    """Guards the test above: were the good requests bad, spoiling them would prove nothing."""
    async with suite.channel(service) as channel:
        for method in await asyncio.to_thread(methods_of, suite, service):
            key = key_of(method)
            if key in STREAMED or key == "IngestionService.ImportFile":
                continue  # the good import names a file that is not there
            error = await answer_of(channel, method, good_request(method, GOOD[key]))
            allowed = (
                *(grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS),
                grpc.StatusCode.FAILED_PRECONDITION,  # nothing to train from, to roll back to, or to compare yet
            )
            assert error is None or error.code() in allowed, f"{key}: {error.details()}"
