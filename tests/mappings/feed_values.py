"""Odd values, types and numbers that senders write in OBX-5, OBX-2 and PID-3, as they stand in a message."""

from __future__ import annotations

from typing import Final

VALUES: Final = (
    "+5", "-5", "1e5", "1E-3", ".5", "5.", "1,5", "1.234,5", ">=10", "<0.01", "> 5", "1:128", "3-5", "0", "00", "-0",
    "007", "5.0000", "9" * 40, "0." + "1" * 60, "NaN", "Infinity", "++", "+", "-", ".", "1.2.3", "5 %", "５", "٣",
    "½", "1/2", "阴性", "(-)", "±", "20260301", "202603", "2026", "20261301", "20260231", "20260301240000",
    "202603012460", "2026030108", "202603010830", "20260301083000.1234", "20260301083000+0800", "20260301083000Z",
    "20260301-0530", "20260301083000+1430", "２０２６０３０１", "20260301083000-0000", "2026-03-01", "2026/3/1 8:05",
    "00000000", "0001", "99991231235959+1400", "0830", "083000", "08", "24:00", "0830+0800", "2460", "８３０",
    "&amp;lt;", "<b>bold</b>", "{\"a\": 1}", "a&b", "a&b&c^d&e", "^", "^^x", "~", "x~~y", "~x", "&&x",
    "\\F\\\\S\\\\R\\\\T\\\\E\\", "a\\.br\\b", "a\\X0D\\b", "\\X0D0A\\", "\\H\\loud\\N\\ plain", "\\Zx\\y", "\\5 re.",
    "\\", "\\\\", "\\X41", "\\C2842\\x", "\\T\\amp", '""', '""^""', 'x^""', '"quoted"', "   ", " x ", "\t", "\u00a0",
    "\u3000宽\u3000", "a\x00b", "\x01", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0001f600", "𠮷", "é",
    "e\u0301", "null", "None", "true", "Y", "http://a.example/x y", "C:\\E\\x", "\\\\share\\x", "a=b;c", "%41",
    "x" * 5000, "1^2", "<^10", ">=^5.5", "^1^-^3", "^3^-^1", "^1^:^128", "^1^/^2", "^1^+", "=^5", "<>^5", "^10^^20",
    "10039-2^Fever^LN", "A^^L", "^only text", "A B  C^text^L", "1^2^3^4^5^6^7^8^9^10^11^12", "x^y^with blank^z",
    "c^t^99 LOCAL/Ä^c2^t2^L^1^2^original text", "^^^^^^^^only the original", "Smith^John^Q^Jr^Dr^MD",
    "17^Fang^Zhi^^^^^^HOSP&1.2.3&ISO", "12345^4^M11^HOSP^MR", "ORD-1^EHR^1.2.3^ISO",
    "1 Main St&Main St&1^^Town^ST^0000^USA", "^PRN^PH^^1^555^0100^22", "20260101^20260201", "20260101^x",
    "^Image^JPEG^Base64^/9j/4AAQ", "^TEXT^PLAIN^A^hello there", "^AP^PDF^Base64^JVBERi0xLjQK",
    "X^AP^PDF^BASE64^not base64!", "APP&1.2^application^pdf^Base64^JVBERi0xLjQK&more",
    "http://pacs.example/1?a=1^TITLE^image^jpeg", "\\\\srv\\doc 1.pdf^APP^TX^RTF", "10^mg&Milligram&UCUM", "5&1^10&2",
    "Y^Yes^HL70136~N^No^HL70136", "1~2~3", "a~b^c~d&e", "19^%^L",
)  # fmt: skip

TYPES: Final = (
    "NM", "SN", "ST", "TX", "FT", "CE", "CWE", "CNE", "CF", "IS", "ID", "DT", "TM", "TS", "DTM", "DR", "NR", "ED",
    "RP", "CX", "EI", "XCN", "XPN", "XAD", "XTN", "XON", "PL", "CQ", "MO", "CP", "SI", "NA", "MA", "VR", "CD", "",
    "QQ", "nm", "ST^x", " NM ", '""', "TN", "CK", "AD", "PN",
)  # fmt: skip

NUMBERS: Final = (
    "", "0", "00", "-", "/", "无", "不详", "N/A", "NULL", "null", "None", '""', "  ", " 12 ", "a\\T\\b", "a\\S\\b",
    "a\\R\\b\\F\\c\\E\\d", "a&b", "a&&c", "&b", "1\x002", "\x01", "№7", "患者1", "x" * 2000, "^^^HIS^MR",
    "7^^^^MR~7^^^^PI~7^^^^AN~7", "7~7~7", "~7", "7~~8", "990122195804120960^^^CHN^NNCHN", "7^^^&PATID",
    "7^^^&1.2.3&ISO", "7^^^not an oid&1.02.3&ISO^MR", "7^^^http://a.example/x&http://b.example/y&URI",
    "7^^^A B/C&D&X^K L", "7^c^M10^HIS^MR^FAC^20200101^20301231", "7^^^HIS^MR^^bad^13", "0^^^HIS^MR~8^^^HIS^MR",
    "无^^^HIS~8", "7\\.br\\8", "7\\X0D\\8", "\U00020bb7", "http://x.example/a b", "7^8^9", "+7", "007", "1e5",
    "~".join(f"P{n:03}^^^S{n % 7}^T{n % 5}" for n in range(50)),
)  # fmt: skip
