"""`value[x]` to the value of an observation, the inverse of `mappings.cda.values`."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from hub.kernel.types import Json
from mappings.cda.tables import rows

V3: Final = "urn:hl7-org:v3"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE: Final = f"{{{XSI}}}type"


def sub(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    """A child element; attributes that say nothing are left out."""
    made = etree.SubElement(parent, f"{{{V3}}}{name}", {key: said for key, said in attributes.items() if said})
    made.text = text or None
    return made


def oid(system: str) -> str:
    """The OID of a code system or namespace; another URI as it is."""
    known = next((row["oid"] for row in rows("code-systems") if row["uri"] == system), "")
    return known or system.removeprefix("urn:oid:").removeprefix("urn:uuid:")


def timestamp(text: str) -> str:
    """A FHIR date, dateTime or instant as a TS; a time keeps its offset."""
    date, _, time = text.partition("T")
    if not time:
        return date.replace("-", "")
    clock, sign, zone = time.replace("Z", "+00:00").partition("-" if "-" in time else "+")
    return date.replace("-", "") + clock.partition(".")[0].replace(":", "") + sign + zone.replace(":", "")


def coded(parent: etree._Element, name: str, concept: Json, xsi_type: str = "") -> etree._Element:
    """A coded element: the first coding, the others as translations, the text as originalText."""
    codings = concept.get("coding", [])
    made = sub(parent, name, **(_attributes(codings[0]) if codings else {}))
    if xsi_type:
        made.set(_TYPE, xsi_type)
    text = concept.get("text", "")
    if text and not (codings and codings[0].get("display") == text):
        sub(made, "originalText", text)
    for each in codings[1:]:
        sub(made, "translation", **_attributes(each))
    return made


def _attributes(coding: Json) -> dict[str, str]:
    said = {"code": coding.get("code", ""), "codeSystem": oid(coding.get("system", ""))}
    return said | {"displayName": coding.get("display", "")}


def value(parent: etree._Element, name: str, said: Any) -> None:
    """The value element; `name` is the type as in `valueQuantity` or `detailQuantity`, without value or detail."""
    if name == "CodeableConcept":
        coded(parent, "value", said, "CD")
    elif name == "Quantity":
        _quantity(parent, said)
    elif name == "String":
        sub(parent, "value", said).set(_TYPE, "ST")
    elif name in {"Boolean", "Integer", "DateTime"}:
        kind, text = _simple(name, said)
        sub(parent, "value", value=text).set(_TYPE, kind)
    elif name == "Period":
        _ends(parent, "IVL_TS", {"low": said.get("start"), "high": said.get("end")})
    elif name == "Range":
        _amounts(parent, "IVL_PQ", said)
    elif name == "Ratio":
        _amounts(parent, "RTO", said)


def _simple(name: str, said: Any) -> tuple[str, str]:
    if name == "Boolean":
        return "BL", "true" if said else "false"
    return ("INT", str(said)) if name == "Integer" else ("TS", timestamp(said))


def _quantity(parent: etree._Element, said: Json) -> None:
    """A PQ; money is an MO, and a bound an interval that is open at its other end."""
    if said.get("system") == "urn:iso:std:iso:4217":
        sub(parent, "value", value=str(said["value"]), currency=_unit(said)).set(_TYPE, "MO")
        return
    amount = {"value": str(said["value"]), "unit": _unit(said)}
    comparator = said.get("comparator", "")
    if not comparator:
        sub(parent, "value", **amount).set(_TYPE, "PQ")
        return
    made = sub(parent, "value")
    made.set(_TYPE, "IVL_PQ")
    inclusive = "true" if comparator.endswith("=") else "false"
    sub(made, "low" if comparator.startswith(">") else "high", inclusive=inclusive, **amount)


def _unit(said: Json) -> str:
    return str(said.get("unit") or said.get("code") or "")


def _ends(parent: etree._Element, kind: str, ends: dict[str, str | None]) -> None:
    made = sub(parent, "value")
    made.set(_TYPE, kind)
    for name, end in ends.items():
        if end:
            sub(made, name, value=timestamp(end))


def _amounts(parent: etree._Element, kind: str, said: Json) -> None:
    made = sub(parent, "value")
    made.set(_TYPE, kind)
    for name in ("low", "high", "numerator", "denominator"):
        if name in said:
            sub(made, name, value=str(said[name]["value"]), unit=said[name].get("unit", ""))
