"""Probes: whether a process really serves. Each raises NotReady with the reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sycee_client.transport import MutualTls

from sycee_cli.suite.ports import HOST
from sycee_cli.suite.spec import NotReady

PROBE_S = 2.0
MAX_ANSWER_BYTES = 64 * 1024
_SERVING = health_pb2.HealthCheckResponse.SERVING


async def grpc_serves(port: int, name: str, tls: MutualTls) -> None:
    """A service: gRPC health over mutual TLS; it must show a certificate for `name`."""
    credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
    await _check(port, credentials, ("grpc.ssl_target_name_override", name))


async def edge_serves(port: int, admin_port: int, ca: Path) -> None:
    """The edge: Envoy is live, finds every service well, and a health call through its listener reaches the gateway.

    `ca` is a PEM file.
    """
    await http_ok(admin_port, "/ready")
    healthy = await http_ok(admin_port, "/stats?filter=membership_healthy$")
    sick = [line.split(".")[1] for line in healthy.splitlines() if line.startswith("cluster.") and line.endswith(" 0")]
    if sick:
        raise NotReady(f"it does not find these well: {', '.join(sick)}")
    trusted = await asyncio.to_thread(ca.read_bytes)
    await _check(port, grpc.ssl_channel_credentials(trusted))


async def http_ok(port: int, path: str) -> str:
    """An HTTP server on this machine: a GET answers 200. Gives what comes after its headers."""
    try:
        async with asyncio.timeout(PROBE_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                answer = await reader.read(MAX_ANSWER_BYTES)
                while more := await reader.read(MAX_ANSWER_BYTES - len(answer)):
                    answer += more
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise NotReady(f"no answer on port {port}") from error
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    status = head.partition("\r\n")[0]
    if status.split()[1:2] != ["200"]:
        raise NotReady(f"{path} answers {status or 'nothing'}")
    return body


async def postgres_accepts(pg_isready: Path, port: int) -> None:
    """PostgreSQL: it takes connections."""
    command = (str(pg_isready), "-q", "-h", HOST, "-p", str(port), "-t", str(int(PROBE_S)))
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise NotReady("it does not take connections yet")


async def _check(port: int, credentials: grpc.ChannelCredentials, *options: tuple[str, str]) -> None:
    # A connection of its own for each check: a shared one would still be pausing after the refusal before.
    channel = grpc.aio.secure_channel(f"{HOST}:{port}", credentials, [*options, ("grpc.use_local_subchannel_pool", 1)])
    try:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PROBE_S)
    except grpc.aio.AioRpcError as error:
        raise NotReady(f"{error.code().name}: {error.details()}"[:200]) from error
    finally:
        await channel.close()
    if answer.status != _SERVING:
        raise NotReady(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
