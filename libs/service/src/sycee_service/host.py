"""The one builder that every server uses, and `serve`, which runs it until told to stop.

def main() -> None:
    serve(Settings, build)

async def build(host: Host[Settings]) -> None:
    database = await host.database("sycee_limits.migrations")
    await host.bus()
    service = LimitsService(LimitsStore(database), host.clock)
    host.add(LimitsHandlers(service), add_LimitsServiceServicer_to_server, DESCRIPTOR, ACCESS)
"""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import monotonic
from typing import Any, Generic, TypeVar

import asyncpg
import grpc
import structlog
import uvloop
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from pydantic import ValidationError

from sycee_service import logs
from sycee_service.access import Allow
from sycee_service.bus import Bus
from sycee_service.clock import Clock, SystemClock
from sycee_service.database import Database, open_pool
from sycee_service.health import Check, Health
from sycee_service.idempotency import purge_forever
from sycee_service.interceptors.chain import behind_steps
from sycee_service.interceptors.step import Method, Parts
from sycee_service.metrics import Exposition, Metrics
from sycee_service.migrations import SchemaBehindError, migrate
from sycee_service.outbox import Relay
from sycee_service.settings import ServiceSettings
from sycee_service.tracing import Tracing, otlp_tracing

S = TypeVar("S", bound=ServiceSettings)

RESTART_FIRST_S = 0.1
RESTART_MOST_S = 5.0
STEADY_S = 60.0
DATABASE_RETRY_S = 0.25
CLOSE_TIMEOUT_S = 5.0
CANCEL_AGAIN_S = 0.5
GC_THRESHOLD = 10_000
HEALTH_SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name


class StartRefusedError(RuntimeError):
    """The server must not start as it is configured or built; the text says why."""


class _Registration:
    """A servicer with its table of access, put behind the steps when the server starts."""

    def __init__(
        self,
        descriptor: ServiceDescriptor,
        handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]],
        access: Mapping[str, Allow],
        own_idempotency: frozenset[str],
        own_validation: frozenset[str],
    ) -> None:
        self.descriptor = descriptor
        self.handlers = handlers
        self.access = access
        self.own_idempotency = own_idempotency
        self.own_validation = own_validation

    def methods(self) -> list[Method]:
        """The facts of each RPC."""
        return [self._method(name) for name in self.handlers]

    def _method(self, name: str) -> Method:
        described = self.descriptor.methods_by_name[name]
        handler = self.handlers[name]
        has_request_id = "request_id" in described.input_type.fields_by_name
        return Method(
            service=self.descriptor.full_name,
            name=name,
            allow=self.access[name],
            streams_requests=bool(handler.request_streaming),
            streams_responses=bool(handler.response_streaming),
            remembers=has_request_id
            and not (handler.request_streaming or handler.response_streaming)
            and name not in self.own_idempotency,
            validates=name not in self.own_validation,
        )


class _Recorder:
    """Stands in for a server while a generated `add_…_to_server` runs, and keeps the handlers."""

    def __init__(self) -> None:
        self.handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """The same handlers come by name."""

    def add_registered_method_handlers(self, _service: str, handlers: dict[str, Any]) -> None:
        """Keeps them."""
        self.handlers.update(handlers)


class Host(Generic[S]):
    """What a service is built on: `settings`, `clock`, and what it asks for with the methods below."""

    def __init__(self, settings: S, clock: Clock | None = None, *, plaintext_peer: str | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.metrics = Metrics()
        self.port = 0
        self.metrics_port = 0
        self._log = structlog.get_logger()
        self._parts = Parts(settings, self.metrics, Tracing(), plaintext_peer=plaintext_peer)
        self._health = Health(self.metrics, settings.health_interval_ms / 1000, settings.health_timeout_ms / 1000)
        self._registrations: list[_Registration] = []
        self._background: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._bus: Bus | None = None
        self._relay: Relay | None = None
        self._server: grpc.aio.Server | None = None
        self._exposition: Exposition | None = None

    # What a service asks for while it is built.

    async def database(self, migrations: str) -> Database:
        """The service's PostgreSQL, its schema at the newest revision of the package path `migrations`.

        Waits for PostgreSQL up to `database_wait_s`. Raises StartRefusedError when it cannot be reached, or when the
        schema is behind and `migrate_on_start` is off. Adds a health check; answers are remembered by request_id.
        """
        if self._parts.database is not None:
            raise StartRefusedError("a service has one database")
        if self.settings.database_url is None:
            raise StartRefusedError("this service needs database_url")
        url = self.settings.database_url.get_secret_value()
        pool = await self._open_pool(url)
        self.on_close(_closing(pool))
        try:
            await migrate(url, migrations, upgrade=self.settings.migrate_on_start)
        except SchemaBehindError as error:
            raise StartRefusedError(str(error)) from error
        database = Database(pool, f"sycee-{self.settings.service}", self.clock)
        self._parts.database = database
        self.add_check("database", database.ping)
        retention_days = self.settings.idempotency_retention_days
        self.background("idempotency purge", lambda: purge_forever(database, retention_days))
        self._join_relay()
        return database

    async def bus(self) -> Bus:
        """The service's NATS JetStream, which may come up later; adds a health check. The outbox flows to it."""
        if self._bus is not None:
            raise StartRefusedError("a service has one bus")
        if self.settings.nats_url is None:
            raise StartRefusedError("this service needs nats_url")
        bus = Bus(self.settings.nats_url, f"sycee-{self.settings.service}", self.metrics, self.background)
        self._bus = bus
        self.background("bus", bus.connect_forever)
        self.add_check("bus", bus.ping)
        self.on_close(bus.close)
        self._join_relay()
        return bus

    def add(
        self,
        servicer: object,
        add_to_server: Callable[[Any, Any], None],
        descriptor: ServiceDescriptor,
        access: Mapping[str, Allow],
        own_idempotency: frozenset[str] = frozenset(),
        *,
        own_validation: frozenset[str] = frozenset(),
    ) -> None:
        """Serves `servicer`, every RPC behind the steps of `sycee_service.interceptors.chain`.

        `access` has exactly one entry for each RPC. `own_idempotency`: RPCs with a request_id whose handler keeps the
        promise itself. `own_validation`: RPCs whose handler answers for bad messages itself. Raises StartRefusedError
        when an RPC has no entry or no implementation, or a name is not an RPC's.
        """
        recorder = _Recorder()
        add_to_server(servicer, recorder)
        _refuse_gaps(servicer, add_to_server, descriptor, access, own_idempotency | own_validation)
        self._registrations.append(
            _Registration(descriptor, recorder.handlers, access, own_idempotency, own_validation)
        )
        self._health.add_service(descriptor.full_name)

    def add_check(self, name: str, check: Check) -> None:
        """The server is SERVING only while `check` does not raise; it runs every second and has a second."""
        self._health.add_check(name, check)

    def background(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Runs `run` from the start on, again with backoff when it raises, until the server drains."""
        if self._server is not None:
            self._tasks.append(asyncio.create_task(self._supervise(name, run), name=name))
        else:
            self._background.append((name, run))

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Calls `close` after the last RPC, last added first."""
        self._closers.append(close)

    # What runs it.

    async def start(self) -> None:
        """Listens and serves; `port` then says where. Raises StartRefusedError."""
        settings = self.settings
        if settings.otlp_endpoint is not None:
            self._parts.tracing = otlp_tracing(settings.otlp_endpoint, settings.service, settings.trace_sample_ratio)
        self._server = server = self._make_server()
        for registration in self._registrations:
            self._register(server, registration)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = [registration.descriptor.full_name for registration in self._registrations]
        reflection.enable_server_reflection([*names, HEALTH_SERVICE, reflection.SERVICE_NAME], server)
        self.port = self._listen(server)
        if settings.metrics_listen is not None:
            self._exposition = self.metrics.listen(settings.metrics_listen)
            self.metrics_port = self._exposition.port
        for name, run in self._background:
            self._tasks.append(asyncio.create_task(self._supervise(name, run), name=name))
        await server.start()
        await self._health.check_now()
        self._tasks.append(asyncio.create_task(self._supervise("health", self._health.run), name="health"))
        self._log.info("started", listen=settings.listen, port=self.port, services=names)

    async def drain(self, grace_s: float | None = None) -> None:
        """Stops accepting, lets RPCs under way finish within `grace_s` (default `drain_s`), then closes everything."""
        self._health.drain()
        if self._server is not None:
            await self._server.stop(self.settings.drain_s if grace_s is None else grace_s)
        await _cancelled(self._tasks)
        for close in reversed(self._closers):
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await close()
            except Exception as error:
                self._log.warning("close failed", **logs.describe(error))
        await asyncio.to_thread(self._parts.tracing.close)
        if self._exposition is not None:
            await asyncio.to_thread(self._exposition.close)

    async def stop_at_once(self) -> None:
        """Ends the RPCs under way; a drain that waits for them goes on."""
        if self._server is not None:
            await self._server.stop(0)

    async def _open_pool(self, url: str) -> asyncpg.Pool:
        until = monotonic() + self.settings.database_wait_s
        while True:
            try:
                return await open_pool(url, self.settings.database_pool_size)
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError) as error:
                if monotonic() >= until:
                    raise StartRefusedError("the database cannot be reached") from error
                self._log.warning("waiting for the database", **logs.describe(error))
                await asyncio.sleep(DATABASE_RETRY_S)
            except asyncpg.PostgresError as error:
                raise StartRefusedError(f"the database refuses: {type(error).__name__}") from error

    def _join_relay(self) -> None:
        """Once there are both a database and a bus, events move from one to the other."""
        database, bus, settings = self._parts.database, self._bus, self.settings
        if database is None or bus is None or self._relay is not None:
            return
        self._relay = Relay(
            database.pool,
            bus,
            batch=settings.outbox_batch,
            poll_s=settings.outbox_poll_ms / 1000,
            linger_s=settings.outbox_linger_ms / 1000,
            sent=self.metrics.outbox_sent.inc,
        )
        database.on_events = self._relay.wake
        self.background("outbox relay", self._relay.run)

    def _make_server(self) -> grpc.aio.Server:
        settings = self.settings
        options: list[tuple[str, Any]] = [
            ("grpc.so_reuseport", 0),  # a taken port is an error, not a second server behind it
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            ("grpc.max_send_message_length", settings.max_message_bytes),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
        return grpc.aio.server(options=options)

    def _register(self, server: grpc.aio.Server, registration: _Registration) -> None:
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for method in registration.methods():
            if method.remembers and self._parts.database is None:
                raise StartRefusedError(f"{method.path} has a request_id, which wants a database or own_idempotency")
            handlers[method.name] = behind_steps(method, self._parts, registration.handlers[method.name])
        name = registration.descriptor.full_name
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        server.add_registered_method_handlers(name, handlers)

    def _listen(self, server: grpc.aio.Server) -> int:
        settings = self.settings
        try:
            if settings.tls_cert is not None and settings.tls_key is not None and settings.tls_ca is not None:
                pair = (settings.tls_key.read_bytes(), settings.tls_cert.read_bytes())
                credentials = grpc.ssl_server_credentials(
                    [pair], root_certificates=settings.tls_ca.read_bytes(), require_client_auth=True
                )
                return server.add_secure_port(settings.listen, credentials)
            if settings.allow_plaintext:
                return server.add_insecure_port(settings.listen)
        except OSError as error:
            raise StartRefusedError(f"a certificate cannot be read: {error.filename}") from error
        except RuntimeError as error:
            raise StartRefusedError(f"cannot listen on {settings.listen}: is it taken?") from error
        raise StartRefusedError("tls_cert, tls_key and tls_ca are needed")

    async def _supervise(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        delay_s = RESTART_FIRST_S
        while True:
            began = monotonic()
            try:
                await run()
            except Exception as error:
                self._log.warning("task failed", task=name, **logs.describe(error))
            else:
                return
            if monotonic() - began > STEADY_S:
                delay_s = RESTART_FIRST_S
            self.metrics.restarts.labels(name).inc()
            await asyncio.sleep(delay_s * random.uniform(0.8, 1.2))
            delay_s = min(RESTART_MOST_S, delay_s * 2)


def serve(settings_type: type[S], build: Callable[[Host[S]], Awaitable[None]]) -> None:
    """Runs a server until SIGTERM or SIGINT, then drains it; a second signal ends the RPCs under way.

    Exits with 2 when settings are wrong, saying so on stderr, or the server refuses to start, saying why in the log.
    """
    try:
        settings = settings_type()
    except ValidationError as error:
        sys.stderr.write(_explain(settings_type, error))
        sys.exit(2)
    logs.configure(settings.log_level, settings.service)
    try:
        uvloop.run(_run(settings, build))
    except StartRefusedError as error:
        structlog.get_logger().error("refused to start", why=str(error))
        sys.exit(2)
    except Exception as error:
        structlog.get_logger().error("failed", **logs.describe(error))
        sys.exit(1)


async def _run(settings: S, build: Callable[[Host[S]], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.on_loop_error)
    asked, again = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (again if asked.is_set() else asked).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    host = Host(settings)
    starting = asyncio.create_task(_start(host, build))
    stopping = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting  # raises what the start raised
            await stopping
    finally:
        stopping.cancel()
        starting.cancel()
        await asyncio.wait((starting,))
        hurry = asyncio.create_task(_hurry(host, again))
        await host.drain()
        hurry.cancel()
        structlog.get_logger().info("stopped")


async def _start(host: Host[S], build: Callable[[Host[S]], Awaitable[None]]) -> None:
    await build(host)
    await host.start()
    # What a start leaves lives as long as the process: the collector need not walk it again, nor run for every request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


async def _hurry(host: Host[Any], again: asyncio.Event) -> None:
    await again.wait()
    await host.stop_at_once()


def _refuse_gaps(
    servicer: object,
    add_to_server: Callable[[Any, Any], None],
    descriptor: ServiceDescriptor,
    access: Mapping[str, Allow],
    named: frozenset[str],
) -> None:
    rpcs = set(descriptor.methods_by_name)
    if missing := sorted(rpcs - set(access)):
        raise StartRefusedError(f"{descriptor.full_name}: no entry in the table of access for {', '.join(missing)}")
    if unknown := sorted((set(access) | named) - rpcs):
        raise StartRefusedError(f"{descriptor.full_name} has no RPC {', '.join(unknown)}")
    generated = add_to_server.__module__
    if absent := sorted(name for name in rpcs if getattr(servicer, name).__module__ == generated):
        raise StartRefusedError(f"{descriptor.full_name}: not implemented: {', '.join(absent)}")


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels tasks until they have ended, within a bound.

    Again and again: a library's wait that ends at the very moment of a cancel can swallow it (asyncio.wait_for of
    Python 3.11 does).
    """
    waiting = set(tasks)
    until = monotonic() + CLOSE_TIMEOUT_S
    while waiting and monotonic() < until:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_AGAIN_S)


def _closing(pool: asyncpg.Pool) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S / 2):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    return close


def _explain(settings_type: type[ServiceSettings], error: ValidationError) -> str:
    """One line for each wrong variable, by its name; the value is never shown."""
    prefix = str(settings_type.model_config.get("env_prefix") or "")
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in problem["loc"]).upper()
        lines.append(f"{prefix}{name}: {problem['msg']}\n")
    return "".join(lines)
