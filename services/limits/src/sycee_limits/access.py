"""Who may call what. Money is held and drawn only by the gateway and by the operator's command line."""

from sycee_service.access import Access, Allow

HOLDERS = frozenset({"gateway", "operator"})

READ = Allow(scope="limits.read", peers=HOLDERS)
HOLD = Allow(peers=HOLDERS)

ACCESS: Access = {
    "ListProducts": READ,
    "ListLenders": READ,
    "QuoteLimit": READ,
    "QuoteSchedule": READ,
    "Reserve": HOLD,
    "Capture": HOLD,
    "Void": HOLD,
    "GetFacility": READ,
    "ListEntries": READ,
}
