"""What operators watch of decisions: how they come out, how long each step takes, how many wait to be finished."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sycee_gateway.domain.decision import Decision

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class DecisionMetrics:
    """Counts. Labels are outcomes and steps, never merchants."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._made = Counter("sycee_decisions", "Decisions made", ["outcome"], registry=registry)
        self._missing = Counter("sycee_decision_checks_missing", "Checks late or down", ["step"], registry=registry)
        self._seconds = Histogram(
            "sycee_decision_step_seconds", "Time of a step", ["step"], buckets=_SECONDS, registry=registry
        )
        self._due = Gauge("sycee_decisions_due", "Decisions that should be finished by now", registry=registry)

    def made(self, decision: Decision) -> None:
        """A decision was made, here and now."""
        if decision.conclusion is not None:
            self._made.labels(decision.conclusion.verdict.outcome.name).inc()
        for step in decision.steps:
            self._seconds.labels(step.name).observe(step.elapsed_us / 1_000_000)

    def missing(self, step: str) -> None:
        """A check could not be had in time."""
        self._missing.labels(step).inc()

    def due(self, count: int) -> None:
        """The sweeper found so many."""
        self._due.set(count)
