"""Records that turn out to be another patient's, or part of another visit or account: how they are to stand. Pure.

A move (HL7 A44, A45) takes what it names, and all that refers to it, from one patient to another: the same resources
under the same ids, from a new version on. The versions before stay where they were written, in the record of the
patient they were about, where the rules of that patient hold for them. When a visit or an account ends in another
(A35, A41, A42), what referred to it refers to the other, and it says itself that it is no more.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Final

from hub.fhir.references import rewrite
from hub.kernel.types import IdentityEvent, Json
from hub.records.heads import Head, Incoming, Ref, Relocated

#: Types that stay where they are whatever they refer to: people, and records about the record.
STAYING: Final = frozenset({"Patient", "RelatedPerson", "Provenance", "Consent", "AuditEvent", "Group", "List"})
#: Types that come along when what refers to them moves: they are about a patient and refer to no visit.
FOLLOWING: Final = frozenset({"Specimen", "Device"})
#: Elements that lead to what has moved only if that moved too.
_LOOSE: Final = ("account", "episodeOfCare")
#: What an Encounter or Account is that ended in another.
_ENDED: Final[Mapping[str, str]] = {"Encounter": "entered-in-error", "Account": "inactive"}


def moved(event: IdentityEvent, heads: Mapping[Ref, Head]) -> dict[Ref, Relocated]:
    """What becomes of `heads`, the resources of the patient `loser` that move to `survivor`."""
    old, new = f"Patient/{event.loser}", f"Patient/{event.survivor}"
    there = {f"{ref.type}/{ref.id}" for ref in heads}
    found: dict[Ref, Relocated] = {}
    for ref, head in heads.items():
        if head.resource is not None and head.patient == event.loser:
            resource = _without_loose(head.resource, there)
            found[ref] = Relocated(_redirected(resource, {old: new}), event.survivor)
    return found


def corrected(incoming: Incoming, heads: Mapping[Ref, Head]) -> dict[Ref, Relocated]:
    """What an archive, in stating all it has of a study, states about another patient than before: it moves there.

    A study is whose its archive says it is (IHE PIR). What a newer message has settled stays.
    """
    drafts = incoming.translation.drafts
    found: dict[Ref, Relocated] = {}
    for draft in drafts if any(each.whole for each in drafts) else ():
        ref = Ref(draft.resource["resourceType"], draft.resource["id"])
        head = heads.get(ref)
        if head is None or head.resource is None or ref.type in STAYING or head.settled_for(incoming):
            continue
        if None not in (draft.patient, head.patient) and draft.patient != head.patient:
            resource = _redirected(head.resource, {f"Patient/{head.patient}": f"Patient/{draft.patient}"})
            found[ref] = Relocated(resource, draft.patient)
    return found


def absorbed(event: IdentityEvent, heads: Mapping[Ref, Head]) -> dict[Ref, Relocated]:
    """What becomes of `heads`: the resource `loser` if it is stored, and all that refer to it."""
    old, new = f"{event.type}/{event.loser}", f"{event.type}/{event.survivor}"
    found: dict[Ref, Relocated] = {}
    for ref, head in heads.items():
        if head.resource is None:
            continue
        if ref == (event.type, event.loser):
            ended = {**head.resource, "status": _ENDED[event.type], "partOf": {"reference": new}}
            found[ref] = Relocated(ended, head.patient)
        else:
            found[ref] = Relocated(_redirected(head.resource, {old: new}), head.patient)
    return found


def _redirected(resource: Json, references: Mapping[str, str]) -> Json:
    changed = copy.deepcopy(resource)
    rewrite(changed, references.get)
    return changed


def _without_loose(resource: Json, there: Iterable[str]) -> Json:
    kept = dict(resource)
    for name in _LOOSE:
        if isinstance(kept.get(name), list):
            kept[name] = [each for each in kept[name] if each.get("reference") in there]
            if not kept[name]:
                del kept[name]
    return kept
