"""A seeded, simulated marketplace for demonstrations, load and fault tests. All that comes from it is simulated."""

from sycee_simulator.archetypes import Archetype
from sycee_simulator.market import Marketplace, Shop
from sycee_simulator.truth import Truth

__all__ = ["Archetype", "Marketplace", "Shop", "Truth"]
