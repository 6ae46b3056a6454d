"""Portraits on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from google.protobuf.message import Message
from sycee.ingestion.v1 import ingestion_pb2, profile_pb2
from sycee_service.access import EDGE, Allow, current_caller
from sycee_service.errors import PermissionDenied
from sycee_service.wire import page_token_decode, page_token_encode, time_from_proto, time_to_proto

from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.convert import merchants as convert_merchants
from sycee_ingestion.convert import profiles as convert
from sycee_ingestion.features.catalogue import FEATURE_VERSION
from sycee_ingestion.handlers.callers import GATEWAY, OPERATOR, READ, Context
from sycee_ingestion.service.profiles import ProfileService

_READERS = Allow(scope=READ, peers=frozenset({OPERATOR, GATEWAY}))

ACCESS = {
    "GetProfile": _READERS,
    "BatchGetProfiles": _READERS,
    "WatchProfiles": _READERS,
    "ListFeatures": _READERS,
}


class ProfileHandlers:
    """GetProfile, BatchGetProfiles, WatchProfiles, ListFeatures."""

    def __init__(self, service: ProfileService, accesses: AccessLog) -> None:
        self._service = service
        self._accesses = accesses

    async def GetProfile(
        self, request: ingestion_pb2.GetProfileRequest, _context: Context
    ) -> ingestion_pb2.GetProfileResponse:
        """Answers with a portrait."""
        if request.include_identity and current_caller().peer == EDGE:
            raise PermissionDenied("IDENTITY_NOT_ALLOWED", "the identity is for internal peers only")
        found = await self._service.get_profile(
            request.merchant_id,
            _moment(request, "as_of"),
            _moment(request, "known_at"),
            with_identity=request.include_identity,
        )
        answer = ingestion_pb2.GetProfileResponse(profile=found.profile)
        answer.profile.as_of.CopyFrom(time_to_proto(found.as_of))
        if found.identity is not None:
            self._accesses.note(request.merchant_id, "GetProfile", "identity")
            answer.identity.CopyFrom(convert_merchants.identity_to_proto(found.identity))
        return answer

    async def BatchGetProfiles(
        self, request: ingestion_pb2.BatchGetProfilesRequest, _context: Context
    ) -> ingestion_pb2.BatchGetProfilesResponse:
        """Answers with the portraits of several merchants."""
        found = await self._service.batch_get_profiles(request.merchant_ids, _moment(request, "as_of"))
        answer = ingestion_pb2.BatchGetProfilesResponse(missing_merchant_ids=found.missing_ids)
        for profile in found.profiles:
            answer.profiles.append(_as_of(profile, found.as_of))
        return answer

    async def WatchProfiles(
        self, request: ingestion_pb2.WatchProfilesRequest, _context: Context
    ) -> AsyncIterator[ingestion_pb2.WatchProfilesResponse]:
        """Streams portraits that have changed materially."""
        async for changed in self._service.watch_profiles(request.merchant_ids):
            answer = ingestion_pb2.WatchProfilesResponse(changes=map(convert.change_to_proto, changed.changes))
            if changed.answer is not None:
                answer.profile.CopyFrom(_as_of(changed.answer.profile, changed.answer.as_of))
            yield answer

    async def ListFeatures(
        self, request: ingestion_pb2.ListFeaturesRequest, _context: Context
    ) -> ingestion_pb2.ListFeaturesResponse:
        """Lists the features."""
        after = page_token_decode("page_token", request.page_token, 1)[0] if request.page_token else ""
        page, next_after = await self._service.list_features(after, request.page_size)
        return ingestion_pb2.ListFeaturesResponse(
            features=[convert.definition_to_proto(definition) for definition in page],
            next_page_token=page_token_encode(next_after) if next_after else "",
            feature_version=FEATURE_VERSION,
        )


def _moment(request: Message, field: str) -> datetime | None:
    return time_from_proto(field, getattr(request, field)) if request.HasField(field) else None


def _as_of(profile: profile_pb2.Profile, moment: datetime) -> profile_pb2.Profile:
    """A copy that says which moment it is of."""
    shown = profile_pb2.Profile()
    shown.CopyFrom(profile)
    shown.as_of.CopyFrom(time_to_proto(moment))
    return shown
