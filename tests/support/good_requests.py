"""A good request for every RPC of the suite, in protobuf's JSON. Bad ones are made from them, field by field.

An RPC that is missing here fails the contract test, so that none is forgotten.
"""

from __future__ import annotations

from typing import Any

CNY = {"currencyCode": "CNY", "units": "100000"}
DAY = {"year": 2026, "month": 3, "day": 2}
TIME = "2026-03-02T08:00:00Z"
DIGEST = "ab" * 32
MERCHANT = "bad-input-probe"
OPERATOR = {"name": "司马测试", "residentId": "11010519491231002X", "phone": "13900000000"}
MAPPING = """
source: taobao
merchant: bad-input-probe
occurred_at: {column: day, format: "%Y%m%d"}
events:
  - kind: order
    fields: {amount: {column: yuan}}
"""
PROFILE: dict[str, Any] = {
    "merchantId": MERCHANT,
    "asOf": TIME,
    "featureVersion": "features-test",
    "traits": {
        "borrowerKind": "BORROWER_KIND_SOLE_TRADER",
        "category": "apparel",
        "provinceCode": "33",
        "openedOn": DAY | {"year": 2023},
        "employeeCount": 3,
        "registerStatus": "REGISTER_STATUS_ACTIVE",
    },
    "trade": {
        "firstDay": DAY | {"year": 2024},
        "lastDay": DAY,
        "monthsOfHistory": 24,
        "monthlyNet12mFen": "8000000",
        "monthlyNet3mFen": "8000000",
        "monthlyNet3mAdjustedFen": "8000000",
        "orderCount90d": "900",
        "orderCount365d": "3600",
        "buyerDays90d": "880",
        "refundRate180d": 0.03,
        "disputeRate180d": 0.001,
        "activeDayShare90d": 0.98,
        "peak28dShare": 0.12,
        "weeklyFirstDay": DAY | {"year": 2025},
        "weeklyNetFen": ["1900000"] * 52,
    },
    "logistics": {
        "parcelCount": "3600",
        "weighedCount": "3600",
        "routedCount": "3600",
        "weightG": "3600000",
        "freight": [{"mode": "TRANSPORT_MODE_ROAD_HEAVY", "gramKm": "2000000000"}],
        "packaging": [{"packaging": "PACKAGING_RECYCLED", "parcelCount": "3600"}],
        "lateRate": 0.02,
    },
    "reviews": {
        "reviewCount": "300",
        "meanStars": 4.7,
        "lowStarShare": 0.03,
        "complaintCount": "2",
        "returnCount": "60",
        "orderCount": "3600",
    },
    "bureau": {
        "reportDate": DAY,
        "openAccounts": 2,
        "outstandingFen": "1000000",
        "creditLinesFen": "5000000",
        "monthlyDebtServiceFen": "100000",
        "enquiries3m": 1,
    },
    "tax": {"rating": "TAX_RATING_B", "declaredSalesFen": "96000000", "platformNetFen": "96000000"},
    "energy": {"electricityWh": "3000000", "dayCount": 365},
    "sources": [
        {
            "eventType": "order",
            "sources": ["taobao"],
            "eventCount": "7000",
            "firstDay": DAY | {"year": 2024},
            "lastDay": DAY,
            "freshnessDays": 1,
        }
    ],
    "coverage": 0.8,
    "freshnessDays": 1,
}
APPLICATION: dict[str, Any] = {
    "merchantId": MERCHANT,
    "productId": "shopkeeper",
    "requestedAmount": CNY,
    "termMonths": 12,
    "repaymentMethod": "REPAYMENT_METHOD_EQUAL_INSTALMENT",
    "asOf": DAY,
    "borrowerKind": "BORROWER_KIND_SOLE_TRADER",
    "provinceCode": "33",
    "monthlyNetFen": "8000000",
    "monthsOfHistory": 24,
    "defaultProbability": 0.03,
    "grade": "GRADE_B",
    "otherDebtFen": "1000000",
    "otherDebtServiceFen": "100000",
    "peak28dShare": 0.12,
    "esgDiscountBp": 10,
}
OFFER: dict[str, Any] = {
    "merchantId": MERCHANT,
    "borrowerKind": "BORROWER_KIND_SOLE_TRADER",
    "purpose": "LOAN_PURPOSE_WORKING_CAPITAL",
    "amount": CNY,
    "netReceived": CNY,
    "termMonths": 12,
    "nominalRateBp": 1100,
    "effectiveRateBp": 1157,
    "displayedRateBp": 1157,
    "lenders": [{"lenderId": "a-bank", "kind": "LENDER_KIND_BANK", "shareBp": 10000}],
    "existingBusinessDebt": {"currencyCode": "CNY"},
    "existingConsumerDebt": {"currencyCode": "CNY"},
    "automated": True,
    "reviewOffered": True,
    "costTableShown": True,
}
CONSENT = {"purpose": "CONSENT_PURPOSE_CREDIT_DECISION"}

GOOD: dict[str, dict[str, Any]] = {
    "IngestionService.RegisterMerchant": {
        "requestId": "bad-input-00000001",
        "merchantId": MERCHANT,
        "name": "模拟小店",
        "borrowerKind": "BORROWER_KIND_SOLE_TRADER",
        "uscc": "91350100M000100Y43",
        "category": "apparel",
        "provinceCode": "33",
        "shops": [{"platform": "taobao", "shopId": "s1", "openedOn": DAY}],
        "employeeCount": 2,
        "operator": OPERATOR,
        "registerEntry": {
            "status": "REGISTER_STATUS_ACTIVE",
            "registeredOn": DAY,
            "source": "simulated",
            "checkedAt": TIME,
        },
        "simulated": True,
    },
    "IngestionService.GetMerchant": {"merchantId": MERCHANT},
    "IngestionService.ListMerchants": {"pageSize": 10},
    "IngestionService.ImportFile": {"requestId": "bad-input-00000002", "path": "none.csv", "mappingYaml": MAPPING},
    "IngestionService.GetImport": {"importId": "imp-1"},
    "IngestionService.WatchImport": {"importId": "imp-1"},
    "IngestionService.SuggestMapping": {"path": "none.csv", "connector": "table"},
    "IngestionService.ListQuarantine": {"importId": "imp-1", "state": "STATE_HELD", "pageSize": 10},
    "IngestionService.ReleaseQuarantine": {
        "requestId": "bad-input-00000010",
        "importId": "imp-1",
        "mappingYaml": MAPPING,
    },
    "IngestionService.GetProfile": {"merchantId": MERCHANT, "asOf": TIME, "knownAt": TIME},
    "IngestionService.BatchGetProfiles": {"merchantIds": [MERCHANT], "asOf": TIME},
    "IngestionService.WatchProfiles": {"merchantIds": [MERCHANT]},
    "IngestionService.ListFeatures": {"pageSize": 10},
    "IngestionService.ExportTrainingSet": {
        "samples": [{"merchantId": MERCHANT, "asOf": TIME}],
        "featureNames": [],
        "knowledge": "KNOWLEDGE_THEN",
    },
    "IngestionService.UpdateMerchant": {
        "requestId": "bad-input-00000011",
        "merchantId": MERCHANT,
        "updateMask": "category,employeeCount,shops,operator,settlementAccounts,address",
        "category": "apparel",
        "employeeCount": 3,
        "shops": [{"platform": "taobao", "shopId": "s1", "openedOn": DAY}],
        "operator": OPERATOR,
        "settlementAccounts": [{"platform": "taobao", "accountNumber": "6222020000000000000"}],
        "address": "浙江省杭州市某某路1号",
    },
    "IngestionService.GetDocument": {"documentId": "doc-none"},
    "IngestionService.ListDocuments": {"merchantId": MERCHANT, "pageSize": 10},
    "IngestionService.LinkShops": {"requestId": "bad-input-00000012", "merchantIds": [MERCHANT]},
    "IngestionService.ListShopLinks": {"merchantId": MERCHANT, "state": "STATE_PROPOSED", "pageSize": 10},
    "IngestionService.ResolveShopLink": {
        "requestId": "bad-input-00000013",
        "linkId": "link-none",
        "state": "STATE_CONFIRMED",
        "note": "same licence on the wall",
    },
    "IngestionService.ExportMerchantData": {"merchantId": MERCHANT, "purpose": "asked for by the merchant"},
    "IngestionService.EraseMerchantData": {
        "requestId": "bad-input-00000014",
        "merchantId": "bad-input-nobody",
        "reason": "asked for by the merchant",
        "relationshipEndedOn": DAY,
    },
    "IngestionService.ListAccesses": {"merchantId": MERCHANT, "pageSize": 10},
    "ScoringService.Score": {"profile": PROFILE, "requestedAmount": CNY, "termMonths": 12},
    "ScoringService.BatchScore": {"row": "1", "score": {"profile": PROFILE, "requestedAmount": CNY, "termMonths": 12}},
    "ScoringService.Explain": {"profile": PROFILE, "requestedAmount": CNY, "termMonths": 12},
    "ScoringService.Recourse": {"profile": PROFILE, "requestedAmount": CNY, "termMonths": 12, "grade": "GRADE_A"},
    "ScoringService.AssessDistress": {"profile": PROFILE, "peerChange28d": 0.9},
    "ScoringService.AssessFraud": {
        "requestId": "bad-input-00000020",
        "profile": PROFILE,
        "attributes": [{"kind": "KIND_DEVICE", "digest": "AAECAwQFBgc="}],
        "applicationId": "bad-input-application",
    },
    "ScoringService.RecordFraudFinding": {
        "requestId": "bad-input-00000021",
        "merchantId": MERCHANT,
        "verdict": "VERDICT_CLEARED",
    },
    "ScoringService.GetFraudRing": {"merchantId": MERCHANT, "maxSteps": 2, "pageSize": 10},
    "ScoringService.TrainModel": {
        "requestId": "bad-input-00000022",
        "component": "MODEL_COMPONENT_COMBINATION",
        "seed": "7",
        "ownOutcomes": {"firstDay": DAY, "lastDay": DAY},
    },
    "ScoringService.ListModels": {"component": "MODEL_COMPONENT_APPLICATION", "pageSize": 10},
    "ScoringService.GetModel": {"version": "application-none"},
    "ScoringService.PromoteModel": {
        "requestId": "bad-input-00000023",
        "version": "application-none",
        "role": "MODEL_ROLE_CHALLENGER",
        "reason": "to see how it does",
    },
    "ScoringService.RollbackModel": {
        "requestId": "bad-input-00000024",
        "component": "MODEL_COMPONENT_DISTRESS",
        "reason": "it drifts",
    },
    "ScoringService.CompareModels": {"championVersion": "application-none", "challengerVersion": "application-other"},
    "ScoringService.GetDrift": {"version": "application-none", "windowDays": 30},
    "ScoringService.RecordOutcomes": {
        "requestId": "bad-input-00000025",
        "outcomes": [
            {
                "loanId": "bad-input-loan",
                "merchantId": MERCHANT,
                "openedOn": DAY,
                "observedUntil": DAY | {"year": 2026, "month": 9},
                "defaultedOn": DAY | {"year": 2026, "month": 8},
            }
        ],
    },
    "ScoringService.ListOutcomes": {"merchantId": MERCHANT, "pageSize": 10},
    "EsgService.Assess": {"profile": PROFILE},
    "LimitsService.ListProducts": {"pageSize": 10},
    "LimitsService.ListLenders": {"pageSize": 10},
    "LimitsService.QuoteLimit": {"application": APPLICATION},
    "LimitsService.QuoteSchedule": {
        "principal": CNY,
        "annualRateBp": 1200,
        "termMonths": 12,
        "repaymentMethod": "REPAYMENT_METHOD_EQUAL_INSTALMENT",
        "firstDay": DAY,
        "fees": [{"kind": "guarantee", "monthly": {"currencyCode": "CNY", "units": "10"}}],
    },
    "LimitsService.Reserve": {
        "requestId": "bad-input-00000003",
        "reservationId": "bad-input",
        "application": APPLICATION,
        "holdFor": "60s",
    },
    "LimitsService.Capture": {"requestId": "bad-input-00000004", "reservationId": "no-such-hold", "amount": CNY},
    "LimitsService.Void": {"requestId": "bad-input-00000005", "reservationId": "bad-input"},
    "LimitsService.GetFacility": {"facilityId": "fac-1"},
    "LimitsService.ListEntries": {"merchantId": MERCHANT, "account": "lender/x/held", "pageSize": 10},
    "ComplianceService.VerifyIdentity": {
        "borrowerKind": "BORROWER_KIND_SOLE_TRADER",
        "name": "模拟小店",
        "uscc": "91350100M000100Y43",
        "operator": OPERATOR,
        "registerStatus": "REGISTER_STATUS_ACTIVE",
        "asOf": DAY,
    },
    "ComplianceService.ScreenParty": {"party": {"name": "模拟小店", "kind": "PARTY_KIND_ORGANISATION"}},
    "ComplianceService.RecordConsent": {
        "requestId": "bad-input-00000006",
        "merchantId": MERCHANT,
        "purpose": "CONSENT_PURPOSE_LENDER_TRANSFER",
        "recipient": "*",
        "textVersion": "v1",
        "evidenceSha256": DIGEST,
        "givenAt": TIME,
    },
    "ComplianceService.CheckConsent": {"merchantId": MERCHANT, "queries": [CONSENT], "asOf": TIME},
    "ComplianceService.CheckParty": {
        "merchantId": MERCHANT,
        "borrowerKind": "BORROWER_KIND_SOLE_TRADER",
        "identity": {"name": "模拟小店", "uscc": "91350100M000100Y43", "operator": OPERATOR},
        "registerStatus": "REGISTER_STATUS_ACTIVE",
        "consents": [CONSENT],
        "asOf": TIME,
    },
    "ComplianceService.CheckOffer": {"offer": OFFER, "asOf": DAY},
    "ComplianceService.AppendRecord": {"requestId": "bad-input-00000007", "kind": "decision", "record": "e30="},
    "ComplianceService.GetTreeHead": {},
    "ComplianceService.GetInclusionProof": {"leafIndex": "0", "treeSize": "0"},
    "DecisionService.Decide": {
        "requestId": "bad-input-00000008",
        "merchantId": MERCHANT,
        "productId": "shopkeeper",
        "requestedAmount": CNY,
        "termMonths": 12,
        "repaymentMethod": "REPAYMENT_METHOD_EQUAL_INSTALMENT",
    },
    "DecisionService.GetDecision": {"decisionId": "dec_none"},
    "DecisionService.ListDecisions": {"merchantId": MERCHANT, "pageSize": 10},
    "DecisionService.AcceptOffer": {"requestId": "bad-input-00000009", "decisionId": "dec_none"},
}
# Streams of requests: events are rejected by place, documents by their parts; their own tests send them bad input.
STREAMED = {"IngestionService.PublishEvents", "IngestionService.UploadDocument", "ScoringService.BatchScore"}
