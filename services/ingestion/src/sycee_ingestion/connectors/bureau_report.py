"""Bureau reports in JSON: one report, a list of them, or one a line.

The layout, with the field names of China's credit reports beside ours; either may be used. Only `report_date` and,
unless the mapping names it, `merchant_id` are needed. Amounts are in yuan.

    {"merchant_id": "m-1",
     "report_no": "2026030100001",                              报告编号
     "report_date": "2026-03-01",                               报告日期
     "accounts": [                                              信贷账户
       {"kind": "loan",                                         账户类型: 贷款, 信用卡, 担保
        "state": "normal",                                      账户状态: 正常, 逾期, 结清, 呆账
        "opened_on": "2024-05-06",                              开立日期
        "granted_yuan": 200000,                                 授信额度
        "outstanding_yuan": 80000,                              余额
        "monthly_payment_yuan": 3500,                           本月应还款
        "repayment_24m": {                                      最近24个月还款状态
          "to": "2026-02",                                      截止年月: the month of the last state
          "states": "///////////NNNNNN1NNNNNN"}}],              状态: oldest first, as printed, at most 24
     "enquiries": [{"date": "2026-02-11",                       查询记录, 查询日期
                    "reason": "loan_approval"}],                查询原因: 贷款审批, 信用卡审批, 担保资格审查, …
     "public_records": [{"kind": "enforcement",                 公共记录, 类型
                         "date": "2021-06-01"}],                日期
     "summary": {"open_accounts": 3,                            信息概要: where a report lists no accounts,
                 "outstanding_yuan": 90000,                     and to say what a list leaves out
                 "credit_lines_yuan": 250000,
                 "monthly_debt_service_yuan": 3800,
                 "enquiries_3m": 1, "enquiries_12m": 4, "public_records": 0}}

States of a month: `N` paid; `1` to `7` months overdue; `*`, `/`, `#` nothing due, not yet open, unknown; `C` paid off.
`D` (a guarantor paid), `Z` (settled with assets), `G` (ended otherwise) and `B` (bad debt) count as 7: in each the debt
was not repaid as agreed (judgement). A report's own grid takes the worst of its accounts in each month. Enquiries are
those for approvals: a lender that looks after its own loan, or the person itself, asks for nothing new.
A report that does not follow the layout is a broken row; the rule names the field.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sycee_service.errors import InvalidArgument

from sycee_ingestion import values
from sycee_ingestion.connectors import Proposal, Tree, proposing
from sycee_ingestion.connectors.chunks import Broken, Chunk, Records
from sycee_ingestion.connectors.json_rows import JsonTable
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.mapping import FIELD, FileShape
from sycee_ingestion.values import BadValueError

COLUMNS = (
    *("merchant_id", "report_no", "report_date", "open_accounts", "outstanding_yuan", "credit_lines_yuan"),
    *("monthly_debt_service_yuan", "repayment_grid", "enquiries_3m", "enquiries_12m", "public_records", "accounts"),
)
"""Of the rows that a report becomes."""

MONTHS = 24
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_MOST_ENTRIES = 1_000
_NAMES: Mapping[str, str] = {
    "商户编号": "merchant_id",
    "报告编号": "report_no",
    "报告日期": "report_date",
    "信贷账户": "accounts",
    "账户类型": "kind",
    "账户状态": "state",
    "开立日期": "opened_on",
    "授信额度": "granted_yuan",
    "余额": "outstanding_yuan",
    "本月应还款": "monthly_payment_yuan",
    "最近24个月还款状态": "repayment_24m",
    "截止年月": "to",
    "状态": "states",
    "查询记录": "enquiries",
    "查询日期": "date",
    "查询原因": "reason",
    "公共记录": "public_records",
    "类型": "kind",
    "日期": "date",
    "信息概要": "summary",
}
_KINDS = {"loan": "LOAN", "credit_card": "CREDIT_CARD", "guarantee": "GUARANTEE"}
_KINDS |= {"贷款": "LOAN", "信用卡": "CREDIT_CARD", "贷记卡": "CREDIT_CARD", "担保": "GUARANTEE"}
_STATES = {"normal": "NORMAL", "overdue": "OVERDUE", "closed": "CLOSED", "written_off": "WRITTEN_OFF"}
_STATES |= {"正常": "NORMAL", "逾期": "OVERDUE", "结清": "CLOSED", "呆账": "WRITTEN_OFF"}
_APPROVALS = frozenset({"loan_approval", "card_approval", "guarantee_check", "贷款审批", "信用卡审批", "担保资格审查"})
_MONTH_STATES = {**dict.fromkeys("*/#", "-"), **dict.fromkeys("NC", "N"), **dict.fromkeys("DZGB", "7")}
_MONTH_STATES |= {number: number for number in "1234567"}
_WORST = "-N1234567"
_MONTH = re.compile(r"(\d{4})[-./]?(\d{2})")
_AMOUNTS = ("outstanding_yuan", "credit_lines_yuan", "monthly_debt_service_yuan")
_COUNTS = ("open_accounts", "enquiries_3m", "enquiries_12m", "public_records")
_TELLING = frozenset({"accounts", "enquiries", "public_records", "summary", "report_no"})


class BureauReportConnector:
    """See above."""

    name = "bureau_report"

    def recognise(self, look: Look) -> float:
        """JSON whose outermost object has a day of report and what such reports list."""
        keys = {_NAMES.get(key, key) for key in look.document_keys}
        return 0.98 if "report_date" in keys and keys & _TELLING else 0.0

    def propose(self, look: Look) -> Proposal:
        """The connector's own mapping; the rows are whole reports, not what they list."""
        points: list[str] = []
        keys = {_NAMES.get(key, key) for key in look.document_keys}
        named = "merchant_id" in keys
        if not named:
            points.append("the reports name no merchant: put its id in the place of merchant.constant")
        tree: Tree = {
            "connector": self.name,
            "file": {"format": look.shape.format, "encoding": look.shape.encoding},
            "source": "bureau",
            "merchant": {"column": "merchant_id"} if named else {"constant": proposing.MERCHANT_TO_NAME},
        }
        return Proposal(tree, tuple(points))

    def open(self, path: Path, shape: FileShape) -> BureauTable:
        """The file as reports, one a row."""
        return BureauTable(JsonTable(path, shape, is_lines=(shape.format or path.suffix.lower()[1:]) == "jsonl"))

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:  # noqa: ARG002 - others use them
        """Everything. There are no options."""
        if options:
            raise InvalidArgument(f"{FIELD}.options", "must be empty: this connector has none")
        account = {
            **{field: {"column": field} for field in ("kind", "state", "opened_on", "repayment_grid")},
            **{field: {"column": f"{field}_yuan"} for field in ("granted", "outstanding")},
        }
        fields = {field: {"column": field} for field in ("report_date", "repayment_grid", *_COUNTS)}
        fields |= {amount.removesuffix("_yuan"): {"column": amount} for amount in _AMOUNTS}
        lists = {"accounts": {"each": "accounts", "fields": account}}
        return {
            "source": "bureau",
            "merchant": {"column": "merchant_id"},
            "occurred_at": {"column": "report_date"},
            "event_id": {"column": "report_no"},
            "events": [{"kind": "bureau_report", "fields": fields, "lists": lists}],
        }


class BureauTable:
    """Reports as rows of `COLUMNS`."""

    columns = COLUMNS

    def __init__(self, table: JsonTable) -> None:
        self._table = table

    def count(self) -> int:
        """Reports in the file."""
        return self._table.count()

    def chunks(self, skip: int, size: int) -> Iterator[Chunk]:
        """The reports after the first `skip`, at most `size` at a time."""
        for chunk in self._table.chunks(skip, size):
            rows: list[Mapping[str, object] | Broken] = [
                chunk.broken[number] if number in chunk.broken else as_row(chunk.row(number))
                for number in range(chunk.height)
            ]
            yield Records(rows, COLUMNS)


class _LayoutError(Exception):
    """A report does not follow the layout at a field."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}")


def as_row(report: Mapping[str, object]) -> Mapping[str, object] | Broken:
    """A report in the layout as a row of `COLUMNS`; a broken one says which field does not follow it."""
    try:
        return _row(_named(report))
    except _LayoutError as error:
        return Broken(f"must follow the layout of bureau reports: {error}", dict(report))


def _named(given: Any) -> dict[str, Any]:
    return {_NAMES.get(name, name): value for name, value in given.items()}


def _row(report: Mapping[str, Any]) -> dict[str, object]:
    day = _day("report_date", report.get("report_date"))
    if day is None:
        raise _LayoutError("report_date", "is needed")
    accounts = [_account(f"accounts[{place}]", entry, day) for place, entry in enumerate(_list(report, "accounts"))]
    summary = _named(report["summary"]) if isinstance(report.get("summary"), dict) else {}
    merchant_id = report.get("merchant_id")
    row: dict[str, object] = {
        "merchant_id": merchant_id,
        "report_no": report.get("report_no") or f"{merchant_id}-{day}",
        "report_date": day,
        "accounts": accounts or None,
        "repayment_grid": _worst_of([str(account["repayment_grid"]) for account in accounts]),
        **_added_up(accounts),
        **_enquiries(report, day),
    }
    if "public_records" in report:
        row["public_records"] = len(_list(report, "public_records"))
    for name in _AMOUNTS:
        if row.get(name) is None and name in summary:
            row[name] = _amount(f"summary.{name}", summary[name])
    for name in _COUNTS:
        if row.get(name) is None and name in summary:
            row[name] = _count(f"summary.{name}", summary[name])
    return row


def _account(field: str, given: Any, day: date) -> dict[str, object]:
    entry = _named(given)
    kind, state = _KINDS.get(str(entry.get("kind"))), _STATES.get(str(entry.get("state")))
    if kind is None or state is None:
        wrong, known = ("kind", _KINDS) if kind is None else ("state", _STATES)
        raise _LayoutError(f"{field}.{wrong}", f"must be one of {', '.join(known)}")
    opened_on = _day(f"{field}.opened_on", entry.get("opened_on"))
    return {
        "kind": kind,
        "state": state,
        "opened_on": opened_on,
        "granted_yuan": _amount(f"{field}.granted_yuan", entry.get("granted_yuan")),
        "outstanding_yuan": _amount(f"{field}.outstanding_yuan", entry.get("outstanding_yuan")),
        "monthly_payment_yuan": _amount(f"{field}.monthly_payment_yuan", entry.get("monthly_payment_yuan")),
        "repayment_grid": _grid(f"{field}.repayment_24m", entry.get("repayment_24m"), day),
    }


def _grid(field: str, given: Any, day: date) -> str:
    """The states of the last 24 months before the report's own, newest first; `-` where there are none."""
    if given is None:
        return ""
    entry = _named(given) if isinstance(given, dict) else {}
    month, states = _MONTH.fullmatch(str(entry.get("to"))), entry.get("states")
    if month is None or not isinstance(states, str) or len(states) > MONTHS or set(states) - set(_MONTH_STATES):
        raise _LayoutError(field, "must have a month `to` such as 2026-02 and at most 24 `states`, oldest first")
    age = (day.year - int(month[1])) * 12 + day.month - int(month[2])
    if age < 0:
        raise _LayoutError(f"{field}.to", "must not lie after the report")
    newest_first = "".join(_MONTH_STATES[state] for state in reversed(states))
    return ("-" * max(age - 1, 0) + newest_first)[:MONTHS]


def _worst_of(grids: Sequence[str]) -> str | None:
    """Month by month the worst state of any account, newest first."""
    if not any(grids):
        return None
    padded = [grid.ljust(MONTHS, "-") for grid in grids]
    worst = "".join(max((grid[month] for grid in padded), key=_WORST.index) for month in range(MONTHS))
    return worst.rstrip("-")


def _added_up(accounts: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """What the accounts say together; guarantees are no debt of one's own."""
    if not accounts:
        return {}
    own = [account for account in accounts if account["kind"] != "GUARANTEE" and account["state"] != "CLOSED"]

    def total(name: str) -> Decimal | None:
        found = [account[name] for account in own if account[name] is not None]
        return sum(found, Decimal(0)) if found else None

    return {
        "open_accounts": len(own),
        "outstanding_yuan": total("outstanding_yuan"),
        "credit_lines_yuan": total("granted_yuan"),
        "monthly_debt_service_yuan": total("monthly_payment_yuan"),
    }


def _enquiries(report: Mapping[str, Any], day: date) -> dict[str, object]:
    """Enquiries for approvals in the 3 and 12 calendar months before the report."""
    if "enquiries" not in report:
        return {}
    asked = []
    for place, given in enumerate(_list(report, "enquiries")):
        entry = _named(given)
        on = _day(f"enquiries[{place}].date", entry.get("date"))
        if on is None:
            raise _LayoutError(f"enquiries[{place}].date", "is needed")
        if str(entry.get("reason")) in _APPROVALS and on <= day:
            asked.append(on)
    return {f"enquiries_{months}m": sum(on > _months_before(day, months) for on in asked) for months in (3, 12)}


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last day where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _list(report: Mapping[str, Any], name: str) -> list[Any]:
    found = report.get(name) or []
    if not isinstance(found, list) or len(found) > _MOST_ENTRIES or not all(isinstance(entry, dict) for entry in found):
        raise _LayoutError(name, f"must be a list of at most {_MOST_ENTRIES} objects")
    return found


def _day(field: str, given: object) -> date | None:
    if given is None or given == "":
        return None
    try:
        return values.day(given, None, _SHANGHAI)
    except BadValueError as bad:
        raise _LayoutError(field, bad.rule.replace("time", "day")) from None


def _amount(field: str, given: object) -> Decimal | None:
    if given is None or given == "":
        return None
    try:
        return values.decimal(given)
    except BadValueError as bad:
        raise _LayoutError(field, bad.rule) from None


def _count(field: str, given: object) -> int:
    try:
        return values.whole(given)
    except BadValueError as bad:
        raise _LayoutError(field, bad.rule) from None
