"""Names of character sets as senders write them in MSH-18 (HL7 table 0211 and local habits), and their codecs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: GB 18030 is a superset of GBK and GB 2312: what is declared as any of them is read as it.
GB: Final = "gb18030"
UTF_8: Final = "utf-8"

#: Python codec by name, letters and digits only. Source: HL7 v2.8.2 table 0211; IR numbers: ISO-IR register.
_CODECS: Final = {
    "ASCII": "ascii",
    "USASCII": "ascii",
    "ISOIR6": "ascii",
    "UNICODEUTF8": UTF_8,
    "UTF8": UTF_8,
    "ISOIR192": UTF_8,
    "GB18030": GB,
    "GB180302000": GB,
    "GB180302005": GB,
    "GB180302022": GB,
    "GBK": GB,
    "CP936": GB,
    "MS936": GB,
    "WINDOWS936": GB,
    "GB2312": GB,
    "GB231280": GB,
    "EUCCN": GB,
    "ISOIR58": GB,
    "BIG5": "big5hkscs",
    "ISOIR13": "shift_jis",
    "ISOIR14": "shift_jis",
    "ISOIR87": "iso2022_jp",
    "ISOIR159": "iso2022_jp_1",
    "KSX1001": "euc_kr",
    "ISOIR149": "euc_kr",
    "WINDOWS1252": "cp1252",
    "CP1252": "cp1252",
}
_ISO_8859: Final = re.compile(r"(?:ISO)?8859(\d{1,2})\Z")
#: ISO-IR number of the right half of a part of ISO 8859.
_ISO_IR: Final = {100: 1, 101: 2, 109: 3, 110: 4, 144: 5, 127: 6, 126: 7, 138: 8, 148: 9, 203: 15}


@lru_cache(maxsize=256)
def codec_named(name: str) -> str | None:
    """The Python codec of a declared character set; None if the name says nothing (`UNICODE`, `false`, `CHN`)."""
    key = re.sub(r"[^A-Z0-9]", "", name.upper())
    part = _ISO_8859.match(key)
    if part is not None:
        return f"iso8859-{int(part[1])}" if int(part[1]) in {*range(1, 12), *range(13, 17)} else None
    if key.startswith("ISOIR") and key[5:].isdigit() and int(key[5:]) in _ISO_IR:
        return f"iso8859-{_ISO_IR[int(key[5:])]}"
    return _CODECS.get(key)
