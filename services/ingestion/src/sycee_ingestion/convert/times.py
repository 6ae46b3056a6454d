"""Days and moments that may be absent."""

from __future__ import annotations

from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from sycee_service.wire import date_to_proto, time_to_proto


def day_to_proto(day: date | None) -> Date | None:
    """A day, or None."""
    return None if day is None else date_to_proto(day)


def moment_to_proto(moment: datetime | None) -> Timestamp | None:
    """A moment, or None."""
    return None if moment is None else time_to_proto(moment)
