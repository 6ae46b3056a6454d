"""Whom one deals with: social credit code, resident id, age, register status (rules CN-ID-01, -03, -05, -07).

Check digits come from python-stdnum. Its whole-number validators are not used: they strip separators, accept any
Unicode digit, and refuse resident ids of counties that their place table does not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from stdnum.cn import ric as resident_ids
from stdnum.cn import uscc as credit_codes

from sycee_compliance.domain.outcome import Outcome, Reason

ADULT_AGE_YEARS = 18
"""CN-ID-07: 18 or over on the day."""

USCC_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
RESIDENT_ID_FORM = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
FIRST_BIRTH_YEAR = 1900
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11714-1997: weights of the eight characters of an organisation code."""


class BorrowerKind(IntEnum):
    """Legal form. The numbers are those of the contract; a test holds them together."""

    UNSPECIFIED = 0
    INDIVIDUAL = 1
    SOLE_TRADER = 2
    ENTERPRISE = 3


class RegisterStatus(IntEnum):
    """State in the business register. The numbers are those of the contract."""

    UNSPECIFIED = 0
    ACTIVE = 1
    ABNORMAL = 2
    REVOKED = 3
    DEREGISTERED = 4
    SERIOUS_VIOLATION = 5


USCC_KINDS: dict[BorrowerKind, frozenset[str]] = {
    BorrowerKind.INDIVIDUAL: frozenset(),
    BorrowerKind.SOLE_TRADER: frozenset({"92"}),
    BorrowerKind.ENTERPRISE: frozenset({"91", "93"}),
}
"""CN-ID-01: authority and type, the first two characters (91 enterprise, 92 个体户, 93 co-operative), by legal form."""


@dataclass(frozen=True, slots=True)
class Person:
    """The operator. Personal data: never printed."""

    name: str = field(repr=False)
    resident_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """Who a party says it is. `operator` is None when nobody is named."""

    borrower_kind: BorrowerKind
    name: str = field(repr=False)
    uscc: str
    operator: Person | None
    register_status: RegisterStatus


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """One check: a stable code, how it came out, the rule that it stands on, and why when it did not pass."""

    code: str
    outcome: Outcome
    rule_id: str
    reason: Reason | None = None


NAME_MISSING = Reason("IDENTITY_UNKNOWN", "缺少登记名称", "The registered name is missing")
OPERATOR_MISSING = Reason("IDENTITY_UNKNOWN", "缺少经营者身份信息", "The operator is not named")
KIND_UNKNOWN = Reason("IDENTITY_UNKNOWN", "主体类型不明", "The legal form is not known")
USCC_MISSING = Reason("IDENTITY_UNKNOWN", "缺少统一社会信用代码", "The unified social credit code is missing")
USCC_INVALID = Reason(
    "USCC_INVALID",
    "统一社会信用代码的格式或校验位不符合 GB 32100",
    "The unified social credit code breaks the form or check digit of GB 32100",
)
USCC_KIND_MISMATCH = Reason(
    "USCC_KIND_MISMATCH",
    "统一社会信用代码的机构类别与所称主体类型不符",
    "The class in the unified social credit code does not fit the legal form that was stated",
)
USCC_ORGANISATION = Reason(
    "USCC_ORGANISATION_CODE",
    "统一社会信用代码内的组织机构代码校验位不符合 GB 11714",
    "The organisation code inside the unified social credit code breaks the check digit of GB 11714",
)
RESIDENT_ID_INVALID = Reason(
    "RESIDENT_ID_INVALID",
    "经营者身份证号的格式、出生日期或校验位不符合 GB 11643",
    "The operator's resident id breaks the form, birth date or check digit of GB 11643",
)
UNDER_AGE = Reason("UNDER_AGE", "经营者当日未满 18 周岁", "The operator is under 18 on the day")
STATUS_UNKNOWN = Reason("REGISTER_UNKNOWN", "工商登记状态不明", "The state in the business register is not known")

STATUS_OUTCOMES: dict[RegisterStatus, tuple[Outcome, Reason | None]] = {
    RegisterStatus.UNSPECIFIED: (Outcome.REFER, STATUS_UNKNOWN),
    RegisterStatus.ACTIVE: (Outcome.PASS, None),
    RegisterStatus.ABNORMAL: (
        Outcome.REFER,
        Reason("REGISTER_ABNORMAL", "被列入经营异常名录", "On the register's list of abnormal operations"),
    ),
    RegisterStatus.REVOKED: (
        Outcome.BLOCK,
        Reason("REGISTER_REVOKED", "营业执照已被吊销", "The business licence is revoked"),
    ),
    RegisterStatus.DEREGISTERED: (
        Outcome.BLOCK,
        Reason("REGISTER_DEREGISTERED", "主体已注销", "The business is deregistered"),
    ),
    RegisterStatus.SERIOUS_VIOLATION: (
        Outcome.BLOCK,
        Reason("REGISTER_SERIOUS_VIOLATION", "被列入严重违法失信名单", "On the register's list of serious violations"),
    ),
}
"""CN-ID-05, and worked case 11: a licence that is revoked and not yet deregistered blocks."""


def verify(claim: IdentityClaim, day: date) -> tuple[IdentityCheck, ...]:
    """Every check of an identity on a day. What is missing refers and never passes."""
    checks = [_name(claim), *_credit_code(claim), *_operator(claim.operator, day)]
    if claim.borrower_kind is not BorrowerKind.INDIVIDUAL or claim.register_status is not RegisterStatus.UNSPECIFIED:
        outcome, reason = STATUS_OUTCOMES[claim.register_status]
        checks.append(IdentityCheck("REGISTER_STATUS", outcome, "CN-ID-05", reason))
    return tuple(checks)


def uscc_is_valid(code: str) -> bool:
    """Whether form and check digit of a unified social credit code hold (GB 32100-2015, CN-ID-01)."""
    return USCC_FORM.fullmatch(code) is not None and credit_codes.calc_check_digit(code[:-1]) == code[-1]


def organisation_code_is_valid(code: str) -> bool:
    """Whether the ninth character of an organisation code checks the eight before it (GB 11714-1997)."""
    total = sum(weight * int(char, 36) for weight, char in zip(ORGANISATION_WEIGHTS, code[:8], strict=True))
    return code[8] == "0123456789X0"[11 - total % 11]


def resident_birth_date(number: str) -> date | None:
    """The birth date in a resident id, or None when form, check digit or date do not hold (GB 11643-1999, CN-ID-03)."""
    if RESIDENT_ID_FORM.fullmatch(number) is None or resident_ids.calc_check_digit(number) != number[-1]:
        return None
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if born.year >= FIRST_BIRTH_YEAR else None


def age_years(born: date, day: date) -> int:
    """Whole years of age on a day; a birthday counts from its own day, 29 February from 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _name(claim: IdentityClaim) -> IdentityCheck:
    if claim.name.strip():
        return IdentityCheck("NAME", Outcome.PASS, "CN-AML-01")
    return IdentityCheck("NAME", Outcome.REFER, "CN-AML-01", NAME_MISSING)


def _credit_code(claim: IdentityClaim) -> list[IdentityCheck]:
    if claim.borrower_kind is BorrowerKind.UNSPECIFIED:
        return [_uscc(Outcome.REFER, KIND_UNKNOWN)]
    if not claim.uscc:
        # A person who trades without a licence has no code, and none is asked for.
        needless = claim.borrower_kind is BorrowerKind.INDIVIDUAL
        return [] if needless else [_uscc(Outcome.REFER, USCC_MISSING)]
    if not uscc_is_valid(claim.uscc):
        return [_uscc(Outcome.BLOCK, USCC_INVALID)]
    if claim.uscc[:2] not in USCC_KINDS[claim.borrower_kind]:
        return [_uscc(Outcome.REFER, USCC_KIND_MISMATCH)]
    if not organisation_code_is_valid(claim.uscc[8:17]):
        # The standard asks for it, yet codes taken over from older registers are said to break it: noted, no more.
        return [_uscc(Outcome.WARN, USCC_ORGANISATION)]
    return [_uscc(Outcome.PASS)]


def _operator(operator: Person | None, day: date) -> list[IdentityCheck]:
    if operator is None or not operator.name.strip() or not operator.resident_id:
        return [IdentityCheck("RESIDENT_ID", Outcome.REFER, "CN-ID-03", OPERATOR_MISSING)]
    born = resident_birth_date(operator.resident_id)
    if born is None or born > day:
        return [IdentityCheck("RESIDENT_ID", Outcome.BLOCK, "CN-ID-03", RESIDENT_ID_INVALID)]
    number = IdentityCheck("RESIDENT_ID", Outcome.PASS, "CN-ID-03")
    if age_years(born, day) < ADULT_AGE_YEARS:
        return [number, IdentityCheck("AGE", Outcome.BLOCK, "CN-ID-07", UNDER_AGE)]
    return [number, IdentityCheck("AGE", Outcome.PASS, "CN-ID-07")]


def _uscc(outcome: Outcome, reason: Reason | None = None) -> IdentityCheck:
    return IdentityCheck("USCC", outcome, "CN-ID-01", reason)
