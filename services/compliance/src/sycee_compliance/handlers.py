"""The RPCs: convert, call, convert."""

from __future__ import annotations

from typing import Any

import grpc
from sycee.compliance.v1 import compliance_pb2 as pb
from sycee.compliance.v1 import compliance_pb2_grpc
from sycee_service.access import current_caller
from sycee_service.wire import date_from_proto

from sycee_compliance import convert
from sycee_compliance.service import ComplianceService

Context = grpc.aio.ServicerContext[Any, Any]


class ComplianceHandlers(compliance_pb2_grpc.ComplianceServiceServicer):
    """ComplianceService over gRPC."""

    def __init__(self, service: ComplianceService) -> None:
        self._service = service

    async def VerifyIdentity(self, request: pb.VerifyIdentityRequest, _context: Context) -> pb.VerifyIdentityResponse:
        """Checks whom one deals with."""
        claim, day = convert.claim_from_verify(request)
        return convert.identity_to_proto(self._service.verify_identity(claim, day))

    async def ScreenParty(self, request: pb.ScreenPartyRequest, _context: Context) -> pb.ScreenPartyResponse:
        """Looks a party up on the lists."""
        return convert.screening_to_proto(self._service.screen_party(convert.party_from_proto(request.party)))

    async def RecordConsent(self, request: pb.RecordConsentRequest, _context: Context) -> pb.RecordConsentResponse:
        """Records a consent."""
        consent = await self._service.record_consent(convert.consent_from_proto(request))
        return pb.RecordConsentResponse(consent=convert.consent_to_proto(consent))

    async def CheckConsent(self, request: pb.CheckConsentRequest, _context: Context) -> pb.CheckConsentResponse:
        """Says whether consent stands."""
        queries = convert.queries_from_proto("queries", request.queries)
        moment = convert.moment_from_proto("as_of", request.as_of) if request.HasField("as_of") else None
        standings = await self._service.check_consent(request.merchant_id, queries, moment)
        return pb.CheckConsentResponse(standings=convert.standings_to_proto(standings))

    async def CheckParty(self, request: pb.CheckPartyRequest, _context: Context) -> pb.CheckPartyResponse:
        """Identity, screening and consent at once."""
        check = await self._service.check_party(
            request.merchant_id,
            convert.claim_from_party(request),
            convert.queries_from_proto("consents", request.consents),
            convert.moment_from_proto("as_of", request.as_of),
        )
        return convert.party_check_to_proto(check)

    async def CheckOffer(self, request: pb.CheckOfferRequest, _context: Context) -> pb.CheckOfferResponse:
        """Judges an offer by the rules of a day."""
        offer = convert.offer_from_proto(request.offer)
        judgement = self._service.check_offer(offer, date_from_proto("as_of", request.as_of))
        return convert.judgement_to_proto(judgement, self._service.pack_version)

    async def AppendRecord(self, request: pb.AppendRecordRequest, _context: Context) -> pb.AppendRecordResponse:
        """Appends a record to the log and proves it."""
        appended = await self._service.append_record(
            current_caller().key, request.request_id, request.kind, request.record
        )
        return convert.appended_to_proto(appended)

    async def GetTreeHead(self, _request: pb.GetTreeHeadRequest, _context: Context) -> pb.GetTreeHeadResponse:
        """The newest signed head."""
        head = await self._service.tree_head()
        return pb.GetTreeHeadResponse(tree_head=convert.head_to_proto(head), public_key=self._service.log_public_key)

    async def GetInclusionProof(
        self, request: pb.GetInclusionProofRequest, _context: Context
    ) -> pb.GetInclusionProofResponse:
        """Proves a leaf."""
        return convert.proof_to_proto(await self._service.prove(request.leaf_index, request.tree_size))
