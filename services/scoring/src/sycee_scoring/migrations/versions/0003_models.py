"""Models, their artefacts and the roles they played."""

from __future__ import annotations

from alembic import op

revision = "models"
down_revision = "fraud"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # The artefact's digest is checked by the database as well: a row that does not hold what it says cannot be written.
    """
    create table models (
        model_no integer generated always as identity,
        version text collate "C" not null,
        component smallint not null,
        artefact bytea not null,
        artefact_sha256 bytea not null,
        schema_sha256 bytea not null,
        card_json text not null,
        card_markdown text not null,
        row_count bigint not null,
        bad_count bigint not null,
        auc double precision,
        auc_low double precision,
        auc_high double precision,
        trained_by text collate "C" not null,
        trained_at timestamptz not null,
        constraint models_pkey primary key (model_no),
        constraint models_version_key unique (version),
        constraint models_component_key unique (model_no, component),
        constraint models_component_check check (component between 1 and 4),
        constraint models_artefact_check check (octet_length(artefact) between 1 and 8388608),
        constraint models_card_check
            check (octet_length(card_json) <= 2097152 and octet_length(card_markdown) <= 2097152),
        constraint models_digest_check check (artefact_sha256 = sha256(artefact)),
        constraint models_schema_check check (octet_length(schema_sha256) = 32)
    )
    """,
    "alter table models alter column artefact set storage external",
    "create index models_page_idx on models (component, model_no)",
    """
    create table model_standings (
        model_no integer not null,
        component smallint not null,
        role smallint not null,
        proposed_role smallint not null,
        proposed_by text collate "C" not null,
        approved_by text collate "C" not null,
        in_role_since timestamptz,
        constraint model_standings_pkey primary key (model_no),
        constraint model_standings_model_fkey foreign key (model_no, component)
            references models (model_no, component),
        constraint model_standings_role_check check (role between 0 and 2 and proposed_role between 0 and 2),
        constraint model_standings_since_check check ((role = 0) = (in_role_since is null))
    )
    """,
    "create unique index model_standings_champion_key on model_standings (component) where role = 1",
    """
    create table model_role_changes (
        change_no bigint generated always as identity,
        model_no integer not null,
        component smallint not null,
        kind smallint not null,
        role smallint not null,
        displaced_model_no integer,
        proposed_by text collate "C" not null,
        approved_by text collate "C" not null,
        reason text not null,
        changed_at timestamptz not null,
        constraint model_role_changes_pkey primary key (change_no),
        constraint model_role_changes_model_fkey foreign key (model_no, component)
            references models (model_no, component),
        constraint model_role_changes_displaced_fkey foreign key (displaced_model_no, component)
            references models (model_no, component),
        constraint model_role_changes_kind_check check (kind between 1 and 4)
    )
    """,
    "create index model_role_changes_model_idx on model_role_changes (model_no, change_no)",
    """
    create table model_trainings (
        caller text collate "C" not null,
        request_id text collate "C" not null,
        digest bytea not null,
        model_no integer not null,
        trained_by text collate "C" not null,
        trained_at timestamptz not null,
        constraint model_trainings_pkey primary key (caller, request_id),
        constraint model_trainings_model_no_fkey foreign key (model_no) references models (model_no)
    )
    """,
    "create index model_trainings_model_idx on model_trainings (model_no)",
    """
    create function model_history_stays() returns trigger language plpgsql as $$
    begin
        raise exception '% is only ever added to', tg_table_name using errcode = 'restrict_violation';
    end
    $$
    """,
    """
    create trigger models_stay before update or delete or truncate on models
        for each statement execute function model_history_stays()
    """,
    """
    create trigger model_role_changes_stay before update or delete or truncate on model_role_changes
        for each statement execute function model_history_stays()
    """,
    # The unique index sees to at most one champion; this, at commit, to at least one wherever there was one.
    """
    create function model_champion_stays() returns trigger language plpgsql as $$
    begin
        if not exists (select from model_standings where component = old.component and role = 1) then
            raise exception 'component % would be left without a champion', old.component
                using errcode = 'restrict_violation', constraint = 'model_standings_champion_stays';
        end if;
        return null;
    end
    $$
    """,
    """
    create constraint trigger model_standings_champion_stays
        after update or delete on model_standings deferrable initially deferred
        for each row when (old.role = 1) execute function model_champion_stays()
    """,
)

_TABLES = ("model_trainings", "model_role_changes", "model_standings", "models")


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.execute(f"drop table {table}")
    op.execute("drop function model_champion_stays()")
    op.execute("drop function model_history_stays()")
