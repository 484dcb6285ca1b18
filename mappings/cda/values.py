"""The value of an observation, whatever its xsi:type says or forgets to say, to `value[x]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final
from unicodedata import normalize

from hub.fhir.canonical_units import UCUM, is_of_ucum
from hub.kernel.types import Json
from mappings.cda.codes import concept, referred
from mappings.cda.context import Context
from mappings.cda.node import Node
from mappings.cda.tables import translated
from mappings.cda.times import date_time, period

#: A comparator, a number, and what stands behind it.
_NUMBER: Final = re.compile(
    r"([<>]=?|[≤≥])?\s*([+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d{1,30})?|\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?)"
    r"(?![\d,.])\s*(.*)\Z",
    re.S | re.ASCII,
)
_COMPARATORS: Final = {"≤": "<=", "≥": ">="}
#: Signs of a Chinese keyboard and units in one sign (㎏) to those of ASCII, wide blanks to blanks; not all of NFKC,
#: which would make 10⁹ a hundred and nine.
_HALF_WIDTH: Final[Mapping[int, int | str]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{code: normalize("NFKC", chr(code)) for code in range(0x3380, 0x33E0)},
    **dict.fromkeys((0x3000, 0xA0), " "),
}
#: How a laboratory marks a value, which is no hour and no henry.
_FLAGS: Final = frozenset({"H", "HH", "LL"})
_BOOLEANS: Final = {
    "true": True, "1": True, "是": True, "有": True, "y": True, "yes": True, "t": True,
    "false": False, "0": False, "否": False, "无": False, "n": False, "no": False, "f": False,
}  # fmt: skip
_TO: Final = "Observation.value[x]"


def unit(text: str) -> Json:
    """`unit` as printed, and its UCUM code if it has one."""
    printed = text.strip()
    if not printed:
        return {}
    plain = "".join(printed.split()).translate(_HALF_WIDTH)
    outer, _, inner = plain.rstrip(")").partition("(")  # 摄氏度(℃)
    code = next(filter(None, map(_ucum, (plain.strip("()"), inner, outer))), "")
    return {"unit": printed} | ({"system": UCUM, "code": code} if code else {})


def _ucum(plain: str) -> str:
    """The UCUM code of a unit without blanks: of the table, else itself where UCUM has it."""
    code = translated("units", plain) or translated("units", plain.casefold())
    return code or (plain if plain.isascii() and not plain.isdecimal() and is_of_ucum(plain) else "")


def quantity(node: Node, to: str) -> Json | None:
    """Quantity of a PQ, REAL or INT, with a comparator or unit that stands in its value.

    None if it is no number, and where the unit in the value is another than the one beside it.
    """
    found = number_in(node.get("value") or node.text.strip())
    if found is None:
        return None
    comparator, number, behind = found
    if node.get("unit") and behind and not is_same_unit(behind, node.get("unit")):
        return None
    node.take(to, "value", "unit", "")
    made: Json = {"value": number}
    if comparator:
        made["comparator"] = comparator
    translation = node.first("translation")
    printed = node.get("unit") or behind
    if printed in {"", "1"} and translation is not None and translation.get("displayName"):
        printed = translation.get("displayName")
        translation.take(to)
    return made | unit(printed)


def is_same_unit(printed: str, other: str) -> bool:
    """Whether two units are one, however each is printed."""
    return _sign(printed) == _sign(other)


def _sign(printed: str) -> str:
    return str(unit(printed).get("code", "".join(printed.split())))


def number_in(text: str) -> tuple[str, Decimal, str] | None:
    """Comparator, number and unit of a text that says no more than these; None for others (120/80)."""
    match = _NUMBER.match(text.translate(_HALF_WIDTH).strip())
    if match is None or (match[3] and not _is_printed_unit(match[3])):
        return None
    return _COMPARATORS.get(match[1], match[1] or ""), Decimal(match[2].replace(",", "")), match[3]


def _is_printed_unit(text: str) -> bool:
    if text in _FLAGS:
        return False
    return ("code" in unit(text) and not text.startswith("/")) or (text.isalpha() and len(text) <= 4)


def value(node: Node, context: Context) -> Json | None:
    """One member `value...` of an Observation, or dataAbsentReason; None if the element says nothing.

    What is not what its type claims is kept as text, and an issue says so.
    """
    kind = node.get("xsi:type").rpartition(":")[2] or node.get("type").rpartition(":")[2] or _guessed(node)
    null = node.get("nullFlavor")
    made = _READERS.get(kind.upper().partition(".")[0], _text)(node, context)
    if made is None and (text := _plain(node)):
        context.issue("not-of-its-type", "the value is not of its type; it is kept as text", node)
        made = {"valueString": text}
        node.take("Observation.valueString")
        if node.get("unit"):
            unit_as_sent = {"url": context.extension("cda-unit"), "valueString": node.get("unit")}
            made["_valueString"] = {"extension": [unit_as_sent]}
    if made is None and null:
        node.take("Observation.dataAbsentReason", "nullFlavor")
        made = {"dataAbsentReason": _reason(null)}
    return made


def _reason(null: str) -> Json:
    code = translated("null-flavors", null) or "unknown"
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    return {"coding": [{"system": system, "code": code}]} | ({"text": null} if code == "unknown" else {})


def _guessed(node: Node) -> str:
    """The type of a value that states none, by what it holds."""
    if node.get("code") or node.get("codeSystem") or node.get("displayName"):
        return "CD"
    if node.first("low") or node.first("high"):
        bound = node.first("low") or node.first("high")
        return "IVL_PQ" if bound is not None and bound.get("unit") else "IVL_TS"
    if node.first("numerator"):
        return "RTO"
    if node.get("currency"):
        return "MO"
    if node.get("unit"):
        return "PQ"
    return "BL" if node.get("value") in {"true", "false"} else "ST"


def _plain(node: Node) -> str:
    """What a value says, for people."""
    said = node.said() or node.get("value") or node.get("displayName") or node.get("code")
    if not said:
        said = "-".join(filter(None, (each.get("value") for each in (*node.all("low"), *node.all("high")))))
    return said


def _text(node: Node, context: Context) -> Json | None:
    if node.get("representation") == "B64":
        return None
    said = node.said() or referred(node, context, "Observation.valueString")
    said = said or node.get("value") or node.get("displayName") or node.get("code")
    if not said:
        return None
    node.take_all("Observation.valueString")
    return {"valueString": said}


def _quantity(node: Node, _: Context) -> Json | None:
    made = quantity(node, "Observation.valueQuantity")
    return {"valueQuantity": made} if made else None


def _integer(node: Node, context: Context) -> Json | None:
    text = node.get("value") or node.text.strip()
    if not node.get("unit") and re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        node.take("Observation.valueInteger")
        return {"valueInteger": int(text)}
    return _quantity(node, context)


def _concept(node: Node, context: Context) -> Json | None:
    made = concept(node, context, "Observation.valueCodeableConcept")
    if made is None and node.get("value"):
        node.take("Observation.valueCodeableConcept.text", "value")
        made = {"text": node.get("value")}
    return {"valueCodeableConcept": made} if made else None


def _boolean(node: Node, _: Context) -> Json | None:
    text = (node.get("value") or node.get("code") or node.text.strip() or node.get("displayName")).casefold()
    if text not in _BOOLEANS:
        return None
    node.take("Observation.valueBoolean")
    return {"valueBoolean": _BOOLEANS[text]}


def _moment(node: Node, context: Context) -> Json | None:
    found = date_time(node, context, "Observation.valueDateTime")
    return {"valueDateTime": found} if found else None


def _interval(node: Node, context: Context) -> Json | None:
    width = node.first("width") or node.first("period")
    if width is not None and not node.first("low"):
        made = quantity(width, "Observation.valueQuantity")
        return {"valueQuantity": made} if made else None
    if made := period(node, context, "Observation.valuePeriod"):
        return {"valuePeriod": made}
    return _moment(node, context)


def _number(node: Node, _: Context) -> Json | None:
    """An II: R4 has no value that is an Identifier."""
    if not (said := node.get("extension") or node.get("root")):
        return None
    node.take("Observation.valueString", "root", "extension")
    return {"valueString": said}


def _range(node: Node, context: Context) -> Json | None:
    made = bounds(node, "Observation.valueRange")
    if not made:
        return _quantity(node, context)
    if len(made) == 1 and "comparator" in next(iter(made.values())):
        return {"valueQuantity": next(iter(made.values()))}
    return {"valueRange": made}


def bounds(node: Node, to: str) -> Json:
    """The ends of an IVL_PQ or IVL_INT; an end that stands alone has a comparator."""
    ends = {name: made for name in ("low", "high") if (end := node.first(name)) and (made := quantity(end, to))}
    if len(ends) == 1:
        ((name, alone),) = ends.items()
        bound = node.first(name)
        strict = bound is not None and bound.get("inclusive") == "false"
        if strict and bound is not None:
            bound.take(to, "inclusive")
        alone.setdefault("comparator", {"low": ">", "high": "<"}[name] + ("" if strict else "="))
    return ends


def _ratio(node: Node, _: Context) -> Json | None:
    ends = {
        name: made
        for name in ("numerator", "denominator")
        if (end := node.first(name)) and (made := quantity(end, "Observation.valueRatio"))
    }
    return {"valueRatio": ends} if len(ends) == 2 else None


def _money(node: Node, _: Context) -> Json | None:
    made = quantity(node, "Observation.valueQuantity")
    if made is None:
        return None
    printed = node.get("currency") or node.get("unit")
    node.take("Observation.valueQuantity.unit", "currency")
    code = translated("currencies", printed.upper())
    coded = {"system": "urn:iso:std:iso:4217", "code": code} if code else {}
    return {"valueQuantity": {"value": made["value"]} | ({"unit": printed} if printed else {}) | coded}


_READERS: Final[Mapping[str, Callable[[Node, Context], Json | None]]] = {
    "PQ": _quantity, "REAL": _quantity, "INT": _integer, "MO": _money, "BL": _boolean, "BN": _boolean,
    "CD": _concept, "CE": _concept, "CV": _concept, "CO": _concept, "CS": _concept, "CR": _concept,
    "TS": _moment, "DATE": _moment, "DATETIME": _moment, "II": _number,
    "PIVL_TS": _interval, "IVL_TS": _interval, "IVL_PQ": _range, "IVL_INT": _range, "IVL_REAL": _range,
    "RTO": _ratio, "RTO_PQ_PQ": _ratio, "RTO_QTY_QTY": _ratio,
}  # fmt: skip
