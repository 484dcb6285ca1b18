"""Problems, allergies and immunisations of C-CDA: Condition, AllergyIntolerance, Immunization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import absent, concept
from mappings.cda.context import Context
from mappings.cda.node import Node
from mappings.cda.setting import Setting, begin, is_negated, performers, template_kind
from mappings.cda.times import date_time, period
from mappings.cda.values import quantity

_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ALLERGY_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_ALLERGY_VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
#: SNOMED CT to R4 reaction-event-severity, and HL7 v3 ObservationValue to R4 allergy-intolerance-criticality.
_SEVERITIES: Final = {"255604002": "mild", "6736007": "moderate", "24484000": "severe", "399166001": "severe"}
_CRITICALITIES: Final = {"CRITL": "low", "CRITH": "high", "CRITU": "unable-to-assess"}


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def condition(node: Node, setting: Setting) -> Json:
    """A problem observation; negated it is a problem the patient does not have."""
    context = setting.context
    made = begin("Condition", node, setting)
    found = next((said for each in node.all("value") if (said := concept(each, context, "Condition.code"))), None)
    made["code"] = found or concept(node.first("code"), context, "Condition.code") or {"extension": absent()}
    category = concept(node.first("code"), context, "Condition.category")
    if found and category:
        made["category"] = [category]
    lasted = _lasted(node, context, "Condition.onset[x]")
    if "start" in lasted:
        made["onsetDateTime"] = lasted["start"]
    if "end" in lasted:
        made["abatementDateTime"] = lasted["end"]
    if is_negated(node, setting):
        made["verificationStatus"] = _coded(_VERIFIED, "refuted")
    else:
        made["clinicalStatus"] = _coded(_CLINICAL, "resolved" if _ended(node) or "end" in lasted else "active")
    if authors := performers(node, setting):
        made["recorder"] = authors[0]
    return made


def _lasted(node: Node, context: Context, to: str) -> Json:
    time = node.first("effectiveTime")
    lasted = period(time, context, to)
    if not lasted and (at := date_time(time, context, to)):
        return {"start": at}
    return lasted


def _ended(node: Node) -> bool:
    time = node.first("effectiveTime")
    return time is not None and bool(time.all("high")) and not time.all("high")[0].get("nullFlavor")


def allergy(node: Node, setting: Setting) -> Json:
    """An allergy observation; negated without a substance it says that none are known."""
    context = setting.context
    made = begin("AllergyIntolerance", node, setting, "patient")
    substances = [
        said
        for name in ("code", "name")
        for each in node.all("participant", "participantRole", "playingEntity", name)
        if (said := concept(each, context, "AllergyIntolerance.code"))
    ]
    kind = next(
        (said for each in node.all("value") if (said := concept(each, context, "AllergyIntolerance.type"))), None
    )
    made["code"] = (substances or [kind or {"extension": absent()}])[0]
    if kind and substances:
        made["extension"] = [{"url": context.extension("cda-allergy-kind"), "valueCodeableConcept": kind}]
    if is_negated(node, setting):
        made["verificationStatus"] = _coded(_ALLERGY_VERIFIED, "refuted")
        none = {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}
        if not substances:
            made |= {"code": {"coding": [none]}, "verificationStatus": _coded(_ALLERGY_VERIFIED, "confirmed")}
    refuted = made.get("verificationStatus") == _coded(_ALLERGY_VERIFIED, "refuted")
    made["clinicalStatus"] = _coded(_ALLERGY_CLINICAL, "inactive" if refuted else "active")
    lasted = _lasted(node, context, "AllergyIntolerance.onset[x]")
    if "start" in lasted:
        made["onsetDateTime"] = lasted["start"]
    if authors := performers(node, setting):
        made["recorder"] = authors[0]
    if criticality := _word(_inside(node, "criticality"), _CRITICALITIES, "AllergyIntolerance.criticality"):
        made["criticality"] = criticality
    if reactions := list(_reactions(node, context)):
        made["reaction"] = reactions
    return made


def _reactions(node: Node, context: Context) -> Iterator[Json]:
    """What an allergy does to the patient, and how badly; the severity of the allergy is that of its only reaction.

    A negated one stays an observation of its own: that something did not happen.
    """
    found = [each for each in _inside(node, "reaction") if not _is_denied(each)]
    for each in found:
        to = "AllergyIntolerance.reaction.manifestation"
        shown = [said for value in each.all("value") if (said := concept(value, context, to))]
        if not shown:
            continue
        each.visited = True
        made: Json = {"manifestation": shown}
        lasted = _lasted(each, context, "AllergyIntolerance.reaction.onset")
        if "start" in lasted:
            made["onset"] = lasted["start"]
        severities = _inside(each, "severity") or (_inside(node, "severity") if len(found) == 1 else [])
        if severity := _word(severities, _SEVERITIES, "AllergyIntolerance.reaction.severity"):
            made["severity"] = severity
        yield made


def _is_denied(node: Node) -> bool:
    """Whether a statement, or what ties it to the one around it, says that it is not so."""
    return any(each is not None and each.get("negationInd").casefold() == "true" for each in (node, node.parent))


def _inside(node: Node, kind: str) -> list[Node]:
    """The observations in a statement that are of a kind by their templates."""
    found = [each for holder in node.all("entryRelationship") for each in holder.all("observation")]
    return [each for each in found if template_kind(each) == kind]


def _word(observations: list[Node], words: Mapping[str, str], to: str) -> str:
    """The word of R4 for the coded value of the first observation that has one; it is then told."""
    for each in observations:
        for value in each.all("value"):
            if value.get("code") in words:
                each.visited = True
                each.take_all(to)
                return words[value.get("code")]
    return ""


def _maker(node: Node) -> str:
    for name in node.all("consumable", "manufacturedProduct", "manufacturerOrganization", "name"):
        if words := name.words():
            name.take_all("Immunization.manufacturer")
            return words
    return ""


def immunization(node: Node, setting: Setting, product: Json, lot: str) -> Json:
    """An immunisation activity; `product` is what was or was not given."""
    context = setting.context
    made = begin("Immunization", node, setting, "patient")
    made["status"] = "not-done" if is_negated(node, setting) else "completed"
    made["vaccineCode"] = product or {"extension": absent()}
    at = next(
        (
            time
            for each in node.all("effectiveTime")
            if (time := date_time(each, context, "Immunization.occurrence[x]"))
        ),
        "",
    )
    at = at or str(_lasted(node, context, "Immunization.occurrence[x]").get("start", ""))
    made |= {"occurrenceDateTime": at} if at else {"occurrenceString": "unknown"}
    dose = node.first("doseQuantity")
    if dose is not None and (amount := quantity(dose, "Immunization.doseQuantity")):
        made["doseQuantity"] = amount
    if route := concept(node.first("routeCode"), context, "Immunization.route"):
        made["route"] = route
    if site := concept(node.first("approachSiteCode"), context, "Immunization.site"):
        made["site"] = site
    if lot:
        made["lotNumber"] = lot
    if maker := _maker(node):
        made["manufacturer"] = {"display": maker}
    if actors := performers(node, setting):
        made["performer"] = [{"actor": actor} for actor in actors]
    return made
