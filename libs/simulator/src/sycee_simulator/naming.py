"""Names of shops and people who do not exist. A registered name carries (模拟), a person 拟 as generation name."""

from __future__ import annotations

from random import Random
from typing import Final

from sycee_simulator.cities import City
from sycee_simulator.goods import Goods

SANCTIONED_ORGANISATION: Final = "黑石崖贸易(模拟制裁)有限公司"
SANCTIONED_PERSON: Final = "司马无名"
"""The two invented parties that the sample sanctions list holds."""

_BRAND_FIRST: Final = "云青禾木海星晨安南北远小明佳乐悦锦瑞麦拾"
_BRAND_SECOND: Final = "帆舟里谷朵屿川野桥和风家鹿田象岸果林光溪"
_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_GIVEN: Final = "安秋宁远舟禾晴朗岚溪川彦文清和乐知行微言景明若初一尘念之希"


def organisation(rnd: Random, home: City, goods: Goods, *, sole_trader: bool) -> str:
    """A business's name, such as 杭州云帆服饰(模拟)有限公司 or 义乌小禾文具(模拟)商行."""
    brand = rnd.choice(_BRAND_FIRST) + rnd.choice(_BRAND_SECOND)
    return f"{home.name}{brand}{goods.label}(模拟){'商行' if sole_trader else '有限公司'}"


def person(rnd: Random) -> str:
    """A person's name, such as 王拟安."""
    return f"{rnd.choice(_SURNAMES)}拟{rnd.choice(_GIVEN)}"
