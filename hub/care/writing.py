"""An alert as resources: a Flag on the patient, and a Task for whoever is to act, with the time by which. Pure.

Both are of the facility that answers for the Observation they come from, with its codes and security labels, and their
time holds its time. What hides it by these hides them, and the facility of who is told has no right of its own to them.
They say which rule is met and refer to the Observation; its numbers stand there alone.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

from hub.care.rules import Rule
from hub.fhir.temporal import interval
from hub.kernel.errors import HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Json
from hub.records.carers import Cared

#: How soon a Task is to be done, by level (R4 request-priority).
_PRIORITY: Final = {"red": "stat", "yellow": "urgent", "blue": "routine"}
#: Statuses of a Task that nobody has begun.
UNBEGUN: Final = ("requested", "received")
_CATEGORY: Final = {"system": "http://terminology.hl7.org/CodeSystem/flag-category", "code": "clinical"}


class Addressee(NamedTuple):
    """Who is told: a facility, and a practitioner of it ("": nobody in particular)."""

    organization: str
    practitioner: str

    @property
    def reference(self) -> str:
        return f"Practitioner/{self.practitioner}" if self.practitioner else f"Organization/{self.organization}"


def alert_id(ids: IdMaker, facility: str, rtype: str, key: str) -> str:
    """An id in the facility's own space, the same whenever the same is alerted."""
    return f"{facility}-{ids(facility, rtype, 'alert', key)}"


def flag(rid: str, rule: Rule, observation: Json, cared: Cared) -> Json:
    """The Flag: active from the reading on, until somebody says that it is over."""
    return {
        "resourceType": "Flag",
        "id": rid,
        **_labels(observation),
        "status": "active",
        "category": [{"coding": [_CATEGORY]}],
        "code": _code(rule, observation),
        "subject": {"reference": f"Patient/{cared.patient}"},
        "period": {"start": _time(observation)["start"]},
        "author": {"reference": f"Organization/{cared.author_org}"},
    }


def task(rid: str, rule: Rule, observation: Json, to: Addressee, cared: Cared, now: datetime) -> Json:
    """The Task: requested, of the doctor or facility, about the Observation, to be done within the rule's minutes."""
    due = now + rule.within
    return {
        "resourceType": "Task",
        "id": rid,
        **_labels(observation),
        "status": "requested",
        "intent": "order",
        "priority": _PRIORITY[rule.level],
        "code": _code(rule, observation),
        "description": rule.text,
        "focus": {"reference": f"Observation/{observation['id']}"},
        "for": {"reference": f"Patient/{cared.patient}"},
        "executionPeriod": _until(due, _time(observation)),
        "authoredOn": now.isoformat(),
        "requester": {"reference": f"Organization/{cared.author_org}"},
        "owner": {"reference": to.reference},
        "restriction": {"period": {"end": due.isoformat()}},
    }


def cancelled(task: Json) -> Json:
    """A Task nobody has begun, called off."""
    if task.get("status") not in UNBEGUN:
        return task
    return {**task, "status": "cancelled", "statusReason": {"text": "测量值录入有误"}}


def in_error(flag: Json) -> Json:
    """A Flag that should never have been."""
    return {**flag, "status": "entered-in-error"}


def _code(rule: Rule, observation: Json) -> Json:
    """The codings of the Observation, and no others: a permit for one of a component does not open the Observation."""
    return {"coding": list(observation.get("code", {}).get("coding", ())), "text": rule.text}


def _time(observation: Json) -> Json:
    """When it was measured, as a Period."""
    stated: Json = observation.get("effectivePeriod", {})
    moment = observation.get("effectiveDateTime")
    return {"start": moment, "end": moment} if moment else stated


def _until(due: datetime, time: Json) -> Json:
    """A Period that holds all of `time`, and goes on until `due`; open where `time` is, or cannot be read."""
    with suppress(HubError):
        end = interval(time["end"])[1] if time.get("end") else None
        if end is not None:
            return {"start": time["start"], "end": max(end, due).isoformat()}
    return {"start": time["start"]}


def _labels(observation: Json) -> Json:
    security = observation.get("meta", {}).get("security")
    return {"meta": {"security": security}} if security else {}
