"""The models that score now, for the scoring path to ask: a snapshot that never changes, and the holder of the newest.

    panel = models.panel()                          # once a call; no lock, no wait: the champions, ready to score
    serving = models.current()                      # champions and challengers of each component
    model = serving.champion(Component.DISTRESS)

All models of one call must come out of one snapshot: between two of them a promotion may lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sycee_scoring.domain.bureau import EXPERT
from sycee_scoring.domain.combine import COMMITTED
from sycee_scoring.domain.panel import Panel
from sycee_scoring.registry.model import Component

if TYPE_CHECKING:
    from sycee_scoring.distress.model import DistressModel


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that was checked and can score. `model` is the component's own kind, as its loader made it."""

    version: str
    component: Component
    model: Any


@dataclass(frozen=True, slots=True)
class Serving:
    """Champion and challengers of each component, as of one moment; `change_no` is the last change of roles in it.
    `panel` are the champions that score together; None without an application model."""

    change_no: int = 0
    champions: Mapping[Component, Loaded] = field(default_factory=dict)
    challengers: Mapping[Component, tuple[Loaded, ...]] = field(default_factory=dict)
    panel: Panel | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "panel", self._panel())

    def champion(self, component: Component) -> Any | None:
        """The model that decides; None for a component that has none, whose own constants then hold."""
        loaded = self.champions.get(component)
        return None if loaded is None else loaded.model

    def challengers_of(self, component: Component) -> tuple[Loaded, ...]:
        """Those that score along, longest in the role first."""
        return self.challengers.get(component, ())

    def _panel(self) -> Panel | None:
        application = self.champion(Component.APPLICATION)
        if application is None:
            return None
        bureau, combination = self.champion(Component.BUREAU), self.champion(Component.COMBINATION)
        return Panel(
            application,
            EXPERT if bureau is None else bureau,
            COMMITTED if combination is None else combination,
        )


class Models:
    """Holds the newest snapshot. One writer replaces it whole; readers need no lock, since a reference is one word."""

    __slots__ = ("_serving",)

    def __init__(self, serving: Serving | None = None) -> None:
        self._serving = serving if serving is not None else Serving()

    def current(self) -> Serving:
        """The newest snapshot."""
        return self._serving

    def panel(self) -> Panel:
        """The champions that score together. Raises LookupError before the first start of the registry."""
        panel = self._serving.panel
        if panel is None:
            raise LookupError("no application model is in force")
        return panel

    def distress(self) -> DistressModel:
        """The champion of early warning. Raises LookupError before the first start of the registry."""
        model = self._serving.champion(Component.DISTRESS)
        if model is None:
            raise LookupError("no early-warning model is in force")
        return cast("DistressModel", model)

    def replace(self, serving: Serving) -> None:
        """Puts a snapshot in place of the one before."""
        self._serving = serving
