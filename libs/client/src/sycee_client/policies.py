"""How long each RPC may take and which may be tried again: data, in this one place.

A call is tried again only when the contract says that this is safe: it has no side effects, or its request carries a
`request_id`, by which the server answers a second attempt as it answered the first. Only UNAVAILABLE is tried again
(the server did not take the call, or said that it cannot answer now); a late call is not, since the time is spent.
Streams are never tried again: whoever reads or writes one knows how far it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

DEFAULT_DEADLINE_MS = 5_000

# Deadlines that differ from the default. Steps inside a decision are short, so that a late one can be named and the
# decision referred while its own caller still waits.
DEADLINES_MS = {
    "sycee.ingestion.v1.IngestionService/GetProfile": 2_000,
    "sycee.ingestion.v1.IngestionService/BatchGetProfiles": 10_000,
    "sycee.ingestion.v1.IngestionService/EraseMerchantData": 30_000,
    "sycee.ingestion.v1.IngestionService/ImportFile": 10_000,
    "sycee.ingestion.v1.IngestionService/LinkShops": 10_000,
    "sycee.ingestion.v1.IngestionService/ReleaseQuarantine": 30_000,
    "sycee.ingestion.v1.IngestionService/SuggestMapping": 30_000,
    "sycee.scoring.v1.ScoringService/Score": 2_000,
    "sycee.scoring.v1.ScoringService/AssessFraud": 2_000,
    "sycee.scoring.v1.ScoringService/Recourse": 2_000,
    "sycee.scoring.v1.ScoringService/TrainModel": 1_800_000,
    "sycee.scoring.v1.ScoringService/CompareModels": 60_000,
    "sycee.scoring.v1.ScoringService/GetDrift": 30_000,
    "sycee.esg.v1.EsgService/Assess": 2_000,
    "sycee.limits.v1.LimitsService/QuoteLimit": 2_000,
    "sycee.limits.v1.LimitsService/Reserve": 3_000,
    "sycee.compliance.v1.ComplianceService/CheckParty": 2_000,
    "sycee.compliance.v1.ComplianceService/CheckOffer": 2_000,
    "sycee.compliance.v1.ComplianceService/ScreenParty": 2_000,
    "sycee.compliance.v1.ComplianceService/AppendRecord": 3_000,
    "sycee.decision.v1.DecisionService/Decide": 10_000,
}

# Together the pauses outlast the one between two attempts to connect (`sycee_client.transport`): a call that comes
# while a restarted server is back, and its channel does not know yet, still gets through.
RETRY_POLICY = {
    "maxAttempts": 4,
    "initialBackoff": "0.06s",
    "maxBackoff": "0.5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}

# Stops trying again while most calls fail, so that a struggling server is not buried: a failed attempt takes one token,
# a good one gives a tenth back, and below half of the tokens nothing is tried again (gRPC proposal A6).
RETRY_THROTTLING = {"maxTokens": 100, "tokenRatio": 0.1}


def rpc_name(method: MethodDescriptor) -> str:
    """Such as "sycee.decision.v1.DecisionService/Decide"."""
    return f"{method.containing_service.full_name}/{method.name}"


def is_stream(method: MethodDescriptor) -> bool:
    """Whether either side sends more than one message."""
    return bool(method.client_streaming or method.server_streaming)


def deadline_s(method: MethodDescriptor) -> float | None:
    """How long a call of this RPC may take when the caller does not say, in seconds; None for streams."""
    if is_stream(method):
        return None
    return DEADLINES_MS.get(rpc_name(method), DEFAULT_DEADLINE_MS) / 1_000


def may_retry(method: MethodDescriptor) -> bool:
    """Whether a second attempt is safe by contract."""
    if is_stream(method):
        return False
    harmless = method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    return harmless or "request_id" in method.input_type.fields_by_name


def service_config(services: Iterable[ServiceDescriptor]) -> str:
    """The gRPC service config of a channel that serves these services, as JSON."""
    names = [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if may_retry(method)
    ]
    return json.dumps(
        {"methodConfig": [{"name": names, "retryPolicy": RETRY_POLICY}], "retryThrottling": RETRY_THROTTLING}
    )
