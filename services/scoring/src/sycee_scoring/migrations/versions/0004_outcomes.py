"""What was scored, and how loans turned out."""

from __future__ import annotations

from alembic import op

revision = "outcomes"
down_revision = "models"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table score_lineups (
        lineup_no integer generated always as identity,
        challenger_version text collate "C" not null,
        combination_version text collate "C" not null,
        component_names text[] collate "C" not null,
        component_versions text[] collate "C" not null,
        feature_names text[] collate "C" not null,
        constraint score_lineups_pkey primary key (lineup_no),
        constraint score_lineups_key
            unique (challenger_version, combination_version, component_names, component_versions, feature_names)
    )
    """,
    """
    create table score_notes (
        note_no bigint generated always as identity,
        lineup_no integer not null,
        merchant_id text collate "C" not null,
        as_of_day date not null,
        scored_on date not null,
        scored_at timestamptz not null,
        default_probability double precision not null,
        log_odds double precision not null,
        coverage double precision not null,
        component_log_odds double precision[] not null,
        component_weights double precision[] not null,
        features real[] not null,
        constraint score_notes_pkey primary key (note_no),
        constraint score_notes_lineup_fkey foreign key (lineup_no) references score_lineups (lineup_no)
    )
    """,
    "create index score_notes_merchant_idx on score_notes (merchant_id, scored_at)",
    "create index score_notes_lineup_idx on score_notes (lineup_no, scored_at)",
    # Notes come in the order of time: a summary of each range of pages is enough to find the oldest.
    "create index score_notes_time_idx on score_notes using brin (scored_at)",
    """
    create table loan_outcomes (
        loan_id text collate "C" not null,
        merchant_id text collate "C" not null,
        opened_on date not null,
        observed_until date not null,
        defaulted_on date,
        closed_on date,
        recorded_at timestamptz not null,
        constraint loan_outcomes_pkey primary key (loan_id),
        constraint loan_outcomes_days_check check (
            opened_on <= observed_until
            and (defaulted_on is null or defaulted_on between opened_on and observed_until)
            and (closed_on is null or closed_on between opened_on and observed_until)
            and (defaulted_on is null or closed_on is null or defaulted_on <= closed_on)
        )
    )
    """,
    "create index loan_outcomes_merchant_idx on loan_outcomes (merchant_id, loan_id)",
    "create index loan_outcomes_observed_idx on loan_outcomes (observed_until)",
    """
    create table drift_references (
        version text collate "C" not null,
        content text not null,
        made_at timestamptz not null,
        constraint drift_references_pkey primary key (version)
    )
    """,
    """
    create table drift_levels (
        version text collate "C" not null,
        name text collate "C" not null,
        level smallint not null,
        index double precision not null,
        changed_at timestamptz not null,
        constraint drift_levels_pkey primary key (version, name),
        constraint drift_levels_level_check check (level between 1 and 3)
    )
    """,
)

_TABLES = ("drift_levels", "drift_references", "loan_outcomes", "score_notes", "score_lineups")


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.drop_table(table)
