"""Chinese personal names of one text: family and given name.

Source of the compound surnames: the two-character surnames of the Hundred Family Surnames (百家姓) that are in use.
"""

from __future__ import annotations

from typing import Final

_COMPOUND: Final = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 "
    "公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 令狐 百里 呼延 东郭 南门 微生 公西 第五 西门 轩辕 拓跋"
)
COMPOUND_SURNAMES: Final = frozenset(_COMPOUND.split())


def split_name(text: str) -> tuple[str, str]:
    """(family, given) of a Chinese name of two to four hanzi; ("", "") if it is something else.

    A name of two hanzi has a surname of one, whatever it looks like.
    """
    name = "".join(text.split())
    if not 2 <= len(name) <= 4 or not all(map(_is_hanzi, name)):
        return "", ""
    length = 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1
    return name[:length], name[length:]


def _is_hanzi(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff" or character == "〇"
