"""What the tables are made with."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, MetaData, Text

metadata = MetaData()
"""All tables of this service."""


def name(column: str, *, nullable: bool = False) -> Column[str]:
    """A text that names something: it compares by bytes, cheaper than a language's order and the same everywhere."""
    return Column(column, Text(collation="C"), nullable=nullable)


def moment(column: str, *, nullable: bool = False) -> Column[object]:
    """A moment, in UTC."""
    return Column(column, DateTime(timezone=True), nullable=nullable)
