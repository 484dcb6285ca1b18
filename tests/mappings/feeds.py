"""Several hundred messages unlike each other: events, versions, habits of vendors and countries, odd values and bytes.

Persons are fictional. A feed is its name, the text it means, and the bytes it is sent as.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.mappings.feed_values import NUMBERS, TYPES, VALUES


class Feed(NamedTuple):
    """One message: `text` is what its sender meant, `raw` what comes over the line or stands in the file."""

    name: str
    text: str
    raw: bytes


def _header(kind: str, version: str = "2.5.1", charset: str = "", sender: str = "APP|FAC") -> str:
    return f"MSH|^~\\&|{sender}|HUB|YUNZE|20260301083000||{kind}|C{len(kind)}|P|{version}||||||{charset}"


_PID: Final = "PID|1|A17^^^OLD|0045812^7^M10^HIS&1.2.3.4&ISO^MR~PAT-9^^^LAB^PI|ALT/3|Muster^Erika^M||19580412|F"
_PV1: Final = "PV1|1|I|05^0501^01||||0148^Fang^Zhi||||||||||||V-26001|||||||||||||||||||||||||20260301080000"
_ORC: Final = "ORC|NW|PL-1^EHR|FI-1^LIS||SC"
_OBR: Final = "OBR|1|PL-1^EHR|FI-1^LIS|24331-1^Lipid panel^LN|||20260301075900|||||||||||||||||||F"
_OBX: Final = "OBX|1|NM|2093-3^Cholesterol^LN|1|5.42|mmol/L|3.5-5.2|H|||F\rOBX|2|ST|X2^Remark^L||Haemolytic|||||F"
_SPM: Final = "SPM|1|SP-1&EHR^SP-2&LIS||SER^Serum^HL70487\rOBX|7|ST|SPQ^Quality^L||clouded|||||F"

#: What stands behind PID in messages of each kind; every one holds observations, where its structure has them or not.
_BODIES: Final[dict[str, str]] = {
    "plain": f"{_PV1}\r{_OBX}",
    "order": f"{_PV1}\r{_ORC}\r{_OBR}\r{_OBX}\r{_SPM}",
    "no order": f"{_OBX}\rNTE|1|L|noted",
    "specimen first": f"{_SPM}\r{_OBR}\r{_OBX}",
    "specimens alone": f"{_SPM}\rSPM|2|SP-3||BLD\rOBX|1|ST|A^B||orphan of a specimen",
    "observations first": f"{_OBX}\r{_ORC}\r{_OBR}\rOBX|1|TX|LATE^^L||late",
    "medication": f"{_PV1}\r{_ORC}\rRXE|1^BID|A^Aspirin^L|100||mg\rRXR|PO\r{_OBX}\r"
    "RXA|0|1|20260301|20260301|08^HepB^CVX|1\r"
    "OBX|1|CE|64994-7^Funding^LN|1|V02^Medicaid^HL70064||||||F",
    "schedule": f"SCH|P-1|F-1|||||ROUTINE||30|min|^^^20260302090000|\rRGS|1\rAIS|1||EX^Exam\r"
    f"NTE|1||early\r{_PV1}\r{_OBX}",
    "document": f"{_PV1}\rTXA|1|CN|TX|20260301||||||||DOC-1||||AU\rOBX|1|TX|NOTE^Note^L||first~second~~fourth||||||F",
    "finance": f"{_PV1}\rDG1|1||I10\rPR1|1||0DTJ0ZZ\rFT1|1|||20260301||CG|77\r{_OBX}\rIN1|1|PLAN|7|Payer",
    "local": f"ZPI|1|x\r{_PV1}\rZZZ|a|b\r{_OBX}\rZOB|1|ST|K||in a segment of the sender's own\rOBX|3|ST|Z3||after it",
    "merge": f"MRG|0099812^^^HIS^MR\r{_PV1}\r{_OBX}",
}
_EVENTS: Final = {
    "ORU": ("R01", "R03", "R30", "R31", "R32", "R40"),
    "OUL": ("R21", "R22", "R23", "R24"),
    "ADT": tuple(f"A{n:02}" for n in range(1, 63)),
    "ORM": ("O01",),
    "OML": ("O21", "O33", "O35", "O39"),
    "OMG": ("O19",),
    "OMI": ("O23",),
    "OMP": ("O09",),
    "SIU": tuple(f"S{n}" for n in range(12, 27)),
    "MDM": tuple(f"T{n:02}" for n in range(1, 12)),
    "VXU": ("V04",),
    "VXR": ("V03",),
    "RDE": ("O11", "O25"),
    "RAS": ("O17",),
    "RDS": ("O13",),
    "RGV": ("O15",),
    "DFT": ("P03", "P11"),
    "BAR": ("P01", "P05", "P12"),
    "MFN": ("M02", "M08"),
    "REF": ("I12", "I14"),
    "RRI": ("I12",),
    "QBP": ("Q11", "Q22"),
    "RSP": ("K11", "K22"),
    "ACK": ("", "A01"),
    "NMD": ("N02",),
    "PPR": ("PC1",),
    "CSU": ("C09",),
    "ORF": ("R04",),
    "PEX": ("P07",),
    "ORR": ("O02",),
    "ORL": ("O22",),
    "EAN": ("U09",),
    "ZZZ": ("Z01",),
    "": ("",),
    "UDM": ("Q05",),
}
_VERSIONS: Final = (
    "2.1",
    "2.2",
    "2.3",
    "2.3.1",
    "2.4",
    "2.5",
    "2.5.1",
    "2.6",
    "2.7",
    "2.7.1",
    "2.8",
    "2.8.1",
    "2.8.2",
    "",
)


def events() -> Iterator[Feed]:
    """Every event with every other body, in turning versions, with and without the structure in MSH-9.3."""
    bodies = list(_BODIES.items())
    n = 0
    for kind, triggers in _EVENTS.items():
        for trigger in triggers:
            for shape, body in (bodies[n % len(bodies)], bodies[(n * 5 + 3) % len(bodies)]):
                n += 1
                named = f"{kind}^{trigger}" + (f"^{kind}_{trigger}" if n % 3 == 0 else "") if trigger else kind
                text = "\r".join(
                    [_header(named, _VERSIONS[n % len(_VERSIONS)]), f"EVN|{trigger}|20260301083000", _PID, body]
                )
                yield Feed(f"{named} {shape} {n}", text, text.encode())


def values() -> Iterator[Feed]:
    """Each type of OBX-2 with every value, with and without a unit; one message for a type."""
    for kind in TYPES:
        for units in ("", "%^percent^UCUM"):
            rows = [f"OBX|{i}|{kind}|T{i}^Test^L||{value}|{units}|||||F" for i, value in enumerate(VALUES)]
            text = "\r".join([_header("ORU^R01"), _PID, _OBR, *rows])
            yield Feed(f"OBX-2 {kind!r} unit {units!r}", text, text.encode())


def identifiers() -> Iterator[Feed]:
    """Odd numbers in PID-3, PID-2 and PID-4, alone and beside others."""
    for i, number in enumerate(NUMBERS):
        for where, fields in (
            ("3", f"||{number}|"),
            ("2", f"|{number}|7|"),
            ("4", f"||7|{number}"),
            ("2-4", "|" + "|".join([number] * 3)),
        ):
            text = "\r".join([_header("ADT^A08"), f"PID|1{fields}|Muster^Erika", _PV1])
            yield Feed(f"identifier {i} in PID-{where}", text, text.encode())


def shapes() -> Iterator[Feed]:
    """Line ends, framing, marks, batches, several patients, sizes, segments that are not as they should be."""
    base = "\r".join([_header("ORU^R01"), _PID, _OBR, _OBX, ""])
    for name, text in _arranged(base):
        yield Feed(name, text, text.encode())
    for name, raw in (
        ("byte order mark", b"\xef\xbb\xbf" + base.encode()),
        ("MLLP frame", b"\x0b" + base.encode() + b"\x1c\r"),
        ("UTF-16 LE", b"\xff\xfe" + base.encode("utf-16-le")),
        ("UTF-16 BE", b"\xfe\xff" + base.encode("utf-16-be")),
        ("UTF-16 LE without a mark", base.encode("utf-16-le")),
        ("UTF-16 BE without a mark", base.encode("utf-16-be")),
        ("NUL behind it", base.encode() + b"\0\0"),
        ("invalid UTF-8 elsewhere", base.encode() + b"NTE|1||\xff\xfe\xe6\x9d\r"),
        ("batch", b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + base.encode() + b"BTS|1\rFTS|1\r"),
        ("in quotes", b'"' + base.encode() + b'"'),
    ):
        yield Feed(name, base, raw)


def _arranged(base: str) -> Iterator[tuple[str, str]]:
    yield "LF", base.replace("\r", "\n")
    yield "CRLF", base.replace("\r", "\r\n")
    yield "CR CR LF", base.replace("\r", "\r\r\n")
    yield "no end", base.rstrip("\r")
    yield "blank lines", "\n\n" + base.replace("\r", "\n\n  \n")
    yield "indented", base.replace("\r", "\n    ").rstrip(" ")
    yield "all indented", "    " + base.replace("\r", "\n    ").rstrip(" ")
    yield "blanks behind", base.replace("\r", "  \r\n")
    yield "lower-case names", base.replace("PID|", "pid|").replace("OBX|", "obx|").replace("OBR|", "Obr|")
    yield "all names in lower case", base.replace("MSH|", "msh|").replace("PID|", "pid|").replace("OBX|", "obx|")
    yield "text before", "Message 1 of 1:\r\n" + base
    for at in ("PID|", "OBR|", "OBX|1", "OBX|2"):
        yield f"Z segment before {at}", base.replace(at, f"ZX1|a|b\rZ|x\rZZZZ|y\r{at}")
    yield "without PID", base.replace(_PID + "\r", "")
    yield "without OBR", base.replace(_OBR + "\r", "")
    yield "without both", base.replace(f"{_PID}\r{_OBR}\r", "")
    yield "OBX before PID", base.replace(_PID, f"OBX|9|ST|E^Early||early\r{_PID}")
    yield "OBX before OBR", base.replace(_OBR, f"OBX|9|ST|E^Early||early\r{_OBR}")
    other = _PID.replace("0045812", "0077001").replace("PAT-9", "PAT-8")
    yield "several patients", base + f"{other}\r{_OBR}\r{_OBX}\r{_PID.replace('0045812', '0077002')}\r{_OBX}\r"
    yield "one patient twice", base + f"{_PID}\r{_OBR}\r{_OBX.replace('5.42', '6.66')}\r"
    yield "same order twice", base + f"{_OBR}\r{_OBX.replace('5.42', '6.66')}\r"
    yield "same test often", base + "\r".join(f"OBX|{n}|ST|S^Same^L||value {n}" for n in range(120))
    yield "no test", base + "\r".join(f"OBX|{n}|ST|||nameless {n}" for n in range(30))
    yield (
        "merges",
        "\r".join([_header("ADT^A40"), "EVN|A40|20260301", _PID, "MRG|1^^^H^MR", other, "MRG|2^^^H^MR", _OBX]),
    )
    yield (
        "swap",
        "\r".join([_header("ADT^A17"), "EVN|A17|20260301", _PID, _PV1, _OBX, other, _PV1, "OBX|1|ST|W^X||swapped"]),
    )
    yield "hundred repetitions", base + f"OBX|3|CWE|R^Many^L||{'~'.join(f'c{n}^text {n}^L' for n in range(100))}||||||F"
    yield "hundred lines", base + f"OBX|3|TX|R^Many^L||{'~'.join(f'line {n}' for n in range(100))}||||||F"
    document = base64.b64encode(bytes(range(256)) * 3072).decode()
    yield "a megabyte", base + f"OBX|3|ED|PDF^Report^L||LAB^AP^PDF^Base64^{document}||||||F"
    yield (
        "a megabyte in lines",
        base + f"OBX|3|ED|PDF^Report^L||LAB^AP^PDF^Base64^{document[:72]}\\.br\\{document[72:144]}||||||F",
    )
    yield "broken into lines", base.replace("Haemolytic", "Haemolytic\r\nsecond line\r\n\r\nfourth line")
    yield "swallowed CR", base.replace("\rOBX|2", "OBX|2")
    for marks in (
        "^~\\&#",
        "^~&",
        "^~",
        "^",
        "",
        "^~\\",
        "{0}",
        "^~00",
        "0000",
        "\ufffd",
        "^~\\&#@",
        "^^^^",
        "|",
        " ",
        "^~\\& ",
        "^~\\\\&",
        "abcd",
    ):
        yield f"MSH-2 {marks!r}", base.replace("^~\\&", marks, 1)
    for bar in "#$!;,^&":
        yield (
            f"MSH-1 {bar!r}",
            base.replace(bar, "").replace("|", bar),
        )
    yield "other delimiters", base.translate(str.maketrans("|^~\\&", "!@*%$"))


_COUNTRIES: Final = (
    ("Epic", "EPIC|EPICADT", "2.3", "ascii", "", "203711^^^EPI^MR~E3619^^^EPI^EPI", "Muster^Erika^^^^^D"),
    ("Cerner", "HNAM|RADNET", "2.3", "ascii", "8859/1", "00100^^^MRN^MR^MRN", "MUSTER^ERIKA"),
    ("Meditech", "MT|LAB", "2.1", "ascii", "", "M000123", "MUSTER,ERIKA"),
    ("ORBIS", "ORBIS|KH", "2.5", "iso8859-1", "8859/1", "PAT-äö^^^ORBIS^PI", "Müßig^Jörg^^^Dr."),
    ("France", "SIH|CHU", "2.5", "iso8859-15", "8859/15", "1520^^^CHU&1.2.250.1&ISO^PI", "Lefèvre^Zoé^^^^^L"),
    ("Italy", "LIS|AUSL", "2.5", "cp1252", "", "RSSMRA^^^MEF&2.16.840.1.113883.2.9.4.3.2&ISO^NNITA", "Nicolò^D’Amò"),
    ("Norway", "DIPS|OUS", "2.4", "utf-8", "UNICODE UTF-8", "01015812345^^^FNR", "Ærø^Åse"),
    ("Japan", "HIS|JP", "2.5", "iso2022_jp", "~ISO IR87", "0001234^^^^PI", "山田^太郎^^^^^L^I"),
    ("Japan SJIS", "HIS|JP", "2.5", "shift_jis", "ISO IR13", "0001235^^^^PI", "鈴木^一郎"),
    ("Korea", "EMR|KR", "2.4", "euc_kr", "KS X 1001", "K-77^^^병원", "김^철수"),
    ("China GBK", "HIS|F01", "2.4", "gb18030", "", "00012345^^^&BLH~990122195804120960^^^&SFZH", "沈桂兰"),
    ("China four bytes", "HIS|F01", "2.4", "gb18030", "GB18030", "00012346", "𠮷㐀兰"),
    ("China UTF-8", "LIS|F03", "2.4", "utf-8", "GB2312", "00012347^^^^PatientNO", "欧阳小兰"),
    ("Taiwan", "HIS|TW", "2.5", "big5", "BIG-5", "T-12", "陳^美玲"),
    ("Russia", "MIS|RU", "2.5", "iso8859-5", "8859/5", "Р-12", "Иванова^Анна"),
    ("Greece", "HIS|GR", "2.3", "iso8859-7", "8859/7", "Α-12", "Παππά^Ελένη"),
)


def countries() -> Iterator[Feed]:
    """Character sets as they are declared, or not, in the habits of vendors and countries."""
    for name, sender, version, codec, charset, number, person in _COUNTRIES:
        family = person.partition("^")[0]
        for kind, body in (
            ("ADT^A01", _PV1),
            ("ORU^R01", f"{_OBR}\rOBX|1|ST|T1^{family}^L||{family} 5||||||F\rOBX|2|TX|T2||{person[:1]}"),
        ):
            text = "\r".join([_header(kind, version, charset, sender), f"PID|||{number}||{person}||19580412|2", body])
            yield Feed(f"{name} {kind}", text, text.encode(codec))


def feeds() -> Iterator[Feed]:
    """All of them."""
    for some in (events, values, identifiers, shapes, countries):
        yield from some()
