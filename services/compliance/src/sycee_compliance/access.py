"""Who may call what.

The gateway decides and the operator's command line looks after things: both may call everything. Callers through the
edge need a scope, and neither check whole parties nor write into the log.
"""

from __future__ import annotations

from sycee_service.access import Access, Allow

DECIDERS = frozenset({"gateway", "operator"})
RECORDERS = DECIDERS | {"ingestion", "scoring", "esg", "limits"}

READ = Allow(scope="compliance.read", peers=DECIDERS)

ACCESS: Access = {
    "VerifyIdentity": READ,
    "ScreenParty": READ,
    "RecordConsent": Allow(scope="compliance.write", peers=DECIDERS),
    "CheckConsent": READ,
    "CheckParty": Allow(peers=DECIDERS),
    "CheckOffer": READ,
    "AppendRecord": Allow(peers=RECORDERS),
    "GetTreeHead": READ,
    "GetInclusionProof": READ,
}
