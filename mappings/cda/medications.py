"""substanceAdministration to MedicationStatement, MedicationRequest, MedicationAdministration or Immunization."""

from __future__ import annotations

from typing import Final

from hub.fhir.canonical_units import UCUM
from hub.kernel.types import Json
from mappings.cda.codes import absent, concept, said_in
from mappings.cda.conditions import immunization
from mappings.cda.node import Node
from mappings.cda.setting import Setting, begin, is_negated, is_planned, performers, status
from mappings.cda.tables import rows
from mappings.cda.times import instant, period, when
from mappings.cda.values import bounds, quantity

_PRODUCTS: Final = (
    "manufacturedLabeledDrug",
    "manufacturedMaterial",
    "manufacturedDrugOrOtherMaterial",
    "labeledDrug",
    "material",
)
_STATEMENT: Final = {"completed": "completed", "active": "active", "aborted": "stopped", "suspended": "on-hold"}
_STATUSES: Final = {
    "MedicationRequest": _STATEMENT | {"cancelled": "cancelled"},
    "MedicationStatement": _STATEMENT,
    "MedicationAdministration": _STATEMENT | {"active": "in-progress"},
}
#: Units of time FHIR knows in a timing.
_TIMES: Final = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})


def product(node: Node, setting: Setting) -> tuple[Json, str]:
    """What is given, as CodeableConcept ({} if it is not said), and its lot number."""
    holders = [each for name in ("consumable", "product") for each in node.all(name)]
    holders = [each for holder in holders for each in (holder.all("manufacturedProduct") or [holder])]
    drugs = [each for holder in holders for name in _PRODUCTS for each in holder.all(name)] or holders
    made: Json = {}
    lot = ""
    for drug in drugs:
        found = concept(drug.first("code"), setting.context, "medicationCodeableConcept")
        names = [
            words
            for each in drug.all("name")
            if (words := said_in(each, setting.context, "medicationCodeableConcept.text"))
        ]
        made = made or found or {}
        if names:
            made["text"] = names[0]
        lot = lot or said_in(drug.first("lotNumberText"), setting.context, "Immunization.lotNumber")
    return made, lot


def administration(node: Node, kind: str, setting: Setting) -> list[Json]:
    """The resource of a substanceAdministration; `kind` is what its templates say that it is."""
    drug, lot = product(node, setting)
    if kind == "Immunization" or setting.section in _sections("Immunization"):
        return [immunization(node, setting, drug, lot)]
    if not drug and (code := concept(node.first("code"), setting.context, "medicationCodeableConcept")):
        drug = code
    if not drug and not _says(node):
        return []
    rtype = _rtype(node, setting)
    made = begin(rtype, node, setting)
    made["medicationCodeableConcept"] = drug or {"extension": absent()}
    made["status"] = status(node, _STATUSES[rtype], "unknown")
    if is_negated(node, setting):
        made["status"] = {"MedicationStatement": "not-taken", "MedicationAdministration": "not-done"}.get(
            rtype, "cancelled"
        )
    dosage = _dosage(node, rtype, setting)
    _fill(made, node, rtype, dosage, setting)
    return [made]


def _says(node: Node) -> bool:
    return any(each.get("value") or each.get("code") for each in node.walk() if each is not node)


def _sections(kind: str) -> set[str]:
    return {row["section"] for row in rows("section-kinds") if row["kind"] == kind}


def _rtype(node: Node, setting: Setting) -> str:
    """A request where it is planned or the document is a prescription, else what the section tells of."""
    kinds = {row["section"]: row["kind"] for row in rows("section-kinds")}
    if is_planned(node) or kinds.get(setting.context.kind) == "MedicationRequest":
        return "MedicationRequest"
    found = kinds.get(setting.section, "")
    return found if found in _STATUSES else "MedicationStatement"


def _fill(made: Json, node: Node, rtype: str, dosage: Json, setting: Setting) -> None:
    actors = performers(node, setting)
    authored = next(
        (
            time
            for each in node.all("author")
            if (time := instant(each.first("time"), setting.context, f"{rtype}.authoredOn"))
        ),
        "",
    )
    encounter = setting.context.encounter
    if rtype == "MedicationRequest":
        made |= {"intent": "order" if node.get("moodCode") in {"RQO", "EVN"} else "plan"}
        node.take("MedicationRequest.intent", "moodCode")
        members: Json = {
            "dosageInstruction": [dosage] if dosage else [],
            "authoredOn": authored,
            "encounter": encounter,
        }
        if actors:
            members["requester"] = actors[0]
    elif rtype == "MedicationAdministration":
        made |= {f"effective{name}": time for name, time in (setting.time(node) or {}).items()}
        if "effectiveDateTime" not in made and "effectivePeriod" not in made:
            made["_effectiveDateTime"] = {"extension": absent()}
        members = {
            "dosage": _administered(dosage),
            "context": encounter,
            "performer": [{"actor": actor} for actor in actors],
        }
    else:
        made |= {f"effective{name}": time for name, time in (_lasting(node, setting) or {}).items()}
        members = {"dosage": [dosage] if dosage else [], "context": encounter}
        if actors:
            members["informationSource"] = actors[0]
    made |= {name: member for name, member in members.items() if member}


def _administered(dosage: Json) -> Json:
    """A Dosage as MedicationAdministration has it; without an amount or a rate it is its text."""
    made: Json = {name: dosage[name] for name in ("text", "route", "site", "method", "extension") if name in dosage}
    for amount in dosage.get("doseAndRate", []):
        if "doseQuantity" in amount:
            made["dose"] = amount["doseQuantity"]
        if "rateQuantity" in amount:
            made["rateQuantity"] = amount["rateQuantity"]
    if made and not made.keys() & {"dose", "rateQuantity"}:
        made["dose"] = {"extension": absent()}
    return made


def _lasting(node: Node, setting: Setting) -> Json | None:
    for each in node.all("effectiveTime"):
        if each.get("xsi:type").rpartition(":")[2] != "PIVL_TS" and (
            found := when(each, setting.context, "MedicationStatement.effective[x]")
        ):
            return found
    return setting.effective


def _dosage(node: Node, rtype: str, setting: Setting) -> Json:
    context = setting.context
    made: Json = {
        "text": said_in(node.first("text"), context, f"{rtype}.dosage.text"),
        "route": concept(node.first("routeCode"), context, f"{rtype}.dosage.route"),
        "site": concept(node.first("approachSiteCode"), context, f"{rtype}.dosage.site"),
        "method": concept(node.first("methodCode"), context, f"{rtype}.dosage.method"),
        "timing": _timing(node, rtype, setting),
    }
    amount: Json = {}
    for name, source in (("dose", node.first("doseQuantity")), ("rate", node.first("rateQuantity"))):
        if source is None:
            continue
        if single := quantity(source, f"{rtype}.dosage.doseAndRate"):
            amount[f"{name}Quantity"] = single
        elif ends := bounds(source, f"{rtype}.dosage.doseAndRate"):
            amount[f"{name}Range"] = ends
            for end in ends.values():
                end.pop("comparator", None)
    if amount:
        made["doseAndRate"] = [amount]
    if form := concept(node.first("administrationUnitCode"), context, f"{rtype}.dosage.extension"):
        made["extension"] = [{"url": context.extension("dose-form"), "valueCodeableConcept": form}]
    return {name: member for name, member in made.items() if member}


def _timing(node: Node, rtype: str, setting: Setting) -> Json:
    """How often: the period of a PIVL_TS, and within which bounds a request is to be carried out."""
    repeat: Json = {}
    for each in node.all("effectiveTime"):
        cycle = each.first("period")
        if cycle is not None and (length := quantity(cycle, f"{rtype}.dosage.timing")) and length.get("code") in _TIMES:
            repeat |= {"frequency": 1, "period": length["value"], "periodUnit": length["code"]}
        elif rtype == "MedicationRequest" and (bound := period(each, setting.context, f"{rtype}.dosage.timing")):
            repeat["boundsPeriod"] = bound
        width = each.first("width")
        if width is not None and (length := quantity(width, f"{rtype}.dosage.timing")) and length.get("system") == UCUM:
            repeat.setdefault("boundsDuration", length)
    if "boundsPeriod" in repeat:
        repeat.pop("boundsDuration", None)
    made: Json = {"repeat": repeat} if repeat else {}
    for often in node.all("rateQuantity", "translation"):  # where WS/T 500 has 每日两次: in the translation of the rate
        if code := concept(often, setting.context, f"{rtype}.dosage.timing.code"):
            made["code"] = code
    return made
