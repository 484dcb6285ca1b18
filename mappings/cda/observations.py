"""Observations: coded by data element and LOINC, with value, interpretation and range; targets become Goals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import ELEMENT_CODE, ELEMENTS, LOINC, absent, concept, said_in
from mappings.cda.context import reference
from mappings.cda.node import Node
from mappings.cda.setting import Setting, begin, is_negated, is_planned, names_of, performers, status
from mappings.cda.tables import Row, element_named, table
from mappings.cda.values import bounds, value

_STATUSES: Final = {
    "completed": "final", "active": "preliminary", "aborted": "cancelled", "cancelled": "cancelled",
    "new": "registered", "held": "registered", "suspended": "registered", "nullified": "entered-in-error",
}  # fmt: skip
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_INTERPRETATIONS: Final = frozenset({"H", "HH", "HU", "L", "LL", "LU", "N", "A", "AA", "POS", "NEG", "IND", "<", ">"})
_SNOMED: Final = "http://snomed.info/sct"
#: The side a measurement was taken on, told by a name only. Upper arms: SNOMED CT.
_SIDES: Final = {
    "左": ("左侧", "368208006", "Left upper arm structure"),
    "右": ("右侧", "368209003", "Right upper arm structure"),
}
#: 左侧收缩压, 收缩压(左), 收缩压-左上肢, 左眼视力; not 左右, nor the 左 of 左室 and 左氧氟沙星.
_SIDE: Final = re.compile(
    r"(左(?!右)|(?<!左)右)(?:侧|上肢|上臂|手臂|臂|手|$|[)）])"
    r"|^([左右])(?=[眼耳肾肺乳腿足脚膝髋肩肘腕踝股颈鼻面胸腹颌肱桡胫腘]|下肢|小腿|大腿|瞳孔|附件|卵巢|睾丸|输尿管|收缩压|舒张压|血压)"
)
_PRESSURES: Final = frozenset({"8480-6", "8462-4"})
_AIM: Final = "目标"
_WANTED: Final = (_AIM, "建议")


def code_of(node: Node, setting: Setting) -> tuple[Json, Row | None]:
    """The code of an observation and the row of its data element: by code, else by name."""
    context = setting.context
    source = node.first("code")
    made = concept(source, context, "Observation.code") or {}
    row = _element(source, made)
    if row is not None and source is not None:
        _also(made, ELEMENTS, row["code"], "")
    return made, row


def _element(source: Node | None, made: Json) -> Row | None:
    for each in made.get("coding", []):
        match = ELEMENT_CODE.match(each["code"])
        if match and (
            row := table("data-elements").get(f"{match[1].upper()}.{match[2]}.{match[3]}.{match[4] or '00'}")
        ):
            return row
    name = source.get("displayName") if source is not None else ""
    if any(not ELEMENT_CODE.match(each["code"]) and each.get("system") == LOINC for each in made.get("coding", [])):
        return None
    return table("data-elements").get(element_named(name or made.get("text", ""))) if name or made.get("text") else None


def _also(made: Json, system: str, code: str, display: str) -> None:
    """Add a coding unless it is there."""
    codings = made.setdefault("coding", [])
    if not any(each.get("system") == system and each["code"] == code for each in codings):
        codings.append({"system": system, "code": code} | ({"display": display} if display else {}))


def observation(node: Node, setting: Setting) -> list[Json]:
    """The resources of an observation: an Observation for each value, a Goal where it tells what is aimed at."""
    code, row = code_of(node, setting)
    sources = node.all("value")
    said = [made for each in sources if (made := value(each, setting.context))]
    if not said and (words := said_in(node.first("text"), setting.context, "Observation.value[x]")):
        said = [{"valueString": words}] if words not in names_of(node) else []
    if not said and (sources or not code or row is not None) and not _more(node):
        node.refuse("states no value")
        for each in node.all("code"):
            each.refuse("states no value")
            each.became.clear()
            each.refuse("the observation states no value")
        return []
    if _is_target(node, row, setting):
        return [_goal(node, code, made, setting) for made in said[:1]]
    shared = _shared(node, code, setting)
    names = (*names_of(node)[::-1], *setting.within[::-1])
    values = zip(said or [{}], _begun(node, setting), strict=False)  # in this order: none is begun without a value
    found = [_one(begun, shared, each, row, names) for each, begun in values]
    if row is not None and row["use"] == "diagnosis" and (made := _diagnosis(node, found[0], setting)):
        found.append(made)
    return found


def _more(node: Node) -> bool:
    """Whether an observation without a value says something by what stands in it."""
    inner = [each for name in ("entryRelationship", "component") for each in node.all(name)]
    return any(leaf.get("code") or leaf.get("value") or leaf.text.strip() for each in inner for leaf in each.walk())


def _is_target(node: Node, row: Row | None, setting: Setting) -> bool:
    if node.get("moodCode") == "GOL":
        return True
    if row is None:
        return False
    names = (*setting.within, *names_of(node))
    if row["use"] != "target":
        return bool(row["category"]) and any(_AIM in name for name in names)
    return setting.planned or is_planned(node) or any(word in name for name in names for word in _WANTED)


def _shared(node: Node, code: Json, setting: Setting) -> Json:
    made: Json = {"status": status(node, _STATUSES, "final"), "code": code or {"extension": absent()}}
    if is_negated(node, setting):
        url = setting.context.extension("cda-negation")
        made["modifierExtension"] = [{"url": url, "valueBoolean": True}]
    if setting.context.encounter:
        made["encounter"] = setting.context.encounter
    made |= {f"effective{name}": time for name, time in (setting.time(node) or {}).items()}
    members = {
        "performer": performers(node, setting),
        "interpretation": _interpretations(node, setting),
        "method": concept(node.first("methodCode"), setting.context, "Observation.method"),
        "bodySite": concept(node.first("targetSiteCode"), setting.context, "Observation.bodySite"),
        "referenceRange": _ranges(node, setting),
    }
    return made | {name: member for name, member in members.items() if member}


def _interpretations(node: Node, setting: Setting) -> list[Json]:
    """What a value means; a code of HL7 is one where no code system is named (CDA R2 has no other there)."""
    sources = node.all("interpretationCode")
    found = [made for each in sources if (made := concept(each, setting.context, "Observation.interpretation"))]
    for each in (one for made in found for one in made.get("coding", ())):
        if "system" not in each and each["code"] in _INTERPRETATIONS:
            each["system"] = _INTERPRETATION
    return found


def _ranges(node: Node, setting: Setting) -> list[Json]:
    found = []
    for each in node.all("referenceRange", "observationRange"):
        made: Json = {}
        for source in each.all("value"):
            made |= bounds(source, "Observation.referenceRange")
            if not made and (words := source.words() or source.get("value")):
                source.take_all("Observation.referenceRange.text")
                made["text"] = words
        for end in ("low", "high"):
            made.get(end, {}).pop("comparator", None)
        if words := said_in(each.first("text"), setting.context, "Observation.referenceRange.text"):
            made["text"] = words
        if made:
            found.append(made)
    return found


def _begun(node: Node, setting: Setting) -> Iterator[Json]:
    """The Observations of an observation: the first, then one for each further value."""
    first = begin("Observation", node, setting)
    yield first
    for number in count(1):
        made = setting.context.resource("Observation", "value", f"{first['id']}|{number}")
        if setting.context.patient:
            made["subject"] = setting.context.patient
        yield made


def _one(made: Json, shared: Json, said: Json, row: Row | None, names: Sequence[str]) -> Json:
    made |= {**shared, **said, "code": {**shared["code"]}}
    if "coding" in made["code"]:
        made["code"]["coding"] = list(made["code"]["coding"])
    if row is not None:
        with_loinc(made, row)
    _side(made, names)
    return made


def with_loinc(made: Json, row: Row) -> None:
    """Add the LOINC code and category of a data element to an Observation whose value they fit."""
    if row["loinc"] and _fits(row, made):
        _also(made["code"], LOINC, row["loinc"], row["display"])
    if row["use"] == "turns" and "valueQuantity" in made:  # 周 is a turn of the cord here, not a week
        made["valueQuantity"] = {n: v for n, v in made["valueQuantity"].items() if n not in {"system", "code"}}
    if row["category"]:
        made["category"] = [{"coding": [{"system": _CATEGORY, "code": row["category"]}]}]


def _fits(row: Row, said: Json) -> bool:
    """Whether a value is in the unit that the LOINC code is for; one without a known unit is taken to be."""
    unit = said.get("valueQuantity", {}).get("code", "")
    return not row["unit"] or not unit or unit == row["unit"] or row["category"] == "vital-signs"


def _side(made: Json, names: Sequence[str]) -> None:
    """Body site of a measurement whose name, or that of what it stands in, tells the side; not where it is stated."""
    sides = [match[1] or match[2] for name in names if (match := _SIDE.search(name))]
    if "bodySite" in made or not sides:
        return
    text, snomed, display = _SIDES[sides[0]]
    made["bodySite"] = {"text": text}
    if {each["code"] for each in made["code"].get("coding", [])} & _PRESSURES:
        made["bodySite"]["coding"] = [{"system": _SNOMED, "code": snomed, "display": display}]


def _goal(node: Node, code: Json, said: Json, setting: Setting) -> Json:
    """What is aimed at: never an Observation, which would read as if it had been measured."""
    made = begin("Goal", node, setting)
    name, shown = next(iter(said.items()))
    kept = {"valueQuantity": "detailQuantity", "valueCodeableConcept": "detailCodeableConcept",
            "valueString": "detailString", "valueBoolean": "detailBoolean", "valueInteger": "detailInteger",
            "valueRatio": "detailRatio", "valueRange": "detailRange"}.get(name)  # fmt: skip
    label = code.get("text") or next((each.get("display") or each["code"] for each in code.get("coding", [])), "目标")
    target: Json = {"measure": code} if code else {}
    if kept:
        target[kept] = shown
    elif name != "dataAbsentReason":
        target["detailString"] = str(shown if isinstance(shown, str) else shown.get("start") or shown.get("end"))
    made |= {"lifecycleStatus": "active", "description": {"text": label}}
    if target.keys() - {"measure"}:
        made["target"] = [target]
    return made


def _diagnosis(node: Node, found: Json, setting: Setting) -> Json | None:
    """The Condition of a diagnosis that is coded; the Observation stands as its evidence."""
    code = found.get("valueCodeableConcept")
    if not code or "coding" not in code or "modifierExtension" in found:
        return None
    made = setting.context.resource("Condition", "diagnosis", found["id"])
    made |= {"code": code, "evidence": [{"detail": [reference(found)]}]}
    system = "http://terminology.hl7.org/CodeSystem/condition-category"
    made["category"] = [{"coding": [{"system": system, "code": "encounter-diagnosis"}]}]
    if setting.context.patient:
        made["subject"] = setting.context.patient
    if setting.context.encounter:
        made["encounter"] = setting.context.encounter
    if "effectiveDateTime" in found:
        made["recordedDate"] = found["effectiveDateTime"]
    for each in node.all("value"):
        each.take("Condition.code", "code", "displayName")
    return made
