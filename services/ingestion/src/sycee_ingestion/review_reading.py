"""Texts of reviews that nobody has read yet: read in batches, and what was found in them kept beside the reviews."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

import structlog
from google.protobuf.message import DecodeError
from sycee.ingestion.v1 import event_pb2
from sycee_service import logs

from sycee_ingestion.brushing.shingling import sketches
from sycee_ingestion.reading import READER_VERSION, Reader
from sycee_ingestion.store.review_facts import Found, ReviewStore, Unread

READ_AT_ONCE = 1_000


class ReviewReading:
    """Reads reviews. What two processes read at the same time comes out the same."""

    def __init__(self, reviews: ReviewStore) -> None:
        self._reviews = reviews
        self._reader = Reader()
        self._log = structlog.get_logger()

    async def read(self, merchant_nos: Sequence[int], most: int, thread: Executor) -> int:
        """Reads up to `most` of the merchants' unread reviews, the newest first; returns how many it read.

        Where reading fails, it says so in the log and leaves them unread: a portrait does not wait for it.
        """
        done = 0
        while done < most:
            wanted = min(READ_AT_ONCE, most - done)
            reviews = await self._reviews.unread(merchant_nos, wanted)
            if reviews:
                try:
                    found = await asyncio.get_running_loop().run_in_executor(thread, self._find, reviews)
                except Exception as error:
                    self._log.error("reviews could not be read", count=len(reviews), **logs.describe(error))
                    break
                await self._reviews.save(reviews, found, READER_VERSION)
            done += len(reviews)
            if len(reviews) < wanted:
                break
        return done

    def _find(self, reviews: Sequence[Unread]) -> list[Found]:
        texts = [_text(review.body) for review in reviews]
        readings = self._reader.read(texts)
        return [
            Found(reading.sentiment_milli, None if reading.sentiment_milli is None else reading.topics, sketch)
            for reading, sketch in zip(readings, sketches(texts), strict=True)
        ]


def _text(body: bytes) -> str:
    """A review's text; empty for a body that does not open, so that it is not tried for ever."""
    try:
        return event_pb2.Review.FromString(body).text
    except DecodeError:
        return ""
