"""FHIR operation Patient/$merge. https://hl7.org/fhir/6.0.0-ballot2/patient-operation-merge.html, as R4 resources

A facility merges two of its own Patients: the source is marked inactive and replaced by the target, the target takes
the identifiers of the source (or is what `result-patient` says), and the patient index makes one person of the two as
for an HL7 v2 A40. The Task stands in the record with it, where the token may write one. Taking the link away takes the
merge back. A steward of the patient index merges persons whose Patients are of several facilities: nothing is written
to these, and a second steward may have to confirm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.merge_wish import Party, Wish, read_wish
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.survivors import patient_with
from hub.api.fhir.written import refer_from_here
from hub.api.services import Services
from hub.auth.scopes import allows
from hub.fhir.json import dumps, loads
from hub.fhir.outcome import operation_outcome
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from hub.records.operations import Create, Operation, Patch, Update
from hub.records.replacements import REPLACED_BY, survivors
from hub.records.review_ledger import STEWARD, reviewer_of

MERGE: Final = "http://hl7.org/fhir/OperationDefinition/Patient-merge"
_NOTE: Final = "Patient/$merge"


async def merge(services: Services, ask: Ask) -> Answer:
    """Parameters with `input`, `outcome`, `task`, and of a facility's Patients `result`; 202 for a proposal.

    Raises HubError UNREADABLE (400) for parameters that cannot be read, INVALID (422) for Patients that cannot be
    merged, NOT_FOUND for such as are not the caller's, and what an update raises.
    """
    refuse_all(ask)
    wish = read_wish(ask.resource)
    return await (_by_steward if ask.actor.role == STEWARD else _by_facility)(services, ask, wish)


async def _by_facility(services: Services, ask: Ask, wish: Wish) -> Answer:
    source = await _standing(services, ask, wish.source, "source-patient")
    target = await _standing(services, ask, wish.target, "target-patient")
    _refuse_unfit(source, target)
    merged = _target(source, target, wish, services.base_url)
    if wish.preview:
        for resource in (_source(source, target), merged):
            operation = Update(type="Patient", id=resource["id"], resource=resource)
            await services.writes.rehearse(ask.actor, operation, origin=ask.origin)
        task = _task(services, "draft", source["id"], target["id"])
        return _told(ask, "would be merged", task, source["id"], target["id"], result=merged)
    task = _task(services, "completed", source["id"], target["id"])
    operations: list[Operation] = [
        Patch(type="Patient", id=source["id"], change=lambda _: _source(source, target), expected=_version(source)),
        Update(type="Patient", id=target["id"], resource=merged, expected=_version(target)),
    ]
    if allows(ask.actor.scopes, "Task", "c"):
        operations.append(Create(type="Task", id=services.new_id(), resource=task))
    _, written, *kept = await services.writes.transaction(ask.actor, operations, origin=ask.origin)
    task = loads(kept[0].body) if kept else task
    return _told(ask, "are merged", task, source["id"], target["id"], result=loads(written.body))


async def _by_steward(services: Services, ask: Ask, wish: Wish) -> Answer:
    source, target = wish.source.id, wish.target.id
    if not source or not target or wish.result is not None:
        what, todo = "a steward names two Patients by reference, and changes neither", "leave out everything else"
        raise HubError(Category.INVALID, what, where="Parameters", todo=todo, code="steward")
    by, decisions = reviewer_of(ask.actor, ask.origin), services.reviews.decisions
    if wish.preview:
        moves = await decisions.merge_effect(by, target, source)
        task = _task(services, "draft", source, target)
        return _told(ask, f"would be merged: {len(moves)} registrations move", task, source, target)
    done = await decisions.merge(by, target, source, _NOTE)
    if "proposal" in done:
        what = f"wait for a second steward: proposal {done['proposal']}"
        return _told(ask, what, _task(services, "requested", source, target), source, target, status=202)
    task = _task(services, "completed", source, target)
    return _told(ask, f"are one person: decision {done['decision']}", task, source, target)


async def _standing(services: Services, ask: Ask, party: Party, where: str) -> Json:
    """The Patient a party names, as the actor sees it. Raises HubError INVALID where the two ways do not agree."""
    rid = party.id or await patient_with(services, ask, list(party.identifiers), where)
    found = await services.gate.read(ask.actor, "Patient", rid, origin=ask.origin)
    resource: Json = {} if found.deleted else loads(found.body)
    known = resource.get("identifier", [])
    if not resource or not all(_is_among(one, known) for one in party.identifiers):
        raise _unfit(where, "is no standing Patient with these identifiers")
    return resource


def _refuse_unfit(source: Json, target: Json) -> None:
    if source["id"] == target["id"]:
        raise _unfit("target-patient", "is the source itself")
    if survivors(source):
        raise _unfit("source-patient", "was replaced before")
    if survivors(target) or target.get("active") is False:
        raise _unfit("target-patient", "was replaced itself, or is not active")


def _source(source: Json, target: Json) -> Json:
    link = {"other": {"reference": f"Patient/{target['id']}"}, "type": REPLACED_BY}
    return {**source, "active": False, "link": [*source.get("link", []), link]}


def _target(source: Json, target: Json, wish: Wish, base_url: str) -> Json:
    """What is to survive. Raises HubError INVALID for a `result-patient` that is another, or hides the source."""
    replaces = {"other": {"reference": f"Patient/{source['id']}"}, "type": "replaces"}
    if wish.result is None:
        known = target.get("identifier", [])
        taken = [one | {"use": "old"} for one in source.get("identifier", []) if not _is_among(one, known)]
        kept = {"identifier": [*known, *taken]} if known or taken else {}
        return {**target, **kept, "link": [*target.get("link", []), replaces]}
    result = wish.result
    refer_from_here(result, base_url, "result-patient")
    if result.get("id") != target["id"] or replaces not in result.get("link", []):
        raise _unfit("result-patient", "is not the target with a link of type replaces to the source")
    if not all(_is_among(one, result.get("identifier", [])) for one in wish.target.identifiers):
        raise _unfit("result-patient", "lacks identifiers by which the target was named")
    return result


def _is_among(identifier: Json, others: Sequence[Json]) -> bool:
    same = [one for one in others if one.get("value") == identifier.get("value")]
    return any("system" not in identifier or one.get("system") == identifier["system"] for one in same)


def _version(resource: Json) -> int:
    return int(resource["meta"]["versionId"])


def _unfit(where: str, what: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo="see Patient/$merge", code="merge")


def _task(services: Services, state: str, source: str, target: str) -> Json:
    now = instant(services.clock())
    return {
        "resourceType": "Task",
        "status": state,
        "intent": "order",
        "code": {"text": _NOTE},
        "focus": {"reference": f"Patient/{source}"},
        "for": {"reference": f"Patient/{target}"},
        "authoredOn": now,
        "lastModified": now,
    }


def _told(
    ask: Ask, what: str, task: Json, source: str, target: str, *, result: Json | None = None, status: int = 200
) -> Answer:
    said = Issue(severity="information", where="", code="informational", text=f"Patient/{source} and {target} {what}")
    told: list[tuple[str, Any]] = [("input", ask.resource), ("outcome", operation_outcome([said]))]
    told += [] if result is None else [("result", result)]
    parts = [{"name": name, "resource": resource} for name, resource in [*told, ("task", task)]]
    return Answer(status=status, body=dumps({"resourceType": "Parameters", "parameter": parts}))
