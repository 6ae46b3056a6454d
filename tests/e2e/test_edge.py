"""Who may come in, and by which ways: tokens, scopes, certificates, JSON."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

import grpc
import pytest
from support.local_suite import Suite
from support.shops import application
from sycee.decision.v1 import decision_pb2_grpc
from sycee.decision.v1.decision_pb2 import DecideRequest, ListDecisionsRequest
from sycee.limits.v1 import limits_pb2_grpc
from sycee.limits.v1.limits_pb2 import ListProductsRequest, VoidRequest
from sycee_client import SyceeClient
from sycee_client.errors import PermissionDenied, ServerFault, Unauthenticated


def http(
    suite: Suite, method: str, path: str, token: str | None, body: dict[str, Any] | None = None
) -> tuple[int, Any]:
    """A JSON call to the edge: status and body."""
    request = urllib.request.Request(f"https://{suite.edge}{path}", method=method)
    if token is not None:
        request.add_header("authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    trusted = ssl.create_default_context(cadata=suite.ca.decode())
    try:
        with urllib.request.urlopen(request, timeout=20, context=trusted) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, text


async def test_without_a_token_nobody_comes_in(suite: Suite) -> None:
    async with grpc.aio.secure_channel(suite.edge, grpc.ssl_channel_credentials(suite.ca)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await decision_pb2_grpc.DecisionServiceStub(channel).ListDecisions(ListDecisionsRequest(), timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_signed_by_somebody_else_is_refused(suite: Suite) -> None:
    head, claims, signature = suite.token().split(".")
    forged = bytearray(base64.urlsafe_b64decode(signature + "=="))
    forged[5] ^= 1
    bad = base64.urlsafe_b64encode(bytes(forged)).decode().rstrip("=")
    async with suite.client(f"{head}.{claims}.{bad}") as sycee:
        with pytest.raises(Unauthenticated):
            await sycee.decision.ListDecisions(ListDecisionsRequest())


async def test_an_expired_token_is_refused(suite: Suite) -> None:
    expired = suite.token("decision.read", "--ttl", "-3600")
    async with suite.client(expired) as sycee:
        with pytest.raises(Unauthenticated):
            await sycee.decision.ListDecisions(ListDecisionsRequest())


async def test_a_token_without_the_scope_is_refused(suite: Suite) -> None:
    async with suite.client(suite.token("decision.read")) as sycee:
        await sycee.decision.ListDecisions(ListDecisionsRequest())
        with pytest.raises(PermissionDenied):
            await sycee.decision.Decide(application("whoever"))
        with pytest.raises(PermissionDenied):
            await sycee.limits.ListProducts(ListProductsRequest())


async def test_no_token_opens_what_only_services_may_do(suite: Suite) -> None:
    async with suite.client(suite.token()) as sycee:
        with pytest.raises(PermissionDenied):
            await sycee.limits.Void(VoidRequest(request_id="edge-void-1", reservation_id="r1"))


async def test_claims_that_a_caller_makes_for_itself_are_not_believed(suite: Suite) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "x", "scope": "decision.write"}).encode()).decode()
    metadata = (
        ("authorization", f"Bearer {suite.token('decision.read')}"),
        ("x-jwt-payload", claims),
        ("x-test-peer", "operator"),
    )
    async with grpc.aio.secure_channel(suite.edge, grpc.ssl_channel_credentials(suite.ca)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await decision_pb2_grpc.DecisionServiceStub(channel).Decide(
                application("whoever"), metadata=metadata, timeout=10
            )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_service_takes_no_caller_without_a_certificate(suite: Suite) -> None:
    trusting = grpc.ssl_channel_credentials(suite.ca)
    options = suite.channel_options("limits")
    async with grpc.aio.secure_channel(f"127.0.0.1:{suite.port('limits')}", trusting, options=options) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await limits_pb2_grpc.LimitsServiceStub(channel).ListProducts(ListProductsRequest(), timeout=5)
    assert refused.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


async def test_a_certificate_of_the_wrong_service_is_refused(suite: Suite) -> None:
    async with suite.direct("scoring", ["limits"]) as sycee:
        with pytest.raises(PermissionDenied):
            await sycee.limits.Void(VoidRequest(request_id="wrong-peer-1", reservation_id="r1"))


async def test_a_caller_refuses_a_server_that_is_not_the_one_it_means(suite: Suite) -> None:
    addresses = {"limits": f"127.0.0.1:{suite.port('scoring')}"}
    async with SyceeClient.direct(addresses, suite.tls("gateway")) as sycee:
        with pytest.raises(ServerFault):
            await sycee.limits.ListProducts(ListProductsRequest(), timeout=5)


def test_json_over_http_speaks_the_same_contract(suite: Suite) -> None:
    token = suite.token()
    status, products = http(suite, "GET", "/v1/products?page_size=2", token)
    assert status == 200
    assert len(products["products"]) == 2
    assert products["nextPageToken"]

    status, error = http(suite, "POST", "/v1/decisions", token, {"requestId": "x", "merchantId": "m"})
    assert status == 400
    assert any(
        violation["field"].startswith("request_id")
        for detail in error["details"]
        for violation in detail.get("fieldViolations", [])
    ), error

    status, _ = http(suite, "GET", "/v1/products", None)
    assert status == 401


def test_a_decision_by_json_that_names_nobody_is_not_found(suite: Suite) -> None:
    body = {
        "requestId": "json-decide-0001",
        "merchantId": "nobody",
        "productId": "shopkeeper",
        "requestedAmount": {"currencyCode": "CNY", "units": "1000"},
    }
    status, error = http(suite, "POST", "/v1/decisions", suite.token(), body)
    assert status == 404
    assert error["details"][0]["reason"] == "MERCHANT_NOT_FOUND"


async def test_an_unknown_package_goes_nowhere(suite: Suite) -> None:
    async with grpc.aio.secure_channel(suite.edge, grpc.ssl_channel_credentials(suite.ca)) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[DecideRequest, bytes] = channel.unary_unary(
            "/sycee.unknown.v1.UnknownService/Get", DecideRequest.SerializeToString
        )
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(DecideRequest(), metadata=(("authorization", f"Bearer {suite.token()}"),), timeout=10)
    assert refused.value.code() in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAUTHENTICATED}
