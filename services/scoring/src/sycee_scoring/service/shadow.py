"""Challengers score along: each takes its champion's place among the models in force, and nobody sees the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog
from sycee_service.logs import describe

from sycee_scoring.domain.combine import Result
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.panel import Panel
from sycee_scoring.registry.model import Component
from sycee_scoring.registry.serving import Loaded, Models


class Shadow:
    """Scores with challengers in the place of champions. `panel` gives the models that score now."""

    def __init__(self, models: Models, panel: Callable[[], Panel]) -> None:
        self._models = models
        self._panel = panel

    def scores(self, evidence: Evidence) -> Iterator[tuple[str, Result]]:
        """What each challenger would have made of evidence that can be scored. One that fails is told of in the log
        and spoils nothing else."""
        serving = self._models.current()
        if not serving.challengers:
            return
        panel = self._panel()
        for component, loaded in serving.challengers.items():
            for one in loaded:
                with_it = _in_place(panel, component, one)
                if with_it is None:
                    continue
                try:
                    result = with_it.score_without_reasons(evidence)
                except Exception as error:
                    structlog.get_logger().warning("challenger failed", version=one.version, **describe(error))
                    continue
                if _took_part(component, one, result):
                    yield one.version, result


def _in_place(panel: Panel, component: Component, challenger: Loaded) -> Panel | None:
    """The models in force with a challenger among them; None for one that is not part of a score."""
    if component is Component.APPLICATION:
        return replace(panel, application=challenger.model)
    if component is Component.BUREAU:
        return replace(panel, bureau=challenger.model)
    if component is Component.COMBINATION:
        return replace(panel, combination=challenger.model)
    return None


def _took_part(component: Component, challenger: Loaded, result: Result) -> bool:
    """Whether the challenger had anything to say of this merchant."""
    if component is Component.COMBINATION:
        return True
    return any(part.version == challenger.version for part in result.parts)
