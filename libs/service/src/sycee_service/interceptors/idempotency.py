"""Idempotency: the same request_id and payload get the same answer, over restarts and when they run side by side.

Optimistic: the handler runs in a transaction that also takes the answer, in one statement with its events. A second
run of the same request fails on the memory's primary key (waiting for the first to commit, if need be) or on what the
first one changed; either way its work is undone and the remembered answer is given instead.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from google.protobuf.message import Message

from sycee_service.access import current_caller
from sycee_service.database import Answer, RpcWork
from sycee_service.errors import DeadlineExceeded, SyceeError, Unavailable
from sycee_service.idempotency import digest_of, remembered
from sycee_service.interceptors.step import Call, Method, Parts, Proceed

# After these there may be an answer already. Unavailable and DeadlineExceeded say nothing about the state.
_MAY_BE_DONE = (SyceeError, asyncpg.IntegrityConstraintViolationError)
_SAY_NOTHING = (Unavailable, DeadlineExceeded)


def idempotency(method: Method, parts: Parts, proceed: Proceed) -> Proceed:
    """Answers with the serialised message, the same bytes each time."""
    database = parts.database
    if not method.remembers or database is None:
        return proceed
    path = method.path
    replays = parts.metrics.replays.labels(path)

    async def step(request: Any, call: Call) -> Any:
        caller, request_id, digest = current_caller().key, request.request_id, digest_of(request)
        try:
            async with RpcWork(database) as work:
                answer: Message = await proceed(request, call)
                body = answer.SerializeToString()
                await work.commit(Answer(caller, path, request_id, digest, body))
                return body
        except _MAY_BE_DONE as error:
            if isinstance(error, _SAY_NOTHING):
                raise
            earlier = await remembered(database, caller, path, request_id, digest)
            if earlier is None:
                raise
            replays.inc()
            return earlier

    return step
