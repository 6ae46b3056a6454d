"""All SQL of this service: consents, and the append-only log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import asyncpg

from sycee_compliance.domain.consent import Consent, ConsentQuery, NewestConsent, Purpose
from sycee_compliance.domain.ledger import KnownLeaf, LogState, NewLeaf, RequestKey, Sealed
from sycee_compliance.domain.merkle import HASH_BYTES, Place
from sycee_compliance.domain.tree_head import TreeHead
from sycee_service.database import Database
from sycee_service.errors import FailedPrecondition
from sycee_service.outbox import Event

INSERT_CONSENT = """
insert into consents
    (consent_id, merchant_id, purpose, recipient, text_version, evidence_sha256, given_at, expires_at, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

NEWEST_CONSENTS = """
select distinct on (purpose, recipient) purpose, recipient, consent_id, expires_at
from consents
where merchant_id = $1 and recipient = any($2::text[]) and given_at <= $3
order by purpose, recipient, given_at desc, recorded_at desc, consent_id desc
"""

OPEN_LOG = "insert into log_state (log_id, tree_size, frontier) values ($1, 0, ''::bytea) on conflict do nothing"

LOG_ID = "select log_id from log_state"

LOCK_STATE = "select tree_size, frontier from log_state for update"

KNOWN_LEAVES = """
select l.caller, l.request_id, l.leaf_index, l.tree_size, l.kind, sha256(l.record) as record_sha256
from unnest($1::text[], $2::text[]) as asked(caller, request_id)
join log_leaves l on l.caller = asked.caller and l.request_id = asked.request_id
"""

APPEND = """
with moved as (
    update log_state set tree_size = $2, frontier = $3 where tree_size = $1 returning tree_size
), leaves as (
    insert into log_leaves (leaf_index, tree_size, caller, request_id, kind, record)
    select $1 + l.at - 1, moved.tree_size, l.caller, l.request_id, l.kind, l.record
    from moved, unnest($4::text[], $5::text[], $6::text[], $7::bytea[])
        with ordinality as l(caller, request_id, kind, record, at)
), nodes as (
    insert into log_nodes (level, node_index, hash)
    select n.level, n.node_index, n.hash
    from moved, unnest($8::smallint[], $9::bigint[], $10::bytea[]) as n(level, node_index, hash)
), heads as (
    insert into log_heads (tree_size, root_hash, signed_at, key_id, signature)
    select moved.tree_size, $11, $12, $13, $14 from moved
)
select tree_size from moved
"""

HEAD = """
select s.log_id, h.tree_size, h.root_hash, h.signed_at, h.key_id, h.signature
from log_heads h, log_state s where h.tree_size = $1
"""

NEWEST_HEAD = """
select s.log_id, s.tree_size, h.root_hash, h.signed_at, h.key_id, h.signature
from log_state s left join log_heads h on h.tree_size = s.tree_size
"""

NODES = """
select n.level, n.node_index, n.hash
from unnest($1::smallint[], $2::bigint[]) as asked(level, node_index)
join log_nodes n on n.level = asked.level and n.node_index = asked.node_index
"""


class ConsentStore:
    """Consents are only ever added; which one stands is a matter of time, so any past moment can be asked about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, consent: Consent, recorded_at: datetime) -> None:
        """Stores a consent and announces it, both or neither."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(
                INSERT_CONSENT,
                consent.consent_id,
                consent.merchant_id,
                consent.purpose,
                consent.recipient,
                consent.text_version,
                bytes.fromhex(consent.evidence_sha256),
                consent.given_at,
                consent.expires_at,
                recorded_at,
            )
            tx.emit(_recorded(consent))

    async def newest(
        self, merchant_id: str, recipients: Sequence[str], moment: datetime
    ) -> list[NewestConsent]:
        """For each purpose and each of these recipients, the consent given last by a moment. One statement."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(NEWEST_CONSENTS, merchant_id, recipients, moment)
        return [
            NewestConsent(Purpose(row["purpose"]), row["recipient"], row["consent_id"], row["expires_at"])
            for row in rows
        ]
