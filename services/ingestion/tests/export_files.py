"""Files as marketplaces and systems export them, written for tests. Every person in them is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TAOBAO_COLUMNS = (
    *(
        "订单编号",
        "买家会员名",
        "买家支付宝账号",
        "买家应付货款",
        "买家应付邮费",
        "总金额",
        "买家实际支付金额",
        "订单状态",
    ),
    *(
        "买家留言",
        "收货人姓名",
        "收货地址",
        "运送方式",
        "联系电话",
        "联系手机",
        "订单创建时间",
        "订单付款时间",
        "宝贝标题",
    ),
    *("宝贝种类", "物流单号", "物流公司", "订单备注", "宝贝总数量", "退款金额"),
)
SECRETS = ("13812345678", "张三丰", "文三路 9 号", "zhang@example.com", "tb_zhang")
"""What must never be found in a database, however a row of these orders fares."""


def taobao_row(number: int, **changes: str) -> dict[str, str]:
    """One order of one person, paid on a day of March 2026."""
    row = {
        "订单编号": f'="31415926535{number:04}"',
        "买家会员名": "tb_zhang",
        "买家支付宝账号": "zhang@example.com",
        "买家应付货款": "90.00",
        "买家应付邮费": "10.00",
        "总金额": "100.00",
        "买家实际支付金额": "100.00",
        "订单状态": "交易成功",
        "买家留言": "送给张三丰",
        "收货人姓名": "张三丰",
        "收货地址": "浙江省杭州市文三路 9 号",
        "运送方式": "快递",
        "联系电话": "'",
        "联系手机": "'13812345678",
        "订单创建时间": f"2026-03-{number % 14 + 1:02} 10:00:00",
        "订单付款时间": f"2026-03-{number % 14 + 1:02} 10:05:30",
        "宝贝标题": "纯棉 T 恤,夏季新款",
        "宝贝种类": "1",
        "物流单号": f"No:SF{number}",
        "物流公司": "顺丰",
        "订单备注": "null",
        "宝贝总数量": "2",
        "退款金额": "0.00",
    }
    return row | changes


def write_taobao(path: Path, *rows: dict[str, str], encoding: str = "gbk") -> Path:
    """An export of orders, as sellers download it."""
    lines = [",".join(TAOBAO_COLUMNS)]
    lines += [",".join(_quoted(row[column]) for column in TAOBAO_COLUMNS) for row in rows]
    path.write_text("\r\n".join([*lines, ""]), encoding=encoding, newline="")
    return path


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if "," in cell else cell


def write_invoices(path: Path, *rows: tuple[str, ...], side: str = "购方名称") -> Path:
    """A ledger of invoices as the tax office's platform exports it: number, day, other side, net, tax, state."""
    lines = [f"发票代码,发票号码,开票日期,{side},金额,税额,价税合计,发票状态"]
    lines += [",".join(row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


def report(**changes: Any) -> dict[str, Any]:
    """A bureau report in the layout of the connector."""
    return {
        "merchant_id": "m-1",
        "report_no": "2026030100001",
        "report_date": "2026-03-01",
        "accounts": [
            {
                "kind": "loan",
                "state": "normal",
                "opened_on": "2024-05-06",
                "granted_yuan": 200_000,
                "outstanding_yuan": 80_000.5,
                "monthly_payment_yuan": 3_500,
                "repayment_24m": {"to": "2026-02", "states": "//NNNNNN1NNNNNN*"},
            },
            {
                "账户类型": "信用卡",
                "账户状态": "正常",
                "授信额度": "50,000",
                "余额": 10_000,
                "本月应还款": 300,
                "最近24个月还款状态": {"截止年月": "2026-01", "状态": "N2N"},
            },
            {"kind": "guarantee", "state": "normal", "granted_yuan": 900_000, "outstanding_yuan": 900_000},
            {"kind": "loan", "state": "closed", "granted_yuan": 70_000, "outstanding_yuan": 0},
        ],
        "enquiries": [
            {"date": "2026-02-11", "reason": "loan_approval"},
            {"date": "2025-12-01", "reason": "贷款审批"},
            {"date": "2025-03-02", "reason": "card_approval"},
            {"date": "2025-03-01", "reason": "card_approval"},
            {"date": "2026-02-20", "reason": "贷后管理"},
        ],
        "public_records": [{"kind": "enforcement", "date": "2021-06-01"}],
        "summary": {"credit_lines_yuan": 1, "enquiries_12m": 99},
        **changes,
    }


def write_json(path: Path, value: object) -> Path:
    """A JSON document."""
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path
