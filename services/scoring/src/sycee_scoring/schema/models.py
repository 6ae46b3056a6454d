"""Models, the roles they play and played, and who trained them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sycee_scoring.schema.base import metadata, moment, name

models = Table(
    "models",
    metadata,
    Column("model_no", Integer, Identity(always=True), nullable=False),
    name("version"),
    Column("component", SmallInteger, nullable=False),
    Column("artefact", LargeBinary, nullable=False),
    Column("artefact_sha256", LargeBinary, nullable=False),
    Column("schema_sha256", LargeBinary, nullable=False),
    Column("card_json", Text, nullable=False),
    Column("card_markdown", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("bad_count", BigInteger, nullable=False),
    Column("auc", Double),
    Column("auc_low", Double),
    Column("auc_high", Double),
    name("trained_by"),
    moment("trained_at"),
    PrimaryKeyConstraint("model_no", name="models_pkey"),
    UniqueConstraint("version", name="models_version_key"),
    UniqueConstraint("model_no", "component", name="models_component_key"),
    Index("models_page_idx", "component", "model_no"),
)
"""What was trained, whole and unchangeable: a trigger refuses updates and deletes, a check compares the digest."""

model_standings = Table(
    "model_standings",
    metadata,
    Column("model_no", Integer, autoincrement=False, nullable=False),
    Column("component", SmallInteger, nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("proposed_role", SmallInteger, nullable=False),
    name("proposed_by"),
    name("approved_by"),
    moment("in_role_since", nullable=True),
    PrimaryKeyConstraint("model_no", name="model_standings_pkey"),
    ForeignKeyConstraint(
        ["model_no", "component"], ["models.model_no", "models.component"], name="model_standings_model_fkey"
    ),
    Index("model_standings_champion_key", "component", unique=True, postgresql_where=text("role = 1")),
)
"""The part each model plays now. A component that has had a champion always has exactly one."""

model_role_changes = Table(
    "model_role_changes",
    metadata,
    Column("change_no", BigInteger, Identity(always=True), nullable=False),
    Column("model_no", Integer, nullable=False),
    Column("component", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("displaced_model_no", Integer),
    name("proposed_by"),
    name("approved_by"),
    Column("reason", Text, nullable=False),
    moment("changed_at"),
    PrimaryKeyConstraint("change_no", name="model_role_changes_pkey"),
    ForeignKeyConstraint(
        ["model_no", "component"], ["models.model_no", "models.component"], name="model_role_changes_model_fkey"
    ),
    ForeignKeyConstraint(
        ["displaced_model_no", "component"],
        ["models.model_no", "models.component"],
        name="model_role_changes_displaced_fkey",
    ),
    Index("model_role_changes_model_idx", "model_no", "change_no"),
)
"""Every proposal, approval and rollback, only ever added to. `displaced_model_no` left the role for this one."""

model_trainings = Table(
    "model_trainings",
    metadata,
    name("caller"),
    name("request_id"),
    Column("digest", LargeBinary, nullable=False),
    Column("model_no", Integer, nullable=False),
    name("trained_by"),
    moment("trained_at"),
    PrimaryKeyConstraint("caller", "request_id", name="model_trainings_pkey"),
    ForeignKeyConstraint(["model_no"], ["models.model_no"], name="model_trainings_model_no_fkey"),
    Index("model_trainings_model_idx", "model_no"),
)
"""What each request to train gave. Nobody named here for a model may approve it."""
