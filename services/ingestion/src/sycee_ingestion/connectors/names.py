"""What files call things: names of columns, in Chinese and English, by what they hold.

Collected from the export formats of marketplaces and invoice systems and from public data sets. A name matches when it
is the same without case, blanks, signs and a unit in brackets; the first name of a role that a file has is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_BRACKETS = re.compile(r"[(\uff08\[【].*?[)\uff09\]】]")  # \uff08 and \uff09: Chinese brackets
_SIGNS = re.compile(r"[\s_\-./:*#]+")

ROLES: dict[str, tuple[str, ...]] = {
    # Orders
    "order_id": (
        *("订单编号", "主订单编号", "订单号", "子订单编号", "交易编号", "交易单号"),
        *("order_id", "order_no", "order_number", "trade_id", "tid"),
    ),
    "buyer": (
        *("买家会员名", "买家ID", "买家昵称", "下单帐号", "下单账号", "会员名", "会员ID", "用户ID", "买家", "客户编号"),
        *("buyer_id", "buyer", "customer_id", "customer", "user_id", "member_id", "client_id"),
    ),
    "paid": (
        *("买家实际支付金额", "实付款", "实付金额", "用户实付金额", "实际支付金额", "支付金额", "付款金额", "成交金额"),
        *("订单应付金额", "应付金额", "订单金额", "总金额", "交易金额", "销售额", "金额"),
        *("paid_amount", "amount_paid", "payment_value", "total_paid", "order_amount", "total_amount", "amount"),
        *("dollar_value", "total", "revenue", "sales", "price"),
    ),
    "paid_at": (
        *("订单付款时间", "付款时间", "支付时间", "支付完成时间", "付款确认时间", "交易付款时间"),
        *("paid_at", "pay_time", "paid_time", "payment_time", "order_approved_at"),
    ),
    "created_at": (
        *("订单创建时间", "下单时间", "订单提交时间", "创建时间", "交易创建时间", "成交时间"),
        *("created_at", "order_purchase_timestamp", "order_time", "order_date", "create_time"),
    ),
    "pieces": (
        *("宝贝总数量", "商品数量", "订购数量", "购买数量", "商品件数", "数量", "件数"),
        *("item_count", "quantity", "qty", "number_of_items", "number_of_cds", "items", "pieces"),
    ),
    "goods": (
        *(
            "商品ID",
            "宝贝ID",
            "商家编码",
            "商品编码",
            "货号",
            "SKU",
            "SKU编码",
            "宝贝标题",
            "商品名称",
            "选购商品",
            "商品",
        ),
        *("goods_id", "product_id", "sku_id", "item_id"),
    ),
    "category": ("商品类目", "类目", "宝贝种类", "category", "product_category"),
    "status": ("订单状态", "交易状态", "order_status", "status", "state"),
    "refund": ("退款金额", "退款总金额", "申请退款金额", "refund_amount", "refund"),
    "refunded_at": ("退款时间", "退款完成时间", "refund_time", "refunded_at"),
    "address": ("收货地址", "详细地址", "客户地址", "省市区街道详细地址", "收件地址", "address", "delivery_address"),
    # Merchants
    "merchant": (
        *("店铺ID", "店铺编号", "商户号", "商户编号", "商家ID", "企业代号", "企业编号"),
        *("merchant_id", "merchant", "shop_id", "store_id", "seller_id", "firm", "firm_id", "company", "shop"),
    ),
    "shop_category": ("主营类目", "经营类目", "行业", "cate_1", "category", "industry"),
    # Invoices
    "invoice_no": ("发票号码", "数电票号码", "发票号", "invoice_no", "invoice_number", "invoice_id"),
    "invoice_code": ("发票代码", "invoice_code"),
    "invoiced_on": ("开票日期", "开票时间", "invoice_date", "issued_on", "issue_date", "date", "日期"),
    "counterparty": ("对方单位代号", "往来单位", "counterparty", "counterparty_id", "partner"),
    "buyer_party": ("购方单位代号", "购方税号", "购方识别号", "购买方识别号", "购方名称", "购买方名称", "purchaser"),
    "seller_party": ("销方单位代号", "销方税号", "销方识别号", "销售方识别号", "销方名称", "销售方名称", "seller"),
    "net": ("不含税金额", "合计金额", "金额", "net_amount", "net", "amount_without_tax"),
    "tax": ("税额", "合计税额", "tax", "tax_amount", "vat"),
    "gross": ("价税合计", "含税金额", "gross_amount", "gross", "amount_with_tax"),
    "valid": ("valid", "is_valid", "有效"),
    "voided": ("发票状态", "作废标志", "是否作废", "作废", "voided", "void", "is_void", "cancelled"),
    # Counts of a day
    "day": ("日期", "统计日期", "day", "date", "time_stamp", "timestamp", "stat_date", "dt"),
    "payments": (
        *("支付笔数", "成交笔数", "支付订单数", "支付买家数", "订单数", "笔数"),
        *("payment_count", "pay_count", "payments", "order_count", "orders", "count", "cnt"),
    ),
    "day_amount": ("支付金额", "成交金额", "交易金额", "销售额", "金额", "amount", "revenue", "sales", "gmv"),
    # Others
    "stars": ("评分", "星级", "评价星级", "stars", "rating", "review_score", "score"),
    "review_text": ("评价内容", "评论", "评论内容", "评价", "review_text", "review", "comment", "content", "text"),
    "page_views": ("浏览量", "页面浏览量", "PV", "page_views", "pageviews", "views"),
    "visitors": ("访客数", "独立访客", "UV", "visitors", "unique_visitors"),
    "settled": (
        "到账金额",
        "结算金额",
        "打款金额",
        "收入金额",
        "net_settlement",
        "settled_amount",
        "payout",
        "net_amount",
    ),
    "fee": ("手续费", "服务费", "平台服务费", "佣金", "fee", "fee_amount", "commission"),
    "weight": ("重量", "包裹重量", "毛重", "weight", "weight_g", "weight_kg", "gross_weight"),
    "distance": ("运输距离", "距离", "里程", "distance", "distance_km", "distance_m"),
    "electricity": ("用电量", "电量", "electricity", "electricity_wh", "kwh", "electricity_kwh", "consumption"),
    "period_first": ("计费开始日期", "所属期起", "税款所属期起", "period_first", "period_start", "from", "start_date"),
    "period_last": ("计费结束日期", "所属期止", "税款所属期止", "period_last", "period_end", "to", "end_date"),
    "declared": ("申报销售额", "应税销售额", "declared_sales", "taxable_sales"),
    "followers": ("粉丝数", "关注数", "followers", "fans"),
    "posts": ("发布数", "作品数", "posts", "videos"),
    "interactions": ("互动量", "点赞评论转发", "interactions", "engagements"),
    "happened_at": (
        *("时间", "日期", "发生时间", "评价时间", "统计日期", "结算时间", "发货时间", "处罚日期", "记账时间"),
        *("occurred_at", "time", "timestamp", "datetime", "date", "day", "time_stamp", "event_time", "ts"),
    ),
    "event_id": ("流水号", "记录编号", "event_id", "id", "record_id", "uuid", "serial_no"),
}

PERSONAL: tuple[str, ...] = (
    *("收货人姓名", "收货人", "收件人", "客户姓名", "真实姓名", "姓名", "身份证姓名", "联系人", "买家姓名"),
    *("联系手机", "联系电话", "手机", "手机号", "手机号码", "电话", "收件人手机号", "收货人手机号", "固定电话"),
    *("身份证号", "身份证号码", "证件号码", "买家支付宝账号", "支付宝账号", "微信号", "邮箱", "银行卡号", "银行账号"),
    *("修改后的收货地址", "详细地址", "收货地址", "客户地址", "省市区街道详细地址", "收件地址", "买家留言", "订单备注"),
    *(
        "卖家备注",
        "备注",
        "发票抬头",
        "支付详情",
        "购方地址电话",
        "购方银行账号",
        "销方地址电话",
        "销方银行账号",
        "开票人",
    ),
    *("收款人", "复核人", "recipient", "receiver", "receiver_name", "buyer_name", "customer_name", "full_name"),
    *("phone", "mobile", "telephone", "tel", "email", "e_mail", "id_card", "address", "delivery_address"),
    *("bank_account", "card_number", "buyer_message", "first_name", "last_name"),
)
"""Columns that tell of persons, none of which is needed: they are dropped, or told apart by a keyed digest alone."""


def plain(name: str) -> str:
    """A name as it is compared."""
    return _SIGNS.sub("", _BRACKETS.sub("", name)).lower()


_PLAIN_ROLES = {role: tuple(plain(name) for name in names) for role, names in ROLES.items()}
_PLAIN_PERSONAL = frozenset(plain(name) for name in PERSONAL)


def find(role: str, columns: Iterable[str]) -> str | None:
    """The column that a role's first name is found under; of a field path, the last step is its name."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain(column), column)
        by_name.setdefault(plain(column.rpartition(".")[2]), column)
    return next((by_name[name] for name in _PLAIN_ROLES[role] if name in by_name), None)


def personal(columns: Sequence[str]) -> list[str]:
    """Those columns whose names say that they tell of persons."""
    return [
        column
        for column in columns
        if plain(column) in _PLAIN_PERSONAL or plain(column.rpartition(".")[2]) in _PLAIN_PERSONAL
    ]


def unit_in(name: str) -> str | None:
    """The unit that a column's name tells in brackets or at its end, such as 金额(万元) or weight_kg."""
    name = name.replace("\uff08", "(").replace("\uff09", ")")
    for sign, unit in (("万元", "wan"), ("(元)", "yuan"), ("(分)", "fen"), ("千克", "kg"), ("公斤", "kg")):
        if sign in name:
            return unit
    end = re.split(r"[_\s(\[]", name.rstrip(")]"))[-1].lower()
    return {"kg": "kg", "g": "g", "km": "km", "m": "m", "kwh": "kWh", "wh": "Wh", "mwh": "MWh", "fen": "fen"}.get(end)
