"""The sections of a portrait, each figure out of the feature that defines it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message
from sycee.ingestion.v1 import event_pb2, profile_pb2
from sycee_service.wire import date_to_proto, fen_to_money

from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.domain.profile import Portrait
from sycee_ingestion.features.records import KINDS
from sycee_ingestion.features.reviews import TOPICS


def _names(enum: EnumDescriptor, prefix: str) -> tuple[str, ...]:
    """What features call the values of an enum, in the order of its numbers."""
    names = (value.name.removeprefix(prefix).lower() for value in sorted(enum.values, key=lambda value: value.number))
    return tuple("unknown" if name == "unspecified" else name for name in names)


_MODES = _names(event_pb2.TransportMode.DESCRIPTOR, "TRANSPORT_MODE_")
_PACKAGINGS = _names(event_pb2.Packaging.DESCRIPTOR, "PACKAGING_")


class _Figures:
    """Features by name. One that is not known is 0 in the fields of the contract that cannot be unset."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait = portrait
        self._values = portrait.features

    def real(self, name: str) -> float:
        """A feature."""
        return self._values.get(name, 0.0)

    def whole(self, name: str) -> int:
        """A feature that counts something or is an amount in whole fen."""
        return int(self._values.get(name, 0.0))


def sections(portrait: Portrait) -> dict[str, Message]:
    """The sections of the kinds that were ever received, by the names of their fields."""
    figures = _Figures(portrait)
    received = {status.kind for status in portrait.statuses}
    return {name: section(figures) for name, (kind, section) in _SECTIONS.items() if kind in received}


def _trade(figures: _Figures) -> profile_pb2.Trade:
    net_fen, clean_fen = figures.portrait.weekly_net_fen, figures.portrait.weekly_clean_fen
    first = figures.portrait.as_of - timedelta(days=7 * len(net_fen))
    return profile_pb2.Trade(
        months_of_history=figures.whole("history_months"),
        monthly_net_12m_fen=figures.whole("monthly_net_12m_fen"),
        monthly_net_3m_fen=figures.whole("monthly_net_3m_fen"),
        monthly_net_3m_adjusted_fen=figures.whole("monthly_net_3m_adjusted_fen"),
        monthly_clean_12m_fen=figures.whole("monthly_clean_12m_fen"),
        monthly_clean_3m_fen=figures.whole("monthly_clean_3m_fen"),
        monthly_clean_3m_adjusted_fen=figures.whole("monthly_clean_3m_adjusted_fen"),
        order_count_90d=figures.whole("order_90d_count"),
        order_count_365d=figures.whole("order_365d_count"),
        buyer_days_90d=figures.whole("buyer_days_90d_count"),
        refund_rate_180d=figures.real("refund_180d_ratio"),
        dispute_rate_180d=figures.real("dispute_180d_ratio"),
        active_day_share_90d=figures.real("active_90d_share"),
        peak_28d_share=figures.real("peak_28d_share"),
        weekly_first_day=date_to_proto(first) if net_fen else None,
        weekly_net_fen=net_fen,
        weekly_clean_fen=clean_fen,
    )


def _logistics(figures: _Figures) -> profile_pb2.Logistics:
    freight = [figures.whole(f"freight_{mode}_365d_gkm") for mode in _MODES]
    packaging = [figures.whole(f"packaging_{kind}_365d_count") for kind in _PACKAGINGS]
    return profile_pb2.Logistics(
        parcel_count=figures.whole("parcel_365d_count"),
        weighed_count=figures.whole("weighed_parcel_365d_count"),
        routed_count=figures.whole("routed_parcel_365d_count"),
        covered_count=figures.whole("covered_parcel_365d_count"),
        odd_route_count=figures.whole("odd_route_365d_count"),
        weight_g=figures.whole("parcel_weight_365d_g"),
        freight=[
            profile_pb2.FreightByMode(mode=mode, gram_km=gram_km)  # type: ignore[arg-type] # the contract's numbers
            for mode, gram_km in enumerate(freight)
            if gram_km
        ],
        packaging=[
            profile_pb2.ParcelsByPackaging(packaging=kind, parcel_count=parcels)  # type: ignore[arg-type] # likewise
            for kind, parcels in enumerate(packaging)
            if parcels
        ],
        late_rate=figures.real("late_parcel_365d_share"),
    )


def _reviews(figures: _Figures) -> profile_pb2.Reviews:
    topics = [
        profile_pb2.ReviewTopic(
            code=topic.upper(),
            mention_count=figures.whole(f"topic_{topic}_365d_count"),
            complaint_count=figures.whole(f"topic_{topic}_negative_365d_count"),
        )
        for topic in TOPICS
    ]
    return profile_pb2.Reviews(
        review_count=figures.whole("review_365d_count"),
        mean_stars=figures.real("mean_365d_stars"),
        low_star_share=figures.real("low_star_365d_share"),
        complaint_count=figures.whole("complaint_365d_count"),
        return_count=figures.whole("return_365d_count"),
        order_count=figures.whole("order_365d_count"),
        read_count=figures.whole("read_review_365d_count"),
        negative_share=figures.real("negative_review_365d_share"),
        topics=[topic for topic in topics if topic.mention_count],
    )


def _settlements(figures: _Figures) -> profile_pb2.Settlements:
    return profile_pb2.Settlements(
        net_fen=figures.whole("settled_365d_fen"),
        fee_fen=figures.whole("platform_fee_365d_fen"),
        day_count=figures.whole("payout_days_365d_count"),
    )


def _bureau(figures: _Figures) -> profile_pb2.Bureau:
    age = timedelta(days=figures.whole("bureau_report_age_days"))
    return profile_pb2.Bureau(
        report_date=date_to_proto(figures.portrait.as_of - age),
        open_accounts=figures.whole("bureau_open_account_count"),
        outstanding_fen=figures.whole("bureau_outstanding_fen"),
        credit_lines_fen=figures.whole("bureau_credit_lines_fen"),
        monthly_debt_service_fen=figures.whole("bureau_monthly_debt_service_fen"),
        months_overdue_24m=figures.whole("bureau_overdue_24m_count"),
        worst_overdue_24m=figures.whole("bureau_worst_overdue_24m_months"),
        enquiries_3m=figures.whole("bureau_enquiry_3m_count"),
        public_records=figures.whole("bureau_public_record_count"),
    )


_RATINGS = {4: event_pb2.TAX_RATING_A, 3: event_pb2.TAX_RATING_B, 2: event_pb2.TAX_RATING_C, 1: event_pb2.TAX_RATING_D}
"""By the levels of the feature `tax_rating_level`."""


def _tax(figures: _Figures) -> profile_pb2.Tax:
    rated = _RATINGS.get(figures.whole("tax_rating_level"), event_pb2.TAX_RATING_UNSPECIFIED)
    return profile_pb2.Tax(
        rating=event_pb2.TAX_RATING_M if figures.whole("tax_rating_new_flag") else rated,
        declared_sales_fen=figures.whole("declared_365d_fen"),
        platform_net_fen=figures.whole("declared_period_net_fen"),
        late_count=figures.whole("late_filing_365d_count"),
    )


def _energy(figures: _Figures) -> profile_pb2.Energy:
    return profile_pb2.Energy(
        electricity_wh=figures.whole("electricity_365d_wh"), day_count=figures.whole("electricity_365d_days")
    )


def _visits(figures: _Figures) -> profile_pb2.Visits:
    return profile_pb2.Visits(
        visitor_days=figures.whole("visitor_90d_count"),
        page_views=figures.whole("page_view_90d_count"),
        growth=figures.real("visitor_growth_90d_ratio"),
    )


def _social(figures: _Figures) -> profile_pb2.Social:
    return profile_pb2.Social(
        followers=figures.whole("follower_count"),
        posts=figures.whole("post_90d_count"),
        interactions=figures.whole("interaction_90d_count"),
    )


def _penalties(figures: _Figures) -> profile_pb2.Penalties:
    counts = [figures.whole(f"penalty_{kind}_730d_count") for kind in KINDS]
    return profile_pb2.Penalties(
        counts=[
            profile_pb2.PenaltyCount(kind=kind, count=count)  # type: ignore[arg-type] # the contract's numbers
            for kind, count in enumerate(counts)
            if count
        ],
        fines=fen_to_money(figures.whole("fines_730d_fen")),
    )


def _repayments(figures: _Figures) -> profile_pb2.RepaymentRecord:
    return profile_pb2.RepaymentRecord(
        repayment_count=figures.whole("repayment_count"), worst_days_past_due=figures.whole("worst_delay_days")
    )


def _invoices(figures: _Figures) -> profile_pb2.Invoices:
    return profile_pb2.Invoices(
        sale_count=figures.whole("sale_invoice_365d_count"),
        sale_net_fen=figures.whole("sale_invoiced_365d_fen"),
        purchase_count=figures.whole("purchase_invoice_365d_count"),
        purchase_net_fen=figures.whole("purchase_invoiced_365d_fen"),
        red_letter_count=figures.whole("red_invoice_365d_count"),
        voided_count=figures.whole("void_invoice_365d_count"),
    )


def _brushing(figures: _Figures) -> profile_pb2.Brushing:
    return profile_pb2.Brushing(
        fake_order_share_365d=figures.real("fake_order_365d_share"),
        fake_amount_share_365d=figures.real("fake_amount_365d_share"),
        fake_order_share_90d=figures.real("fake_order_90d_share"),
        signals=[
            profile_pb2.BrushingSignal(
                code=one.code, order_count=one.order_count, text_zh=one.text_zh, text_en=one.text_en
            )
            for one in figures.portrait.fake_signals
        ],
    )


_SECTIONS: Mapping[str, tuple[EventKind, Callable[[_Figures], Message]]] = {
    "trade": (EventKind.ORDER, _trade),
    "brushing": (EventKind.ORDER, _brushing),
    "logistics": (EventKind.SHIPMENT, _logistics),
    "reviews": (EventKind.REVIEW, _reviews),
    "settlements": (EventKind.SETTLEMENT, _settlements),
    "bureau": (EventKind.BUREAU_REPORT, _bureau),
    "tax": (EventKind.TAX_RECORD, _tax),
    "energy": (EventKind.ENERGY_USE, _energy),
    "visits": (EventKind.TRAFFIC, _visits),
    "social": (EventKind.SOCIAL_ACTIVITY, _social),
    "penalties": (EventKind.STORE_PENALTY, _penalties),
    "repayments": (EventKind.REPAYMENT, _repayments),
    "invoices": (EventKind.INVOICE, _invoices),
}
