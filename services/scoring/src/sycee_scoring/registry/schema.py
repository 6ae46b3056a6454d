"""What a model expects: names, order and directions of its features, as one digest."""

from __future__ import annotations

from dataclasses import dataclass

from sycee_scoring.model_files import schema_sha256


@dataclass(frozen=True, slots=True)
class Schema:
    """Features in their order with their directions: 1 never lowers the risk, −1 never raises it, 0 may do both."""

    names: tuple[str, ...]
    directions: tuple[int, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of both, hex: another order is another schema."""
        return schema_sha256(self.names, self.directions)
