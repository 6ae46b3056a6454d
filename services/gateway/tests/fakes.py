"""The other services, small and deterministic, on one real gRPC server: for faults that real ones have only by chance.

They keep the promises that the gateway leans on (one hold for a reservation, one leaf for a request_id) and can be told
to be down, slow, or to wait at a gate.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2, compliance_pb2_grpc
from sycee.esg.v1 import esg_pb2, esg_pb2_grpc
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc, profile_pb2
from sycee.limits.v1 import limits_pb2, limits_pb2_grpc
from sycee.scoring.v1 import explanation_pb2, fraud_pb2, score_pb2, scoring_pb2_grpc
from sycee_service.clock import ManualClock
from sycee_service.wire import fen_to_money, money_to_fen, time_from_proto, time_to_proto

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PERSONAL = ("张三丰", "330106199001011234", "13800000000")
LOW_SALES = common_pb2.Reason(
    code="SALES_FALLING", text_zh="近三个月销售额下降。", text_en="Sales fell over three months.", contribution=-40
)
RING = fraud_pb2.FraudSignal(
    code="SHARED_ACCOUNT", points=700, text_zh="收款账户为多家店铺共用。", text_en="Several shops share one account."
)
CAPPED = common_pb2.Reason(code="DEBT_SERVICE", text_zh="偿债能力限制。", text_en="Debt service bounds the amount.")
NOT_CLEARED = common_pb2.Reason(code="PARTY_NOT_CLEARED", text_zh="核查未通过。", text_en="The check was not passed.")
RATE_CAP = common_pb2.Reason(code="CN-RATE-03", text_zh="综合成本超限。", text_en="The all-in cost is above the cap.")


@dataclass
class World:
    """What the fakes answer, and what they saw. `down` names RPCs that are away, `slow_s` delays them."""

    clock: ManualClock
    down: set[str] = field(default_factory=set)
    slow_s: dict[str, float] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    reached: dict[str, asyncio.Event] = field(default_factory=dict)

    merchants: frozenset[str] = frozenset({"m1", "m2"})
    grade: common_pb2.Grade.ValueType = common_pb2.GRADE_B
    scorable: bool = True
    fraud: fraud_pb2.FraudAssessment.Action.ValueType = fraud_pb2.FraudAssessment.ACTION_ALLOW
    looks: list[fraud_pb2.AssessFraudRequest] = field(default_factory=list)
    party: compliance_pb2.Outcome.ValueType = compliance_pb2.OUTCOME_PASS
    rules: compliance_pb2.Outcome.ValueType = compliance_pb2.OUTCOME_PASS
    room_fen: int = 50_000_000
    refuse_quotes: bool = False
    bureau: bool = True

    holds: dict[str, limits_pb2.Reservation] = field(default_factory=dict)
    reserved: dict[str, tuple[bytes, limits_pb2.ReserveResponse]] = field(default_factory=dict)
    leaves: dict[str, tuple[bytes, compliance_pb2.AppendRecordResponse]] = field(default_factory=dict)
    offers: list[compliance_pb2.CheckOfferRequest] = field(default_factory=list)
    parties: list[compliance_pb2.CheckPartyRequest] = field(default_factory=list)
    applications: list[limits_pb2.Application] = field(default_factory=list)

    async def enter(self, rpc: str, context: Any) -> None:
        """Counts the call and plays the faults that are on."""
        self.calls[rpc] += 1
        self.reached.setdefault(rpc, asyncio.Event()).set()
        if rpc in self.slow_s:
            await asyncio.sleep(self.slow_s[rpc])
        if rpc in self.gates:
            await self.gates[rpc].wait()
        if rpc in self.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"{rpc} is down")

    def state_of(self, reservation_id: str) -> int:
        """State of a hold; 0 when there is none."""
        hold = self.holds.get(reservation_id)
        return hold.state if hold is not None else 0

    def held_fen(self) -> int:
        """Money held or drawn."""
        alive = (limits_pb2.Reservation.STATE_HELD, limits_pb2.Reservation.STATE_CAPTURED)
        return sum(money_to_fen("amount", hold.amount) for hold in self.holds.values() if hold.state in alive)


async def refuse(context: Any, code: grpc.StatusCode, reason: str, **metadata: str) -> None:
    """Aborts as every Sycee server does."""
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="sycee", metadata=metadata))
    status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
    await context.abort_with_status(rpc_status.to_status(status))


class Ingestion(ingestion_pb2_grpc.IngestionServiceServicer):
    """Knows a few merchants."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def GetProfile(
        self, request: ingestion_pb2.GetProfileRequest, context: Any
    ) -> ingestion_pb2.GetProfileResponse:
        """A portrait of fixed figures at the moment asked for."""
        world = self._world
        await world.enter("GetProfile", context)
        if request.merchant_id not in world.merchants:
            await refuse(
                context, grpc.StatusCode.NOT_FOUND, "MERCHANT_NOT_FOUND", kind="merchant", id=request.merchant_id
            )
        as_of = request.as_of if request.HasField("as_of") else time_to_proto(world.clock.now())
        profile = profile_pb2.Profile(
            merchant_id=request.merchant_id,
            as_of=as_of,
            feature_version="features-fake",
            traits=profile_pb2.Traits(
                borrower_kind=common_pb2.BORROWER_KIND_SOLE_TRADER,
                province_code="33",
                register_status=common_pb2.REGISTER_STATUS_ACTIVE,
                simulated=True,
            ),
            trade=profile_pb2.Trade(
                months_of_history=30,
                monthly_net_12m_fen=9_000_000,
                monthly_net_3m_adjusted_fen=8_000_000,
                peak_28d_share=0.12,
            ),
            coverage=0.8,
        )
        if world.bureau:
            profile.bureau.outstanding_fen = 3_000_000
            profile.bureau.monthly_debt_service_fen = 250_000
        name, resident_id, phone = PERSONAL
        operator = ingestion_pb2.Operator(name=name, resident_id=resident_id, phone=phone)
        identity = ingestion_pb2.Identity(name="某店", uscc="91350100M000100Y43", operator=operator)
        return ingestion_pb2.GetProfileResponse(
            profile=profile, identity=identity if request.include_identity else None
        )


class Scoring(scoring_pb2_grpc.ScoringServiceServicer):
    """Gives the grade that the world says."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def Score(self, request: score_pb2.ScoreRequest, context: Any) -> score_pb2.ScoreResponse:
        """A fixed score."""
        await self._world.enter("Score", context)
        score = score_pb2.Score(
            merchant_id=request.profile.merchant_id,
            as_of=request.profile.as_of,
            scorable=self._world.scorable,
            model_version="combined-fake",
            coverage=0.8,
        )
        if self._world.scorable:
            score.default_probability.CopyFrom(score_pb2.Probability(value=0.03, low=0.02, high=0.05))
            score.score = 650
            score.grade = self._world.grade
            score.reasons.append(LOW_SALES)
        return score_pb2.ScoreResponse(score=score)

    async def AssessFraud(self, request: fraud_pb2.AssessFraudRequest, context: Any) -> fraud_pb2.AssessFraudResponse:
        """The action that the world says."""
        await self._world.enter("AssessFraud", context)
        self._world.looks.append(request)
        assessment = fraud_pb2.FraudAssessment(
            merchant_id=request.profile.merchant_id,
            as_of=request.profile.as_of,
            action=self._world.fraud,
            model_version="fraud-fake",
        )
        if self._world.fraud != fraud_pb2.FraudAssessment.ACTION_ALLOW:
            assessment.score = 700
            assessment.signals.append(RING)
        return fraud_pb2.AssessFraudResponse(assessment=assessment)

    async def Recourse(
        self, request: explanation_pb2.RecourseRequest, context: Any
    ) -> explanation_pb2.RecourseResponse:
        """One step that reaches the grade asked for."""
        await self._world.enter("Recourse", context)
        answer = explanation_pb2.RecourseResponse(outcome=explanation_pb2.RecourseResponse.OUTCOME_FOUND)
        answer.steps.add(
            code="REQUEST_LESS", feature="requested_amount", to=request.grade, text_zh="少借", text_en="Less"
        )
        return answer


class Esg(esg_pb2_grpc.EsgServiceServicer):
    """Gives a discount of 20 bp."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def Assess(self, request: esg_pb2.AssessRequest, context: Any) -> esg_pb2.AssessResponse:
        """A fixed assessment."""
        await self._world.enter("Assess", context)
        return esg_pb2.AssessResponse(
            assessment=esg_pb2.Assessment(
                merchant_id=request.profile.merchant_id,
                score=66,
                rating=esg_pb2.RATING_A,
                discount_bp=20,
                factor_version="factors-fake",
            )
        )


class Limits(limits_pb2_grpc.LimitsServiceServicer):
    """Two products, one lender, and a room that reservations share."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def ListProducts(
        self, request: limits_pb2.ListProductsRequest, context: Any
    ) -> limits_pb2.ListProductsResponse:
        """The products."""
        await self._world.enter("ListProducts", context)
        methods = [common_pb2.REPAYMENT_METHOD_EQUAL_INSTALMENT, common_pb2.REPAYMENT_METHOD_INTEREST_FIRST]
        purposes = {"green": common_pb2.LOAN_PURPOSE_GREEN, "shopkeeper": common_pb2.LOAN_PURPOSE_WORKING_CAPITAL}
        return limits_pb2.ListProductsResponse(
            products=[
                limits_pb2.Product(
                    product_id=product_id,
                    purpose=purpose,
                    min_amount=fen_to_money(500_000),
                    max_amount=fen_to_money(50_000_000),
                    sales_multiple_milli=1500,
                    terms_months=[6, 12],
                    repayment_methods=methods,
                )
                for product_id, purpose in purposes.items()
            ]
        )

    async def ListLenders(self, request: limits_pb2.ListLendersRequest, context: Any) -> limits_pb2.ListLendersResponse:
        """The lender."""
        await self._world.enter("ListLenders", context)
        return limits_pb2.ListLendersResponse(
            lenders=[
                limits_pb2.Lender(
                    lender_id="river-bank", kind=common_pb2.LENDER_KIND_BANK, capital=fen_to_money(200_000_000_000)
                )
            ]
        )

    async def QuoteLimit(self, request: limits_pb2.QuoteLimitRequest, context: Any) -> limits_pb2.QuoteLimitResponse:
        """A quote that holds nothing."""
        await self._world.enter("QuoteLimit", context)
        return limits_pb2.QuoteLimitResponse(quote=self._quote(request.application))

    async def Reserve(self, request: limits_pb2.ReserveRequest, context: Any) -> limits_pb2.ReserveResponse:
        """A quote with its hold; the same request gets the same answer, another payload is refused."""
        world = self._world
        await world.enter("Reserve", context)
        if world.refuse_quotes:
            await refuse(context, grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND", kind="product", id="x")
        payload = request.SerializeToString(deterministic=True)
        if request.request_id in world.reserved:
            known, answer = world.reserved[request.request_id]
            if known != payload:
                await refuse(context, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
            return answer
        quote = self._quote(request.application)
        answer = limits_pb2.ReserveResponse(quote=quote)
        if quote.offered:
            expires_at = world.clock.now() + timedelta(seconds=request.hold_for.seconds)
            hold = limits_pb2.Reservation(
                reservation_id=request.reservation_id,
                merchant_id=request.application.merchant_id,
                lender_id=quote.lender_id,
                amount=quote.amount,
                state=limits_pb2.Reservation.STATE_HELD,
                expires_at=time_to_proto(expires_at),
            )
            world.holds[request.reservation_id] = hold
            answer.reservation.CopyFrom(hold)
        world.reserved[request.request_id] = (payload, answer)
        return answer

    async def Void(self, request: limits_pb2.VoidRequest, context: Any) -> limits_pb2.VoidResponse:
        """Lets a hold go."""
        await self._world.enter("Void", context)
        hold = self._world.holds[request.reservation_id]
        hold.state = limits_pb2.Reservation.STATE_VOIDED
        return limits_pb2.VoidResponse(reservation=hold)

    async def Capture(self, request: limits_pb2.CaptureRequest, context: Any) -> limits_pb2.CaptureResponse:
        """Draws a hold, once."""
        world = self._world
        await world.enter("Capture", context)
        hold = world.holds[request.reservation_id]
        if hold.state == limits_pb2.Reservation.STATE_HELD:
            if time_from_proto("expires_at", hold.expires_at) <= world.clock.now():
                hold.state = limits_pb2.Reservation.STATE_EXPIRED
            else:
                hold.state = limits_pb2.Reservation.STATE_CAPTURED
                hold.facility_id = f"fac-{request.reservation_id}"
        if hold.state != limits_pb2.Reservation.STATE_CAPTURED:
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "RESERVATION_EXPIRED")
        facility = limits_pb2.Facility(
            facility_id=hold.facility_id, merchant_id=hold.merchant_id, limit=hold.amount, drawn=hold.amount
        )
        return limits_pb2.CaptureResponse(reservation=hold, facility=facility)

    def _quote(self, application: limits_pb2.Application) -> limits_pb2.Quote:
        world = self._world
        world.applications.append(application)
        asked_fen = money_to_fen("requested_amount", application.requested_amount)
        amount_fen = min(asked_fen, world.room_fen - world.held_fen())
        if amount_fen <= 0:
            return limits_pb2.Quote(offered=False, reasons=[CAPPED], catalogue_version="catalogue-fake")
        return limits_pb2.Quote(
            offered=True,
            product_id=application.product_id,
            lender_id="river-bank",
            lender_kind=common_pb2.LENDER_KIND_BANK,
            amount=fen_to_money(amount_fen),
            limit=fen_to_money(amount_fen),
            term_months=application.term_months,
            repayment_method=application.repayment_method,
            nominal_rate_bp=1180,
            effective_rate_bp=1246,
            first_payment=fen_to_money(amount_fen // 10),
            total_cost=fen_to_money(amount_fen // 15),
            reasons=[CAPPED] if amount_fen < asked_fen else [],
            catalogue_version="catalogue-fake",
        )


class Compliance(compliance_pb2_grpc.ComplianceServiceServicer):
    """Answers as the world says and keeps a log."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def CheckParty(
        self, request: compliance_pb2.CheckPartyRequest, context: Any
    ) -> compliance_pb2.CheckPartyResponse:
        """The outcome of the world."""
        world = self._world
        await world.enter("CheckParty", context)
        world.parties.append(request)
        passed = world.party <= compliance_pb2.OUTCOME_WARN
        return compliance_pb2.CheckPartyResponse(
            outcome=world.party,
            screening=compliance_pb2.ScreenPartyResponse(
                outcome=compliance_pb2.OUTCOME_PASS, list_versions=["UN-fake"]
            ),
            reasons=[] if passed else [NOT_CLEARED],
        )

    async def CheckOffer(
        self, request: compliance_pb2.CheckOfferRequest, context: Any
    ) -> compliance_pb2.CheckOfferResponse:
        """One rule with the outcome of the world."""
        world = self._world
        await world.enter("CheckOffer", context)
        world.offers.append(request)
        result = compliance_pb2.RuleResult(rule_id="CN-RATE-03", outcome=world.rules, reason=RATE_CAP)
        return compliance_pb2.CheckOfferResponse(outcome=world.rules, results=[result], pack_version="pack-fake")

    async def AppendRecord(
        self, request: compliance_pb2.AppendRecordRequest, context: Any
    ) -> compliance_pb2.AppendRecordResponse:
        """One leaf for a request_id; another record under the same one is refused."""
        world = self._world
        await world.enter("AppendRecord", context)
        if request.request_id in world.leaves:
            known, answer = world.leaves[request.request_id]
            if known != request.record:
                await refuse(context, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
            return answer
        index = len(world.leaves)
        answer = compliance_pb2.AppendRecordResponse(
            leaf_index=index,
            inclusion_path=[hashlib.sha256(b"%d" % level).digest() for level in range(3)],
            tree_head=compliance_pb2.TreeHead(log_id="log-fake", tree_size=index + 1, root_hash=b"r" * 32),
        )
        world.leaves[request.request_id] = (request.record, answer)
        return answer


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[str]:
    """Serves the fakes on one free port and yields the address."""
    server = grpc.aio.server()
    ingestion_pb2_grpc.add_IngestionServiceServicer_to_server(Ingestion(world), server)
    scoring_pb2_grpc.add_ScoringServiceServicer_to_server(Scoring(world), server)
    esg_pb2_grpc.add_EsgServiceServicer_to_server(Esg(world), server)
    limits_pb2_grpc.add_LimitsServiceServicer_to_server(Limits(world), server)
    compliance_pb2_grpc.add_ComplianceServiceServicer_to_server(Compliance(world), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
