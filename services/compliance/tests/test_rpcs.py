"""The RPCs as callers meet them: worked cases, consent through time, refusals, and who may call."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from grpc_status import rpc_status
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2 as pb
from sycee.ingestion.v1 import ingestion_pb2
from sycee_compliance.access import ACCESS
from sycee_service.wire import date_to_proto, time_to_proto

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
BANK, MICROLOAN, CFC = (
    common_pb2.LENDER_KIND_BANK,
    common_pb2.LENDER_KIND_MICROLOAN,
    common_pb2.LENDER_KIND_CONSUMER_FINANCE,
)
DIGEST = "ab" * 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(start: Any, module_database: str) -> AsyncIterator[Any]:
    async with start(module_database) as begun:
        yield begun


def yuan(amount: int) -> Money:
    return Money(currency_code="CNY", units=amount)


def offer(**changes: Any) -> pb.Offer:
    """A plain offer; `lenders` as (kind, share_bp, capital in yuan or None)."""
    lenders = changes.pop("lenders", [(BANK, 10_000, None)])
    values: dict[str, Any] = {
        "merchant_id": "m-1",
        "borrower_kind": common_pb2.BORROWER_KIND_SOLE_TRADER,
        "purpose": common_pb2.LOAN_PURPOSE_STOCKING,
        "amount": yuan(100_000),
        "term_months": 12,
        "nominal_rate_bp": 1080,
        "effective_rate_bp": 1135,
        "displayed_rate_bp": 1135,
        "existing_business_debt": yuan(0),
        "existing_consumer_debt": yuan(0),
        "automated": True,
        "review_offered": True,
        "cost_table_shown": True,
        **changes,
    }
    message = pb.Offer(**{name: value for name, value in values.items() if value is not None})
    for at, (kind, share_bp, capital) in enumerate(lenders):
        share = pb.LenderShare(lender_id=f"lender-{at}", kind=kind, share_bp=share_bp)
        if capital is not None:
            share.capital.CopyFrom(yuan(capital))
        message.lenders.append(share)
    return message


async def judge(server: Any, day: date = DAY, **changes: Any) -> tuple[pb.CheckOfferResponse, dict[str, pb.RuleResult]]:
    answer = await server.stub.CheckOffer(pb.CheckOfferRequest(offer=offer(**changes), as_of=date_to_proto(day)))
    return answer, {result.rule_id: result for result in answer.results}


async def refused(call: Any, code: grpc.StatusCode) -> tuple[str, list[str]]:
    """Awaits a refusal; returns its reason and the fields it names."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is code, caught.value.details()
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in rpc_status.from_call(caught.value).details:
        detail.Unpack(info) or detail.Unpack(bad)
    assert info.domain == "sycee"
    return info.reason, [violation.field for violation in bad.field_violations]


class TestCheckOffer:
    async def test_a_plain_offer_passes_every_rule_in_order(self, server: Any) -> None:
        answer, results = await judge(server)
        assert answer.outcome == pb.OUTCOME_PASS
        assert [result.rule_id for result in answer.results] == sorted(results)
        assert answer.pack_version.startswith("cn-lending-")
        assert all(result.citation for result in answer.results)

    @pytest.mark.parametrize(
        ("case", "changes", "outcome", "fails"),
        [
            (1, {"amount": yuan(6_200_000), "lenders": [(MICROLOAN, 10_000, 60_000_000)]}, "BLOCK", {"CN-MICRO-03"}),
            (
                2,
                {
                    "borrower_kind": common_pb2.BORROWER_KIND_INDIVIDUAL,
                    "purpose": common_pb2.LOAN_PURPOSE_CONSUMPTION,
                    "amount": yuan(30_000),
                    "existing_consumer_debt": yuan(180_000),
                    "lenders": [(MICROLOAN, 10_000, 60_000_000)],
                },
                "BLOCK",
                {"CN-MICRO-01"},
            ),
            (
                2,
                {
                    "borrower_kind": common_pb2.BORROWER_KIND_INDIVIDUAL,
                    "purpose": common_pb2.LOAN_PURPOSE_WORKING_CAPITAL,
                    "amount": yuan(30_000),
                    "existing_consumer_debt": yuan(180_000),
                    "lenders": [(MICROLOAN, 10_000, 60_000_000)],
                },
                "REFER",
                {"CN-MICRO-01B"},
            ),
            (3, {"lenders": [(CFC, 10_000, None)]}, "BLOCK", {"CN-CFC-01"}),
            (4, {"lenders": [(BANK, 7_200, None), (MICROLOAN, 2_800, 60_000_000)]}, "BLOCK", {"CN-NET-02"}),
            (4, {"lenders": [(BANK, 7_000, None), (MICROLOAN, 3_000, 60_000_000)]}, "PASS", set()),
            (
                6,
                {"nominal_rate_bp": 2_396, "effective_rate_bp": 2_678, "displayed_rate_bp": 2_396},
                "REFER",
                {"CN-NET-08B"},
            ),
            (
                6,
                {"nominal_rate_bp": 2_396, "effective_rate_bp": 2_678, "displayed_rate_bp": 1_560},
                "BLOCK",
                {"CN-NET-08B", "CN-RATE-06", "CN-RATE-07B"},
            ),
            (
                7,
                {
                    "net_received": yuan(90_000),
                    "nominal_rate_bp": 3_250,
                    "effective_rate_bp": 3_781,
                    "displayed_rate_bp": 3_250,
                },
                "BLOCK",
                {"CN-MICRO-06", "CN-NET-08", "CN-NET-08B", "CN-RATE-02"},
            ),
            (12, {"review_offered": False}, "REFER", {"CN-PIPL-03"}),
            (
                15,
                {"green_label": True, "purpose": common_pb2.LOAN_PURPOSE_WORKING_CAPITAL},
                "BLOCK",
                {"ESG-01", "ESG-01B"},
            ),
        ],
    )
    async def test_worked_case(
        self, server: Any, case: int, changes: dict[str, Any], outcome: str, fails: set[str]
    ) -> None:
        answer, results = await judge(server, **changes)
        assert {r for r, result in results.items() if result.verdict == pb.RuleResult.VERDICT_FAIL} == fails
        assert answer.outcome == pb.Outcome.Value(f"OUTCOME_{outcome}")
        for rule_id in fails:
            assert results[rule_id].reason.code
            assert results[rule_id].reason.text_zh
            assert results[rule_id].reason.text_en

    async def test_worked_case_8_is_a_matter_of_the_day(self, server: Any) -> None:
        answer, results = await judge(server, date(2026, 8, 2), cost_table_shown=False)
        assert results["CN-RATE-07"].verdict == pb.RuleResult.VERDICT_FAIL
        assert answer.outcome == pb.OUTCOME_BLOCK
        answer, results = await judge(server, date(2026, 7, 31), cost_table_shown=False)
        assert "CN-RATE-07" not in results
        assert answer.outcome == pb.OUTCOME_PASS

    async def test_worked_case_1_counts_what_is_owed_already(self, server: Any) -> None:
        lenders = [(MICROLOAN, 10_000, 60_000_000)]
        answer, _ = await judge(server, amount=yuan(6_000_000), lenders=lenders)
        assert answer.outcome == pb.OUTCOME_PASS
        answer, _ = await judge(server, amount=yuan(6_000_000), existing_business_debt=yuan(1), lenders=lenders)
        assert answer.outcome == pb.OUTCOME_BLOCK

    @pytest.mark.parametrize("unknown", ["existing_business_debt", "existing_consumer_debt"])
    async def test_a_missing_fact_cannot_be_told_and_refers(self, server: Any, unknown: str) -> None:
        answer, results = await judge(server, lenders=[(MICROLOAN, 10_000, 60_000_000)], **{unknown: None})
        assert results["CN-MICRO-03"].verdict == pb.RuleResult.VERDICT_CANNOT_TELL
        assert results["CN-MICRO-03"].reason.code == "FACT_MISSING"
        assert answer.outcome == pb.OUTCOME_REFER

    async def test_the_cap_of_2028(self, server: Any) -> None:
        rates = {"nominal_rate_bp": 1_300, "effective_rate_bp": 1_380, "displayed_rate_bp": 1_300}
        lenders = [(MICROLOAN, 10_000, 60_000_000)]
        assert (await judge(server, date(2027, 12, 31), lenders=lenders, **rates))[0].outcome == pb.OUTCOME_PASS
        assert (await judge(server, date(2028, 1, 1), lenders=lenders, **rates))[0].outcome == pb.OUTCOME_BLOCK

    async def test_long_ago_no_rule_held(self, server: Any) -> None:
        answer, results = await judge(server, date(1998, 7, 1))
        assert (answer.outcome, results) == (pb.OUTCOME_PASS, {})

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"lenders": [(BANK, 7_000, None), (MICROLOAN, 2_000, None)]}, "offer.lenders"),
            ({"lenders": []}, "offer.lenders"),
            ({"lenders": [(0, 10_000, None)]}, "offer.lenders[0].kind"),
            ({"lenders": [(9, 10_000, None)]}, "offer.lenders[0].kind"),
            ({"lenders": [(BANK, 10_001, None)]}, "offer.lenders[0].share_bp"),
            ({"lenders": [(BANK, 10_000, 2**62)]}, "offer.lenders[0].capital.units"),
            ({"lenders": [(BANK, 10_000, -1)]}, "offer.lenders[0].capital"),
            ({"net_received": yuan(100_001)}, "offer.net_received"),
            ({"effective_rate_bp": 1_000}, "offer.effective_rate_bp"),
            ({"amount": Money(currency_code="USD", units=1)}, "offer.amount"),
            ({"amount": yuan(-1)}, "offer.amount"),
            ({"amount": Money(currency_code="CNY", nanos=1)}, "offer.amount"),
            ({"amount": yuan(10**10)}, "offer.amount"),
            ({"term_months": 0}, "offer.term_months"),
            ({"term_months": 61}, "offer.term_months"),
            ({"purpose": 99}, "offer.purpose"),
            ({"merchant_id": "no spaces"}, "offer.merchant_id"),
        ],
    )
    async def test_a_wrong_offer_is_refused_by_field(self, server: Any, changes: dict[str, Any], field: str) -> None:
        request = pb.CheckOfferRequest(offer=offer(**changes), as_of=date_to_proto(DAY))
        reason, fields = await refused(server.stub.CheckOffer(request), grpc.StatusCode.INVALID_ARGUMENT)
        assert reason == "INVALID_ARGUMENT"
        assert any(named.startswith(field) for named in fields), fields

    @pytest.mark.parametrize("day", [Date(), Date(year=2026, month=2, day=30), Date(year=2026, month=13, day=1)])
    async def test_a_wrong_day_is_refused(self, server: Any, day: Date) -> None:
        request = pb.CheckOfferRequest(offer=offer(), as_of=day)
        assert await refused(server.stub.CheckOffer(request), grpc.StatusCode.INVALID_ARGUMENT) == (
            "INVALID_ARGUMENT", ["as_of"],
        )  # fmt: skip

    async def test_one_lender_stands_there_once(self, server: Any) -> None:
        message = offer(lenders=[(BANK, 7_000, None), (MICROLOAN, 3_000, None)])
        message.lenders[1].lender_id = message.lenders[0].lender_id
        request = pb.CheckOfferRequest(offer=message, as_of=date_to_proto(DAY))
        assert (await refused(server.stub.CheckOffer(request), grpc.StatusCode.INVALID_ARGUMENT))[1] == [
            "offer.lenders"
        ]


USCC, RESIDENT_ID = "91350100M000100Y43", "330000199002281238"


def identity_request(**changes: Any) -> pb.VerifyIdentityRequest:
    values: dict[str, Any] = {
        "borrower_kind": common_pb2.BORROWER_KIND_ENTERPRISE,
        "name": "云杉服饰有限公司",
        "uscc": USCC,
        "operator": ingestion_pb2.Operator(name="测试人", resident_id=RESIDENT_ID),
        "register_status": common_pb2.REGISTER_STATUS_ACTIVE,
        "as_of": date_to_proto(DAY),
        **changes,
    }
    return pb.VerifyIdentityRequest(**values)


class TestVerifyIdentity:
    @pytest.mark.parametrize(
        ("case", "changes", "outcome", "reason"),
        [
            (0, {}, "PASS", None),
            (9, {"uscc": "91350100M000100Y4Z"}, "BLOCK", "USCC_INVALID"),
            (
                10,
                {"operator": ingestion_pb2.Operator(name="测试人", resident_id="330106199002291237")},
                "BLOCK",
                "RESIDENT_ID_INVALID",
            ),
            (11, {"register_status": common_pb2.REGISTER_STATUS_REVOKED}, "BLOCK", "REGISTER_REVOKED"),
            (0, {"register_status": common_pb2.REGISTER_STATUS_ABNORMAL}, "REFER", "REGISTER_ABNORMAL"),
            (0, {"name": ""}, "REFER", "IDENTITY_UNKNOWN"),
        ],
    )
    async def test_worked_case(
        self, server: Any, case: int, changes: dict[str, Any], outcome: str, reason: str | None
    ) -> None:
        answer = await server.stub.VerifyIdentity(identity_request(**changes))
        assert answer.outcome == pb.Outcome.Value(f"OUTCOME_{outcome}")
        assert [check.reason.code for check in answer.checks if check.HasField("reason")] == (
            [reason] if reason else []
        )
        assert all(check.rule_id for check in answer.checks)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"operator": None}, "operator"),
            ({"operator": ingestion_pb2.Operator(name="测试人", resident_id="1")}, "operator.resident_id"),
            ({"borrower_kind": 0}, "borrower_kind"),
            ({"borrower_kind": 77}, "borrower_kind"),
            ({"register_status": 77}, "register_status"),
            ({"name": "长" * 129}, "name"),
            ({"as_of": Date(year=2026)}, "as_of"),
        ],
    )
    async def test_a_wrong_request_is_refused_by_field(self, server: Any, changes: dict[str, Any], field: str) -> None:
        call = server.stub.VerifyIdentity(identity_request(**changes))
        assert (await refused(call, grpc.StatusCode.INVALID_ARGUMENT))[1] == [field]


class TestScreenParty:
    async def test_hit_and_clear(self, server: Any) -> None:
        listed = pb.Party(name="司马无名", kind=pb.PARTY_KIND_PERSON)
        answer = await server.stub.ScreenParty(pb.ScreenPartyRequest(party=listed))
        assert answer.outcome == pb.OUTCOME_BLOCK
        assert (answer.hits[0].list_id, answer.hits[0].similarity) == ("CN-TERROR-SIM", 1.0)
        clear = pb.Party(name="王小云", kind=pb.PARTY_KIND_PERSON)
        answer = await server.stub.ScreenParty(pb.ScreenPartyRequest(party=clear))
        assert (answer.outcome, len(answer.hits)) == (pb.OUTCOME_PASS, 0)
        assert answer.name_count > 0
        assert answer.list_versions

    @pytest.mark.parametrize(
        ("party", "field"),
        [
            (None, "party"),
            (pb.Party(kind=pb.PARTY_KIND_PERSON), "party.name"),
            (pb.Party(name="王小云"), "party.kind"),
            (pb.Party(name="王小云", kind=9), "party.kind"),
            (pb.Party(name="王小云", kind=pb.PARTY_KIND_PERSON, id_number="9" * 33), "party.id_number"),
        ],
    )
    async def test_a_wrong_party_is_refused_by_field(self, server: Any, party: pb.Party | None, field: str) -> None:
        call = server.stub.ScreenParty(pb.ScreenPartyRequest(party=party))
        assert (await refused(call, grpc.StatusCode.INVALID_ARGUMENT))[1] == [field]


def consent_request(request_id: str, merchant_id: str, **changes: Any) -> pb.RecordConsentRequest:
    values: dict[str, Any] = {
        "purpose": pb.CONSENT_PURPOSE_CREDIT_DECISION,
        "text_version": "2026-1",
        "evidence_sha256": DIGEST,
        "given_at": time_to_proto(NOW - timedelta(days=10)),
        **changes,
    }
    return pb.RecordConsentRequest(request_id=request_id, merchant_id=merchant_id, **values)


async def granted(
    server: Any, merchant_id: str, purpose: int, recipient: str = "", as_of: datetime | None = None
) -> str:
    query = pb.ConsentQuery(purpose=purpose, recipient=recipient)
    moment = None if as_of is None else time_to_proto(as_of)
    request = pb.CheckConsentRequest(merchant_id=merchant_id, queries=[query], as_of=moment)
    (standing,) = (await server.stub.CheckConsent(request)).standings
    assert standing.query == query
    assert standing.granted is bool(standing.consent_id)
    return str(standing.consent_id)


class TestConsent:
    async def test_what_is_recorded_stands_from_then_on(self, server: Any) -> None:
        recorded = (await server.stub.RecordConsent(consent_request("consent-a-01", "m-a"))).consent
        assert (recorded.merchant_id, recorded.evidence_sha256) == ("m-a", DIGEST)
        assert not recorded.HasField("expires_at")
        given = NOW - timedelta(days=10)
        purpose = pb.CONSENT_PURPOSE_CREDIT_DECISION
        assert await granted(server, "m-a", purpose) == recorded.consent_id
        assert await granted(server, "m-a", purpose, as_of=given) == recorded.consent_id
        assert not await granted(server, "m-a", purpose, as_of=given - timedelta(microseconds=1))
        assert not await granted(server, "m-a", pb.CONSENT_PURPOSE_BUREAU_QUERY)
        assert not await granted(server, "m-other", purpose)

    async def test_a_later_one_replaces_and_an_end_ends(self, server: Any) -> None:
        first = consent_request("consent-b-01", "m-b", given_at=time_to_proto(NOW - timedelta(days=9)))
        later = consent_request(
            "consent-b-02",
            "m-b",
            given_at=time_to_proto(NOW - timedelta(days=5)),
            expires_at=time_to_proto(NOW - timedelta(days=2)),
        )
        second = (await server.stub.RecordConsent(later)).consent.consent_id
        # Told in the wrong order: what counts is when each was given.
        old = (await server.stub.RecordConsent(first)).consent.consent_id
        purpose = pb.CONSENT_PURPOSE_CREDIT_DECISION
        assert await granted(server, "m-b", purpose, as_of=NOW - timedelta(days=6)) == old
        assert await granted(server, "m-b", purpose, as_of=NOW - timedelta(days=3)) == second
        assert not await granted(server, "m-b", purpose)

    async def test_all_lenders_covers_each(self, server: Any) -> None:
        purpose = pb.CONSENT_PURPOSE_LENDER_TRANSFER
        request = consent_request("consent-c-01", "m-c", purpose=purpose, recipient="*")
        everyone = (await server.stub.RecordConsent(request)).consent.consent_id
        assert await granted(server, "m-c", purpose, "bank-1") == everyone
        assert await granted(server, "m-c", purpose, "*") == everyone
        request = consent_request("consent-c-02", "m-d", purpose=purpose, recipient="bank-1")
        await server.stub.RecordConsent(request)
        assert await granted(server, "m-d", purpose, "bank-1")
        assert not await granted(server, "m-d", purpose, "bank-2")
        assert not await granted(server, "m-d", purpose, "*")

    async def test_one_request_is_one_consent(self, server: Any) -> None:
        request = consent_request("consent-e-01", "m-e")
        once = await server.stub.RecordConsent(request)
        assert await server.stub.RecordConsent(request) == once
        other = consent_request("consent-e-01", "m-e", text_version="2026-2")
        reason, _ = await refused(server.stub.RecordConsent(other), grpc.StatusCode.ALREADY_EXISTS)
        assert reason == "REQUEST_ID_REUSED"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"given_at": time_to_proto(NOW + timedelta(seconds=1))}, "given_at"),
            ({"given_at": None}, "given_at"),
            ({"given_at": time_to_proto(datetime(1, 1, 1, tzinfo=UTC))}, "given_at"),
            ({"expires_at": time_to_proto(NOW - timedelta(days=10))}, "expires_at"),
            ({"expires_at": time_to_proto(datetime(9999, 12, 31, 23, tzinfo=UTC))}, "expires_at"),
            ({"purpose": 0}, "purpose"),
            ({"purpose": 9}, "purpose"),
            ({"purpose": pb.CONSENT_PURPOSE_LENDER_TRANSFER}, "recipient"),
            ({"recipient": "bank-1"}, "recipient"),
            ({"recipient": "no spaces"}, "recipient"),
            ({"text_version": ""}, "text_version"),
            ({"evidence_sha256": DIGEST.upper()}, "evidence_sha256"),
            ({"evidence_sha256": ""}, "evidence_sha256"),
        ],
    )
    async def test_a_wrong_consent_is_refused_by_field(self, server: Any, changes: dict[str, Any], field: str) -> None:
        call = server.stub.RecordConsent(consent_request("consent-f-01", "m-f", **changes))
        assert (await refused(call, grpc.StatusCode.INVALID_ARGUMENT))[1] == [field]

    @pytest.mark.parametrize(
        ("queries", "field"),
        [
            ([], "queries"),
            ([pb.ConsentQuery(purpose=1)] * 21, "queries"),
            ([pb.ConsentQuery(purpose=0)], "queries[0].purpose"),
            ([pb.ConsentQuery(purpose=1), pb.ConsentQuery(purpose=3)], "queries[1].recipient"),
            ([pb.ConsentQuery(purpose=1, recipient="bank-1")], "queries[0].recipient"),
        ],
    )
    async def test_a_wrong_question_is_refused_by_field(
        self, server: Any, queries: list[pb.ConsentQuery], field: str
    ) -> None:
        call = server.stub.CheckConsent(pb.CheckConsentRequest(merchant_id="m-1", queries=queries))
        assert (await refused(call, grpc.StatusCode.INVALID_ARGUMENT))[1] == [field]


def party_request(merchant_id: str, **changes: Any) -> pb.CheckPartyRequest:
    identity = ingestion_pb2.Identity(
        name="云杉服饰有限公司", uscc=USCC, operator=ingestion_pb2.Operator(name="测试人", resident_id=RESIDENT_ID)
    )
    values: dict[str, Any] = {
        "borrower_kind": common_pb2.BORROWER_KIND_ENTERPRISE,
        "identity": identity,
        "register_status": common_pb2.REGISTER_STATUS_ACTIVE,
        "consents": [pb.ConsentQuery(purpose=pb.CONSENT_PURPOSE_CREDIT_DECISION)],
        "as_of": time_to_proto(NOW),
        **changes,
    }
    return pb.CheckPartyRequest(merchant_id=merchant_id, **values)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def consenting(server: Any) -> str:
    await server.stub.RecordConsent(consent_request("consent-p-01", "m-party"))
    return "m-party"


class TestCheckParty:
    async def test_all_well(self, server: Any, consenting: str) -> None:
        answer = await server.stub.CheckParty(party_request(consenting))
        assert (answer.outcome, list(answer.reasons)) == (pb.OUTCOME_PASS, [])
        assert answer.consents[0].granted
        assert answer.screening.name_count > 0
        assert [check.code for check in answer.identity.checks] == [
            "NAME", "USCC", "RESIDENT_ID", "AGE", "REGISTER_STATUS",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("identity", "outcome", "reason"),
        [
            (
                ingestion_pb2.Identity(
                    name="黑石崖贸易(模拟制裁)有限公司",
                    uscc=USCC,
                    operator=ingestion_pb2.Operator(name="测试人", resident_id=RESIDENT_ID),
                ),
                "BLOCK",
                "SCREENING_REVIEW",
            ),
            (
                ingestion_pb2.Identity(
                    name="云杉服饰有限公司",
                    uscc=USCC,
                    operator=ingestion_pb2.Operator(name="司马无名", resident_id=RESIDENT_ID),
                ),
                "BLOCK",
                "SCREENING_REVIEW",
            ),
            (ingestion_pb2.Identity(name="云杉服饰有限公司", uscc=USCC), "REFER", "IDENTITY_UNKNOWN"),
        ],
    )
    async def test_what_holds_it_up(
        self, server: Any, consenting: str, identity: ingestion_pb2.Identity, outcome: str, reason: str
    ) -> None:
        answer = await server.stub.CheckParty(party_request(consenting, identity=identity))
        assert answer.outcome == pb.Outcome.Value(f"OUTCOME_{outcome}")
        assert [given.code for given in answer.reasons] == [reason]
        assert "SIM" not in str(answer.reasons)

    async def test_nobody_named_is_not_clear(self, server: Any, consenting: str) -> None:
        answer = await server.stub.CheckParty(party_request(consenting, identity=ingestion_pb2.Identity()))
        assert answer.outcome == answer.screening.outcome == pb.OUTCOME_REFER

    async def test_without_consent_it_must_not_go_on(self, server: Any) -> None:
        answer = await server.stub.CheckParty(party_request("m-silent"))
        assert answer.outcome == pb.OUTCOME_BLOCK
        assert [reason.code for reason in answer.reasons] == ["CONSENT_MISSING"]

    async def test_no_consent_asked_about(self, server: Any) -> None:
        answer = await server.stub.CheckParty(party_request("m-silent", consents=[]))
        assert (answer.outcome, list(answer.consents)) == (pb.OUTCOME_PASS, [])

    async def test_the_day_is_that_of_shanghai(self, server: Any, consenting: str) -> None:
        operator = ingestion_pb2.Operator(name="测试人", resident_id="33000020081120123X")
        identity = ingestion_pb2.Identity(name="云杉服饰有限公司", uscc=USCC, operator=operator)
        for moment, outcome in (
            (datetime(2026, 11, 19, 15, 59, tzinfo=UTC), pb.OUTCOME_BLOCK),
            (datetime(2026, 11, 19, 16, 0, tzinfo=UTC), pb.OUTCOME_PASS),
        ):
            request = party_request(consenting, identity=identity, as_of=time_to_proto(moment))
            assert (await server.stub.CheckParty(request)).outcome == outcome

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"identity": None}, "identity"),
            ({"identity": ingestion_pb2.Identity(name="长" * 129)}, "identity.name"),
            ({"identity": ingestion_pb2.Identity(uscc="9" * 33)}, "identity.uscc"),
            ({"as_of": None}, "as_of"),
            ({"as_of": time_to_proto(datetime(9999, 12, 31, 23, 59, tzinfo=UTC))}, "as_of"),
            ({"as_of": time_to_proto(datetime(1, 1, 1, tzinfo=UTC))}, "as_of"),
            ({"borrower_kind": 9}, "borrower_kind"),
            ({"register_status": 9}, "register_status"),
            ({"consents": [pb.ConsentQuery(purpose=3)]}, "consents[0].recipient"),
        ],
    )
    async def test_a_wrong_request_is_refused_by_field(self, server: Any, changes: dict[str, Any], field: str) -> None:
        call = server.stub.CheckParty(party_request("m-1", **changes))
        assert (await refused(call, grpc.StatusCode.INVALID_ARGUMENT))[1] == [field]


class TestAccess:
    def call(self, server: Any, name: str, metadata: dict[str, str]) -> Any:
        request = getattr(pb, f"{name}Request")()
        return getattr(server.stub, name)(request, metadata=tuple(metadata.items()))

    async def code(self, server: Any, name: str, metadata: dict[str, str]) -> grpc.StatusCode:
        call = self.call(server, name, metadata)
        code: grpc.StatusCode = await call.code()
        return code

    @pytest.mark.parametrize("name", sorted(ACCESS))
    @pytest.mark.parametrize("peer", ["gateway", "operator", "ingestion", "scoring", "esg", "limits", "stranger"])
    async def test_peers(self, server: Any, name: str, peer: str) -> None:
        code = await self.code(server, name, {"x-test-peer": peer})
        welcome = peer in {"gateway", "operator"} or (name == "AppendRecord" and peer != "stranger")
        assert (code is not grpc.StatusCode.PERMISSION_DENIED) is welcome

    @pytest.mark.parametrize("name", sorted(ACCESS))
    @pytest.mark.parametrize("scope", ["", "compliance.read", "compliance.write"])
    async def test_scopes(self, server: Any, name: str, scope: str) -> None:
        payload = base64.urlsafe_b64encode(json.dumps({"sub": "platform-1", "scope": scope}).encode()).decode()
        code = await self.code(server, name, {"x-test-peer": "edge", "x-jwt-payload": payload})
        needed = {"RecordConsent": "compliance.write", "CheckParty": None, "AppendRecord": None}
        welcome = needed.get(name, "compliance.read") == scope
        assert (code is not grpc.StatusCode.PERMISSION_DENIED) is welcome
