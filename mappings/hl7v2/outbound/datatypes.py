"""One FHIR value to one repetition of a field. Each writer is the way back of the inbound map of the same name.

A writer gives "" for what it has nothing to say of. Leaves are escaped here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from hub.kernel.types import Json
from mappings.hl7v2.codetables import table
from mappings.hl7v2.outbound import times
from mappings.hl7v2.outbound.inverse import source_of
from mappings.hl7v2.outbound.style import Style

V2_0203: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_V2_TABLE: Final = "http://terminology.hl7.org/CodeSystem/v2-"
_CHECK_DIGIT: Final = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"
_SYLLABIC: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
#: Most coding systems of one CE: its second triplet is the last.
_CODINGS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What writers need besides the value: the receiver's style, the resources that were let out by reference."""

    style: Style
    resources: Mapping[str, Json]

    def resolved(self, reference: Any) -> Json | None:
        """The resource a Reference points to, if it was let out."""
        return self.resources.get(str(reference.get("reference", ""))) if isinstance(reference, dict) else None


#: A value, how to speak, and the name of a code table ("" for none).
Writer = Callable[[Any, Speech, str], str]


def authority(system: str, name: str, style: Style, kind: str = "", *, joint: bool = False) -> str:
    """HD of an identifier's system: name, universal id and its type; a URI where it is neither OID nor UUID.

    A receiver whose profile names the system is told its own name for it. `joint` writes subcomponents.
    """
    rule = next(
        (one for one in style.profile.identifier_rules if one.system == system and one.type in ("", kind)), None
    )
    if rule is not None and rule.authority:
        parts = (rule.authority, "", "")
    elif system.startswith("urn:oid:"):
        parts = (name, system.removeprefix("urn:oid:"), "ISO")
    elif system.startswith("urn:uuid:"):
        parts = (name, system.removeprefix("urn:uuid:").upper(), "UUID")
    else:
        parts = (name or unquote(system.rpartition("/")[2]), system, "URI") if system else (name, "", "")
    leaves = [style.leaf(part) for part in parts]
    return (style.subcomponents if joint else style.components)(*leaves)


def kind_of(identifier: Json) -> str:
    """Code of v2 table 0203, "" for none."""
    codings = identifier.get("type", {}).get("coding", ())
    return next((str(each["code"]) for each in codings if each.get("system") == V2_0203 and "code" in each), "")


def _told_kind(identifier: Json, style: Style) -> str:
    """CX.5: the receiver's own word for it, the code of table 0203, or the text."""
    system, kind = identifier.get("system", ""), kind_of(identifier)
    for rule in style.profile.identifier_rules:
        if rule.system == system and rule.type in ("", kind) and rule.kind:
            return rule.kind
    return kind or str(identifier.get("type", {}).get("text", ""))


def cx(value: Json, speech: Speech, _: str = "") -> str:
    """Identifier to CX."""
    style = speech.style
    if not value.get("value"):
        return ""
    checks = (one.get("valueString", "") for one in value.get("extension", ()) if one.get("url") == _CHECK_DIGIT)
    period = value.get("period", {})
    assigner = value.get("assigner", {}).get("display", "")
    return style.components(
        style.leaf(value["value"]),
        style.leaf(next(checks, "")),
        "",
        authority(value.get("system", ""), assigner, style, kind_of(value), joint=True),
        style.leaf(_told_kind(value, style)),
        "",
        times.date(period.get("start", "")),
        times.date(period.get("end", "")),
    )


def ei(value: Json, speech: Speech, _: str = "") -> str:
    """Identifier to EI."""
    style = speech.style
    if not value.get("value"):
        return ""
    assigner = value.get("assigner", {}).get("display", "")
    return style.components(style.leaf(value["value"]), authority(value.get("system", ""), assigner, style))


def xpn(value: Json, speech: Speech, _: str = "") -> str:
    """HumanName to XPN; a name that has a text only is a family name, as Chinese senders write it."""
    style = speech.style
    given = value.get("given", ())
    family = value.get("family") or ("" if given else value.get("text", ""))
    if not family and not given:
        return ""
    syllabic = any(one.get("url") == _SYLLABIC and one.get("valueCode") == "SYL" for one in value.get("extension", ()))
    parts = (
        family,
        given[0] if given else "",
        " ".join(given[1:]),
        " ".join(value.get("suffix", ())),
        " ".join(value.get("prefix", ())),
        "",
        source_of("name-use").get(("", value.get("use", "")), ""),
        "P" if syllabic else "",
    )
    return style.components(*map(style.leaf, parts))


def xad(value: Json, speech: Speech, _: str = "") -> str:
    """Address to XAD."""
    style = speech.style
    lines = value.get("line", ()) or ([value["text"]] if value.get("text") else ())
    parts = (
        lines[0] if lines else "",
        " ".join(lines[1:]),
        value.get("city", ""),
        value.get("state", ""),
        value.get("postalCode", ""),
        value.get("country", ""),
        source_of("address-use").get(("", value.get("use", "")), ""),
        "",
        value.get("district", ""),
    )
    return style.components(*map(style.leaf, parts))


def xtn(value: Json, speech: Speech, _: str = "") -> str:
    """ContactPoint to XTN: the whole number in the first component, as every version may; e-mail in the fourth."""
    style = speech.style
    number, use = value.get("value", ""), value.get("use", "")
    if not number:
        return ""
    told = source_of("telecom-use").get(("", use), "")
    if value.get("system") == "email":
        return style.components("", "NET", "Internet", style.leaf(number))
    equipment = "CP" if use == "mobile" else source_of("telecom-equipment").get(("", value.get("system", "")), "")
    return style.components(style.leaf(number), "PRN" if use == "mobile" else told, equipment)


def concept(value: Json, speech: Speech, name: str = "") -> str:
    """CodeableConcept to CE: two codings and their texts. With a table: the table's code, if it has one."""
    codings = [each for each in value.get("coding", ()) if each.get("code")]
    if name:
        known = source_of(name)
        told = next((known[key] for each in codings if (key := (each.get("system", ""), each["code"])) in known), "")
        if told:
            return speech.style.leaf(told)
    triplets = [part for each in codings[:_CODINGS] for part in _triplet(each, value.get("text", ""))]
    return speech.style.components(*map(speech.style.leaf, triplets or ("", value.get("text", ""))))


def word(value: Json, speech: Speech, _: str = "") -> str:
    """CodeableConcept to IS: its first code, else its text."""
    codes = [each["code"] for each in value.get("coding", ()) if each.get("code")]
    return speech.style.leaf(codes[0] if codes else value.get("text", ""))


def _triplet(coding: Json, text: str) -> tuple[str, str, str]:
    return coding["code"], coding.get("display") or text, system_name(coding.get("system", ""))


def worded(value: Json, speech: Speech, _: str = "") -> str:
    """CodeableConcept to CWE: as CE, with the original text where it is another one."""
    style = speech.style
    said = concept(value, speech)
    text = value.get("text", "")
    codings = [each for each in value.get("coding", ()) if each.get("code")]
    if not codings or not text or text == codings[0].get("display", text):
        return said
    return style.components(*(said.split(style.separators.component) + [""] * 8)[:8], style.leaf(text))


def system_name(system: str) -> str:
    """A coding system as table 0396 names it, else by OID or URI: names that are local here are others' elsewhere."""
    known = source_of("coding-systems").get(("", system))
    if known:
        return known
    if system.startswith(_V2_TABLE):
        return f"HL7{system.removeprefix(_V2_TABLE)}"
    return system.removeprefix("urn:oid:")


def code(value: str, speech: Speech, name: str) -> str:
    """A FHIR code by a table; one the table has no word for is not said."""
    return speech.style.leaf(source_of(name).get(("", value), ""))


def translated(value: str, speech: Speech, name: str) -> str:
    """A FHIR code by a table that leads from FHIR to v2."""
    known = table(name)
    found = known.get(value) or known.fallback
    return speech.style.leaf(found.code) if found else ""


def coding(value: Json, speech: Speech, name: str) -> str:
    """A Coding by a table."""
    return speech.style.leaf(source_of(name).get((value.get("system", ""), value.get("code", "")), ""))


def flag(value: bool, _: Speech, __: str = "") -> str:
    """A boolean as Y or N (table 0136)."""
    return "Y" if value else "N"


def text(value: Any, speech: Speech, _: str = "") -> str:
    """A primitive as it is."""
    return speech.style.leaf(value)


def ts(value: str, speech: Speech, _: str = "") -> str:
    """A date or time."""
    return speech.style.leaf(times.timestamp(value, speech.style.zone))


def person(value: Json, speech: Speech, _: str = "") -> str:
    """Reference to XCN: the Practitioner that was let out, else its display."""
    style = speech.style
    found = speech.resolved(value)
    if not str(value.get("reference", "Practitioner/")).startswith("Practitioner/"):
        return ""
    if found is None:
        return style.components("", style.leaf(value.get("display", "")))
    identifier: Json = next((one for one in found.get("identifier", ()) if one.get("value")), {})
    names = xpn(found["name"][0], speech) if found.get("name") else style.leaf(value.get("display", ""))
    parts = (names.split(style.separators.component) + [""] * 6)[:6]
    assigner = identifier.get("assigner", {}).get("display", "")
    issued = authority(identifier.get("system", ""), assigner, style, joint=True) if identifier else ""
    return style.components(style.leaf(identifier.get("value", "")), *parts[:5], "", "", issued)


def organization(value: Json, speech: Speech, _: str = "") -> str:
    """Reference to CE of an organisation: its code (id of its Organization) and its name."""
    style = speech.style
    target = str(value.get("reference", ""))
    if target and not target.startswith("Organization/"):
        return ""
    found = speech.resolved(value) or {}
    name = found.get("name") or value.get("display", "")
    return style.components(style.leaf(target.removeprefix("Organization/")), style.leaf(name))


WRITERS: Final[Mapping[str, Writer]] = {
    "CX": cx,
    "EI": ei,
    "XPN": xpn,
    "XAD": xad,
    "XTN": xtn,
    "CE": concept,
    "CWE": worded,
    "IS": word,
    "code": code,
    "translated": translated,
    "coding": coding,
    "flag": flag,
    "text": text,
    "TS": ts,
    "XCN": person,
    "organization": organization,
}
