"""Texts of reasons with values filled in: `{amount_fen:yuan}`, `{nominal_rate_bp:percent}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from sycee_compliance.domain.outcome import Reason


class _Units(Formatter):
    """Shows integers in the unit that a reader knows: `yuan` for fen, `percent` for basis points, bare otherwise."""

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec and not isinstance(value, int):
            return "—"
        if format_spec == "yuan":
            yuan, fen = divmod(int(str(value)), 100)
            return f"{yuan:,}.{fen:02}" if fen else f"{yuan:,}"
        if format_spec == "percent":
            whole, hundredths = divmod(int(str(value)), 100)
            return f"{whole}.{hundredths:02}%"
        if format_spec:
            raise ValueError(f"unknown unit {format_spec}")
        return str(value)


_units = _Units()


@dataclass(frozen=True, slots=True)
class ReasonText:
    """A reason's code and its texts with places for facts and parameters."""

    code: str
    zh: str
    en: str

    def names(self) -> frozenset[str]:
        """The facts and parameters that the texts show. Raises ValueError when a text is malformed."""
        return frozenset(
            name for text in (self.zh, self.en) for _, name, _, _ in _units.parse(text) if name is not None
        )

    def fill(self, facts: Mapping[str, object], parameters: Mapping[str, int]) -> Reason:
        """The reason with values."""
        values = {**facts, **parameters}
        return Reason(self.code, _units.vformat(self.zh, (), values), _units.vformat(self.en, (), values))
