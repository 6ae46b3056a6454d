"""Applications, what they share, and what investigations found."""

from __future__ import annotations

from alembic import op

revision = "fraud"
down_revision = "first"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table fraud_merchants (
        merchant_no bigint generated always as identity,
        merchant_id text collate "C" not null,
        opened_on date,
        first_applied_at timestamptz,
        last_applied_at timestamptz,
        revision bigint not null,
        verdict smallint not null,
        found_at timestamptz,
        constraint fraud_merchants_pkey primary key (merchant_no),
        constraint fraud_merchants_merchant_id_key unique (merchant_id),
        constraint fraud_merchants_verdict_check check (verdict between 0 and 2 and (verdict = 0) = (found_at is null))
    ) with (fillfactor = 80)
    """,
    # Each application writes its attributes' rows anew: room in the page keeps that out of the indexes.
    """
    create table fraud_attributes (
        attribute_no bigint generated always as identity,
        kind smallint not null,
        digest bytea not null,
        merchant_count integer not null,
        revision bigint not null,
        constraint fraud_attributes_pkey primary key (attribute_no),
        constraint fraud_attributes_key unique (kind, digest),
        constraint fraud_attributes_kind_check check (kind between 1 and 7),
        constraint fraud_attributes_digest_check check (octet_length(digest) between 8 and 32),
        constraint fraud_attributes_count_check check (merchant_count >= 0)
    ) with (fillfactor = 70)
    """,
    """
    create table fraud_links (
        attribute_no bigint not null,
        merchant_no bigint not null,
        linked_at timestamptz not null,
        constraint fraud_links_pkey primary key (attribute_no, merchant_no),
        constraint fraud_links_attribute_fkey foreign key (attribute_no) references fraud_attributes (attribute_no),
        constraint fraud_links_merchant_fkey foreign key (merchant_no) references fraud_merchants (merchant_no)
    )
    """,
    "create index fraud_links_merchant_idx on fraud_links (merchant_no, linked_at, attribute_no)",
    """
    create table fraud_applications (
        merchant_no bigint not null,
        application_id text collate "C" not null,
        applied_at timestamptz not null,
        constraint fraud_applications_pkey primary key (merchant_no, application_id),
        constraint fraud_applications_merchant_fkey foreign key (merchant_no) references fraud_merchants (merchant_no)
    )
    """,
    "create index fraud_applications_time_idx on fraud_applications (merchant_no, applied_at)",
    """
    create table fraud_findings (
        finding_no bigint generated always as identity,
        merchant_no bigint not null,
        verdict smallint not null,
        found_at timestamptz not null,
        found_by text collate "C" not null,
        constraint fraud_findings_pkey primary key (finding_no),
        constraint fraud_findings_merchant_fkey foreign key (merchant_no) references fraud_merchants (merchant_no),
        constraint fraud_findings_verdict_check check (verdict between 1 and 2)
    )
    """,
    "create index fraud_findings_merchant_idx on fraud_findings (merchant_no, finding_no)",
    # An attribute's count of merchants is that of its links, whoever writes them.
    """
    create function fraud_links_counted() returns trigger language plpgsql as $$
    begin
        update fraud_attributes
        set merchant_count = merchant_count + case tg_op when 'INSERT' then changed.number else -changed.number end
        from (select attribute_no, count(*) as number from links group by attribute_no) as changed
        where fraud_attributes.attribute_no = changed.attribute_no;
        return null;
    end
    $$
    """,
    """
    create trigger fraud_links_added after insert on fraud_links referencing new table as links
        for each statement execute function fraud_links_counted()
    """,
    """
    create trigger fraud_links_removed after delete on fraud_links referencing old table as links
        for each statement execute function fraud_links_counted()
    """,
)

_TABLES = ("fraud_findings", "fraud_applications", "fraud_links", "fraud_attributes", "fraud_merchants")


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.drop_table(table)
    op.execute("drop function fraud_links_counted()")
