"""Licences, id cards and shop fronts drawn for tests: invented facts, valid check digits, "样本 SPECIMEN" on each.

The letters are those that OpenCV 5 carries inside its wheel (WenQuanYi Micro Hei), so nothing of the machine is needed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2, mod_11_10
from sycee_ingestion.documents.model import Box
from sycee_ingestion.documents.ocr import Line

Picture = NDArray[np.uint8]
Region = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

INK, RED, CREAM = (32, 30, 30), (200, 40, 45), (246, 243, 232)
_FONT = cv2.FontFace("uni")
_WORDS = ("测试", "样本", "示例", "演示", "虚构", "模拟")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_CITIES = (
    ("330106", "浙江省杭州市西湖区", "杭州市西湖区"),
    ("440111", "广东省广州市白云区", "广州市白云区"),
    ("310115", "上海市浦东新区", "上海市浦东新区"),
    ("510107", "四川省成都市武侯区", "成都市武侯区"),
    ("420106", "湖北省武汉市武昌区", "武汉市武昌区"),
    ("320505", "江苏省苏州市虎丘区", "苏州市虎丘区"),
)
_BRANDS = ("云帆", "青禾", "星海", "同德", "百汇", "锦程", "瑞丰", "晨光", "启航", "恒信")
_TRADES = ("服饰", "电子商务", "食品", "家居用品", "日用百货", "网络科技", "农产品", "玩具")
_ROADS = ("文三路", "人民路", "解放大道", "中山北路", "科技园路", "建设二路")
_SCOPES = (
    "服装服饰零售",
    "日用百货销售",
    "互联网销售",
    "食品经营",
    "软件开发",
    "货物进出口",
    "包装服务",
    "家用电器销售",
    "信息咨询服务",
    "农副产品销售",
    "针纺织品销售",
    "玩具销售",
)
_CAPITALS = ("壹佰万元整", "伍拾万元整", "贰佰万元整", "100万元人民币", "壹仟万元整", "叁拾万元整", "500万元人民币")


@dataclass(frozen=True)
class Licence:
    """What a drawn licence says."""

    code: str
    name: str
    type: str
    operator: str
    capital: str
    established_on: date
    valid_until: date | None
    address: str
    scope: str
    authority: str
    issued_on: date
    sole_trader: bool = False


@dataclass(frozen=True)
class Card:
    """What a drawn id card says."""

    name: str
    sex: str
    ethnicity: str
    birth_date: date
    address: str
    number: str
    authority: str
    valid_from: date
    valid_until: date


def valid_code(rng: Random, region: str = "330106", kind: str = "91") -> str:
    """A unified social credit code whose check digit is right."""
    body = f"{kind}{region}MA" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    return body + uscc.calc_check_digit(body)


def valid_number(rng: Random, born: date, region: str = "330106", *, male: bool = True) -> str:
    """A resident id number whose check digit is right."""
    order = rng.randrange(0, 998, 2) + (1 if male else 0)
    body = f"{region}{born:%Y%m%d}{order:03}"
    return body + mod_11_2.calc_check_digit(body)


def invented_person(rng: Random) -> str:
    """A name that nobody has."""
    return rng.choice(_WORDS) + rng.choice(_STEMS)


def invented_licence(rng: Random, *, sole_trader: bool = False) -> Licence:
    """A licence of facts that are made up."""
    region, full, city = rng.choice(_CITIES)
    brand, trade = rng.choice(_BRANDS), rng.choice(_TRADES)
    established = date(2012, 1, 1) + timedelta(days=rng.randrange(4_000))
    where = f"{full}{rng.choice(_ROADS)}{rng.randrange(1, 999)}号{rng.randrange(1, 30)}幢{rng.randrange(101, 2900)}室"
    return Licence(
        code=valid_code(rng, region, "92" if sole_trader else "91"),
        name=f"{city}{brand}{trade}店" if sole_trader else f"{city[:2]}{brand}{trade}有限公司",
        type="个体工商户" if sole_trader else "有限责任公司(自然人投资或控股)",
        operator=invented_person(rng),
        capital=rng.choice(_CAPITALS),
        established_on=established,
        valid_until=None if rng.random() < 0.5 else established.replace(year=established.year + 20, day=1),
        address=where,
        scope=";".join(rng.sample(_SCOPES, 6)) + "。(依法须经批准的项目,经相关部门批准后方可开展经营活动)",
        authority=f"{city}市场监督管理局",
        issued_on=established + timedelta(days=rng.randrange(2, 900)),
        sole_trader=sole_trader,
    )


def invented_card(rng: Random) -> Card:
    """An id card of facts that are made up."""
    region, full, city = rng.choice(_CITIES)
    born = date(1965, 1, 1) + timedelta(days=rng.randrange(14_000))
    male = rng.random() < 0.5
    since = date(2012, 1, 1) + timedelta(days=rng.randrange(3_000))
    return Card(
        name=invented_person(rng),
        sex="男" if male else "女",
        ethnicity=rng.choice(("汉", "回", "满", "壮", "藏")),
        birth_date=born,
        address=f"{full}{rng.choice(_ROADS)}{rng.randrange(1, 999)}号"
        f"{rng.randrange(1, 30)}幢{rng.randrange(101, 2900)}室",
        number=valid_number(rng, born, region, male=male),
        authority=f"{city}公安局" if "新区" not in city else "上海市公安局浦东分局",
        valid_from=since,
        valid_until=since.replace(year=since.year + 20, day=1),
    )


class Sheet:
    """A page to draw on. Remembers where each value was written, and every line of text, as a perfect reader would."""

    def __init__(self, width: int, height: int, colour: tuple[int, int, int] = CREAM) -> None:
        self.picture: Picture = np.full((height, width, 3), colour, np.uint8)
        self.places: dict[str, Region] = {}
        self.lines: list[Line] = []

    def write(
        self, text: str, left: float, top: float, size: int, *, colour: tuple[int, int, int] = INK, weight: int = 400
    ) -> Region:
        """Writes text with its top left corner at a place; gives where it stands."""
        origin = (round(left), round(top + size * 0.86))
        end, _ = cv2.putText(self.picture, text, origin, colour, _FONT, size, weight)
        region = (round(left), round(top), int(end[0]), round(top + size * 1.1))
        self.note(text, region)
        return region

    def note(self, text: str, region: Region) -> None:
        """Remembers a line of text."""
        box = Box(*region)
        self.lines.append(Line(text, 0.99, box, box))

    def spread(self, label: str, left: float, top: float, width: float, size: int, *, weight: int = 600) -> None:
        """Writes a label with its characters spread over a width, as printed licences do."""
        if len(label) == 1:
            self.write(label, left, top, size, weight=weight)
            return
        step = (width - size) / (len(label) - 1)
        before = len(self.lines)
        for index, character in enumerate(label):
            self.write(character, left + index * step, top, size, weight=weight)
        if step < 2 * size:  # so near that a reader takes it for one word
            del self.lines[before:]
            self.note(label, (round(left), round(top), round(left + width), round(top + size * 1.1)))

    def wrap(self, text: str, left: float, top: float, width: float, size: int, *, leading: float = 1.45) -> Region:
        """Writes text over as many lines as it needs; gives where it stands."""
        lines, line = [], ""
        for character in text:
            if line and measured(line + character, size) > width:
                lines.append(line)
                line = ""
            line += character
        lines.append(line)
        regions = [self.write(each, left, top + n * size * leading, size) for n, each in enumerate(lines)]
        return (round(left), round(top), max(r[2] for r in regions), regions[-1][3])

    def value(self, field: str, text: str, left: float, top: float, width: float, size: int) -> None:  # noqa: PLR0917
        """Writes a value and remembers where."""
        self.places[field] = self.wrap(text, left, top, width, size)


def measured(text: str, size: int) -> int:
    """The width of text in pixels."""
    rectangle = cv2.getTextSize((4096, 4096), text, (0, 200), _FONT, size, 400)
    return int(rectangle[2])


def long_day(day: date) -> str:
    """As licences print days."""
    return f"{day.year}年{day.month:02}月{day.day:02}日"


def _texture(sheet: Sheet) -> None:
    """A border and a repeated pattern of fine waves, as security paper has, and the word that it is a specimen."""
    height, width = sheet.picture.shape[:2]
    x = np.arange(width)
    for offset in range(30, height, 26):
        y = offset + 9 * np.sin(2 * np.pi * x / 52.0)
        points = np.stack([x, y], axis=1).astype(np.int32)
        cv2.polylines(sheet.picture, [points], isClosed=False, color=(238, 232, 214), thickness=1, lineType=cv2.LINE_AA)
    for row in range(4):
        for column in range(4):
            place = (60 + column * width // 4 + (row % 2) * 90, 150 + row * height // 4)
            sheet.write("样本 SPECIMEN", *place, 30, colour=(240, 228, 218), weight=700)
    cv2.rectangle(sheet.picture, (14, 14), (width - 15, height - 15), (160, 156, 96), 8)
    sheet.lines.clear()


def _qr(sheet: Sheet, text: str, left: int, top: int, size: int) -> None:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    small = np.array(code.to_image(scale=1, add_quiet_zones=True))
    drawn = cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST)
    sheet.picture[top : top + size, left : left + size] = drawn[:, :, None]


def _seal(sheet: Sheet, text: str, x: int, y: int, radius: int) -> None:
    """A round red seal with its text along the ring."""
    cv2.circle(sheet.picture, (x, y), radius, RED, 5, cv2.LINE_AA)
    star = [
        (
            x + (0.36 if n % 2 == 0 else 0.14) * radius * np.sin(n * np.pi / 5),
            y - (0.36 if n % 2 == 0 else 0.14) * radius * np.cos(n * np.pi / 5),
        )
        for n in range(10)
    ]
    cv2.fillPoly(sheet.picture, [np.array(star, np.int32)], RED, cv2.LINE_AA)
    size = round(radius * 0.3)
    sweep = np.deg2rad(min(300, 26 * (len(text) - 1)))
    for n, character in enumerate(text):
        angle = -sweep / 2 + sweep * n / max(1, len(text) - 1)
        glyph = np.zeros((size * 2, size * 2), np.uint8)
        cv2.putText(glyph, character, (size // 2, size + size // 2 - 2), 255, _FONT, size, 500)
        turn = cv2.getRotationMatrix2D((size, size), -float(np.rad2deg(angle)), 1)
        glyph = cv2.warpAffine(glyph, turn, (size * 2, size * 2), flags=cv2.INTER_CUBIC)
        cx, cy = x + radius * 0.76 * np.sin(angle), y - radius * 0.76 * np.cos(angle)
        top, left = round(cy - size), round(cx - size)
        part = sheet.picture[top : top + size * 2, left : left + size * 2].astype(np.float32)
        mask = glyph[:, :, None].astype(np.float32) / 255
        mixed = part * (1 - mask) + np.array(RED, np.float32) * mask
        sheet.picture[top : top + size * 2, left : left + size * 2] = mixed.astype(np.uint8)


def registry_link(code: str) -> str:
    """What the QR code of a licence holds."""
    return f"http://www.gsxt.gov.cn/index.html?uniscid={code}"


def landscape_licence(licence: Licence, *, qr: str | None = None, texture: bool = True) -> Sheet:
    """The layout since 2019: two columns, the code at the left with its value beneath."""
    sheet = Sheet(1600, 1100)
    if texture:
        _texture(sheet)
    sheet.write("统一社会信用代码", 110, 190, 26, weight=600)
    sheet.value("uscc", licence.code, 110, 232, 500, 26)
    sheet.spread("营业执照", 560, 150, 460, 82, weight=800)
    sheet.write("(副本)", 735, 262, 36)
    _qr(sheet, registry_link(licence.code) if qr is None else qr, 1180, 140, 150)
    for n, text in enumerate(("扫描二维码登录", "国家企业信用", "信息公示系统", "了解更多登记信息")):
        sheet.write(text, 1340, 150 + 24 * n, 16)
    left = [("名称", "name", licence.name), ("类型", "type", licence.type)]
    if licence.sole_trader:
        left += [("经营者", "operator", licence.operator), ("经营范围", "scope", licence.scope)]
        right = [
            ("组成形式", "composition", "个人经营"),
            ("注册日期", "established_on", long_day(licence.established_on)),
            ("经营场所", "address", licence.address),
        ]
    else:
        left += [("法定代表人", "operator", licence.operator), ("经营范围", "scope", licence.scope)]
        until = "长期" if licence.valid_until is None else long_day(licence.valid_until)
        right = [
            ("注册资本", "capital", licence.capital),
            ("成立日期", "established_on", long_day(licence.established_on)),
            ("营业期限", "term", f"{long_day(licence.established_on)}至{until}"),
            ("住所", "address", licence.address),
        ]
    for n, (label, field, value) in enumerate(left):
        sheet.spread(label, 110, 400 + 62 * n, 130, 26)
        sheet.value(field, value, 262, 400 + 62 * n, 520, 24)
    for n, (label, field, value) in enumerate(right):
        sheet.spread(label, 850, 400 + 62 * n, 130, 26)
        sheet.value(field, value, 1002, 400 + 62 * n, 480, 24)
    sheet.spread("登记机关", 930, 850, 150, 26)
    _seal(sheet, licence.authority, 1300, 830, 105)
    sheet.value("issued_on", long_day(licence.issued_on), 1180, 960, 400, 26)
    sheet.write("国家企业信用信息公示系统网址:http://www.gsxt.gov.cn", 60, 1040, 18)
    sheet.write("市场主体应当于每年1月1日至6月30日通过国家企业信用信息公示系统报送公示年度报告", 560, 1040, 16)
    sheet.write("国家市场监督管理总局监制", 1300, 1040, 18)
    return sheet


def portrait_licence(licence: Licence, *, texture: bool = True) -> Sheet:
    """The layout of 2015 to 2019: one column, the code beside its label."""
    sheet = Sheet(1120, 1560)
    if texture:
        _texture(sheet)
    sheet.spread("营业执照", 300, 170, 520, 90, weight=800)
    sheet.write("(副本)", 480, 290, 38)
    label = sheet.write("统一社会信用代码", 300, 370, 26)
    sheet.value("uscc", licence.code, label[2] + 16, 370, 500, 26)
    until = "长期" if licence.valid_until is None else long_day(licence.valid_until)
    rows = [
        ("名称", "name", licence.name),
        ("类型", "type", licence.type),
        ("住所", "address", licence.address),
        ("法定代表人", "operator", licence.operator),
        ("注册资本", "capital", licence.capital),
        ("成立日期", "established_on", long_day(licence.established_on)),
        ("营业期限", "term", f"{long_day(licence.established_on)}至{until}"),
        ("经营范围", "scope", licence.scope),
    ]
    top = 470.0
    for name, field, value in rows:
        sheet.spread(name, 140, top, 150, 28)
        sheet.value(field, value, 330, top, 640, 26)
        top = max(top + 68, sheet.places[field][3] + 30)
    sheet.spread("登记机关", 520, 1230, 160, 28)
    _seal(sheet, licence.authority, 850, 1230, 110)
    sheet.value("issued_on", long_day(licence.issued_on), 740, 1370, 400, 28)
    sheet.write("企业信用信息公示系统网址:http://www.gsxt.gov.cn", 60, 1500, 18)
    sheet.write("中华人民共和国国家工商行政管理总局监制", 720, 1500, 18)
    return sheet


def registration_number(rng: Random, region: str = "330106") -> str:
    """A registration number of before 2015 whose check digit is right."""
    body = region + "".join(rng.choice("0123456789") for _ in range(8))
    return body + mod_11_10.calc_check_digit(body)


def old_licence(licence: Licence, number: str) -> Sheet:
    """The layout before 2015: a registration number of 15 digits and no code."""
    sheet = Sheet(1120, 1560)
    _texture(sheet)
    sheet.spread("企业法人营业执照", 160, 170, 800, 72, weight=800)
    label = sheet.write("注册号", 380, 330, 26)
    sheet.value("registration_no", number, label[2] + 18, 330, 500, 26)
    until = "长期" if licence.valid_until is None else long_day(licence.valid_until)
    rows = [
        ("名称", "name", licence.name),
        ("住所", "address", licence.address),
        ("法定代表人姓名", "operator", licence.operator),
        ("注册资本", "capital", licence.capital),
        ("公司类型", "type", licence.type),
        ("经营范围", "scope", licence.scope),
        ("成立日期", "established_on", long_day(licence.established_on)),
        ("营业期限", "term", f"自{long_day(licence.established_on)}至{until}"),
    ]
    top = 430.0
    for name, field, value in rows:
        sheet.spread(name, 120, top, 210, 28)
        sheet.value(field, value, 370, top, 620, 26)
        top = max(top + 70, sheet.places[field][3] + 32)
    sheet.spread("登记机关", 520, 1290, 160, 28)
    sheet.value("issued_on", long_day(licence.issued_on), 740, 1400, 400, 28)
    return sheet


def card_front(card: Card) -> Sheet:
    """The portrait side of an id card, with a grey head in place of a person."""
    sheet = Sheet(1012, 638, (232, 240, 244))
    sheet.write("样本 SPECIMEN", 330, 560, 22, colour=(205, 215, 222))
    sheet.lines.clear()
    label, size = (60, 110, 160), 32
    sheet.write("姓名", 70, 70, 26, colour=label)
    sheet.value("name", card.name, 160, 66, 400, size)
    sheet.write("性别", 70, 140, 26, colour=label)
    sheet.value("sex", card.sex, 160, 138, 60, 28)
    sheet.write("民族", 260, 140, 26, colour=label)
    sheet.value("ethnicity", card.ethnicity, 345, 138, 60, 28)
    sheet.write("出生", 70, 210, 26, colour=label)
    sheet.value("birth_year", str(card.birth_date.year), 160, 208, 200, 28)
    sheet.write("年", 248, 210, 26, colour=label)
    sheet.value("birth_month", str(card.birth_date.month), 300, 208, 60, 28)
    sheet.write("月", 345, 210, 26, colour=label)
    sheet.value("birth_day", str(card.birth_date.day), 398, 208, 60, 28)
    sheet.write("日", 445, 210, 26, colour=label)
    sheet.write("住址", 70, 290, 26, colour=label)
    sheet.value("address", card.address, 160, 288, 440, 28)
    sheet.write("公民身份号码", 70, 500, 26, colour=label)
    sheet.value("resident_id", card.number, 330, 496, 600, 36)
    cv2.circle(sheet.picture, (800, 200), 75, (170, 176, 180), -1, cv2.LINE_AA)
    cv2.ellipse(sheet.picture, (800, 400), (130, 130), 0, 180, 360, (170, 176, 180), -1, cv2.LINE_AA)
    return sheet


def card_back(card: Card) -> Sheet:
    """The emblem side of an id card; a plain disc stands for the emblem."""
    sheet = Sheet(1012, 638, (240, 240, 232))
    cv2.circle(sheet.picture, (150, 150), 85, RED, -1, cv2.LINE_AA)
    sheet.spread("中华人民共和国", 330, 80, 560, 48)
    sheet.spread("居民身份证", 330, 180, 560, 66)
    sheet.write("样本 SPECIMEN", 400, 330, 24, colour=(220, 220, 210))
    sheet.write("签发机关", 240, 450, 28)
    sheet.value("authority", card.authority, 400, 448, 500, 30)
    sheet.write("有效期限", 240, 530, 28)
    sheet.value("term", f"{card.valid_from:%Y.%m.%d}-{card.valid_until:%Y.%m.%d}", 400, 528, 500, 30)
    return sheet


def shop_front(signboard: str, *, licence: Sheet | None = None) -> Picture:
    """A shop front: a wall, a signboard with large letters, a small notice, perhaps a licence on the wall."""
    sheet = Sheet(1800, 1200, (196, 190, 180))
    cv2.rectangle(sheet.picture, (200, 120), (1600, 360), (150, 30, 30), -1)
    width = measured(signboard, 110)
    sheet.write(signboard, 900 - width / 2, 180, 110, colour=(250, 240, 200), weight=800)
    cv2.rectangle(sheet.picture, (260, 480), (700, 1150), (90, 110, 120), -1)
    sheet.write("推 拉", 420, 780, 40, colour=(240, 240, 240))
    if licence is not None:
        small = cv2.resize(licence.picture, None, fx=0.52, fy=0.52, interpolation=cv2.INTER_AREA)
        sheet.picture[480 : 480 + small.shape[0], 840 : 840 + small.shape[1]] = small
    return sheet.picture


def scanned(picture: Picture, seed: int, *, sigma: float = 2.5, degrees: float = 0.0) -> Picture:
    """As a scanner or a camera would give it: a little turned, softened, unevenly lit, with noise."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=(250, 250, 250))
    soft = cv2.GaussianBlur(turned, (0, 0), 0.6).astype(np.float32)
    light = 1.0 - 0.05 * np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    noise = rng.normal(0, sigma, picture.shape[:2]).astype(np.float32)[:, :, None]
    return np.clip(soft * light + noise, 0, 255).astype(np.uint8)


def jpeg(picture: Picture, quality: int = 90, **options: object) -> bytes:
    """As a JPEG file; `options` are Pillow's."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def png(picture: Picture) -> bytes:
    """As a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def opened(data: bytes) -> Picture:
    """The pixels of a file."""
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def resaved(picture: Picture, *qualities: int) -> Picture:
    """The pixels after saving as JPEG, once for each quality."""
    for quality in qualities:
        picture = opened(jpeg(picture, quality))
    return picture


def pasted(target: Picture, source: Picture, region: Region, *, shift: tuple[int, int] = (0, 0)) -> Picture:
    """`target` with a region of `source` put over the same region, a few pixels off where `shift` says so."""
    left, top, right, bottom = region
    done = target.copy()
    x, y = left + shift[0], top + shift[1]
    done[y : y + bottom - top, x : x + right - left] = source[top:bottom, left:right]
    return done


def copied(picture: Picture, source: Region, left: int, top: int) -> Picture:
    """`picture` with one region of it copied to another place of it."""
    done = picture.copy()
    done[top : top + source[3] - source[1], left : left + source[2] - source[0]] = picture[
        source[1] : source[3], source[0] : source[2]
    ]
    return done


def typed_over(picture: Picture, region: Region, text: str, size: int) -> Picture:
    """`picture` with a region painted in one colour and other text typed over it."""
    left, top, right, bottom = region
    done = picture.copy()
    around = np.concatenate([done[max(0, top - 4) : top, left:right], done[bottom : bottom + 4, left:right]])
    colour = np.median(around.reshape(-1, 3), axis=0)
    done[top:bottom, left:right] = colour.astype(np.uint8)
    cv2.putText(done, text, (left, round(top + size * 0.86)), INK, _FONT, size, 400)
    return done
