"""The fields of a resident id card (居民身份证), front and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sycee_ingestion.documents import values
from sycee_ingestion.documents.layout import Entry, Labels, entries, words_of
from sycee_ingestion.documents.model import Field
from sycee_ingestion.documents.ocr import Line

FRONT_LABELS = Labels(
    {
        "姓名": "name",
        "性别": "sex",
        "民族": "ethnicity",
        "出生": "birth_date",
        "住址": "address",
        "公民身份号码": "resident_id",
        "公民身份证号码": "resident_id",
    },
    inline=frozenset({"民族"}),
)
BACK_LABELS = Labels(
    {"签发机关": "authority", "有效期限": "term", "中华人民共和国": "", "居民身份证": ""},
)
MOST_YEARS = 20
"""The longest term but an open one (居民身份证法, 2012, art. 5: 5, 10 or 20 years, or long-term from 46 on)."""

ETHNICITIES = frozenset(
    re.findall(
        r"[一-鿿]+",
        "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡"
        " 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯"
        " 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 其他 穿青人",
    )
)
"""GB/T 3304-1991, with the two entries that cards also carry."""

_NOISE = re.compile(r"SPECIM|^样本$", re.IGNORECASE)
_NUMBER = re.compile(r"\d{17}[0-9X×]")
_FREE_TEXT_SURENESS = 0.8


def front_fields(lines: Sequence[Line]) -> tuple[Field, ...]:
    """Name, sex, ethnicity, day of birth, address and number; boxes in the picture's pixels."""
    kept = [line for line in lines if not _NOISE.search(line.text.replace(" ", ""))]
    found = {entry.key: entry for entry in entries(kept, FRONT_LABELS)}
    number = _number(found, kept)
    told = values.resident_id(number.value) if number is not None else None
    fields = [
        _text(found, "name"),
        _sex(found, told),
        _ethnicity(found),
        _birth_date(found, told),
        _text(found, "address"),
        number,
    ]
    return tuple(field for field in fields if field is not None)


def back_fields(lines: Sequence[Line]) -> tuple[Field, ...]:
    """Authority and term of validity; boxes in the picture's pixels."""
    kept = [line for line in lines if not _NOISE.search(line.text.replace(" ", ""))]
    found = {entry.key: entry for entry in entries(kept, BACK_LABELS)}
    authority = _text(found, "authority")
    return tuple(field for field in (authority, *_term(found)) if field is not None)


def _text(found: dict[str, Entry], name: str) -> Field | None:
    entry = found.get(name)
    if entry is None or not entry.text:
        return None
    return Field(name, entry.text.lstrip(":"), entry.score, None, entry.place)


def _number(found: dict[str, Entry], lines: Sequence[Line]) -> Field | None:
    entry = found.get("resident_id")
    if entry is not None and entry.rows:
        text = "".join(word.text for word in entry.rows[0])
        told = values.resident_id(text)
        return Field("resident_id", told.number, entry.score * (1.0 if told.valid else 0.4), told.valid, entry.place)
    for word in words_of(lines):
        match = _NUMBER.search(word.text.upper())
        if match is not None and (told := values.resident_id(match[0])).valid:
            return Field("resident_id", told.number, word.score * _FREE_TEXT_SURENESS, valid=True, box=word.place)
    return None


def _sex(found: dict[str, Entry], told: values.ResidentId | None) -> Field | None:
    """男 or 女; valid where the number says the same."""
    field = _text(found, "sex")
    if field is None:
        return None
    value = field.value[:1]
    valid: bool | None = value in {"男", "女"}
    if valid and told is not None and told.male is not None:
        valid = (value == "男") == told.male
    return Field("sex", value, field.confidence * (1.0 if valid else 0.4), valid, field.box)


def _ethnicity(found: dict[str, Entry]) -> Field | None:
    """One of the names of GB/T 3304-1991; valid where it is."""
    field = _text(found, "ethnicity")
    if field is None:
        return None
    valid = field.value in ETHNICITIES
    return Field("ethnicity", field.value, field.confidence * (1.0 if valid else 0.4), valid, field.box)


def _birth_date(found: dict[str, Entry], told: values.ResidentId | None) -> Field | None:
    """The day of birth; valid where it is a day and the number says the same."""
    field = _text(found, "birth_date")
    if field is None:
        return None
    day = values.day(field.value)
    if day is None:
        return Field("birth_date", field.value, field.confidence * 0.4, valid=False, box=field.box)
    valid = told is None or told.born_on is None or told.born_on == day
    return Field("birth_date", day.isoformat(), field.confidence * (1.0 if valid else 0.4), valid, field.box)


def _term(found: dict[str, Entry]) -> list[Field]:
    field = _text(found, "term")
    if field is None:
        return []
    term = values.term(field.value)
    until = values.LONG_TERM if term.open_ended else "" if term.until is None else term.until.isoformat()
    since = "" if term.since is None else term.since.isoformat()
    valid = term.open_ended or (
        term.since is not None and term.until is not None and 0 < (term.until - term.since).days <= MOST_YEARS * 366
    )
    sure = field.confidence * (1.0 if valid else 0.4)
    made = [Field("valid_from", since, sure, valid, field.box), Field("valid_until", until, sure, valid, field.box)]
    return [each for each in made if each.value]
