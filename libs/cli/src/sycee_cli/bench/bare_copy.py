"""The bound of taking events in: the same rows by bare COPY into one plain table of the same database.

No key, no index, no sums, no gRPC; the rows are made and encoded beforehand. psql sends them, which is no slower at it
than any other client.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sycee.ingestion.v1.event_pb2 import Event
from sycee.ingestion.v1.ingestion_pb2 import PublishEventsRequest

from sycee_cli.suite.programs import postgres_program

_TABLE = "bench_bare_copy"
_CREATE = f"""
create table {_TABLE} (
    source text not null,
    event_id text not null,
    merchant_id text not null,
    kind text not null,
    occurred_at timestamptz not null,
    body bytea not null
);
"""


@dataclass(frozen=True, slots=True)
class BareCopy:
    """Rows taken in a second, by a transaction for each batch and by a single one for all."""

    batches_per_s: float
    at_once_per_s: float


async def bare_copy(environment: Mapping[str, str], requests: Sequence[PublishEventsRequest]) -> BareCopy:
    """Copies the events of batches twice; `environment` says where, in the variables that psql heeds (PGHOST, …).

    Raises RuntimeError when psql fails.
    """
    batches = ["".join(map(_row, request.events)) for request in requests]
    count = sum(len(request.events) for request in requests)
    async with _table(environment):
        apart_s = await _timed(environment, (_copy(batch) for batch in batches))
        at_once_s = await _timed(environment, [_copy("".join(batches))])
    return BareCopy(count / apart_s, count / at_once_s)


@asynccontextmanager
async def _table(environment: Mapping[str, str]) -> AsyncIterator[None]:
    await _psql(environment, _CREATE)
    try:
        yield
    finally:
        await _psql(environment, f"drop table {_TABLE};")


async def _timed(environment: Mapping[str, str], copies: Iterable[str]) -> float:
    script = "".join(copies)
    begin = time.perf_counter()
    await _psql(environment, script)
    return time.perf_counter() - begin


def _copy(rows: str) -> str:
    return f"copy {_TABLE} from stdin;\n{rows}\\.\n"


def _row(event: Event) -> str:
    kind = event.WhichOneof("body") or ""
    body = getattr(event, kind).SerializeToString().hex()
    moment = event.occurred_at.ToJsonString()
    return f"{event.source}\t{event.event_id}\t{event.merchant_id}\t{kind}\t{moment}\t\\\\x{body}\n"


async def _psql(environment: Mapping[str, str], script: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(postgres_program("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1"),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate(script.encode())
    if process.returncode:
        raise RuntimeError(f"psql failed: {errors.decode(errors='replace')[-500:]}")
