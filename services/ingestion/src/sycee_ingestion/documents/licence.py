"""The fields of a business licence (营业执照): layouts since 2019 (two columns), of 2015 (one column) and before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sycee_ingestion.documents import values
from sycee_ingestion.documents.layout import Entry, Labels, Word, entries, rows_of, words_of
from sycee_ingestion.documents.model import Box, Field, around
from sycee_ingestion.documents.ocr import Line

LABELS = Labels(
    {
        "统一社会信用代码": "uscc",
        "社会信用代码": "uscc",
        "注册号": "registration_no",
        "名称": "name",
        "企业名称": "name",
        "字号名称": "name",
        "类型": "type",
        "公司类型": "type",
        "企业类型": "type",
        "主体类型": "type",
        "法定代表人": "operator",
        "法定代表人姓名": "operator",
        "经营者": "operator",
        "经营者姓名": "operator",
        "投资人": "operator",
        "负责人": "operator",
        "执行事务合伙人": "operator",
        "组成形式": "composition",
        "注册资本": "capital",
        "注册资金": "capital",
        "成员出资总额": "capital",
        "出资额": "capital",
        "实收资本": "paid_in",
        "成立日期": "established_on",
        "注册日期": "established_on",
        "营业期限": "term",
        "经营期限": "term",
        "合伙期限": "term",
        "住所": "address",
        "经营场所": "address",
        "营业场所": "address",
        "主要经营场所": "address",
        "经营范围": "scope",
        "业务范围": "scope",
        "经营范围及方式": "scope",
        "登记机关": "authority",
        "发照机关": "authority",
        # Not fields, but they end what stands above or beside them.
        "编号": "",
        "证照编号": "",
        "营业执照": "",
        "企业法人营业执照": "",
        "个体工商户营业执照": "",
        "副本": "",
        "(副本)": "",
        "正本": "",
        "扫描二维码": "",
        "国家企业信用": "",
        "信息公示系统": "",
        "了解更多登记": "",
        "备案、许可": "",
        "企业信用信息公示系统网址": "",
        "国家企业信用信息公示系统网址": "",
        "市场主体应当于每年": "",
        "国家市场监督管理总局监制": "",
        "中华人民共和国国家工商行政管理总局监制": "",
    }
)

_NOISE = re.compile(r"SPECIM|^样本$|SCJDGL|gsxt\.gov\.cn", re.IGNORECASE)
_CODE_RUN = re.compile(r"[0-9A-Z]{15,20}")
_AUTHORITY = re.compile(r"[一-鿿]{2,30}(?:监督管理局|行政管理局|行政审批局|审批服务局|数据局|工商局|市场监管局)")
_STATE = ("国家", "总局", "监制")
_FREE_TEXT_SURENESS = 0.8  # of what was found by its form alone, without a label


def licence_fields(lines: Sequence[Line]) -> tuple[Field, ...]:
    """The fields of a licence, boxes in the picture's pixels; those that are not there are left out."""
    kept = [line for line in lines if not _NOISE.search(line.text.replace(" ", ""))]
    found = {entry.key: entry for entry in entries(kept, LABELS)}
    fields = [_code(found, kept), _registration_number(found)]
    fields += [_text(found, name) for name in ("name", "type", "operator", "composition", "address", "scope")]
    fields += [_capital(found), _day_field(found, "established_on"), *_term(found)]
    fields += [_authority(found, kept), _issued_on(found, kept)]
    return tuple(field for field in fields if field is not None)


def is_licence(lines: Sequence[Line]) -> bool:
    """Whether a page shows a business licence: its title, or three of its labels."""
    if any("营业执照" in line.text.replace(" ", "") for line in lines):
        return True
    return sum(1 for entry in entries(lines, LABELS) if entry.key) >= 3


def _text(found: dict[str, Entry], name: str) -> Field | None:
    entry = found.get(name)
    if entry is None or not entry.text:
        return None
    return Field(name, entry.text.lstrip(":").strip(), entry.score, None, entry.place)


def _code(found: dict[str, Entry], lines: Sequence[Line]) -> Field | None:
    """The code under or beside its label; where there is none, any run of characters that is a valid one."""
    entry = found.get("uscc")
    candidates: list[tuple[bool, float, str, Box]] = []
    if entry is not None:
        for row in entry.rows[:2]:
            text = "".join(word.text for word in row).lstrip(":").upper()
            if row and re.fullmatch(r"[0-9A-Z.\-]{12,24}", text):
                code, valid = values.credit_code(text)
                score = min(word.score for word in row) * entry.sureness
                candidates.append((valid, score, code, around(word.place for word in row)))
    for word in words_of(lines):
        for run in _CODE_RUN.findall(word.text.upper()):
            code, valid = values.credit_code(run)
            if valid:
                candidates.append((True, word.score * _FREE_TEXT_SURENESS, code, word.place))
    if not candidates:
        return None
    valid, score, code, place = max(candidates, key=lambda each: each[:2])
    return Field("uscc", code, score * (1.0 if valid else 0.4), valid, place)


def _registration_number(found: dict[str, Entry]) -> Field | None:
    entry = found.get("registration_no")
    if entry is None or not entry.rows:
        return None
    number, valid = values.registration_number("".join(word.text for word in entry.rows[0]))
    return Field("registration_no", number, entry.score * (1.0 if valid else 0.4), valid, entry.place)


def _capital(found: dict[str, Entry]) -> Field | None:
    field = _text(found, "capital")
    if field is None:
        return None
    understood = values.amount_fen(field.value) is not None
    return Field("capital", field.value, field.confidence * (1.0 if understood else 0.7), understood, field.box)


def _day_field(found: dict[str, Entry], name: str) -> Field | None:
    field = _text(found, name)
    if field is None:
        return None
    day = values.day(field.value)
    if day is None:
        return Field(name, field.value, field.confidence * 0.4, valid=False, box=field.box)
    return Field(name, day.isoformat(), field.confidence, valid=True, box=field.box)


def _term(found: dict[str, Entry]) -> list[Field]:
    field = _text(found, "term")
    if field is None:
        return []
    term = values.term(field.value)
    until = values.LONG_TERM if term.open_ended else "" if term.until is None else term.until.isoformat()
    since = "" if term.since is None else term.since.isoformat()
    ordered = term.since is None or term.until is None or term.since < term.until
    sure = field.confidence * (1.0 if ordered else 0.4)
    made = [Field("valid_from", since, sure, ordered, field.box), Field("valid_until", until, sure, ordered, field.box)]
    return [each for each in made if each.value]


def _authority(found: dict[str, Entry], lines: Sequence[Line]) -> Field | None:
    """The authority in print; that of its seal is read elsewhere (`seals`)."""
    _ = found
    for line in lines:
        match = _AUTHORITY.search(line.text.replace(" ", ""))
        if match is not None and not any(word in line.text for word in _STATE):
            return Field("authority", match[0], line.score * _FREE_TEXT_SURENESS, None, line.place)
    return None


def _issued_on(found: dict[str, Entry], lines: Sequence[Line]) -> Field | None:
    """The day below the authority, where the form has "年 月 日" and the digits may stand a little off."""
    authority = found.get("authority")
    if authority is None:
        return None
    below = [
        word
        for word in words_of(lines)
        if word.box.top > authority.label.top - authority.label.height
        and word.box.left > authority.label.left - 6 * authority.label.height
        and re.fullmatch(r"[0-9年月日.\-/〇零一二三四五六七八九十]+", word.text)
    ]
    for row in rows_of(below):
        field = _day_of(row)
        if field is not None:
            return field
    return _scattered_day(below)


def _day_of(row: Sequence[Word]) -> Field | None:
    day = values.day("".join(word.text for word in row))
    if day is None or not any("年" in word.text or re.search(r"\d[.\-/]\d", word.text) for word in row):
        return None
    place = around(word.place for word in row)
    return Field("issued_on", day.isoformat(), min(word.score for word in row), valid=True, box=place)


def _scattered_day(words: Sequence[Word]) -> Field | None:
    """Year, month and day as three runs of digits in one row, the form's own 年月日 standing elsewhere."""
    for row in rows_of([word for word in words if word.text.isdecimal()]):
        runs = [word.text for word in row]
        if len(runs) == 3 and len(runs[0]) == 4 and all(len(run) <= 2 for run in runs[1:]):
            day = values.day("-".join(runs))
            if day is not None:
                score = min(word.score for word in row) * _FREE_TEXT_SURENESS
                return Field("issued_on", day.isoformat(), score, valid=True, box=around(word.place for word in row))
    return None
