"""Compares what was read in a document with what is known of its merchant. Pure; no text says anything personal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz

from sycee_ingestion.documents.model import Check, CheckResult, DocumentKind, Reading
from sycee_ingestion.documents.values import LONG_TERM

SURE = 0.6
"""Judgement: a field that was read less surely agrees or differs with nothing."""

ALIKE = 92.0
"""Judgement: names of at least this ratio (0 to 100, after folding) are one name with a character misread."""

SIGN_ALIKE = 80.0
"""Judgement: a signboard carries a part of the name; so much of the shorter text must be in the longer."""

_FORMS = re.compile(r"(股份有限公司|有限责任公司|有限公司|合伙企业|个体工商户|个人独资企业)")
_BRACKETS = re.compile(r"[()\[\]{}<>《》【】〔〕「」『』]")
_NOT_LETTERS = re.compile(r"[^0-9A-Za-z一-鿿㐀-䶿]")


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """What is known of a merchant; empty or None where it is not."""

    name: str = ""
    uscc: str = ""
    operator_name: str = ""
    resident_id: str = ""
    registered_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Wording:
    zh: str
    en: str


_WORDINGS = {
    CheckResult.AGREES: _Wording("{zh}与登记一致", "{en} agrees with what is registered"),
    CheckResult.DIFFERS: _Wording("{zh}与登记不一致", "{en} differs from what is registered"),
    CheckResult.CANNOT_TELL: _Wording("{zh}缺失或不够清晰,无法比对", "{en} is missing or not sure enough to compare"),
}


def compare(reading: Reading, kind: DocumentKind, known: Known, today: date) -> tuple[Check, ...]:
    """Every comparison that a kind of document allows, as of a business day.

    Codes: USCC, NAME, OPERATOR, ESTABLISHED_ON, RESIDENT_ID, SIGNBOARD, VALIDITY.
    """
    if kind is DocumentKind.BUSINESS_LICENCE:
        return (
            _check("USCC", "统一社会信用代码", "The unified social credit code", _same(reading, "uscc", known.uscc)),
            _check("NAME", "名称", "The name", _alike(reading, "name", known.name)),
            _check("OPERATOR", "经营者或法定代表人", "The operator", _alike(reading, "operator", known.operator_name)),
            _check(
                "ESTABLISHED_ON",
                "成立日期",
                "The day of establishment",
                _same(reading, "established_on", _iso(known.registered_on)),
            ),
            *_validity(reading, today),
        )
    if kind is DocumentKind.RESIDENT_ID_FRONT:
        return (
            _check("OPERATOR", "姓名", "The holder's name", _alike(reading, "name", known.operator_name)),
            _check("RESIDENT_ID", "公民身份号码", "The resident id", _same(reading, "resident_id", known.resident_id)),
        )
    if kind is DocumentKind.RESIDENT_ID_BACK:
        return _validity(reading, today)
    return (
        _check("SIGNBOARD", "招牌文字", "The signboard", _on_the_sign(reading, known.name)),
        *_licence_on_the_wall(reading, known),
    )


def folded(name: str) -> str:
    """A name without what varies in print: width, case, brackets, punctuation, legal form."""
    text = _BRACKETS.sub("", unicodedata.normalize("NFKC", name).casefold())
    return _FORMS.sub("", _NOT_LETTERS.sub("", text)) or _NOT_LETTERS.sub("", text)


def _licence_on_the_wall(reading: Reading, known: Known) -> tuple[Check, ...]:
    if reading.field("uscc") is None:
        return ()
    text = "墙上执照的统一社会信用代码", "The code of the licence on the wall"
    return (_check("USCC", *text, _same(reading, "uscc", known.uscc)),)


def _same(reading: Reading, name: str, known: str) -> CheckResult:
    return _judged(reading, name, known, lambda read, said: read.upper() == said.upper())


def _alike(reading: Reading, name: str, known: str) -> CheckResult:
    return _judged(reading, name, known, _one_name)


def _one_name(read: str, known: str) -> bool:
    one, other = folded(read), folded(known)
    # In a short name a single character is the difference between two people.
    return one == other or (min(len(one), len(other)) >= 6 and fuzz.ratio(one, other) >= ALIKE)


def _on_the_sign(reading: Reading, known: str) -> CheckResult:
    """A sign need not carry the name: what does not fit tells nothing."""
    result = _judged(reading, "signboard", known, lambda sign, name: _part_of(folded(sign), folded(name)))
    return CheckResult.CANNOT_TELL if result is CheckResult.DIFFERS else result


def _part_of(sign: str, name: str) -> bool:
    shorter = min(len(sign), len(name))
    return shorter >= 2 and fuzz.partial_ratio(sign, name) >= SIGN_ALIKE


def _judged(reading: Reading, name: str, known: str, agree: Callable[[str, str], bool]) -> CheckResult:
    field = reading.field(name)
    if field is None or not field.value or not known:
        return CheckResult.CANNOT_TELL
    if agree(field.value, known):
        return CheckResult.AGREES
    sure = field.confidence >= SURE and field.valid is not False
    return CheckResult.DIFFERS if sure else CheckResult.CANNOT_TELL


def _validity(reading: Reading, today: date) -> tuple[Check, ...]:
    """Whether the document's own term holds; of one that says no term, nothing."""
    until, since = reading.field("valid_until"), reading.field("valid_from")
    if until is None or not until.valid:
        return ()
    begun = since is None or not since.valid or date.fromisoformat(since.value) <= today
    running = until.value == LONG_TERM or date.fromisoformat(until.value) >= today
    if begun and running:
        return (Check("VALIDITY", CheckResult.AGREES, "在有效期内", "The document is within its term"),)
    return (Check("VALIDITY", CheckResult.DIFFERS, "不在有效期内", "The document is outside its term"),)


def _check(code: str, zh: str, en: str, result: CheckResult) -> Check:
    wording = _WORDINGS[result]
    return Check(code, result, wording.zh.format(zh=zh), wording.en.format(en=en))


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()
