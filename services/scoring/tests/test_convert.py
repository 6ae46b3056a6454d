"""Requests to evidence: everything that cannot be is refused by the name of its field, and nothing else fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

import pytest
from google.type.date_pb2 import Date
from hypothesis import given
from hypothesis import strategies as st
from scoring_merchants import evidence, request, weeks
from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import score_pb2
from sycee_scoring.convert.scores import evidence_from_proto, score_to_proto
from sycee_scoring.domain.evidence import Invoices
from sycee_scoring.domain.reasons import NO_SALES
from sycee_scoring.service.scores import ScoringService, Unscorable
from sycee_service.errors import InvalidArgument

Request = score_pb2.ScoreRequest


def test_a_whole_request_is_read() -> None:
    read = evidence_from_proto(request())
    expected = evidence()
    assert (read.merchant_id, read.day, read.loan) == (expected.merchant_id, expected.day, expected.loan)
    assert read.trade == expected.trade
    assert read.bureau == expected.bureau
    assert read.fee_share == 0.05
    assert read.traits.opened_on == date(2024, 6, 8)


def test_what_is_absent_stays_absent() -> None:
    bare = Request(profile=profile_pb2.Profile(merchant_id="m", as_of=request().profile.as_of), term_months=1)
    bare.requested_amount.currency_code = "CNY"
    read = evidence_from_proto(bare)
    assert (read.traits, read.trade, read.fee_share, read.bureau, read.repayments) == (None,) * 5


def test_sales_are_clean_ones_where_orders_were_judged() -> None:
    asked = request()
    trade = asked.profile.trade
    trade.monthly_clean_12m_fen, trade.monthly_clean_3m_adjusted_fen = 700, 600
    trade.weekly_clean_fen[:] = [5, 6, 7]
    assert evidence_from_proto(asked).trade == evidence().trade  # nobody has judged them: nothing is clean or unclean
    asked.profile.brushing.SetInParent()
    read = evidence_from_proto(asked).trade
    assert (read.monthly_net_12m_fen, read.monthly_net_3m_adjusted_fen, read.weekly_net_fen) == (700, 600, (5, 6, 7))


def test_quality_is_read_where_it_is_said() -> None:
    asked = request()
    assert evidence_from_proto(asked).quality == 1.0
    asked.profile.quality.score = 40
    assert evidence_from_proto(asked).quality == 0.4
    asked.profile.quality.score = 101
    with pytest.raises(InvalidArgument) as refused:
        evidence_from_proto(asked)
    assert refused.value.violations[0].field == "profile.quality.score"


def test_an_unset_count_of_people_is_not_zero() -> None:
    asked = request()
    asked.profile.traits.ClearField("employee_count")
    asked.profile.traits.ClearField("opened_on")
    assert evidence_from_proto(asked).traits.employee_count is None
    assert evidence_from_proto(asked).traits.opened_on is None


BAD: list[tuple[str, Callable[[Request], object]]] = [
    ("profile", lambda r: r.ClearField("profile")),
    ("profile.as_of", lambda r: setattr(r.profile.as_of, "seconds", 10**15)),
    ("profile.as_of", lambda r: setattr(r.profile.as_of, "nanos", -1)),
    ("profile.as_of", lambda r: setattr(r.profile.as_of, "seconds", 253_402_300_799)),
    ("profile.as_of", lambda r: setattr(r.profile.as_of, "seconds", -62_135_596_800)),
    ("requested_amount.currency_code", lambda r: setattr(r.requested_amount, "currency_code", "USD")),
    ("requested_amount", lambda r: setattr(r.requested_amount, "units", -1)),
    ("requested_amount.units", lambda r: setattr(r.requested_amount, "units", 2**62)),
    ("requested_amount.nanos", lambda r: setattr(r.requested_amount, "nanos", 5)),
    ("term_months", lambda r: setattr(r, "term_months", 0)),
    ("term_months", lambda r: setattr(r, "term_months", 61)),
    ("profile.traits.opened_on", lambda r: setattr(r.profile.traits.opened_on, "month", 13)),
    ("profile.trade.first_day", lambda r: r.profile.trade.first_day.CopyFrom(Date(year=2026, month=2, day=30))),
    ("profile.trade.last_day", lambda r: r.profile.trade.last_day.CopyFrom(Date(year=2030, month=1, day=1))),
    ("profile.trade.weekly_first_day", lambda r: r.profile.trade.weekly_first_day.CopyFrom(Date(year=-4))),
    ("profile.trade.weekly_net_fen", lambda r: r.profile.trade.weekly_net_fen.append(1)),
    ("profile.trade.refund_rate_180d", lambda r: setattr(r.profile.trade, "refund_rate_180d", math.nan)),
    ("profile.trade.refund_rate_180d", lambda r: setattr(r.profile.trade, "refund_rate_180d", math.inf)),
    ("profile.trade.refund_rate_180d", lambda r: setattr(r.profile.trade, "refund_rate_180d", -0.1)),
    ("profile.settlements.net_fen", lambda r: setattr(r.profile.settlements, "net_fen", -1)),
    ("profile.settlements.fee_fen", lambda r: setattr(r.profile.settlements, "fee_fen", -(2**63))),
    ("profile.bureau.report_date", lambda r: r.profile.bureau.ClearField("report_date")),
    ("profile.bureau.report_date", lambda r: r.profile.bureau.report_date.CopyFrom(Date(year=2026, month=11, day=26))),
    ("profile.bureau.outstanding_fen", lambda r: setattr(r.profile.bureau, "outstanding_fen", -1)),
    ("profile.bureau.credit_lines_fen", lambda r: setattr(r.profile.bureau, "credit_lines_fen", -1)),
    ("profile.bureau.monthly_debt_service_fen", lambda r: setattr(r.profile.bureau, "monthly_debt_service_fen", -1)),
]


@pytest.mark.parametrize(("field", "spoil"), BAD)
def test_bad_input_names_its_field(field: str, spoil: Callable[[Request], object]) -> None:
    asked = request()
    spoil(asked)
    with pytest.raises(InvalidArgument) as caught:
        evidence_from_proto(asked)
    assert [violation.field for violation in caught.value.violations] == [field]


def test_negative_weeks_and_a_report_of_tomorrow_are_borne(service: ScoringService) -> None:
    asked = request()
    asked.profile.trade.weekly_net_fen[:] = [-(2**63), 2**63 - 1, *weeks(50)]
    asked.profile.bureau.report_date.CopyFrom(Date(year=2026, month=11, day=25))
    assert service.score(evidence_from_proto(asked)).parts


integers = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**32 - 1)


@st.composite
def any_request(draw: st.DrawFn) -> Request:
    """A request whose fields hold whatever their types can hold."""
    asked = request()
    profile = asked.profile
    profile.as_of.seconds = draw(st.integers(-(2**40), 2**40))
    for name in ("monthly_net_12m_fen", "monthly_net_3m_adjusted_fen"):
        setattr(profile.trade, name, draw(integers))
    profile.trade.months_of_history = draw(counts)
    profile.trade.refund_rate_180d = draw(st.floats())
    profile.trade.weekly_net_fen[:] = draw(st.lists(integers, max_size=104))
    profile.settlements.net_fen, profile.settlements.fee_fen = draw(integers), draw(integers)
    for name in ("outstanding_fen", "credit_lines_fen", "monthly_debt_service_fen"):
        setattr(profile.bureau, name, draw(integers))
    for name in ("months_overdue_24m", "worst_overdue_24m", "enquiries_3m", "public_records"):
        setattr(profile.bureau, name, draw(counts))
    year, month, day = draw(st.tuples(*[st.integers(-5, 10_005)] * 3))
    profile.traits.opened_on.CopyFrom(Date(year=year, month=month % 15, day=day % 35))
    profile.traits.employee_count = draw(counts)
    profile.repayments.repayment_count, profile.repayments.worst_days_past_due = draw(counts), draw(counts)
    return asked


def milder(asked: Request) -> Request:
    """The same request without what makes most of them be refused, so that the models see strange ones too."""
    asked.profile.as_of.seconds = abs(asked.profile.as_of.seconds) % 2**34 + 2**30
    asked.profile.ClearField("settlements")
    asked.profile.traits.ClearField("opened_on")
    for name in ("first_day", "last_day", "weekly_first_day"):
        asked.profile.trade.ClearField(name)
    asked.profile.bureau.report_date.CopyFrom(Date(year=2001, month=1, day=1))
    for name in ("outstanding_fen", "credit_lines_fen", "monthly_debt_service_fen"):
        setattr(asked.profile.bureau, name, abs(getattr(asked.profile.bureau, name)) % 2**63)
    return asked


@given(asked=st.one_of(any_request(), any_request().map(milder)))
def test_no_message_at_all_breaks_it(service: ScoringService, asked: Request) -> None:
    refused: list[object] = []
    try:
        read = evidence_from_proto(asked)
    except InvalidArgument as refusal:
        refused = list(refusal.violations)
        read = None
    if read is None:
        assert refused
        return
    answer = score_to_proto(asked, service.score(read))
    assert 0.0 < answer.default_probability.low <= answer.default_probability.high < 1.0
    assert math.isfinite(answer.default_probability.value)


def test_the_answer_carries_everything(service: ScoringService) -> None:
    asked = request()
    asked.requested_amount.units = 400_000
    answer = score_to_proto(asked, service.score(evidence_from_proto(asked)))
    assert answer.as_of == asked.profile.as_of
    assert (answer.merchant_id, answer.scorable, answer.horizon_months) == ("shop-1", True, 12)
    assert [component.name for component in answer.components] == ["structural", "application", "bureau"]
    assert answer.components[1].version.startswith("application-2026.2+sha256.")
    assert answer.reasons[0].code == "REQUEST_HEAVY"
    assert answer.reasons[0].contribution < -20.0
    assert answer.model_version == "combined-2026.1"


def test_what_cannot_be_scored_fills_only_reasons_and_coverage() -> None:
    answer = score_to_proto(request(), Unscorable((NO_SALES,), 0.2))
    assert {field.name for field, _ in answer.ListFields()} == {"merchant_id", "as_of", "reasons", "coverage"}


def test_invoices_come_out_of_the_features_of_sales() -> None:
    asked = request()
    asked.profile.invoices.SetInParent()
    assert evidence_from_proto(asked).invoices == Invoices(0, 0, None, None)
    values = {
        "sale_invoice_365d_count": 90.0,
        "sale_void_365d_share": 0.1,
        "customer_hhi_365d_ratio": 0.25,
        "purchases_to_sales_365d_ratio": 0.7,
        "buyer_hhi_365d_ratio": 0.9,
    }
    for name, value in values.items():
        asked.profile.features.add(name=name, value=value)
    assert evidence_from_proto(asked).invoices == Invoices(90, 10, 0.25, 0.7)
    asked.profile.features[1].value = 1.0
    assert evidence_from_proto(asked).invoices is not None
    asked.profile.features[1].value = math.nan
    with pytest.raises(InvalidArgument, match="sale_void_365d_share"):
        evidence_from_proto(asked)
    asked.profile.ClearField("invoices")
    assert evidence_from_proto(asked).invoices is None
