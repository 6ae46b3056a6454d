"""Simulated review texts: phrases put together at random, so that honest ones differ as honest ones do."""

from __future__ import annotations

import numpy as np

_TOPICS = (
    ("音质", "声音", "录音效果", "人声部分", "低音", "高音", "现场感", "编曲"),
    ("包装", "盒子", "外壳", "封面", "碟面", "歌词本", "塑封", "纸箱"),
    ("物流", "快递", "发货", "送货小哥", "配送", "到货时间", "运输途中"),
    ("客服", "卖家", "店主", "售后", "老板回复", "沟通起来"),
    ("价格", "性价比", "活动价", "折扣力度", "这个价位", "运费"),
    ("这张专辑", "主打歌", "第三首", "最后一首", "整张碟", "这个版本", "老歌新唱", "曲目安排"),
)
_DEGREES = (
    "非常",
    "比较",
    "真的",
    "有点",
    "确实",
    "还算",
    "特别",
    "一般般,不算",
    "出乎意料地",
    "没有想象中那么",
    "挺",
    "",
)
_VERDICTS = (
    ("清晰", "饱满", "有层次", "刺耳", "耐听", "单薄", "温暖", "干净", "震撼", "失真"),
    ("严实", "精致", "简陋", "有压痕", "完好", "破了一角", "用心", "结实", "发黄", "漂亮"),
    ("快", "慢了两天", "准时", "让人着急", "给力", "拖拉", "顺利", "比预计早", "折腾", "稳当"),
    ("耐心", "热情", "爱理不理", "专业", "回得慢", "负责", "客气", "靠谱", "敷衍", "细致"),
    ("实惠", "划算", "偏高", "公道", "吸引人", "合适", "小贵", "便宜", "值", "合理"),
    ("好听", "怀旧", "平淡", "惊喜", "经典", "适合开车听", "让人单曲循环", "普通", "有味道", "催泪"),
)
_ASIDES = (
    "给我爸买的他天天放",
    "朋友推荐才下的单",
    "等了好久终于降价",
    "周末在家听了一整天",
    "和网上试听的感觉不一样",
    "上学时就喜欢这个歌手",
    "第二次来这家了",
    "本来想要另外一个颜色",
    "孩子睡前一定要听",
    "车上的播放机也能认",
    "打算再买一套送同事",
    "收藏党可以入手",
    "拆开的时候手都在抖",
    "希望下次能多送几张海报",
    "生日礼物对方很满意",
    "搬家弄丢了又补了一张",
    "听说要绝版了赶紧收",
    "跟实体店的对比过一样",
    "晚上戴耳机听更有感觉",
    "不知道为什么开头有杂音",
)
_SHORT = (
    "好评",
    "不错",
    "很好",
    "满意",
    "可以",
    "五星好评",
    "还行吧",
    "收到了",
    "质量很好物流很快",
    "值得购买",
    "👍👍👍",
)
_BY_PLATFORM = ("此用户没有填写评价。", "系统默认好评!", "该用户觉得商品非常好,给出5星好评")
PRAISES_FOR_COINS = (
    "一直没有评价,也不知道浪费了多少积分,现在知道积分可以抵现金的时候才知道评价的重要性,后来就把这段话复制走了",
    "从来都不去评价的,不知道浪费了多少金币,自从知道评价之后金币可以抵现金了,才知道评价的重要性,于是复制到哪里发到哪里",
    "东西收到了,懒得打字就复制一段,首先宝贝是性价比很高的,我每次都会先试用再评价,虽然宝贝不一定是最好的但在同等价位里绝对突出",
)
"""What honest buyers paste for the coins that a review earns."""


def honest_text(rng: np.random.Generator) -> str:
    """One review: a third short, a tenth the platform's own, a few pasted for coins, the rest in own words."""
    kind = rng.random()
    if kind < 0.33:
        return str(rng.choice(_SHORT))
    if kind < 0.43:
        return str(rng.choice(_BY_PLATFORM))
    if kind < 0.445:
        return str(rng.choice(PRAISES_FOR_COINS))
    return own_words(rng)


def own_words(rng: np.random.Generator) -> str:
    """One to four clauses about different topics, often with an aside."""
    clauses = []
    for topic in rng.permutation(len(_TOPICS))[: rng.integers(1, 5)]:
        clauses.append(f"{_pick(_TOPICS[topic], rng)}{_pick(_DEGREES, rng)}{_pick(_VERDICTS[topic], rng)}")
    if rng.random() < 0.7:
        clauses.insert(int(rng.integers(len(clauses) + 1)), _pick(_ASIDES, rng))
    return str(rng.choice((",", "。", " ", "!"))).join(clauses)


def handed_out(rng: np.random.Generator, count: int) -> list[str]:
    """Texts that a brusher hands out: long enough to please."""
    return [f"{own_words(rng)},{_pick(_ASIDES, rng)},{own_words(rng)},{_pick(_ASIDES, rng)}" for _ in range(count)]


def with_edits(text: str, rng: np.random.Generator) -> str:
    """The text with up to three small edits, as one who copies makes them: a character gone, doubled or exchanged."""
    letters = list(text)
    for _ in range(rng.integers(0, 4)):
        at = int(rng.integers(len(letters)))
        letters[at] = str(rng.choice(("", letters[at] * 2, "哦", "呢", "!")))
    return "".join(letters)


def _pick(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]
