"""procedure, act, encounter and supply to Procedure, ServiceRequest, Encounter and MedicationDispense."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import absent, concept, said_in
from mappings.cda.medications import product
from mappings.cda.node import Node
from mappings.cda.setting import Setting, begin, is_negated, is_planned, performers, status
from mappings.cda.times import date_time
from mappings.cda.values import quantity

_DONE: Final = {
    "completed": "completed",
    "active": "in-progress",
    "aborted": "stopped",
    "cancelled": "not-done",
    "held": "on-hold",
}
_ASKED: Final = {
    "completed": "completed",
    "active": "active",
    "aborted": "revoked",
    "cancelled": "revoked",
    "held": "on-hold",
}
_MET: Final = {"completed": "finished", "active": "in-progress", "cancelled": "cancelled", "aborted": "cancelled"}
_DISPENSED: Final = {"completed": "completed", "active": "in-progress", "aborted": "stopped", "cancelled": "cancelled"}


def procedure(node: Node, setting: Setting) -> list[Json]:
    """A procedure or act that was done is a Procedure, one that is planned a ServiceRequest."""
    code = concept(node.first("code"), setting.context, "Procedure.code")
    text = said_in(node.first("text"), setting.context, "Procedure.note")
    if not code and not text:
        return []
    made = _asked(node, setting) if is_planned(node) else _done(node, setting)
    made["code"] = code or {"text": text}
    if code and text:
        made["note"] = [{"text": text}]
    sites = [
        site for each in node.all("targetSiteCode") if (site := concept(each, setting.context, "Procedure.bodySite"))
    ]
    if sites:
        made["bodySite"] = sites
    if setting.context.encounter:
        made["encounter"] = setting.context.encounter
    return [made]


def _done(node: Node, setting: Setting) -> Json:
    made = begin("Procedure", node, setting)
    made["status"] = "not-done" if is_negated(node, setting) else status(node, _DONE, "completed")
    made |= {f"performed{name}": time for name, time in (setting.time(node) or {}).items()}
    if actors := performers(node, setting):
        made["performer"] = [{"actor": actor} for actor in actors]
    return made


def _asked(node: Node, setting: Setting) -> Json:
    made = begin("ServiceRequest", node, setting)
    node.take("ServiceRequest.intent", "moodCode")
    made |= {"status": status(node, _ASKED, "active"), "intent": "order" if node.get("moodCode") == "RQO" else "plan"}
    if is_negated(node, setting):
        made["doNotPerform"] = True
    made |= {f"occurrence{name}": time for name, time in (setting.time(node) or {}).items()}
    if actors := performers(node, setting):
        made["performer"] = actors
    return made


def encounter(node: Node, setting: Setting) -> list[Json]:
    """A visit told of in the body."""
    made = begin("Encounter", node, setting)
    made["status"] = "planned" if is_planned(node) else status(node, _MET, "finished")
    made["class"] = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}
    if code := concept(node.first("code"), setting.context, "Encounter.type"):
        made["type"] = [code]
    time = setting.time(node) or {}
    if "Period" in time:
        made["period"] = time["Period"]
    elif "DateTime" in time:
        made["period"] = {"start": time["DateTime"]}
    if actors := performers(node, setting):
        made["participant"] = [{"individual": actor} for actor in actors]
    return [made]


def supply(node: Node, setting: Setting) -> list[Json]:
    """Medicine handed out is a MedicationDispense, asked for a MedicationRequest; other supplies are not carried."""
    drug, _ = product(node, setting)
    if not drug:
        return []
    amount = node.first("quantity")
    counted = quantity(amount, "quantity") if amount is not None else None
    if is_planned(node):
        made = begin("MedicationRequest", node, setting)
        node.take("MedicationRequest.intent", "moodCode")
        made |= {
            "status": status(node, _ASKED | {"aborted": "stopped", "cancelled": "cancelled"}, "active"),
            "intent": "order",
        }
        if counted:
            made["dispenseRequest"] = {"quantity": counted}
    else:
        made = begin("MedicationDispense", node, setting)
        made["status"] = status(node, _DISPENSED, "completed")
        if counted:
            made["quantity"] = counted
        time = next(
            (at for each in node.all("effectiveTime") if (at := date_time(each, setting.context, "whenHandedOver"))), ""
        )
        if time:
            made["whenHandedOver"] = time
    made["medicationCodeableConcept"] = drug or {"extension": absent()}
    return [made]
