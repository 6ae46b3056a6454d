"""Reviews whose texts were not read yet, and what was read in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sycee_service.database import Database

_FIND_UNREAD = """
select review.merchant_no, review.day, review.source, review.event_id, review.revision, event.body
from (
    select merchant_no, day, source, event_id, revision, occurred_at from review_facts
    where merchant_no = any($1::integer[]) and has_text and read_by is null
    order by day desc limit $2
) as review
join events as event on event.merchant_no = review.merchant_no and event.occurred_at = review.occurred_at
    and event.source = review.source and event.event_id = review.event_id and event.revision = review.revision
"""

_SAVE = """
update review_facts as kept
set read_by = $1, sentiment_milli = found.sentiment_milli, topics = found.topics, sketch = found.sketch
from unnest($2::integer[], $3::date[], $4::text[], $5::text[], $6::integer[], $7::smallint[], $8::integer[],
$9::bytea[])
    as found (merchant_no, day, source, event_id, revision, sentiment_milli, topics, sketch)
where kept.merchant_no = found.merchant_no and kept.day = found.day and kept.source = found.source
    and kept.event_id = found.event_id and kept.revision = found.revision
"""


@dataclass(frozen=True, slots=True)
class Unread:
    """A review with a text that was not read yet; `body` is the serialised review."""

    merchant_no: int
    day: date
    source: str
    event_id: str
    revision: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a text: 0 (bad) to 1000 (good) and a mask of topics, None where it says nothing; the sketch of
    `brushing.shingling`, None where it is too short."""

    sentiment_milli: int | None
    topics: int | None
    sketch: bytes | None


class ReviewStore:
    """Reads and keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unread(self, merchant_nos: Sequence[int], limit: int) -> list[Unread]:
        """Reviews of these merchants that were not read, the newest first."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_FIND_UNREAD, merchant_nos, limit)
        return [Unread(*row) for row in rows]

    async def save(self, reviews: Sequence[Unread], found: Sequence[Found], read_by: int) -> None:
        """Keeps what was found in each review; `read_by` is the reader's version."""
        rows = [
            (one.merchant_no, one.day, one.source, one.event_id, one.revision, *_values(what))
            for one, what in zip(reviews, found, strict=True)
        ]
        if rows:
            async with self._database.transaction() as tx:
                await tx.driver.execute(_SAVE, read_by, *map(list, zip(*rows, strict=True)))


def _values(found: Found) -> tuple[int | None, int | None, bytes | None]:
    return found.sentiment_milli, found.topics, found.sketch
