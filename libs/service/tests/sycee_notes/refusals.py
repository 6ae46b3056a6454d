"""Reading the errors that the notes service answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2


@dataclass
class Refusal:
    """An RPC's error, taken apart."""

    code: grpc.StatusCode
    message: str
    info: error_details_pb2.ErrorInfo
    fields: dict[str, str]
    retry_after_ms: int | None


def refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """Reads the details of an error as any gRPC client would."""
    raw = dict(error.trailing_metadata())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(raw)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    found = Refusal(error.code(), status.message, error_details_pb2.ErrorInfo(), {}, None)
    for detail in status.details:
        bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(found.info):
            assert found.info.domain == "sycee"
        elif detail.Unpack(bad):
            found.fields = {one.field: one.description for one in bad.field_violations}
        elif detail.Unpack(retry):
            found.retry_after_ms = retry.retry_delay.ToMilliseconds()
    return found


async def refused(call: Any) -> Refusal:
    """Awaits a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return refusal(caught.value)
