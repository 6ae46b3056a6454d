"""Documents: taken in once, sealed; read in the background; shown, exported, erased.

A picture and what was found in it are sealed with its merchant's own key: licences and id cards with the one that law
wants kept, photographs with the one that goes when the merchant asks (`sealing.KeyUse`). Each is bound to its document.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import asyncpg
from sycee_service.database import Database, Transaction
from sycee_service.errors import AlreadyExists, NotFound, ResourceExhausted
from sycee_service.outbox import Json

from sycee_ingestion.documents.checking import Known
from sycee_ingestion.documents.model import CheckResult, Document, DocumentKind, DocumentState, Findings
from sycee_ingestion.documents.records import findings_from_json, findings_to_json
from sycee_ingestion.domain.merchant import refuse_erased
from sycee_ingestion.sealing import DataKey, KeyUse, Sealer
from sycee_ingestion.store import personal

MOST_WAITING = 1_000
"""Documents that wait to be read, of all merchants; more are refused until some were read."""

RETRY_AFTER_MS = 5_000
_EXPORTED_AT_ONCE = 100
_PICTURE, _FINDINGS = "picture", "findings"

_COLUMNS = """document_id, kind, state, sha256, size_bytes, findings_sealed, error, reader_version, received_at,
    read_at, merchant.merchant_id, merchant.erased_at"""
_FROM = "from documents join merchants as merchant using (merchant_no)"

_FIND_MERCHANT = f"""
select merchant_no, erased_at, {personal.KEYS}
from merchants as merchant where merchant_id = $1 for key share of merchant
"""  # noqa: S608 - a constant

_ADD = """
insert into documents (document_id, merchant_no, kind, state, caller, request_id, sha256, size_bytes, picture_sealed,
    error, crash_count, reader_version, received_at)
values ($1, $2, $3, 1, $4, $5, $6, $7, $8, '', 0, '', $9)
on conflict (caller, request_id) do nothing
returning document_id
"""

_FIND_REQUEST = f"select {_COLUMNS}, {personal.KEYS} {_FROM} where caller = $1 and request_id = $2"
_FIND = f"select {_COLUMNS}, {personal.KEYS} {_FROM} where document_id = $1"

_PAGE = f"""
select {_COLUMNS}, {personal.KEYS} {_FROM}
where documents.merchant_no = $1
    and ($2::timestamptz is null or (received_at, document_id) < ($2, $3::text))
order by received_at desc, document_id desc limit $4
"""

_COUNT_WAITING = f"select count(*) from (select from documents where state = 1 limit {MOST_WAITING}) as waiting"  # noqa: S608
_WAITING = "select document_id from documents where state = 1 order by received_at, document_id limit 100"

_OPEN = f"""
select document_id, kind, state, picture_sealed, crash_count, merchant.merchant_id, merchant.erased_at,
    merchant.registered_on, {personal.IDENTITY} {_FROM} where document_id = $1
"""

_END = """
update documents set state = $2, findings_sealed = $3, error = $4, reader_version = $5, read_at = $6, signs = $7
where document_id = $1 and state = 1
"""

_COUNT_CRASH = """
update documents set crash_count = crash_count + 1 where document_id = $1 and state = 1 returning crash_count
"""


@dataclass(frozen=True, slots=True, repr=False)
class NewDocument:
    """A document to be taken in; `picture` is what is kept and read, `sha256` and `size_bytes` are of what was sent."""

    document_id: str
    merchant_id: str
    kind: DocumentKind
    caller: str
    request_id: str
    sha256: bytes
    size_bytes: int
    picture: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Waiting:
    """A document that waits to be read, opened, with what is known of its merchant."""

    document_id: str
    kind: DocumentKind
    picture: bytes
    known: Known


class DocumentStore:
    """The documents of merchants."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def add(self, new: NewDocument) -> Document:
        """Stores a document, durably; the same caller, request_id and content again give the document of then.

        Raises NotFound, FailedPrecondition (MERCHANT_ERASED), AlreadyExists (REQUEST_ID_REUSED) when the request_id was
        another document's, ResourceExhausted (DOCUMENTS_WAITING) when too many wait to be read.
        """
        before = await self._asked_before(new)
        if before is not None:
            return before
        async with self._database.transaction() as tx:
            merchant = await tx.driver.fetchrow(_FIND_MERCHANT, new.merchant_id)
            if merchant is None:
                raise NotFound("merchant", new.merchant_id)
            refuse_erased(new.merchant_id, merchant["erased_at"])
            if await tx.driver.fetchval(_COUNT_WAITING) >= MOST_WAITING:
                raise ResourceExhausted("DOCUMENTS_WAITING", "too many documents wait to be read", RETRY_AFTER_MS)
            key = self._key(new.merchant_id, merchant["keys"], new.kind)
            sealed = await asyncio.to_thread(key.seal, new.picture, _bound(_PICTURE, new.document_id))
            added = await tx.driver.fetchval(
                _ADD,
                new.document_id,
                merchant["merchant_no"],
                int(new.kind),
                new.caller,
                new.request_id,
                new.sha256,
                new.size_bytes,
                sealed,
                new.received_at,
            )
        if added is None:  # the same request came in twice at once, and the other one was first
            found = await self._asked_before(new)
            if found is not None:
                return found
        return await self.get(new.document_id)

    async def get(self, document_id: str) -> Document:
        """A document with its findings opened; of an erased merchant, without them. Raises NotFound."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND, document_id)
        if row is None:
            raise NotFound("document", document_id)
        return self._document(row)

    async def page(self, merchant_id: str, after: tuple[datetime, str] | None, size: int) -> list[Document]:
        """Up to `size` documents of a merchant, newest first. Raises NotFound."""
        async with self._database.reading() as tx:
            merchant_no = await tx.driver.fetchval(
                "select merchant_no from merchants where merchant_id = $1", merchant_id
            )
            if merchant_no is None:
                raise NotFound("merchant", merchant_id)
            rows = await tx.driver.fetch(_PAGE, merchant_no, *(after or (None, None)), size)
        return [self._document(row) for row in rows]

    # Reading.

    async def waiting(self) -> list[str]:
        """Up to 100 documents that wait to be read, oldest first."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_WAITING)
        return [row["document_id"] for row in rows]

    @asynccontextmanager
    async def claim(self, document_id: str) -> AsyncIterator[bool]:
        """Whether this process may read a document; others are kept off until the block ends or the process dies."""
        key = int.from_bytes(blake2b(b"document " + document_id.encode(), digest_size=8).digest(), "big", signed=True)
        async with self._database.reading() as tx:
            claimed: bool = await tx.driver.fetchval("select pg_try_advisory_lock($1)", key)
            try:
                yield claimed
            finally:
                if claimed and not tx.driver.is_closed():
                    await tx.driver.execute("select pg_advisory_unlock($1)", key)

    async def open(self, document_id: str) -> Waiting | None:
        """A document that waits; None when it does not any more, or its merchant was erased meanwhile."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_OPEN, document_id)
        if row is None or row["state"] != DocumentState.RECEIVED or row["erased_at"] is not None:
            return None
        kind = DocumentKind(row["kind"])
        key = self._key(row["merchant_id"], row["keys"], kind)
        picture = await asyncio.to_thread(key.open, row["picture_sealed"], _bound(_PICTURE, document_id))
        identity = personal.open_identity(self._sealer, row)
        operator = identity.operator
        known = Known(
            name=identity.name,
            uscc=identity.uscc,
            operator_name="" if operator is None else operator.name,
            resident_id="" if operator is None else operator.resident_id,
            registered_on=row["registered_on"],
        )
        return Waiting(document_id, kind, picture, known)

    async def end_read(self, document_id: str, findings: Findings, at: datetime) -> None:
        """Stores what was found in a document that waits; one that was erased or ended meanwhile stays as it is."""
        async with self._database.transaction() as tx:
            row = await tx.driver.fetchrow(_FIND, document_id)
            if row is None or row["erased_at"] is not None:
                return
            key = self._key(row["merchant_id"], row["keys"], DocumentKind(row["kind"]))
            sealed = key.seal(findings_to_json(findings), _bound(_FINDINGS, document_id))
            version = findings.reading.reader_version
            await tx.driver.execute(
                _END, document_id, int(DocumentState.READ), sealed, "", version, at, _signs(findings)
            )

    async def end_failed(self, document_id: str, error: str, version: str, at: datetime) -> None:
        """Ends a document that waits and cannot be read."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(_END, document_id, int(DocumentState.FAILED), None, error, version, at, "[]")

    async def count_crash(self, document_id: str) -> int:
        """Counts that the reader died or hung over a document; how often that was by now."""
        async with self._database.transaction() as tx:
            count: int | None = await tx.driver.fetchval(_COUNT_CRASH, document_id)
        return count or 0

    # Exporting and erasing.

    async def lines(self, merchant_no: int, merchant_id: str) -> AsyncIterator[Mapping[str, object]]:
        """Every document: its kind, times and digest, and what was read in it, opened; not the picture itself."""
        _ = merchant_id
        after: tuple[datetime, str] | tuple[None, None] = (None, None)
        while True:
            async with self._database.reading() as tx:
                rows = await tx.driver.fetch(_PAGE, merchant_no, *after, _EXPORTED_AT_ONCE)
            for row in rows:
                yield _exported(self._document(row))
            if len(rows) < _EXPORTED_AT_ONCE:
                return
            after = (rows[-1]["received_at"], rows[-1]["document_id"])

    async def erase_photographs(self, tx: Transaction, merchant_no: int) -> int:
        """Deletes what proves nobody's identity (photographs of shops); returns how many documents that were."""
        statement = "delete from documents where merchant_no = $1 and kind = $2"
        status: str = await tx.driver.execute(statement, merchant_no, int(DocumentKind.SHOP_PHOTO))
        return int(status.rpartition(" ")[2])

    async def count(self, tx: Transaction, merchant_no: int) -> int:
        """How many documents there are."""
        found: int = await tx.driver.fetchval("select count(*) from documents where merchant_no = $1", merchant_no)
        return found

    async def erase_all(self, tx: Transaction, merchant_no: int) -> None:
        """Deletes every document."""
        await tx.driver.execute("delete from documents where merchant_no = $1", merchant_no)

    async def _asked_before(self, new: NewDocument) -> Document | None:
        """The document that a request made before. Raises AlreadyExists when that was another one."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND_REQUEST, new.caller, new.request_id)
        if row is None:
            return None
        if (row["sha256"], row["merchant_id"], row["kind"]) != (new.sha256, new.merchant_id, new.kind):
            raise AlreadyExists(
                "REQUEST_ID_REUSED", "this request_id was used with another document", request_id=new.request_id
            )
        return self._document(row)

    def _document(self, row: asyncpg.Record) -> Document:
        document_id, kind = row["document_id"], DocumentKind(row["kind"])
        findings: Findings | None = None
        if row["findings_sealed"] is not None and row["erased_at"] is None:
            key = self._key(row["merchant_id"], row["keys"], kind)
            findings = findings_from_json(key.open(row["findings_sealed"], _bound(_FINDINGS, document_id)))
        return Document(
            document_id=document_id,
            merchant_id=row["merchant_id"],
            kind=kind,
            state=DocumentState(row["state"]),
            sha256=row["sha256"],
            size_bytes=row["size_bytes"],
            findings=findings,
            error=row["error"],
            received_at=row["received_at"],
            read_at=row["read_at"],
            reader_version=row["reader_version"],
        )

    def _key(self, merchant_id: str, wrapped: list[bytes], kind: DocumentKind) -> DataKey:
        photograph = kind is DocumentKind.SHOP_PHOTO
        use = KeyUse.CONTACT if photograph else KeyUse.IDENTITY
        return self._sealer.open_key(wrapped[1 if photograph else 0], merchant_id, use)


def _signs(findings: Findings) -> str:
    """Signals, and what the document does not agree in with what is known, as JSON of codes and strengths."""
    found: list[Json] = [[signal.code, signal.strength] for signal in findings.reading.signals]
    found += [[f"{check.code}_DIFFERS", 1.0] for check in findings.checks if check.result is CheckResult.DIFFERS]
    return json.dumps(found)


def _bound(field: str, document_id: str) -> str:
    return f"document.{field} {document_id}"


def _exported(document: Document) -> Mapping[str, object]:
    findings = document.findings
    return {
        "document_id": document.document_id,
        "kind": document.kind.name,
        "state": document.state.name,
        "sha256": document.sha256.hex(),
        "size_bytes": document.size_bytes,
        "received_at": document.received_at,
        "read_at": document.read_at,
        "error": document.error,
        "fields": {} if findings is None else {field.name: field.value for field in findings.reading.fields},
        "checks": {} if findings is None else {check.code: check.result.name for check in findings.checks},
        "tamper_signals": []
        if findings is None
        else [{"code": signal.code, "strength": signal.strength} for signal in findings.reading.signals],
    }
