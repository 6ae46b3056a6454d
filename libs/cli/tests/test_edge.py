"""The edge: the template is valid for Envoy, and a real Envoy keeps what it promises before a small gateway."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sycee.decision.v1 import decision_pb2, decision_pb2_grpc
from sycee_cli.suite import edge, health
from sycee_cli.suite.folder import Choices, StateFolder
from sycee_cli.suite.plan import Wishes, settle
from sycee_cli.suite.programs import envoy_program
from sycee_cli.suite.record import State, read_record
from sycee_cli.suite.spec import NotReady
from sycee_cli.suite.supervisor import Supervisor
from sycee_cli.tokens import mint
from sycee_client import SyceeClient, errors

LIMIT_S = 15


async def test_the_rendered_configuration_is_valid(folder):
    choices = settle(folder, Wishes())
    await edge.write_edge(folder, choices)
    command = [envoy_program(), "--mode", "validate", "-c", folder.edge / "envoy.json", "--log-level", "warning"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "deprecated" not in (done.stdout + done.stderr).lower()


async def test_every_contract_is_routed_and_transcoded(folder):
    choices = settle(folder, Wishes())
    await edge.write_edge(folder, choices)
    text = (folder.edge / "envoy.json").read_text()
    assert "${" not in text
    assert not any(password in text for password in choices.passwords.values())
    manager = json.loads(text)["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    routes = {
        route["match"]["prefix"]: route["route"]["cluster"]
        for route in manager["route_config"]["virtual_hosts"][0]["routes"]
    }
    described = FileDescriptorSet.FromString((folder.edge / "descriptors.binpb").read_bytes())
    services = {f"{file.package}.{service.name}" for file in described.file for service in file.service}
    transcoder = next(found for found in manager["http_filters"] if "transcoder" in found["name"])
    assert set(transcoder["typed_config"]["services"]) == services
    for service in services:
        assert any(f"/{service}/".startswith(prefix) for prefix in routes), service
    assert routes["/sycee.decision.v1."] == "gateway"
    assert "google/rpc/error_details.proto" in {file.name for file in described.file}


@dataclass
class Gateway(decision_pb2_grpc.DecisionServiceServicer):
    """Answers and keeps the metadata that came along."""

    seen: list[dict[str, str]] = field(default_factory=list)

    async def ListDecisions(self, request, context):
        self.seen.append({key: value for key, value in context.invocation_metadata() if isinstance(value, str)})
        return decision_pb2.ListDecisionsResponse(next_page_token=f"size {request.page_size}")

    async def GetDecision(self, request, context):
        await context.abort(grpc.StatusCode.NOT_FOUND, "no such decision")


@dataclass
class Edge:
    """A running Envoy with a small gateway behind it."""

    folder: StateFolder
    choices: Choices
    gateway: Gateway

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.choices.ports['edge']}"

    @property
    def ca(self) -> bytes:
        return self.folder.ca.read_bytes()

    def token(self, ttl_s: int = 60) -> str:
        return mint(self.folder, ["decision.read"], "platform", ttl_s)

    def get(self, path: str, token: str | None = None) -> tuple[int, str, str]:
        """Status, content type and body of a JSON call."""
        request = urllib.request.Request(f"https://{self.address}{path}")
        if token is not None:
            request.add_header("authorization", f"Bearer {token}")
        trusted = ssl.create_default_context(cadata=self.ca.decode())
        try:
            with urllib.request.urlopen(request, timeout=10, context=trusted) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get_content_type(), error.read().decode()


@pytest.fixture
def shown_as() -> str:
    """Whose certificate the gateway shows."""
    return "gateway"


@pytest.fixture
async def running(folder, shown_as) -> AsyncIterator[Edge]:
    choices = settle(folder, Wishes())
    gateway = Gateway()
    server = grpc.aio.server()
    decision_pb2_grpc.add_DecisionServiceServicer_to_server(gateway, server)
    healthy = grpc_health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    await healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    pair = folder.certificate_key(shown_as).read_bytes(), folder.certificate(shown_as).read_bytes()
    credentials = grpc.ssl_server_credentials([pair], folder.ca.read_bytes(), require_client_auth=True)
    server.add_secure_port(f"127.0.0.1:{choices.ports['gateway']}", credentials)
    await server.start()
    spec = replace(edge.edge_spec(folder, choices), probe=_probe(choices, gateway_is_well=shown_as == "gateway"))
    supervisor = Supervisor(folder, [spec], ready_limit_s=LIMIT_S)
    task = asyncio.create_task(supervisor.run())
    try:
        async with asyncio.timeout(LIMIT_S):
            while not task.done() and not _ready(folder):  # noqa: ASYNC110 (another process sets no event)
                await asyncio.sleep(0.02)
        if task.done():
            task.result()
        yield Edge(folder, choices, gateway)
    finally:
        supervisor.stop()
        await task
        await server.stop(0)


def _ready(folder) -> bool:
    record = read_record(folder.record_file)
    return record is not None and record.state is State.READY


def _probe(choices, *, gateway_is_well: bool):
    """The gateway stands alone here, so the edge's own probe, which wants every service, would wait for ever."""

    async def probe() -> None:
        await health.http_ok(choices.ports["envoy_admin"], "/ready")
        stats = await health.http_ok(choices.ports["envoy_admin"], "/stats?filter=gateway.membership_healthy")
        if gateway_is_well and "membership_healthy: 1" not in stats:
            raise NotReady("the gateway is not found well")

    return probe


async def test_the_edge_is_not_ready_while_it_misses_a_service(running):
    with pytest.raises(NotReady, match="does not find these well: compliance, esg, ingestion, limits, scoring"):
        await edge.edge_spec(running.folder, running.choices).probe()


async def test_the_edge_lets_in_whom_it_knows_and_says_who_they_are(running):
    async with SyceeClient(running.address, token=running.token(), ca=running.ca) as sycee:
        answer = await sycee.decision.ListDecisions(
            decision_pb2.ListDecisionsRequest(page_size=3),
            metadata=[("x-jwt-payload", "forged"), ("x-test-peer", "operator")],
        )
    assert answer.next_page_token == "size 3"
    seen = running.gateway.seen[0]
    claims = json.loads(base64.urlsafe_b64decode(seen["x-jwt-payload"] + "==="))
    assert (claims["sub"], claims["scope"]) == ("platform", "decision.read")
    assert not {"authorization", "x-test-peer"} & seen.keys()

    for token in ("", "a.b.c", running.token(-3_600)):
        async with SyceeClient(running.address, token=token, ca=running.ca) as sycee:
            with pytest.raises(errors.Unauthenticated):
                await sycee.decision.ListDecisions(decision_pb2.ListDecisionsRequest())
    assert len(running.gateway.seen) == 1

    # JSON speaks the same contract, and errors of Envoy's own read as those of a service.
    good = await asyncio.to_thread(running.get, "/v1/decisions?page_size=9", running.token())
    assert good[:2] == (200, "application/json")
    assert json.loads(good[2])["nextPageToken"] == "size 9"
    refusals = {
        (401, 16): ("/v1/decisions", None),
        (404, 5): ("/v1/nothing", running.token()),
        (400, 3): ("/v1/decisions?bogus=1", running.token()),
    }
    for (status, code), call in refusals.items():
        got, kind, body = await asyncio.to_thread(running.get, *call)
        assert (got, kind, json.loads(body)["code"]) == (status, "application/json", code), body
        assert json.loads(body)["details"][0]["domain"] == "sycee"
    missing = await asyncio.to_thread(running.get, "/v1/decisions/dec-1", running.token())
    assert (missing[0], json.loads(missing[2])["message"]) == (404, "no such decision")

    # Health needs no token; reflection is not reached with one.
    async with grpc.aio.secure_channel(running.address, grpc.ssl_channel_credentials(running.ca)) as channel:
        assert (await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)).status == 1
        reflect = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        refused = reflect(metadata=(("authorization", f"Bearer {running.token()}"),), timeout=5)
        assert await refused.code() is grpc.StatusCode.UNIMPLEMENTED

    # The access log holds paths, and neither tokens nor queries. Envoy writes it once a second.
    log = running.folder.log("access")
    async with asyncio.timeout(LIMIT_S):
        while "/v1/decisions/dec-1" not in log.read_text():  # noqa: ASYNC110 (another process sets no event)
            await asyncio.sleep(0.05)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert any(line["path"] == "/v1/decisions" and line["status"] == 200 for line in lines)
    assert "page_size" not in log.read_text()
    assert running.token()[:20] not in log.read_text()


@pytest.mark.parametrize("shown_as", ["scoring"])
async def test_the_edge_refuses_a_gateway_with_another_certificate(running, shown_as):
    async with SyceeClient(running.address, token=running.token(), ca=running.ca) as sycee:
        with pytest.raises(errors.Unavailable):
            await sycee.decision.ListDecisions(decision_pb2.ListDecisionsRequest(), timeout=3)
    assert running.gateway.seen == []
