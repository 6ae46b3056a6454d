"""All SQL of this service: consents, and the append-only log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sycee_service.database import Database, raise_if_lost
from sycee_service.errors import FailedPrecondition
from sycee_service.outbox import Event

from sycee_compliance.domain.consent import Consent, NewestConsent, Purpose
from sycee_compliance.domain.ledger import Exclusive, KnownLeaf, LogState, NewLeaf, RequestKey, Sealed
from sycee_compliance.domain.merkle import HASH_BYTES, Place
from sycee_compliance.domain.tree_head import TreeHead

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
    update log_state set tree_size = $2::bigint, frontier = $3::bytea where tree_size = $1::bigint returning tree_size
), leaves as (
    insert into log_leaves (leaf_index, tree_size, caller, request_id, kind, record)
    select $1::bigint + l.at - 1, moved.tree_size, l.caller, l.request_id, l.kind, l.record
    from moved, unnest($4::text[], $5::text[], $6::text[], $7::bytea[])
        with ordinality as l(caller, request_id, kind, record, at)
), nodes as (
    insert into log_nodes (level, node_index, hash)
    select n.level, n.node_index, n.hash
    from moved, unnest($8::smallint[], $9::bigint[], $10::bytea[]) as n(level, node_index, hash)
), heads as (
    insert into log_heads (tree_size, root_hash, signed_at, key_id, signature)
    select moved.tree_size, $11::bytea, $12::timestamptz, $13::text, $14::bytea from moved
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


class RequestKnown(Exception):  # noqa: N818 - not an error of the caller's: the answer is there already
    """A request_id of the batch was used before."""


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

    async def newest(self, merchant_id: str, recipients: Sequence[str], moment: datetime) -> list[NewestConsent]:
        """For each purpose and each of these recipients, the consent given last by a moment. One statement."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(NEWEST_CONSENTS, merchant_id, recipients, moment)
        return [
            NewestConsent(Purpose(row["purpose"]), row["recipient"], row["consent_id"], row["expires_at"])
            for row in rows
        ]


class LogStore:
    """The append-only log. Leaves, nodes and heads are only ever added, and always all of a batch or nothing.

    The one row of `log_state` is the lock: it moves from one size to the next in the statement that adds the leaves in
    between, so indexes are dense and no two processes can put different leaves at one index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, log_id: str) -> None:
        """Starts the log where there is none. Raises FailedPrecondition when this database holds another log."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(OPEN_LOG, log_id)
            held: str = await tx.driver.fetchval(LOG_ID)
        if held != log_id:
            raise FailedPrecondition("LOG_ID_CHANGED", f"this database holds log {held!r}, not {log_id!r}")

    async def append(self, leaves: Sequence[NewLeaf], sealed: Sealed) -> bool:
        """Stores a batch if the log still is where it was sealed for; otherwise changes nothing and answers False.

        One statement in autocommit: durable when it returns. Raises RequestKnown when a request_id was used before, and
        Unavailable when PostgreSQL went away, in which case the batch may or may not be stored.
        """
        driver = await self._database.acquire()
        try:
            return await _append(driver, leaves, sealed)
        except Exception as error:
            raise_if_lost(error, driver)
            raise
        finally:
            await self._database.release(driver)

    async def append_exclusively(
        self, leaves: Sequence[NewLeaf], seal: Callable[[LogState, Sequence[NewLeaf]], Sealed]
    ) -> Exclusive:
        """Under the log's lock: finds the leaves that are there already, seals the others and stores them.

        Durable when it returns. Errors as `append`, but for RequestKnown.
        """
        async with self._database.transaction() as tx:
            row = await tx.driver.fetchrow(LOCK_STATE)
            state = LogState(row["tree_size"], _split(row["frontier"]))
            known = await _known(tx.driver, leaves)
            fresh = [leaf for leaf in leaves if leaf.key not in known]
            if not fresh:
                return Exclusive(known, state, None)
            sealed = seal(state, fresh)
            if not await _append(tx.driver, fresh, sealed):
                raise AssertionError("the log moved under its own lock")
        return Exclusive(known, sealed.after, sealed)

    async def newest_head(self) -> TreeHead | None:
        """The head of the newest tree; None while the log is empty."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(NEWEST_HEAD)
        return _head(row) if row["root_hash"] is not None else None

    async def head(self, tree_size: int) -> TreeHead:
        """The head that was signed for a batch that ended at this size."""
        async with self._database.reading() as tx:
            return _head(await tx.driver.fetchrow(HEAD, tree_size))

    async def size(self) -> int:
        """Leaves in the log."""
        async with self._database.reading() as tx:
            size: int = await tx.driver.fetchval("select tree_size from log_state")
        return size

    async def nodes(self, places: Sequence[Place]) -> dict[Place, bytes]:
        """Hashes of whole nodes; places that the tree does not fill yet are left out."""
        levels, indexes = [place[0] for place in places], [place[1] for place in places]
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(NODES, levels, indexes)
        return {(row["level"], row["node_index"]): row["hash"] for row in rows}


async def _append(driver: Any, leaves: Sequence[NewLeaf], sealed: Sealed) -> bool:
    head, nodes = sealed.head, sealed.growth.nodes
    try:
        size: int | None = await driver.fetchval(
            APPEND,
            sealed.before.size,
            sealed.growth.size,
            b"".join(sealed.growth.frontier),
            [leaf.caller for leaf in leaves],
            [leaf.request_id for leaf in leaves],
            [leaf.kind for leaf in leaves],
            [leaf.record for leaf in leaves],
            [level for level, _ in nodes],
            [index for _, index in nodes],
            list(nodes.values()),
            head.root_hash,
            head.signed_at,
            head.key_id,
            head.signature,
        )
    except asyncpg.UniqueViolationError as error:
        raise RequestKnown from error
    return size is not None


async def _known(driver: Any, leaves: Sequence[NewLeaf]) -> dict[RequestKey, KnownLeaf]:
    rows = await driver.fetch(KNOWN_LEAVES, [leaf.caller for leaf in leaves], [leaf.request_id for leaf in leaves])
    return {
        (row["caller"], row["request_id"]): KnownLeaf(
            row["leaf_index"], row["tree_size"], row["kind"], row["record_sha256"]
        )
        for row in rows
    }


def _split(frontier: bytes) -> tuple[bytes, ...]:
    return tuple(frontier[at : at + HASH_BYTES] for at in range(0, len(frontier), HASH_BYTES))


def _head(row: asyncpg.Record) -> TreeHead:
    return TreeHead(
        row["log_id"], row["tree_size"], row["root_hash"], row["signed_at"], row["key_id"], row["signature"]
    )


def _recorded(consent: Consent) -> Event:
    return Event(
        type="sycee.consent.recorded.v1",
        subject=consent.merchant_id,
        data={
            "consent_id": consent.consent_id,
            "merchant_id": consent.merchant_id,
            "purpose": consent.purpose.name,
            "recipient": consent.recipient,
            "text_version": consent.text_version,
            "given_at": consent.given_at.isoformat(),
            "expires_at": consent.expires_at.isoformat() if consent.expires_at else None,
        },
    )
