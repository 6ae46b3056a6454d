"""Portraits: domain → contract, and what of a stored one is held against the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sycee.ingestion.v1 import ingestion_pb2, profile_pb2
from sycee_service.wire import date_from_proto, date_to_proto

from sycee_ingestion.convert import sections
from sycee_ingestion.convert.times import day_to_proto
from sycee_ingestion.domain import coverage
from sycee_ingestion.domain.changes import RECORDS, Change, Marks, changes
from sycee_ingestion.domain.coverage import SourceStatus
from sycee_ingestion.domain.event import SNAPSHOT_KINDS, EventKind
from sycee_ingestion.domain.profile import Portrait, Traits
from sycee_ingestion.domain.quality import Quality
from sycee_ingestion.domain.sharing import MOST_ATTRIBUTES, MOST_SIGNS, Attribute, DocumentSign
from sycee_ingestion.features.definitions import Definition


def portrait_to_proto(merchant_id: str, traits: Traits, portrait: Portrait) -> profile_pb2.Profile:
    """A portrait but for its `as_of`; sections of kinds that were never received stay unset."""
    made = profile_pb2.Profile(
        merchant_id=merchant_id,
        feature_version=portrait.feature_version,
        traits=traits_to_proto(traits),
        features=[profile_pb2.Feature(name=name, value=portrait.features[name]) for name in sorted(portrait.features)],
        quality=_quality(portrait.quality),
    )
    for name, section in sections.sections(portrait).items():
        getattr(made, name).CopyFrom(section)
    if portrait.daily_counts:
        first = portrait.as_of - timedelta(days=len(portrait.daily_counts))
        made.daily_trade.CopyFrom(profile_pb2.DailyTrade(first_day=date_to_proto(first), counts=portrait.daily_counts))
    overlay(made, traits, portrait.statuses)
    return made


def show_sharing(profile: profile_pb2.Profile, attributes: Sequence[Attribute], signs: Sequence[DocumentSign]) -> None:
    """Puts into a portrait what the merchant may share with others, and the signs in its documents, worst first."""
    del profile.attributes[:]
    profile.attributes.extend(
        profile_pb2.SharedAttribute(kind=one.kind.value, digest=one.digest)  # type: ignore[arg-type] # its numbers
        for one in sorted(attributes)[:MOST_ATTRIBUTES]
    )
    del profile.document_signs[:]
    profile.document_signs.extend(
        profile_pb2.DocumentSign(document_id=one.document_id, code=one.code, strength=one.strength)
        for one in sorted(signs, key=lambda one: (-one.strength, one.code, one.document_id))[:MOST_SIGNS]
    )


def overlay(profile: profile_pb2.Profile, traits: Traits, statuses: Sequence[SourceStatus]) -> None:
    """Puts into a portrait what may change without anything else of it: traits, sources and freshness."""
    profile.traits.CopyFrom(traits_to_proto(traits))
    del profile.sources[:]
    profile.sources.extend(_source(status) for status in statuses)
    profile.coverage = coverage.coverage(statuses)
    freshness_days = coverage.trade_freshness_days(statuses)
    if freshness_days is None:
        profile.ClearField("freshness_days")
    else:
        profile.freshness_days = freshness_days
    orders = next((status for status in statuses if status.kind is EventKind.ORDER), None)
    if orders is not None:
        profile.trade.first_day.CopyFrom(date_to_proto(orders.first_day))
        profile.trade.last_day.CopyFrom(date_to_proto(orders.last_day))


Standing = frozenset[tuple[str, bool]]
"""The kinds behind a portrait and whether each is stale. While they are the same, so is everything that rests on
them."""


def standing(statuses: Sequence[SourceStatus]) -> Standing:
    """That of some statuses."""
    return frozenset((status.kind.event_type, status.stale) for status in statuses)


def standing_of(profile: profile_pb2.Profile) -> Standing:
    """That of a portrait."""
    return frozenset((source.event_type, source.stale) for source in profile.sources)


_RECORD_TYPES = {kind.event_type: kind for kind in SNAPSHOT_KINDS}


def record_statuses(profile: profile_pb2.Profile) -> list[SourceStatus]:
    """The statuses of the kinds whose every event makes a new portrait: those in a portrait that stands are right."""
    return [
        SourceStatus(
            kind=_RECORD_TYPES[source.event_type],
            sources=tuple(source.sources),
            event_count=source.event_count,
            first_day=date_from_proto("first_day", source.first_day),
            last_day=date_from_proto("last_day", source.last_day),
            freshness_days=source.freshness_days,
            stale=source.stale,
        )
        for source in profile.sources
        if source.event_type in _RECORD_TYPES
    ]


def traits_to_proto(traits: Traits) -> profile_pb2.Traits:
    """What the merchant is."""
    return profile_pb2.Traits(
        borrower_kind=traits.borrower_kind,  # type: ignore[arg-type] # the numbers are the contract's
        category=traits.category,
        province_code=traits.province_code,
        opened_on=day_to_proto(traits.opened_on),
        employee_count=traits.employee_count,
        register_status=traits.register_status,  # type: ignore[arg-type] # the numbers are the contract's
        simulated=traits.simulated,
    )


def _source(found: SourceStatus) -> profile_pb2.SourceStatus:
    return profile_pb2.SourceStatus(
        event_type=found.kind.event_type,
        sources=found.sources,
        event_count=max(0, found.event_count),
        first_day=date_to_proto(found.first_day),
        last_day=date_to_proto(found.last_day),
        freshness_days=found.freshness_days,
        stale=found.stale,
    )


def _quality(found: Quality) -> profile_pb2.Quality:
    return profile_pb2.Quality(
        score=found.score,
        defects=[
            profile_pb2.QualityDefect(
                code=defect.code,
                severity=defect.severity.value,  # type: ignore[arg-type] # the numbers are the contract's
                points=defect.points,
                text_zh=defect.text_zh,
                text_en=defect.text_en,
                rule_id=defect.rule_id,
            )
            for defect in found.defects
        ],
        settlement_ratio=found.ratios.settlement,
        invoice_ratio=found.ratios.invoice,
        tax_ratio=found.ratios.tax,
    )


def changes_between(before: bytes | None, after: bytes) -> tuple[Change, ...]:
    """The material changes from one serialised portrait to another.

    Features of other definitions are not held against each other: that these changed is no news of the merchant.
    """
    new = profile_pb2.Profile.FromString(after)
    old = None if before is None else profile_pb2.Profile.FromString(before)
    comparable = old is not None and old.feature_version == new.feature_version
    return changes(None if old is None else _marks(old, comparable), _marks(new, comparable))


def _marks(profile: profile_pb2.Profile, comparable: bool) -> Marks:
    return Marks(
        features={feature.name: feature.value for feature in profile.features} if comparable else {},
        quality_score=profile.quality.score,
        fake_order_share=profile.brushing.fake_order_share_365d,
        record_counts={
            source.event_type: source.event_count for source in profile.sources if source.event_type in RECORDS
        },
        anything=bool(profile.sources),
    )


def change_to_proto(change: Change) -> ingestion_pb2.ProfileChange:
    """A material change."""
    return ingestion_pb2.ProfileChange(name=change.name, before=change.before, after=change.after)


def definition_to_proto(definition: Definition) -> ingestion_pb2.FeatureDefinition:
    """What a feature is."""
    return ingestion_pb2.FeatureDefinition(
        name=definition.name,
        family=definition.family.value,
        unit=definition.unit.value,
        window_days=definition.window_days,
        meaning_zh=definition.meaning_zh,
        meaning_en=definition.meaning_en,
        event_types=definition.sources,
    )
