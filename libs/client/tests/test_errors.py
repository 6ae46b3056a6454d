"""google.rpc details become typed errors."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, DebugInfo, ErrorInfo, RetryInfo
from sycee.limits.v1 import limits_pb2
from sycee_client import SyceeClient, errors

from .conftest import refuse

LIST = limits_pb2.ListProductsRequest()


async def raised(stage, code, message, *details) -> errors.SyceeError:
    async def fail(request, context):
        await refuse(context, code, message, *details)

    stage.behaviour = fail
    async with SyceeClient.direct({"limits": stage.address}, None) as sycee:
        with pytest.raises(errors.SyceeError) as caught:
            await sycee.limits.ListProducts(LIST)
    return caught.value


async def test_violations_name_each_field(stage):
    found = [BadRequest.FieldViolation(field="page_size", description="must be at most 500; got 501")]
    error = await raised(
        stage,
        grpc.StatusCode.INVALID_ARGUMENT,
        "bad request",
        ErrorInfo(reason="INVALID_ARGUMENT", domain="sycee"),
        BadRequest(field_violations=found),
    )
    assert type(error) is errors.InvalidArgument
    assert error.violations == (errors.Violation("page_size", "must be at most 500; got 501"),)
    assert str(error) == "INVALID_ARGUMENT: bad request (page_size: must be at most 500; got 501)"


async def test_reason_metadata_and_pause(stage):
    error = await raised(
        stage,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "slow down",
        DebugInfo(detail="not for callers"),
        ErrorInfo(reason="TOO_MANY", domain="sycee", metadata={"limit": "10"}),
        RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000)),
    )
    assert type(error) is errors.ResourceExhausted
    assert isinstance(error, errors.ServerFault)
    assert (error.reason, dict(error.metadata), error.retry_after_ms) == ("TOO_MANY", {"limit": "10"}, 1_500)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.NOT_FOUND, errors.NotFound),
        (grpc.StatusCode.ALREADY_EXISTS, errors.AlreadyExists),
        (grpc.StatusCode.FAILED_PRECONDITION, errors.FailedPrecondition),
        (grpc.StatusCode.PERMISSION_DENIED, errors.PermissionDenied),
        (grpc.StatusCode.UNAUTHENTICATED, errors.Unauthenticated),
        (grpc.StatusCode.ABORTED, errors.Aborted),
        (grpc.StatusCode.INTERNAL, errors.Internal),
        (grpc.StatusCode.UNKNOWN, errors.Internal),
        (grpc.StatusCode.UNIMPLEMENTED, errors.Internal),
    ],
)
async def test_each_code_has_its_class_and_without_details_the_code_is_the_reason(stage, code, kind):
    error = await raised(stage, code, "why")
    assert type(error) is kind
    assert (error.code, error.reason, error.message, error.retry_after_ms) == (code, code.name, "why", None)


async def test_details_that_cannot_be_read_hide_nothing_else(stage):
    async def fail(request, context):
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff\xff"),))
        await context.abort(grpc.StatusCode.NOT_FOUND, "gone", context.trailing_metadata())

    stage.behaviour = fail
    async with SyceeClient.direct({"limits": stage.address}, None) as sycee:
        with pytest.raises(errors.NotFound, match="gone"):
            await sycee.limits.ListProducts(LIST)
