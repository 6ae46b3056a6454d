"""Merchant categories and the retail trades (NAICS 2002/2007) whose loans the application model learnt from."""

from __future__ import annotations

from typing import Final

GOODS_BY_NAICS: Final[tuple[tuple[str, str], ...]] = (
    ("4411", "vehicles"),
    ("4412", "vehicles"),
    ("4413", "auto_parts"),
    ("4421", "furniture"),
    ("4422", "home"),
    ("443", "electronics"),
    ("444", "garden"),
    ("4451", "grocery"),
    ("4452", "food"),
    ("4453", "drinks"),
    ("44611", "pharmacy"),
    ("44612", "beauty"),
    ("44613", "health"),
    ("44619", "health"),
    ("447", "fuel"),
    ("44813", "baby"),
    ("4481", "apparel"),
    ("4482", "footwear"),
    ("4483", "jewellery"),
    ("45111", "sports"),
    ("45112", "toys"),
    ("45113", "crafts"),
    ("45114", "crafts"),
    ("4512", "books"),
    ("452", "general"),
    ("4531", "flowers"),
    ("45321", "stationery"),
    ("45322", "gifts"),
    ("4533", "second_hand"),
    ("45391", "pets"),
    ("45392", "art"),
    ("4539", "other_goods"),
    ("454", "distance_selling"),
)
"""Prefix of the code → goods, the longer prefix first where two fit. `distance_selling` is a channel, not a kind of
goods: online merchants are matched by what they sell, so it serves training only, as do vehicles, fuel, grocery and
pharmacy, which small online shops hardly sell."""

_SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "apparel": ("clothing", "fashion", "womenswear", "menswear", "服饰", "服装", "女装", "男装", "内衣"),
    "footwear": ("shoes", "鞋业", "鞋靴", "鞋类", "女鞋", "男鞋"),
    "jewellery": ("jewelry", "watches", "珠宝", "首饰", "饰品", "钟表"),
    "beauty": ("cosmetics", "personal_care", "美妆", "化妆品", "护肤", "个护"),
    "health": ("supplements", "保健品", "保健", "医疗器械"),
    "food": ("snacks", "fresh_food", "tea", "食品", "零食", "生鲜", "茶叶"),
    "drinks": ("alcohol", "liquor", "wine", "酒水", "饮料", "酒类"),
    "home": ("homeware", "household", "kitchen", "home_textiles", "家居", "家纺", "厨具", "百货日用"),
    "furniture": ("家具",),
    "electronics": ("digital", "computers", "phones", "appliances", "数码", "家电", "手机", "电脑"),
    "garden": ("hardware", "tools", "building_materials", "园艺", "五金", "建材"),
    "baby": ("maternity", "baby_products", "kidswear", "母婴", "童装"),
    "toys": ("games", "hobby", "玩具", "模型"),
    "sports": ("outdoor", "sporting_goods", "户外", "运动", "体育用品"),
    "crafts": ("music", "instruments", "手工", "乐器"),
    "books": ("media", "records", "music_records", "cds", "图书", "音像", "书籍"),
    "general": ("department", "variety", "综合", "百货"),
    "flowers": ("plants", "鲜花", "绿植"),
    "stationery": ("office", "office_supplies", "文具", "办公用品"),
    "gifts": ("souvenirs", "礼品", "工艺品"),
    "second_hand": ("used_goods", "二手"),
    "pets": ("pet_supplies", "宠物", "宠物用品"),
    "art": ("collectibles", "艺术品", "收藏"),
    "auto_parts": ("car_accessories", "汽车用品", "汽配"),
    "other_goods": ("other", "其他"),
}

_GOODS_BY_CATEGORY: Final[dict[str, str]] = {
    name: goods for goods, synonyms in _SYNONYMS.items() for name in (goods, *synonyms)
}

GOODS: Final[tuple[str, ...]] = tuple(sorted({goods for _, goods in GOODS_BY_NAICS}))


def goods_of_category(category: str) -> str | None:
    """The goods that a merchant's category names, in English or Chinese; None where it is not known."""
    return _GOODS_BY_CATEGORY.get(category.strip().lower().replace(" ", "_").replace("-", "_"))


def goods_of_naics(code: str) -> str | None:
    """The goods of a six-digit retail trade code; None outside retail."""
    best = max(
        (entry for entry in GOODS_BY_NAICS if code.startswith(entry[0])), key=lambda entry: len(entry[0]), default=None
    )
    return best[1] if best is not None else None
