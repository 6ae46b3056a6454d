"""Lists of shops to register: each row is a merchant, and none an event.

A row whose merchant is registered already counts as a duplicate and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sycee_service.errors import InvalidArgument

from sycee_ingestion.connectors import Proposal, Tree, guesses, names, proposing
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.connectors.opening import AnyTable, ExportTable, open_export
from sycee_ingestion.mapping import FIELD, FileShape

_CATEGORIES = {
    **dict.fromkeys(("美食", "餐饮", "小吃", "食品", "零食", "生鲜", "水果"), "food"),
    **dict.fromkeys(("超市便利店", "超市", "便利店"), "convenience"),
    **dict.fromkeys(("服饰", "服装", "女装", "男装", "童装", "鞋包", "服饰鞋包"), "apparel"),
    **dict.fromkeys(("数码", "电器", "家电", "手机", "电脑"), "electronics"),
    **dict.fromkeys(("美妆", "化妆品", "个护"), "beauty"),
    **dict.fromkeys(("美发/美容/美甲", "丽人", "医疗健康", "健康"), "care"),
    **dict.fromkeys(("母婴", "玩具"), "baby"),
    **dict.fromkeys(("家居", "家具", "家装", "日用"), "home"),
    **dict.fromkeys(("休闲娱乐", "娱乐", "网吧网咖"), "leisure"),
    **dict.fromkeys(("购物", "百货"), "retail"),
}
OTHER = "other"
_MOST_CATEGORIES = 200


class MerchantConnector:
    """See above."""

    name = "merchants"

    def recognise(self, look: Look) -> float:
        """Every row names another merchant, and none says when something happened."""
        merchant = names.find("merchant", look.columns)
        if merchant is None or not look.rows:
            return 0.0
        found = look.values(merchant)
        alone = len(found) == len(look.rows) and len(set(map(str, found))) == len(found)
        dated = any(
            names.find(role, look.columns) is not None for role in ("paid_at", "created_at", "day", "happened_at")
        )
        return 0.75 if alone and not dated else 0.0

    def propose(self, look: Look) -> Proposal:
        """The merchants with name and category, where the file has them."""
        points: list[str] = []
        merchant = proposing.merchant_section(look, points)
        register = merchant["register"]
        if (name := next((column for column in look.columns if names.plain(column) in _NAMES), None)) is not None:
            register["name"] = {"column": name}
        if (category := names.find("shop_category", look.columns)) is not None:
            register["category"] = _category(category, look.values(category), points)
        tree: Tree = {"connector": self.name, "file": proposing.file_section(look.shape), "merchant": merchant}
        return Proposal(tree, tuple(points))

    def open(self, path: Path, shape: FileShape) -> AnyTable | ExportTable:
        """The file as rows."""
        return open_export(path, shape)

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:
        """Personal columns are dropped; a mapping says everything else. There are no options."""
        if options:
            raise InvalidArgument(f"{FIELD}.options", "must be empty: this connector has none")
        return {"personal": {"drop": names.personal(columns)}}


_NAMES = frozenset({"店铺名称", "店名", "商户名称", "shopname", "merchantname", "storename"})


def _category(column: str, found: Sequence[object], points: list[str]) -> Tree:
    words = list(dict.fromkeys(str(value) for value in found))[:_MOST_CATEGORIES]
    told = {word: _CATEGORIES[word] for word in words if word in _CATEGORIES}
    if not told and all(guesses.slug(word, "") == word for word in words):
        return {"column": column}
    left = [word for word in words if word not in told]
    if left:
        points.append(f"{len(left)} categories in {column!r} are called {OTHER!r}: name them in the map")
    return {"column": column, "map": told or dict.fromkeys(words[:1], OTHER), "otherwise": OTHER}
