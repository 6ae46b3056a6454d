"""Whether the portrait that was made last still holds, and what changes of it by itself."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from sycee.ingestion.v1 import profile_pb2
from sycee_service.clock import SHANGHAI

from sycee_ingestion.convert import profiles as convert
from sycee_ingestion.domain import coverage
from sycee_ingestion.features.catalogue import FEATURE_VERSION
from sycee_ingestion.store.profiles import Head

Profile: TypeAlias = profile_pb2.Profile

SETTLING = timedelta(minutes=2)
"""What is made so soon after midnight holds for the moment only: an event of yesterday may still be about to commit."""


def standing(head: Head, today: date) -> Profile | None:
    """The portrait made last, brought up to date; None when it has to be made anew.

    It holds for a business day, until an event comes that occurred before it or counts at once, and while the same
    kinds of event stand behind it and are as stale. What came of today shows in the sources, and changes no figure.
    """
    kept = head.kept
    if (
        kept is None
        or kept.day != today
        or kept.past_version != head.past_version
        or kept.feature_version != FEATURE_VERSION
        or kept.made_at < settled_from(today)
    ):
        return None
    profile = profile_pb2.Profile.FromString(kept.profile)
    daily = [coverage.source_status(received, today) for received in coverage.received_now(head.feeds)]
    statuses = sorted([*daily, *convert.record_statuses(profile)], key=lambda status: status.kind)
    if convert.standing(statuses) != convert.standing_of(profile):
        return None
    if profile.traits != convert.traits_to_proto(head.traits):
        return None
    convert.overlay(profile, head.traits, statuses)
    convert.show_sharing(profile, head.attributes, head.signs)
    return profile


def settled_from(day: date) -> datetime:
    """The moment from which on portraits of a business day are kept for it."""
    return datetime.combine(day, time(), SHANGHAI) + SETTLING
