"""What became of events: domain → contract. The way in is `sycee_ingestion.convert_events`."""

from __future__ import annotations

from sycee.ingestion.v1 import ingestion_pb2

from sycee_ingestion.domain.event import Outcome, Reject


def outcome_to_proto(batch_id: int, outcome: Outcome) -> ingestion_pb2.PublishEventsResponse:
    """What became of a batch."""
    return ingestion_pb2.PublishEventsResponse(
        batch_id=batch_id,
        accepted_count=outcome.accepted_count,
        duplicate_count=outcome.duplicate_count,
        rejects=[reject_to_proto(reject) for reject in outcome.rejects],
    )


def reject_to_proto(reject: Reject) -> ingestion_pb2.EventReject:
    """Why an event was not taken."""
    return ingestion_pb2.EventReject(
        index=reject.index,
        source=reject.source,
        event_id=reject.event_id,
        reason=reject.reason,
        field=reject.field,
        description=reject.description,
    )
