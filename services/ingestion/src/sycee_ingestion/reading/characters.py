"""Texts as they are read: one width, one case, simplified characters, faces as words, and no more than is looked at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

LONGEST_TEXT: Final = 4_000
"""Characters that are looked at; what follows them is left out."""

_FACES: Final = {
    "很赞": "👍👏💪🙌👌✌💯🏆🎉🥳🤝",
    "喜欢": "😍🥰😘😚❤♥💕💖💗💓💞🌹🌺🌸💐😻🤩💝",
    "开心": "😀😃😄😁😆😊☺🙂😋😎🤗😂🤣😇😝😜😙",
    "好吃": "🤤",
    "生气": "😠😡🤬👿😤💢",
    "失望": "😞😔😟🙁☹😣😖😫😩😢😭😥😓💔😑😒🙄😶😐",
    "恶心": "🤢🤮💩😷",
    "差评": "👎🖕",
}
_OF_FACE: Final = {ord(face): word for word, faces in _FACES.items() for face in faces}
_UNWANTED: Final = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFE0E, 0xFE0F, 0xFEFF, *range(0x1F3FB, 0x1F400)))
_SPACES: Final = dict.fromkeys((*range(0x20), 0x7F, 0x85, 0x2028, 0x2029, *range(0xD800, 0xE000)), " ")
_GLAD_SIGN: Final = re.compile(r"[:;=]-?[)d]|\^[_.o]?\^|6{3,}")
_SAD_SIGN: Final = re.compile(r":-?\(|t_t|>_<|-_-\|*")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_LIST_NUMBER: Final = re.compile(r"^\s*[\d一二三四五六七八九十]{1,2}\s*[、.,):。]\s*")
_DIGITS: Final = re.compile(r"\d+")
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_LETTER: Final = re.compile(r"[^\W\d_]")


class Characters:
    """Turns texts into what the model reads. `simplified` gives each traditional character its simplified one."""

    def __init__(self, simplified: Mapping[str, str]) -> None:
        characters = {ord(one): other for one, other in simplified.items()}
        self._table: dict[int, str | None] = {**characters, **_OF_FACE, **_UNWANTED, **_SPACES}

    def plain(self, text: str) -> str:
        """The text without what only looks different: width, case, traditional characters, long runs of one character,
        a list's number at its start. It holds no line breaks."""
        text = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).lower()[:LONGEST_TEXT].translate(self._table)
        text = _GLAD_SIGN.sub("开心", text)
        text = _SAD_SIGN.sub("失望", text)
        text = _REPEATED.sub(r"\1\1", text)
        return _LIST_NUMBER.sub("", text).strip()


def without_numbers(text: str) -> str:
    """Every number as 0: which number it is says little of the next shop's."""
    return _DIGITS.sub("0", text)


def is_readable(plain: str) -> bool:
    """Whether there is a letter of any script to read."""
    return _LETTER.search(plain) is not None


def chinese_share(plain: str) -> float:
    """The share of Chinese characters among the letters, 0 to 1; 0 without letters."""
    letters = len(_LETTER.findall(plain))
    return len(_HAN.findall(plain)) / letters if letters else 0.0
