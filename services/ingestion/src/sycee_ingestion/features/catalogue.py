"""All features there are."""

from __future__ import annotations

from sycee_ingestion.features import (
    concentration,
    invoices,
    logistics,
    records,
    reviews,
    rhythm,
    settlement,
    tax_energy,
    tenure,
    trade,
    traffic,
)
from sycee_ingestion.features.definitions import DayTotals, Definition

FEATURE_VERSION = "features-2"
"""Changes with any figure that any feature may give; the same version and events give the same portrait.

Set by hand, and held by a test that pins what all features give for a made-up book, to the bit: that test fails when a
figure, a name or a unit changes under an old version. A digest of the source would change with every comment and throw
away stored portraits that still hold; one of the results does not.
"""

TOTALS = DayTotals()
"""The sums over windows of days that the features below ask for."""

DEFINITIONS: tuple[Definition, ...] = (
    *trade.definitions(TOTALS),
    *rhythm.definitions(TOTALS),
    *concentration.definitions(),
    *logistics.definitions(TOTALS),
    *reviews.definitions(TOTALS),
    *traffic.definitions(TOTALS),
    *settlement.definitions(TOTALS),
    *tax_energy.definitions(TOTALS),
    *records.definitions(),
    *invoices.definitions(TOTALS),
    *tenure.definitions(TOTALS),
)

SHARED = (trade.SHARED,)
"""Columns that the wide frame is given before the features are taken of it, one set after the other."""

NAMES = tuple(definition.name for definition in DEFINITIONS)
"""The features in the order of the columns that `compute` gives."""


def catalogue() -> tuple[Definition, ...]:
    """All features by name."""
    return tuple(sorted(DEFINITIONS, key=lambda definition: definition.name))
