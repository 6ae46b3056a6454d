"""The signs of fraud by name, with what they mean. Texts name no merchant and no digest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Group(Enum):
    """Kinds of evidence that do not follow from each other."""

    FINDING = "finding"
    RING = "ring"
    SPEED = "speed"
    MONEY = "money"
    TRADE = "trade"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign: its code, and what it means, with its figure in `{}`."""

    code: str
    group: Group
    zh: str
    en: str


CONFIRMED: Final = Sign(
    "CONFIRMED_FRAUD", Group.FINDING, "该商户已被调查确认存在欺诈", "An investigation confirmed fraud by this merchant"
)
LINKED: Final = Sign(
    "LINKED_TO_FRAUD",
    Group.FINDING,
    "与已确认欺诈商户关联，两步内共 {:.0f} 家",
    "Linked to merchants whose fraud was confirmed; {:.0f} of them within two steps",
)
ACCOUNT: Final = Sign(
    "SHARED_ACCOUNT", Group.RING, "{:.0f} 家商户共用同一结算账户", "{:.0f} merchants share a settlement account"
)
DEVICE: Final = Sign("SHARED_DEVICE", Group.RING, "{:.0f} 家商户共用同一设备", "{:.0f} merchants share a device")
OPERATOR: Final = Sign(
    "SHARED_OPERATOR",
    Group.RING,
    "{:.0f} 家商户共用同一经营者或执照",
    "{:.0f} merchants share an operator or a licence",
)
PHONE: Final = Sign("SHARED_PHONE", Group.RING, "{:.0f} 家商户共用同一电话", "{:.0f} merchants share a phone number")
ADDRESS: Final = Sign("SHARED_ADDRESS", Group.RING, "{:.0f} 家商户共用同一地址", "{:.0f} merchants share an address")
NETWORK: Final = Sign(
    "SHARED_NETWORK", Group.RING, "{:.0f} 家商户从同一网络申请", "{:.0f} merchants applied from one network"
)
TOGETHER: Final = Sign(
    "RING_TOGETHER",
    Group.RING,
    "{:.0f} 家关联商户在数日内集中开店或申请",
    "{:.0f} linked merchants opened or applied within days of this one",
)
FAST: Final = Sign(
    "APPLICATIONS_FAST",
    Group.SPEED,
    "该商户短期内申请 {:.0f} 次",
    "The merchant applied {:.0f} times within a short span",
)
SHARED_FAST: Final = Sign(
    "SHARED_APPLICATIONS_FAST",
    Group.SPEED,
    "共用同一信息的商户短期内申请 {:.0f} 次",
    "Merchants that share an attribute applied {:.0f} times within a short span",
)
MULE: Final = Sign(
    "MULE_ACCOUNT",
    Group.MONEY,
    "结算账户同时收取 {:.0f} 名无关经营者的款项",
    "The settlement account takes the money of {:.0f} unrelated operators",
)
INFLOW: Final = Sign(
    "SUDDEN_INFLOW",
    Group.MONEY,
    "新店近两周销售额达此前周均的 {:.1f} 倍",
    "A new shop sold {:.1f} times its weekly mean in each of the last two weeks",
)
PAYOUTS: Final = Sign(
    "PAYOUTS_ABOVE_SALES",
    Group.MONEY,
    "结算款为同期销售额的 {:.1f} 倍",
    "Payouts are {:.1f} times the sales of their days",
)
BRUSHING: Final = Sign("BRUSHING", Group.TRADE, "{:.0%} 的交易疑似刷单", "{:.0%} of the trade looks fake (brushing)")
DOCUMENTS: Final = Sign(
    "DOCUMENT_SIGNS",
    Group.PAPER,
    "材料有疑点，最强一处强度为 {:.2f}（0 至 1）",
    "Documents show signs of tampering, the strongest of {:.2f} (0 to 1)",
)

SIGNS: Final = (
    CONFIRMED,
    LINKED,
    ACCOUNT,
    DEVICE,
    OPERATOR,
    PHONE,
    ADDRESS,
    NETWORK,
    TOGETHER,
    FAST,
    SHARED_FAST,
    MULE,
    INFLOW,
    PAYOUTS,
    BRUSHING,
    DOCUMENTS,
)
"""All of them: sixteen, as many as an assessment may name."""
