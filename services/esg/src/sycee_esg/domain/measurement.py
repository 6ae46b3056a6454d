"""One measured value, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass

from sycee_esg.domain.book import Factor


@dataclass(frozen=True, slots=True)
class Measurement:
    """The value of a metric that the portrait allowed to measure, in the unit of its `MetricRule`."""

    value: float
    data_quality: int = 0  # PCAF 1 to 5 (ESG-04); 0 where the scale does not apply
    factors: tuple[Factor, ...] = ()
