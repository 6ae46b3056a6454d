"""Contract messages to domain values and back. Total and pure: what cannot be converted is InvalidArgument."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import TypeVar

from google.type.money_pb2 import Money
from sycee.common.v1 import common_pb2
from sycee.limits.v1 import limits_pb2 as pb
from sycee_service.errors import InvalidArgument
from sycee_service.wire import (
    CURRENCY,
    date_from_proto,
    date_to_proto,
    fen_to_money,
    money_to_fen,
    page_token_decode,
    page_token_encode,
    time_to_proto,
)

from sycee_limits.domain.application import Application, Offer, Quote, Reason
from sycee_limits.domain.catalogue import Product
from sycee_limits.domain.kinds import BorrowerKind, Grade, RepaymentMethod
from sycee_limits.domain.ledger import Entry, Facility, Reservation, ReservationState
from sycee_limits.domain.pricing import Cost, Payment
from sycee_limits.service import Fees, LenderView

PAGE_DEFAULT = 50
PAGE_MAX = 500
BIGINT_MAX = 2**63 - 1

_ACCOUNT = re.compile(r"(merchant|product|lender)/[A-Za-z0-9][A-Za-z0-9._:-]{0,63}(/(available|held|drawn))?")

_STATES = {
    ReservationState.HELD: pb.Reservation.STATE_HELD,
    ReservationState.CAPTURED: pb.Reservation.STATE_CAPTURED,
    ReservationState.VOIDED: pb.Reservation.STATE_VOIDED,
    ReservationState.EXPIRED: pb.Reservation.STATE_EXPIRED,
}

_Kind = TypeVar("_Kind", bound=IntEnum)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of things by name: after which one, and how many."""

    after: str
    size: int


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """A page of entries: after which one, and how many."""

    after: int
    size: int


@dataclass(frozen=True, slots=True)
class ScheduleAsked:
    """What QuoteSchedule asks for."""

    principal_fen: int
    annual_rate_bp: int
    term_months: int
    method: RepaymentMethod
    first_day: date
    fees: Fees


def page_from_proto(request: pb.ListProductsRequest | pb.ListLendersRequest) -> Page:
    """Where a page begins and how long it is."""
    after = page_token_decode("page_token", request.page_token, 1)[0] if request.page_token else ""
    return Page(after, _page_size(request.page_size))


def entries_page_from_proto(request: pb.ListEntriesRequest) -> EntriesPage:
    """Where a page of entries begins and how long it is."""
    size = _page_size(request.page_size)
    if not request.page_token:
        return EntriesPage(0, size)
    text = page_token_decode("page_token", request.page_token, 1)[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= BIGINT_MAX):
        raise InvalidArgument("page_token", "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID")
    return EntriesPage(int(text), size)


def _page_size(asked: int) -> int:
    if not 0 <= asked <= PAGE_MAX:
        raise InvalidArgument("page_size", f"must be from 0 to {PAGE_MAX}", value=asked)
    return asked or PAGE_DEFAULT


def account_from_proto(request: pb.ListEntriesRequest) -> str:
    """The account asked for, or nothing."""
    if request.account and not _ACCOUNT.fullmatch(request.account):
        rule = "must be merchant/…, product/… or lender/…, and may end in /available, /held or /drawn"
        raise InvalidArgument("account", rule, value=request.account)
    return request.account


def application_from_proto(message: pb.Application) -> Application:
    """An application; `application.` leads the names of its fields in errors."""
    requested_fen = money_to_fen("application.requested_amount", message.requested_amount)
    if requested_fen == 0:
        raise InvalidArgument("application.requested_amount", "must be above zero", value=0)
    if message.term_months < 1:
        raise InvalidArgument("application.term_months", "must be at least 1", value=message.term_months)
    return Application(
        merchant_id=message.merchant_id,
        product_id=message.product_id,
        requested_fen=requested_fen,
        term_months=message.term_months,
        method=_kind("application.repayment_method", RepaymentMethod, message.repayment_method),
        lender_id=message.lender_id,
        as_of=date_from_proto("application.as_of", message.as_of),
        borrower_kind=_kind("application.borrower_kind", BorrowerKind, message.borrower_kind),
        province_code=message.province_code,
        monthly_net_fen=message.monthly_net_fen,
        months_of_history=message.months_of_history,
        default_probability=_share("application.default_probability", message.default_probability),
        grade=_kind("application.grade", Grade, message.grade),
        other_debt_fen=message.other_debt_fen,
        other_debt_service_fen=message.other_debt_service_fen,
        peak_28d_share=_share("application.peak_28d_share", message.peak_28d_share),
        esg_discount_bp=message.esg_discount_bp,
    )


def _kind(field: str, kind: type[_Kind], number: int) -> _Kind:
    try:
        return kind(number)
    except ValueError:
        raise InvalidArgument(field, "must be a value that is defined", value=number) from None


def _share(field: str, value: float) -> float:
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise InvalidArgument(field, "must be from 0 to 1", value=value)
    return value


def hold_for_from_proto(request: pb.ReserveRequest) -> timedelta | None:
    """How long to hold; None when it is not said. Finer than a microsecond is cut off."""
    if not request.HasField("hold_for"):
        return None
    asked = request.hold_for
    if not 1 <= asked.seconds <= 2_592_000 or not 0 <= asked.nanos < 1_000_000_000:
        raise InvalidArgument("hold_for", "must be from one second to 30 days", value=f"{asked.seconds} s")
    return timedelta(seconds=asked.seconds, microseconds=asked.nanos // 1000)


def optional_amount_from_proto(request: pb.CaptureRequest) -> int | None:
    """How much to capture; None when it is not said."""
    return money_to_fen("amount", request.amount) if request.HasField("amount") else None


def schedule_from_proto(request: pb.QuoteScheduleRequest) -> ScheduleAsked:
    """What QuoteSchedule asks for, fees summed."""
    upfront_fen = monthly_fen = 0
    for place, fee in enumerate(request.fees):
        if fee.HasField("upfront"):
            upfront_fen += money_to_fen(f"fees[{place}].upfront", fee.upfront)
        if fee.HasField("monthly"):
            monthly_fen += money_to_fen(f"fees[{place}].monthly", fee.monthly)
    return ScheduleAsked(
        principal_fen=money_to_fen("principal", request.principal),
        annual_rate_bp=request.annual_rate_bp,
        term_months=request.term_months,
        method=_kind("repayment_method", RepaymentMethod, request.repayment_method),
        first_day=date_from_proto("first_day", request.first_day),
        fees=Fees(upfront_fen, monthly_fen),
    )


def schedule_to_proto(payments: Sequence[Payment], cost: Cost) -> pb.QuoteScheduleResponse:
    """A schedule with its cost."""
    return pb.QuoteScheduleResponse(
        payments=[
            pb.Payment(
                number=payment.number,
                due_date=date_to_proto(payment.due_date),
                principal=fen_to_money(payment.principal_fen),
                interest=fen_to_money(payment.interest_fen),
                fees=fen_to_money(payment.fees_fen),
                total=fen_to_money(payment.total_fen),
                balance=fen_to_money(payment.balance_fen),
            )
            for payment in payments
        ],
        monthly_irr=cost.monthly_irr,
        nominal_rate=cost.nominal_rate,
        effective_rate=cost.effective_rate,
        net_received=fen_to_money(cost.net_received_fen),
        total_cost=fen_to_money(cost.total_cost_fen),
    )


def products_to_proto(found: Sequence[Product], size: int, version: str) -> pb.ListProductsResponse:
    """A page of products, of which one more than `size` says that there is a next page."""
    page = found[:size]
    return pb.ListProductsResponse(
        products=[_product(product, version) for product in page],
        next_page_token=page_token_encode(page[-1].product_id) if len(found) > size else "",
    )


def _product(product: Product, version: str) -> pb.Product:
    return pb.Product(
        product_id=product.product_id,
        name_zh=product.name_zh,
        name_en=product.name_en,
        max_amount=fen_to_money(product.max_fen),
        min_amount=fen_to_money(product.min_fen),
        terms_months=product.terms_months,
        repayment_methods=[common_pb2.RepaymentMethod.ValueType(method) for method in product.methods],
        purpose=common_pb2.LoanPurpose.ValueType(product.purpose),
        min_months_of_history=product.min_months_of_history,
        sales_multiple_milli=product.sales_multiple_milli,
        version=version,
    )


def lenders_to_proto(found: Sequence[LenderView], size: int) -> pb.ListLendersResponse:
    """A page of lenders, of which one more than `size` says that there is a next page."""
    page = found[:size]
    return pb.ListLendersResponse(
        lenders=[_lender(view) for view in page],
        next_page_token=page_token_encode(page[-1].lender.lender_id) if len(found) > size else "",
    )


def _lender(view: LenderView) -> pb.Lender:
    lender = view.lender
    return pb.Lender(
        lender_id=lender.lender_id,
        name_zh=lender.name_zh,
        name_en=lender.name_en,
        kind=common_pb2.LenderKind.ValueType(lender.kind),
        capital=fen_to_money(view.capital_fen),
        capital_date=date_to_proto(view.capital_day),
        cost_of_funds_bp=lender.cost_of_funds_bp,
        programme_limit=fen_to_money(lender.programme_limit_fen),
        exposure=fen_to_money(view.exposure_fen),
        max_per_borrower=fen_to_money(lender.max_per_borrower_fen),
        worst_grade=common_pb2.Grade.ValueType(lender.worst_grade),
    )


def quote_to_proto(quote: Quote) -> pb.Quote:
    """A quote; the fields of an offer stay unset when there is none."""
    message = pb.Quote(
        offered=quote.offer is not None, product_id=quote.product_id, catalogue_version=quote.catalogue_version
    )
    add = message.constraints.add
    for bound in quote.constraints:
        _put_fen(add(code=bound.code, binding=bound.binding, rule_id=bound.rule_id).amount, bound.amount_fen)
    message.reasons.extend(_reason(reason) for reason in quote.reasons)
    if quote.offer is not None:
        _fill_offer(message, quote.offer)
    return message


def _fill_offer(message: pb.Quote, offer: Offer) -> None:
    message.lender_id = offer.lender_id
    message.lender_kind = common_pb2.LenderKind.ValueType(offer.lender_kind)
    _put_fen(message.amount, offer.amount_fen)
    _put_fen(message.limit, offer.limit_fen)
    message.term_months = offer.term_months
    message.repayment_method = common_pb2.RepaymentMethod.ValueType(offer.method)
    message.nominal_rate_bp = offer.nominal_rate_bp
    message.effective_rate_bp = offer.effective_rate_bp
    _put_fen(message.first_payment, offer.first_payment_fen)
    _put_fen(message.total_cost, offer.total_cost_fen)
    price = message.price
    price.cost_of_funds_bp = offer.price.cost_of_funds_bp
    price.operating_cost_bp = offer.price.operating_cost_bp
    price.expected_loss_bp = offer.price.expected_loss_bp
    price.capital_charge_bp = offer.price.capital_charge_bp
    price.tax_bp = offer.price.tax_bp
    price.esg_discount_bp = offer.price.esg_discount_bp


def _put_fen(message: Money, fen: int) -> None:
    """What `fen_to_money` gives, in place: a quote holds a dozen amounts, and copying them in would cost the most."""
    message.currency_code = CURRENCY
    message.units, rest = divmod(fen, 100)
    message.nanos = rest * 10_000_000


def _reason(reason: Reason) -> common_pb2.Reason:
    return common_pb2.Reason(code=reason.code, text_zh=reason.text_zh, text_en=reason.text_en)


def reservation_to_proto(hold: Reservation) -> pb.Reservation:
    """A hold."""
    return pb.Reservation(
        reservation_id=hold.reservation_id,
        merchant_id=hold.merchant_id,
        product_id=hold.product_id,
        lender_id=hold.lender_id,
        amount=fen_to_money(hold.amount_fen),
        state=_STATES[hold.state],
        expires_at=time_to_proto(hold.expires_at),
        facility_id=hold.facility_id,
    )


def facility_to_proto(facility: Facility) -> pb.Facility:
    """A facility."""
    return pb.Facility(
        facility_id=facility.facility_id,
        merchant_id=facility.merchant_id,
        product_id=facility.product_id,
        lender_id=facility.lender_id,
        limit=fen_to_money(facility.limit_fen),
        drawn=fen_to_money(facility.drawn_fen),
        nominal_rate_bp=facility.nominal_rate_bp,
        term_months=facility.term_months,
        repayment_method=common_pb2.RepaymentMethod.ValueType(facility.method),
        state=pb.Facility.STATE_ACTIVE,
        opened_at=time_to_proto(facility.opened_at),
        reservation_id=facility.reservation_id,
    )


def entries_to_proto(found: Sequence[Entry], size: int) -> pb.ListEntriesResponse:
    """A page of entries, of which one more than `size` says that there is a next page."""
    page = found[:size]
    return pb.ListEntriesResponse(
        entries=[
            pb.Entry(
                entry_id=entry.entry_id,
                kind=entry.kind,
                reservation_id=entry.reservation_id,
                merchant_id=entry.merchant_id,
                lines=[pb.EntryLine(account=line.account, amount_fen=line.amount_fen) for line in entry.lines],
                posted_at=time_to_proto(entry.posted_at),
            )
            for entry in page
        ],
        next_page_token=page_token_encode(str(page[-1].entry_id)) if len(found) > size else "",
    )
