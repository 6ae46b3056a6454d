"""Contract ↔ domain for merchants, portraits and imports: total and without I/O. Events have `convert_events`."""

from __future__ import annotations

from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from sycee.ingestion.v1 import ingestion_pb2, profile_pb2
from sycee_service.wire import date_from_proto, date_to_proto, fen_to_money, time_from_proto, time_to_proto

from sycee_ingestion.domain import merchant as merchants
from sycee_ingestion.domain import profile as profiles
from sycee_ingestion.domain import records, trade
from sycee_ingestion.domain.coverage import SourceStatus
from sycee_ingestion.domain.event import Outcome, Reject
from sycee_ingestion.domain.imports import Import
from sycee_ingestion.domain.merchant import BorrowerKind, Identity, Merchant, Operator, RegisterEntry, Shop
from sycee_ingestion.domain.profile import Profile

# Merchants


def merchant_from_proto(request: ingestion_pb2.RegisterMerchantRequest, now: datetime) -> Merchant:
    """A merchant to register. Raises InvalidArgument for days and times that do not exist."""
    return Merchant(
        merchant_id=request.merchant_id,
        name=request.name,
        borrower_kind=BorrowerKind(request.borrower_kind),
        uscc=request.uscc,
        category=request.category,
        province_code=request.province_code,
        shops=tuple(_shop_from_proto(f"shops[{index}]", shop) for index, shop in enumerate(request.shops)),
        employee_count=request.employee_count if request.HasField("employee_count") else None,
        operator=Operator(request.operator.name, request.operator.resident_id, request.operator.phone),
        register_entry=_entry_from_proto(request.register_entry) if request.HasField("register_entry") else None,
        simulated=request.simulated,
        created_at=now,
    )


def merchant_to_proto(merchant: Merchant) -> ingestion_pb2.Merchant:
    """A merchant as it may be shown: personal data masked."""
    individual = merchant.borrower_kind is BorrowerKind.INDIVIDUAL
    shown = ingestion_pb2.Merchant(
        merchant_id=merchant.merchant_id,
        name=merchants.masked_name(merchant.name) if individual else merchant.name,
        borrower_kind=merchant.borrower_kind.value,  # type: ignore[arg-type] # the numbers are the contract's
        uscc=merchant.uscc,
        category=merchant.category,
        province_code=merchant.province_code,
        shops=[_shop_to_proto(shop) for shop in merchant.shops],
        employee_count=merchant.employee_count,
        operator_masked="" if merchant.operator is None else merchants.masked_operator(merchant.operator),
        created_at=time_to_proto(merchant.created_at),
        simulated=merchant.simulated,
    )
    if merchant.register_entry is not None:
        shown.register_entry.CopyFrom(_entry_to_proto(merchant.register_entry))
    return shown


def identity_to_proto(identity: Identity) -> ingestion_pb2.Identity:
    """Whom a merchant is, unmasked: for internal peers."""
    operator = identity.operator
    return ingestion_pb2.Identity(
        name=identity.name,
        uscc=identity.uscc,
        operator=None
        if operator is None
        else ingestion_pb2.Operator(name=operator.name, resident_id=operator.resident_id, phone=operator.phone),
    )


def _shop_from_proto(field: str, shop: ingestion_pb2.Shop) -> Shop:
    opened_on = date_from_proto(f"{field}.opened_on", shop.opened_on) if shop.HasField("opened_on") else None
    return Shop(shop.platform, shop.shop_id, opened_on)


def _shop_to_proto(shop: Shop) -> ingestion_pb2.Shop:
    return ingestion_pb2.Shop(platform=shop.platform, shop_id=shop.shop_id, opened_on=_day(shop.opened_on))


def _entry_from_proto(entry: ingestion_pb2.RegisterEntry) -> RegisterEntry:
    return RegisterEntry(
        status=entry.status,
        registered_on=date_from_proto("register_entry.registered_on", entry.registered_on)
        if entry.HasField("registered_on")
        else None,
        source=entry.source,
        checked_at=time_from_proto("register_entry.checked_at", entry.checked_at)
        if entry.HasField("checked_at")
        else None,
    )


def _entry_to_proto(entry: RegisterEntry) -> ingestion_pb2.RegisterEntry:
    return ingestion_pb2.RegisterEntry(
        status=entry.status,  # type: ignore[arg-type] # the numbers are the contract's
        registered_on=_day(entry.registered_on),
        source=entry.source,
        checked_at=_moment(entry.checked_at),
    )


# Events and imports


def outcome_to_proto(batch_id: int, outcome: Outcome) -> ingestion_pb2.PublishEventsResponse:
    """What became of a batch."""
    return ingestion_pb2.PublishEventsResponse(
        batch_id=batch_id,
        accepted_count=outcome.accepted_count,
        duplicate_count=outcome.duplicate_count,
        rejects=[_reject(reject) for reject in outcome.rejects],
    )


def import_to_proto(import_: Import) -> ingestion_pb2.Import:
    """How far an import is."""
    return ingestion_pb2.Import(
        import_id=import_.import_id,
        path=import_.path,
        state=import_.state.value,  # type: ignore[arg-type] # the numbers are the contract's
        row_count=import_.row_count or 0,
        done_count=import_.done_count,
        accepted_count=import_.accepted_count,
        duplicate_count=import_.duplicate_count,
        reject_count=import_.reject_count,
        first_rejects=[_reject(reject) for reject in import_.first_rejects],
        error=import_.error,
        created_at=time_to_proto(import_.created_at),
        ended_at=_moment(import_.ended_at),
    )


def _reject(reject: Reject) -> ingestion_pb2.EventReject:
    return ingestion_pb2.EventReject(
        index=reject.index,
        source=reject.source,
        event_id=reject.event_id,
        reason=reject.reason,
        field=reject.field,
        description=reject.description,
    )


# Portraits


def profile_to_proto(profile: Profile) -> profile_pb2.Profile:
    """A portrait but for its `as_of`; sections that are None stay unset."""
    return profile_pb2.Profile(
        merchant_id=profile.merchant_id,
        feature_version=profile.feature_version,
        traits=_traits(profile.traits),
        trade=None if profile.trade is None else _trade(profile.trade),
        logistics=None if profile.logistics is None else _logistics(profile.logistics),
        reviews=None if profile.reviews is None else _reviews(profile.reviews),
        settlements=None if profile.settlements is None else _settlements(profile.settlements),
        bureau=None if profile.bureau is None else _bureau(profile.bureau),
        tax=None if profile.tax is None else _tax(profile.tax),
        energy=None
        if profile.energy is None
        else profile_pb2.Energy(electricity_wh=profile.energy.electricity_wh, day_count=profile.energy.day_count),
        visits=None if profile.visits is None else _visits(profile.visits),
        social=None if profile.social is None else _social(profile.social),
        penalties=None if profile.penalties is None else _penalties(profile.penalties),
        repayments=None if profile.repayments is None else _repayments(profile.repayments),
        sources=[_source(status) for status in profile.sources],
        coverage=profile.coverage,
        freshness_days=profile.freshness_days,
    )


def _traits(traits: profiles.Traits) -> profile_pb2.Traits:
    return profile_pb2.Traits(
        borrower_kind=traits.borrower_kind,  # type: ignore[arg-type] # the numbers are the contract's
        category=traits.category,
        province_code=traits.province_code,
        opened_on=_day(traits.opened_on),
        employee_count=traits.employee_count,
        register_status=traits.register_status,  # type: ignore[arg-type] # the numbers are the contract's
        simulated=traits.simulated,
    )


def _trade(found: trade.Trade) -> profile_pb2.Trade:
    return profile_pb2.Trade(
        first_day=date_to_proto(found.first_day),
        last_day=date_to_proto(found.last_day),
        months_of_history=found.months_of_history,
        monthly_net_12m_fen=found.monthly_net_12m_fen,
        monthly_net_3m_fen=found.monthly_net_3m_fen,
        monthly_net_3m_adjusted_fen=found.monthly_net_3m_adjusted_fen,
        order_count_90d=found.order_count_90d,
        order_count_365d=found.order_count_365d,
        buyer_days_90d=found.buyer_days_90d,
        refund_rate_180d=found.refund_rate_180d,
        dispute_rate_180d=found.dispute_rate_180d,
        active_day_share_90d=found.active_day_share_90d,
        peak_28d_share=found.peak_28d_share,
        weekly_first_day=_day(found.weekly_first_day),
        weekly_net_fen=found.weekly_net_fen,
    )


def _logistics(found: profiles.Logistics) -> profile_pb2.Logistics:
    return profile_pb2.Logistics(
        parcel_count=found.parcel_count,
        weighed_count=found.weighed_count,
        routed_count=found.routed_count,
        weight_g=found.weight_g,
        freight=[
            profile_pb2.FreightByMode(mode=mode, gram_km=gram_km)  # type: ignore[arg-type] # the contract's numbers
            for mode, gram_km in found.freight
        ],
        packaging=[
            profile_pb2.ParcelsByPackaging(packaging=kind, parcel_count=parcels)  # type: ignore[arg-type] # likewise
            for kind, parcels in found.packaging
        ],
        late_rate=found.late_rate,
    )


def _reviews(found: profiles.Reviews) -> profile_pb2.Reviews:
    return profile_pb2.Reviews(
        review_count=found.review_count,
        mean_stars=found.mean_stars,
        low_star_share=found.low_star_share,
        complaint_count=found.complaint_count,
        return_count=found.return_count,
        order_count=found.order_count,
    )


def _settlements(found: profiles.Settlements) -> profile_pb2.Settlements:
    return profile_pb2.Settlements(net_fen=found.net_fen, fee_fen=found.fee_fen, day_count=found.day_count)


def _bureau(found: records.BureauReport) -> profile_pb2.Bureau:
    return profile_pb2.Bureau(
        report_date=date_to_proto(found.report_date),
        open_accounts=found.open_accounts,
        outstanding_fen=found.outstanding_fen,
        credit_lines_fen=found.credit_lines_fen,
        monthly_debt_service_fen=found.monthly_debt_service_fen,
        months_overdue_24m=found.months_overdue_24m,
        worst_overdue_24m=found.worst_overdue_24m,
        enquiries_3m=found.enquiries_3m,
        public_records=found.public_records,
    )


def _tax(found: records.Tax) -> profile_pb2.Tax:
    return profile_pb2.Tax(
        rating=found.rating,  # type: ignore[arg-type] # the numbers are the contract's
        declared_sales_fen=found.declared_sales_fen,
        platform_net_fen=found.platform_net_fen,
        late_count=found.late_count,
    )


def _visits(found: profiles.Visits) -> profile_pb2.Visits:
    return profile_pb2.Visits(visitor_days=found.visitor_days, page_views=found.page_views, growth=found.growth)


def _social(found: profiles.Social) -> profile_pb2.Social:
    return profile_pb2.Social(followers=found.followers, posts=found.posts, interactions=found.interactions)


def _penalties(found: records.Penalties) -> profile_pb2.Penalties:
    return profile_pb2.Penalties(
        counts=[
            profile_pb2.PenaltyCount(kind=kind, count=count)  # type: ignore[arg-type] # the contract's numbers
            for kind, count in found.counts
        ],
        fines=fen_to_money(found.fines_fen),
    )


def _repayments(found: records.RepaymentRecord) -> profile_pb2.RepaymentRecord:
    return profile_pb2.RepaymentRecord(
        repayment_count=found.repayment_count, worst_days_past_due=found.worst_days_past_due
    )


def _source(found: SourceStatus) -> profile_pb2.SourceStatus:
    return profile_pb2.SourceStatus(
        event_type=found.kind.event_type,
        sources=found.sources,
        event_count=found.event_count,
        first_day=date_to_proto(found.first_day),
        last_day=date_to_proto(found.last_day),
        freshness_days=found.freshness_days,
        stale=found.stale,
    )


def _day(day: date | None) -> Date | None:
    return None if day is None else date_to_proto(day)


def _moment(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else time_to_proto(moment)
