"""A seeded population of merchants, some of them of one operator, with all that makes them hard to tell.

Simulated, and called so: names, addresses and identifiers are drawn at random. What makes it hard: names are mistyped,
spoken alike, cut and given other forms; operators register in a spouse's name, change phones and move; addresses are
written in several ways; agents register hundreds of strangers with their own phone, some at their own desk; families
who run businesses of their own share an address, and now and then a phone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from sycee_ingestion.domain.linking import Party

_BRAND = (
    "明德信华盛达利源丰泰和美佳乐康宁福瑞祥云海天宇鑫鸿运春秋晨曦"
    "雅诗梦琪蓝羽青禾木槿朴拾光屿野鹿山茶小花甜橙竹笙清歌墨白锦绣"
)
_SOUND_ALIKE = {
    "明": "鸣",
    "德": "得",
    "华": "花",
    "丰": "风",
    "美": "镁",
    "福": "夫",
    "青": "清",
    "海": "亥",
    "源": "圆",
}
_TRADES = (
    "服饰",
    "电子商务",
    "贸易",
    "食品",
    "数码",
    "母婴用品",
    "化妆品",
    "家居",
    "鞋业",
    "皮具",
    "茶业",
    "饰品",
    "文具",
    "户外用品",
)
_TRADE_WEIGHTS = (22, 18, 14, 9, 7, 6, 5, 5, 4, 3, 3, 2, 1, 1)
_FORMS = ("有限公司", "店", "商行", "经营部", "工作室", "有限责任公司", "网店", "（个体工商户）")
_CITIES = (
    ("浙江省", "杭州市", ("西湖区", "余杭区")),
    ("浙江省", "金华市", ("义乌市", "婺城区")),
    ("广东省", "广州市", ("白云区", "海珠区")),
)
_ROADS = tuple(
    f"{first}{second}"
    for first in "文人民中解建新和东西南北学"
    for second in ("三路", "山路", "民大道", "放街", "华路")
)

_OPERATOR_SIZES, _SIZE_WEIGHTS = (1, 2, 3, 4, 5, 6), (85, 10, 3, 1, 0.6, 0.4)
_AGENT_CLIENTS = 200
_AGENT_SHARE, _AGENT_DESK_SHARE, _FAMILY_SHARE = 0.15, 0.3, 0.03


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """A simulated registration; `operator` is the truth. Empty texts are not known."""

    merchant_id: str
    operator: int
    name: str
    uscc: str
    resident_id: str
    phone: str
    account: str
    address: str

    def party(self) -> Party:
        """As it is compared, with digests in place of identifiers."""
        return Party.of(
            self.merchant_id,
            name=self.name,
            uscc=self.uscc,
            resident_id=_digest(self.resident_id),
            phone=_digest(self.phone),
            accounts=[digest for digest in (_digest(self.account),) if digest],
            address=self.address,
        )


def population(size: int, seed: int) -> list[Registered]:
    """About `size` merchants."""
    draw = random.Random(seed)
    found: list[Registered] = []
    operator = 0
    while len(found) < size:
        first = _first(draw, operator)
        shops = draw.choices(_OPERATOR_SIZES, _SIZE_WEIGHTS)[0]
        found.append(_written(draw, first))
        found += (_written(draw, _another(draw, first)) for _ in range(shops - 1))
        operator += 1
        if draw.random() < _FAMILY_SHARE:
            found.append(_written(draw, _of_family(draw, first, operator)))
            operator += 1
    return [replace(one, merchant_id=f"m-{number:06}") for number, one in enumerate(_through_agents(draw, found))]


def _first(draw: random.Random, operator: int) -> Registered:
    brand, trade = _brand(draw), draw.choices(_TRADES, _TRADE_WEIGHTS)[0]
    return Registered("", operator, f"{brand}{trade}", *_papers(draw), _address(draw))


def _papers(draw: random.Random) -> tuple[str, str, str, str]:
    """A code, a resident id, a phone, an account; none of them a real one."""
    numbers = [f"{draw.getrandbits(60):018}"[-18:] for _ in range(4)]
    return numbers[0], numbers[1], f"1{numbers[2][:10]}", numbers[3]


def _brand(draw: random.Random) -> str:
    return "".join(draw.choices(_BRAND, k=draw.choice((2, 2, 3))))


def _address(draw: random.Random) -> str:
    province, city, districts = draw.choice(_CITIES)
    house = f"{draw.choice(_ROADS)}{draw.randint(1, 400)}号"
    room = draw.randint(1, 30) * 100 + draw.randint(1, 12)
    return f"{province}{city}{draw.choice(districts)}{house}{draw.randint(1, 9)}幢{room}室"


def _another(draw: random.Random, first: Registered) -> Registered:
    """One more merchant of the same operator."""
    code, spouse, phone, account = _papers(draw)
    return replace(
        first,
        name=_another_name(draw, first.name),
        uscc=_either(draw, 0.4, first.uscc, code),
        resident_id=_either(draw, 0.9, first.resident_id, spouse),
        phone=_either(draw, 0.7, first.phone, phone),
        account=_either(draw, 0.5, first.account, account),
        address=_either(draw, 0.5, first.address, _address(draw)),
    )


def _another_name(draw: random.Random, name: str) -> str:
    kind = draw.random()
    if kind < 0.3:
        return name
    if kind < 0.4:
        return name[:2] + draw.choice(_TRADES)
    if kind < 0.45:
        return "".join(_SOUND_ALIKE.get(character, character) for character in name)
    if kind < 0.55:
        at = draw.randrange(len(name))
        return name[:at] + draw.choice(_BRAND) + name[at + 1 :]
    return _brand(draw) + draw.choices(_TRADES, _TRADE_WEIGHTS)[0]


def _of_family(draw: random.Random, first: Registered, operator: int) -> Registered:
    """A relative's own business at the same address; one in ten shares the phone."""
    own = _first(draw, operator)
    return replace(own, address=first.address, phone=_either(draw, 0.1, first.phone, own.phone))


def _through_agents(draw: random.Random, found: list[Registered]) -> Iterator[Registered]:
    """Some have been registered by agents, who leave their own phone, and some by their own address."""
    agents = max(1, round(len(found) * _AGENT_SHARE / _AGENT_CLIENTS))
    desks = [(_papers(draw)[2], _address(draw)) for _ in range(agents)]
    for one in found:
        if draw.random() >= _AGENT_SHARE:
            yield one
            continue
        phone, desk = draw.choice(desks)
        yield replace(one, phone=phone, address=_either(draw, _AGENT_DESK_SHARE, desk, one.address))


def _written(draw: random.Random, one: Registered) -> Registered:
    """As a form is filled in: with place and company form about the name, an address in one of its ways, and gaps."""
    place = draw.choice(("", "杭州", "杭州市西湖区", "浙江", "义乌市", "广州"))
    name = f"{place}{one.name}{draw.choice(_FORMS)}"
    if draw.random() < 0.15:
        name = f"{one.name}（{place or '杭州'}）{draw.choice(_FORMS[:4])}"
    nobody = draw.random() < 0.1
    return replace(
        one,
        name=name,
        resident_id="" if nobody else one.resident_id,
        phone="" if nobody or draw.random() < 0.05 else one.phone,
        account="" if draw.random() < 0.4 else one.account,
        address="" if draw.random() < 0.3 else _rewritten(draw, one.address),
    )


def _rewritten(draw: random.Random, address: str) -> str:
    if draw.random() < 0.4:
        address = address.replace("省", "").replace("市", "", 1)
    if draw.random() < 0.3:
        address = address.replace("幢", "栋").replace("室", "")
    if draw.random() < 0.15:
        address = address[: address.index("号") + 1]
    if draw.random() < 0.1:
        address = address.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    return address


def _either(draw: random.Random, share: float, kept: str, other: str) -> str:
    return kept if draw.random() < share else other


def _digest(value: str) -> bytes | None:
    return blake2b(value.encode(), digest_size=16).digest() if value else None
