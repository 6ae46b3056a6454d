"""What was scored by which models, how loans turned out, and what drift is measured against."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Double,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL

from sycee_scoring.schema.base import metadata, moment, name


def _names(column: str) -> Column[list[str]]:
    return Column(column, ARRAY(Text(collation="C")), nullable=False)


score_lineups = Table(
    "score_lineups",
    metadata,
    Column("lineup_no", Integer, Identity(always=True), nullable=False),
    name("challenger_version"),
    name("combination_version"),
    _names("component_names"),
    _names("component_versions"),
    _names("feature_names"),
    PrimaryKeyConstraint("lineup_no", name="score_lineups_pkey"),
    UniqueConstraint(
        "challenger_version",
        "combination_version",
        "component_names",
        "component_versions",
        "feature_names",
        name="score_lineups_key",
    ),
)
"""Models that scored together, and the names of the numbers that their notes hold. `challenger_version` is the one that
took a champion's place, empty where all were champions. A handful of rows."""

score_notes = Table(
    "score_notes",
    metadata,
    Column("note_no", BigInteger, Identity(always=True), nullable=False),
    Column("lineup_no", Integer, nullable=False),
    name("merchant_id"),
    Column("as_of_day", Date, nullable=False),
    Column("scored_on", Date, nullable=False),
    moment("scored_at"),
    Column("default_probability", Double, nullable=False),
    Column("log_odds", Double, nullable=False),
    Column("coverage", Double, nullable=False),
    Column("component_log_odds", ARRAY(Double), nullable=False),
    Column("component_weights", ARRAY(Double), nullable=False),
    Column("features", ARRAY(REAL), nullable=False),
    PrimaryKeyConstraint("note_no", name="score_notes_pkey"),
    ForeignKeyConstraint(["lineup_no"], ["score_lineups.lineup_no"], name="score_notes_lineup_fkey"),
    Index("score_notes_merchant_idx", "merchant_id", "scored_at"),
    Index("score_notes_lineup_idx", "lineup_no", "scored_at"),
    Index("score_notes_time_idx", "scored_at", postgresql_using="brin"),
)
"""Each score, by champions or with a challenger in a champion's place; a challenger's has its score's `scored_at`."""

loan_outcomes = Table(
    "loan_outcomes",
    metadata,
    name("loan_id"),
    name("merchant_id"),
    Column("opened_on", Date, nullable=False),
    Column("observed_until", Date, nullable=False),
    Column("defaulted_on", Date),
    Column("closed_on", Date),
    moment("recorded_at"),
    PrimaryKeyConstraint("loan_id", name="loan_outcomes_pkey"),
    Index("loan_outcomes_merchant_idx", "merchant_id", "loan_id"),
    Index("loan_outcomes_observed_idx", "observed_until"),
)
"""What is known of each loan, observed longest."""

drift_references = Table(
    "drift_references",
    metadata,
    name("version"),
    Column("content", Text, nullable=False),
    moment("made_at"),
    PrimaryKeyConstraint("version", name="drift_references_pkey"),
)
"""What a version's scores are compared with: bins and shares, fixed once."""

drift_levels = Table(
    "drift_levels",
    metadata,
    name("version"),
    name("name"),
    Column("level", SmallInteger, nullable=False),
    Column("index", Double, nullable=False),
    moment("changed_at"),
    PrimaryKeyConstraint("version", "name", name="drift_levels_pkey"),
)
"""The level at which each quantity was seen last, so that a crossing is told once."""
