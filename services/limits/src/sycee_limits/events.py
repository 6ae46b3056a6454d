"""The events that the ledger tells the rest of Sycee. No personal data: ids, amounts and terms only."""

from sycee_service.outbox import Event

from sycee_limits.domain.application import Offer
from sycee_limits.domain.ledger import Facility, Reservation


def reserved(hold: Reservation, offer: Offer) -> Event:
    """Head-room is held. `above_four_lpr` counts towards the share that must fall (CN-RATE-03)."""
    return Event(
        type="sycee.limits.reserved.v1",
        subject=hold.merchant_id,
        data={
            **_hold(hold),
            "expires_at": hold.expires_at.isoformat(),
            "nominal_rate_bp": hold.nominal_rate_bp,
            "effective_rate_bp": offer.effective_rate_bp,
            "term_months": hold.term_months,
            "above_four_lpr": offer.above_four_lpr,
            "catalogue_version": hold.catalogue_version,
        },
    )


def captured(hold: Reservation, facility: Facility) -> Event:
    """A hold became a drawn facility."""
    return Event(
        type="sycee.limits.captured.v1",
        subject=hold.merchant_id,
        data={
            **_hold(hold),
            "facility_id": facility.facility_id,
            "captured_fen": facility.limit_fen,
            "released_fen": hold.amount_fen - facility.limit_fen,
            "opened_at": facility.opened_at.isoformat(),
        },
    )


def voided(hold: Reservation) -> Event:
    """A hold was let go."""
    return Event(type="sycee.limits.voided.v1", subject=hold.merchant_id, data=_hold(hold))


def expired(hold: Reservation) -> Event:
    """A hold ran out."""
    return Event(
        type="sycee.limits.expired.v1",
        subject=hold.merchant_id,
        data={**_hold(hold), "expires_at": hold.expires_at.isoformat()},
    )


def _hold(hold: Reservation) -> dict[str, str | int]:
    return {
        "reservation_id": hold.reservation_id,
        "merchant_id": hold.merchant_id,
        "product_id": hold.product_id,
        "lender_id": hold.lender_id,
        "amount_fen": hold.amount_fen,
    }
