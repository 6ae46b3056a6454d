"""Short reviews with their sentiment and topics, written and labelled for these tests.

Columns: the text; + good, - bad, 0 mixed or neither; the topics it speaks of; those that it complains about. Every
second line was looked at while the word list of topics was mended; the others were only counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from sycee_ingestion.reading import TOPICS

LETTERS = "QCDSPHM"
"""Quality, counterfeit, delivery, service, packaging, safety (health), price (money): in the order of the bits."""


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled review; `spoken` and `complained` are sets of topic codes."""

    text: str
    good: bool | None
    spoken: frozenset[str]
    complained: frozenset[str]


def codes(letters: str) -> frozenset[str]:
    return frozenset(TOPICS[LETTERS.index(letter)].code for letter in letters)


def lines() -> list[Line]:
    """All lines in their order."""
    found = []
    for row in TABLE.strip().splitlines():
        text, sign, spoken, complained = (cell.strip() for cell in row.split("|"))
        found.append(Line(text, {"+": True, "-": False, "0": None}[sign], codes(spoken), codes(complained)))
    return found


TABLE = """
味道很好，分量也足，下次还点 | + | Q |
太难吃了，肉都是馊的，吃完拉肚子 | - | QH | QH
送餐员态度特别好，下雨天还准时送到 | + | DS |
等了一个半小时才送到，饭都凉透了 | - | D | D
汤全洒了，袋子里都是油 | - | P | P
包装很严实，一点没洒 | + | P |
不是正品，扫码查不到，假货 | - | C | C
验过了，是正品，放心买 | + | C |
价格实惠，比超市便宜 | + | M |
又涨价了，还不给优惠 | - | M | M
客服半天不回消息，退款也不处理 | - | S | S
卖家很耐心，有问必答 | + | S |
插上电就冒烟，差点着火 | - | QH | QH
宝宝用了没有过敏，温和不刺激 | + | QH |
吃出一根头发，太恶心了 | - | H | H
质量不错，就是物流太慢 | 0 | QD | D
物流很快，但是衣服有线头，还掉色 | 0 | QD | Q
不贵，质量也可以 | + | MQ |
东西不便宜，可是确实好用 | + | MQ | M
没有假货，店家诚信 | + | CS |
不怕买到假的，官方旗舰店 | + | C |
快递盒子压扁了，里面杯子碎了 | - | P | P
快递小哥把包裹扔在门口就走了，电话也不打 | - | DS | DS
昨天下单今天就到了 | + | D |
三天了还没发货 | - | D | D
少送了一份米饭，打电话没人接 | - | DS | DS
屏幕有坏点，用了两天就死机 | - | Q | Q
续航给力，运行流畅 | + | Q |
拉链坏了，商家拒绝退货 | - | QS | QS
前台服务热情，办入住很快 | + | S |
房间隔音差，半夜能听见隔壁说话 | - | Q | Q
房价太高，性价比低 | - | M | M
苹果很甜，水分足，没有坏果 | + | Q |
烂了一半，根本没法吃 | - | Q | Q
洗完头皮发痒，还起了红疹 | - | H | H
一股刺鼻的味道，怀疑甲醛超标 | - | QH | QH
书是盗版，纸张很薄，错别字一堆 | - | CQ | CQ
印刷清晰，塑封完好 | + | QP |
刚买完就降价五十，申请价保被拒 | - | MS | MS
赠品没有送，问客服说没有了 | - | S | S
尺码偏小，换货来回运费还要自己出 | - | QSM | QSM
面料柔软，穿着舒服，价格也公道 | + | QM |
说好的次日达，结果等了五天 | - | D | D
外卖提前二十分钟送到，菜还是热的 | + | D |
筷子都没给，怎么吃 | - | D | D
奶茶封口没封好，漏了一路 | - | P | P
生产日期是去年的，马上过期了 | - | H | H
日期新鲜，保质期还有十个月 | + | H |
三无产品，没有合格证没有厂址 | - | CH | CH
跟专柜买的一模一样，应该是真的 | + | C |
跟专柜的完全不一样，颜色和气味都不对，仿的吧 | - | CQ | CQ
很满意 | + |  |
还会再来 | + |  |
一般般吧 | 0 |  |
给朋友买的，还没拆 | 0 |  |
不说了，差评 | - |  |
量太少了，吃不饱 | - | Q | Q
肉给得很多，米饭管够 | + | Q |
咸得要命，喝了一晚上水 | - | Q | Q
师傅安装很专业，还帮忙清理现场 | + | S |
安装师傅乱收费，多要了一百八 | - | SM | SM
热水器漏水，售后拖了一周不来修 | - | QS | QS
漏电，洗澡的时候被麻了一下 | - | QH | QH
静音效果好，制冷也快 | + | Q |
配送费要九块，比饭还贵 | - | DM | M
配送费便宜，送得也快 | + | DM |
满减活动很划算 | + | M |
图片和实物差距太大 | - | Q | Q
描述相符，没有色差 | + | Q |
箱子破了一个角，好在东西没坏 | 0 | PQ | P
包装简陋，就一个塑料袋 | - | P | P
礼盒很精美，送人有面子 | + | P |
过度包装，拆了半天 | - | P | P
服务员爱答不理，叫了三遍才来 | - | S | S
老板人很好，多送了一瓶饮料 | + | S |
骑手找不到地方，打了好几个电话，还挺有礼貌 | 0 | DS | D
快是快，就是骑手态度太差 | 0 | DS | DS
正宗四川味，麻辣鲜香 | + | Q |
不正宗，跟我在重庆吃的差远了 | - | Q | Q
二手翻新机，序列号已经激活过 | - | C | C
全新未拆封，激活日期就是当天 | + | C |
塑料味很重，孩子玩了咳嗽 | - | QH | QH
材质安全，没有异味，宝宝啃也放心 | + | QH |
价格虚高，先涨后降 | - | M | M
一分价钱一分货，这个价可以了 | + | M |
卫生间有霉味，床单上有污渍 | - | QH | QH
干净卫生，店面整洁 | + | H |
吃完全家上吐下泻，去医院挂水 | - | H | H
菜里有一只苍蝇，店家还不承认 | - | HS | HS
手机发烫得厉害，怕爆炸 | - | QH | QH
退货很顺利，当天就退款了 | + | S |
承诺七天无理由，退的时候各种理由不给退 | - | S | S
没有想象中慢，两天就收到了 | + | D |
快递一点也不慢 | + | D |
味道没有以前好了 | - | Q | Q
没什么问题，用着挺好 | + | Q |
客服态度不好，但最后还是给换了 | 0 | S | S
并不贵，而且是真皮 | + | MC |
说是真皮，其实是人造革，骗人 | - | CS | CS
刷单刷出来的好评吧，大家别信 | - | C | C
假一赔十的店，用着放心 | + | C |
味道像兑了水的酒，绝对是假酒 | - | CQ | CQ
送货上门，师傅还帮忙搬上六楼 | + | DS |
说送货上门，结果让我自己去驿站取 | - | D | D
包裹显示签收，可我根本没收到 | - | D | D
发错颜色了，联系卖家说将就用 | - | DS | DS
少发了一个配件 | - | D | D
箱子上没有封条，像被人打开过 | - | P | P
泡沫塞得满满的，玻璃瓶完好无损 | + | P |
冰袋都化了，海鲜已经臭了 | - | PQ | PQ
用冰袋保鲜，虾收到还是活的 | + | PQ |
鱼很新鲜，处理得干净 | + | Q |
比实体店贵了一倍 | - | M | M
贵有贵的道理，做工精细 | + | MQ |
便宜没好货，用一次就断了 | - | MQ | Q
学生党友好，性价比超高 | + | M |
电话一直占线，投诉也没有用 | - | S | S
售后处理很快，给补发了一个 | + | S |
页面写着顺丰，发的却是别家，磨蹭了一个星期 | - | D | D
穿了一天脚磨破了 | - | Q | Q
刀口有毛刺，把手划破了 | - | QH | QH
孩子咬了一口掉漆，担心有毒 | - | QH | QH
药片颜色跟以前买的不同，不敢吃，怕是假药 | - | CQH | CQ
屏幕清晰，价格合理，物流神速，客服热情 | + | QMDS |
除了贵没别的毛病 | 0 | MQ | M
除了慢一点，其他都满意 | 0 | D | D
位置好找，停车方便 | + | Q |
空调不制冷，打前台电话说没办法 | - | QS | QS
早餐品种少，不新鲜 | - | Q | Q
床很舒服，房间宽敞，价位也合适 | + | QM |
押金不退，前台还骂人 | - | SM | SM
这味道真香 | + | Q |
骗子店，收了钱不发货 | - | SD | SD
态度恶劣，还威胁我删差评 | - | S | S
给差评还打电话骚扰 | - | S | S
质量太差，洗一次就缩水 | - | Q | Q
質量很差，用兩天就壞了 | - | Q | Q
物流超快，包裝完整，賣家服務好 | + | DPS |
懷疑是假貨，跟專櫃的不一樣 | - | C | C
價格便宜，味道也不錯 | + | MQ |
送餐太慢，催了三次 | - | D | D
一个多小时了还没送来，直接取消了 | - | D | D
餐盒变形，汤汁漏得到处都是 | - | P | P
虾不新鲜，吃了肚子疼 | - | QH | QH
少油少盐，吃着健康 | + | Q |
味道淡，菜也没洗干净，还有沙子 | - | QH | QH
满意，下次还买 | + |  |
好评！！！ | + |  |
呵呵，无语 | - |  |
说不上好也说不上坏 | 0 |  |
没用过，先收着 | 0 |  |
电池鼓包了，不敢再充电 | - | QH | QH
充电器没有3C认证 | - | H | H
吊牌都没有，肯定不是专柜货 | - | C | C
防伪码刮开能查到 | + | C |
支持国货，价格良心 | + | M |
活动力度大，囤了好几箱 | + | M |
运费比东西都贵 | - | M | M
差价都不补，客服只会复制粘贴 | - | MS | MS
回复及时，解释得很清楚 | + | S |
衣服很显瘦，同事都问链接 | + | Q |
起球严重，才穿两次 | - | Q | Q
鞋子开胶，找客服让我自己粘 | - | QS | QS
香味淡雅，留香持久 | + | Q |
包裹湿透了，里面的书都皱了 | - | PQ | PQ
快递员送错楼，又等了半小时 | - | D | D
骑手超时还提前点了送达 | - | D | D
配送准时，餐具齐全 | + | D |
保温做得好，打开还烫嘴 | + | PD |
"""
