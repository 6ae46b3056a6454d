"""Prometheus metrics of one server. Labels are methods, codes and names of parts, never what a caller sent."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class MethodStats:
    """Counts and times of one RPC: plain numbers, added up by the event loop, read when Prometheus asks."""

    __slots__ = ("codes", "counts", "seconds")

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.counts = [0] * (len(_SECONDS) + 1)
        self.seconds = 0.0

    def add(self, code: str, seconds: float) -> None:
        """One RPC answered."""
        self.codes[code] = self.codes.get(code, 0) + 1
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.seconds += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts, as Prometheus wants them."""
        total, found = 0, []
        for bound, count in zip((*(str(bound) for bound in _SECONDS), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class _RpcCollector:
    """Turns the methods' plain numbers into metrics."""

    def __init__(self, methods: dict[str, MethodStats]) -> None:
        self._methods = methods

    def collect(self) -> Iterator[Metric]:
        """The two families of RPC metrics."""
        answered = CounterMetricFamily("sycee_rpcs", "RPCs answered", labels=["method", "code"])
        times = HistogramMetricFamily("sycee_rpc_seconds", "Time in the server", labels=["method"])
        for method, stats in list(self._methods.items()):
            for code, count in list(stats.codes.items()):
                answered.add_metric([method, code], count)
            times.add_metric([method], stats.buckets(), stats.seconds)
        yield answered
        yield times


class Metrics:
    """One registry a server, so that several servers fit in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._methods: dict[str, MethodStats] = {}
        registry.register(_RpcCollector(self._methods))
        self.replays = Counter("sycee_replays", "Answers given again for a request_id", ["method"], registry=registry)
        self.conflicts = Counter("sycee_conflicts", "Handlers run again", ["method"], registry=registry)
        self.healthy = Gauge("sycee_healthy", "1 while the check passes", ["check"], registry=registry)
        self.restarts = Counter("sycee_task_restarts", "Background tasks begun again", ["task"], registry=registry)
        self.outbox_sent = Counter("sycee_outbox_sent", "Events acknowledged by the bus", registry=registry)
        self.consumed = Counter("sycee_consumed", "Events handled", ["consumer", "result"], registry=registry)
        self.in_flight = 0
        Gauge("sycee_rpcs_in_flight", "RPCs being answered", registry=registry).set_function(lambda: self.in_flight)

    def method(self, path: str) -> MethodStats:
        """The numbers of one RPC."""
        return self._methods.setdefault(path, MethodStats())

    def listen(self, address: str) -> Exposition:
        """Serves the metrics over HTTP at host:port; OSError when the port is taken."""
        host, _, port = address.rpartition(":")
        server, _thread = start_http_server(int(port), host.strip("[]"), registry=self.registry)
        return Exposition(server)


class Exposition:
    """The HTTP end of the metrics."""

    def __init__(self, server: object) -> None:
        self._server = server

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._server.server_port  # type: ignore[attr-defined] # a wsgiref server, untyped by prometheus_client
        return port

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()  # type: ignore[attr-defined]
        self._server.server_close()  # type: ignore[attr-defined]
