"""The demonstration's real shop is what it is said to be, and its report adds up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from stdnum.cn import ric, uscc
from sycee.decision.v1.decision_pb2 import DECISION_OUTCOME_APPROVED, DECISION_OUTCOME_DECLINED, Decision
from sycee.ingestion.v1.ingestion_pb2 import Import
from sycee_cli.demo import cdnow, report
from sycee_cli.demo.story import Decided, Told
from sycee_cli.suite.errors import SuiteError


def test_the_real_shop_is_registered_as_partly_simulated() -> None:
    registration = cdnow.registration()
    assert registration.simulated
    assert registration.register_entry.source == "simulated"
    assert uscc.is_valid(registration.uscc)
    born = ric.get_birth_date(registration.operator.resident_id)
    assert born == date(1960, 5, 12)
    assert ric.calc_check_digit(registration.operator.resident_id) == registration.operator.resident_id[-1]


def test_consents_were_given_before_the_day_of_the_decision() -> None:
    moment = cdnow.decided_at()
    assert moment.ToJsonString() == "1998-06-30T16:00:00Z"  # the first of July in Shanghai
    assert all(consent.given_at.seconds < moment.seconds for consent in cdnow.consents())
    assert len({consent.request_id for consent in cdnow.consents()}) == 3


def test_the_mapping_names_its_rate_and_its_merchant() -> None:
    mapping = yaml.safe_load(cdnow.MAPPING)
    assert mapping["merchant"] == cdnow.MERCHANT_ID
    amount = mapping["events"][0]["fields"]["amount"]
    assert (amount["from"], amount["rate"]) == ("USD", "8.28")


def test_a_file_that_is_not_the_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "CDNOW_master.txt").write_text("something else")
    with pytest.raises(SuiteError, match="is not the file it was"):
        cdnow.orders_file(tmp_path)
    assert not (tmp_path / "CDNOW_master.txt").exists()


def test_the_report_counts_what_there_is() -> None:
    good, bad = Decision(outcome=DECISION_OUTCOME_APPROVED), Decision(outcome=DECISION_OUTCOME_DECLINED)
    good.merchant_id, good.offer.lender_id, good.offer.nominal_rate_bp = "m-good", "river-bank", 1_205
    good.offer.amount.units = 60_000
    bad.merchant_id = "m-bad"
    bad.reasons.add(code="SALES_FALLING")
    told = Told(
        decided=[
            Decided("real shop", good, 12.0, proved=True),
            Decided("collapsing", bad, 8.0, proved=True),
            Decided("collapsing", bad, 10.0, proved=False),
        ],
        seconds=0.5,
        events=1_000,
        events_per_s=20_000.0,
        imported=Import(row_count=69_659),
        repeated=2,
    )
    console = Console(width=150, force_terminal=False)
    with console.capture() as captured:
        report.show(console, told)
    text = captured.get()
    for said in (
        "60,000  12.05 %  river-bank",
        "SALES_FALLING",
        "3 decisions: 1 approved, 2 declined",
        "2 of them had been made before",
        "6 decisions/s",
        "p50 10 ms, p99 12 ms",
        "69,659 real orders",
        "2 of 3 receipts verified",
    ):
        assert said in text
    by_kind = text[text.index("Outcomes by kind") :]
    assert by_kind.splitlines()[3].split() == ["collapsing", "2"]
