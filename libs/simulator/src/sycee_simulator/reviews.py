"""Reviews in Chinese, composed from phrase banks. They are written here and taken from no real review."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from sycee_simulator.goods import Goods

_OPENINGS_GOOD: Final = (
    "", "", "收到了,", "第二次回购了,", "用了几天来评价:", "朋友推荐买的,", "帮家里人买的,", "对比了好几家,",
    "物超所值,", "超出预期,", "整体很满意,", "没想到这么好,", "老顾客了,", "趁活动囤的,", "拆开那一刻很惊喜,",
)  # fmt: skip
_OPENINGS_MIXED: Final = ("", "一般般吧,", "说实话,", "对得起这个价,", "用了一阵子,", "中规中矩,", "期待有点高了,")
_OPENINGS_BAD: Final = (
    "", "很失望,", "第一次给差评,", "后悔买了,", "图片仅供参考,", "等了好久,", "说多了都是泪,", "避雷!",
    "被宣传骗了,",
)  # fmt: skip
_DELIVERY_GOOD: Final = (
    "", "", "物流很快,", "隔天就到了,", "包装严实,", "快递小哥态度好,", "发货及时,", "箱子没有破损,",
    "下单第二天就发货,",
)  # fmt: skip
_DELIVERY_BAD: Final = (
    "", "物流慢得离谱,", "外包装都压扁了,", "催了三次才发货,", "快递放在门口也不通知,", "比承诺晚了好几天,", "",
)  # fmt: skip
_CLOSINGS_GOOD: Final = (
    "。", "!", ",推荐!", ",还会再来。", ",已经推荐给同事。", ",客服也很耐心。", ",五星好评。", ",值得入手。",
    ",下次继续支持。", ",家里人都说好。", ",希望一直保持品质。",
)  # fmt: skip
_CLOSINGS_MIXED: Final = ("。", ",凑合用吧。", ",看个人需求。", ",不好也不坏。", ",希望改进。", ",价格再低点就好了。")
_CLOSINGS_BAD: Final = (
    "。", ",要求退货。", ",客服一直不回复。", ",不会再买了。", ",客服推卸责任。", ",大家慎重。", ",已申请退款。",
    ",建议商家整改。",
)  # fmt: skip
_BUT: Final = (",不过", ",但是", ",就是", ",可惜")
_COMPLAINTS: Final = ("已经投诉到平台了。", "打12315投诉了。", "商家不处理,只能投诉。", "要求平台介入。")

_BRUSHED: Final = (
    "宝贝收到了,{noun}质量非常好,和描述的一模一样,卖家服务态度超级好,物流也很快,非常满意的一次购物,推荐大家购买",
    "{noun}真的超级好,性价比很高,包装很用心,客服很有耐心,发货速度特别快,已经介绍给身边的朋友了,全五星好评",
    "非常喜欢这家店的{noun},材质很好,没有色差,没有异味,快递给力,下次还会光顾,祝老板生意兴隆",
)
"""What hired buyers are given to paste. One shop uses one of them and hardly changes it."""
_BRUSHED_TAILS: Final = ("", "!", "。", "!!", "~", "哦", "呀", "👍")


def genuine(rnd: Random, goods: Goods, stars: int, *, complaint: bool) -> str:
    """A review that fits its stars (1 to 5); one with `complaint` says that a complaint was made."""
    pick = rnd.random
    noun = _one(pick(), goods.nouns)
    if stars >= 4:
        first, second = _one(pick(), goods.praise), _one(pick(), goods.praise)
        middle = first if first == second or pick() < 0.4 else f"{first},{second}"
        opening, delivery = _one(pick(), _OPENINGS_GOOD), _one(pick(), _DELIVERY_GOOD)
        return f"{opening}{delivery}{noun}{middle}{_one(pick(), _CLOSINGS_GOOD)}"
    blame = _one(pick(), goods.blame)
    if stars == 3:
        opening, praise, but = _one(pick(), _OPENINGS_MIXED), _one(pick(), goods.praise), _one(pick(), _BUT)
        return f"{opening}{noun}{praise}{but}{blame}{_one(pick(), _CLOSINGS_MIXED)}"
    opening, delivery = _one(pick(), _OPENINGS_BAD), _one(pick(), _DELIVERY_BAD)
    text = f"{opening}{delivery}{noun}{blame}{_one(pick(), _CLOSINGS_BAD)}"
    return text + _one(pick(), _COMPLAINTS) if complaint else text


def script(rnd: Random, goods: Goods) -> str:
    """The text that a shop hands to its hired buyers."""
    return _one(rnd.random(), _BRUSHED).format(noun=_one(rnd.random(), goods.nouns))


def brushed(rnd: Random, text: str) -> str:
    """A hired buyer's near copy of a script: another ending, and now and then a word left out."""
    if rnd.random() < 0.3:
        clauses = text.split(",")
        del clauses[int(rnd.random() * len(clauses))]
        text = ",".join(clauses)
    return text + _one(rnd.random(), _BRUSHED_TAILS)


def _one(fraction: float, phrases: Sequence[str]) -> str:
    """The phrase at `fraction` (0 up to, not with, 1) of the bank: quicker than Random.choice, and as stable."""
    return phrases[int(fraction * len(phrases))]
