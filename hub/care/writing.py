"""An alert as resources: a Flag on the patient, and a Task for whoever is to act, with the time by which. Pure.

Both carry the codes and the security labels of the Observation they come from, so what hides it by these hides them.
They say which rule is met and refer to the Observation; its numbers stand there alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from hub.care.rules import Rule
from hub.kernel.ids import IdMaker
from hub.kernel.types import Json

#: How soon a Task is to be done, by level (R4 request-priority).
_PRIORITY: Final = {"red": "stat", "yellow": "urgent", "blue": "routine"}
_CATEGORY: Final = {"system": "http://terminology.hl7.org/CodeSystem/flag-category", "code": "clinical"}


class Addressee(NamedTuple):
    """Who is told: a facility, and a practitioner of it ("": nobody in particular)."""

    organization: str
    practitioner: str

    @property
    def key(self) -> str:
        return f"{self.organization}|{self.practitioner}"

    @property
    def reference(self) -> str:
        return f"Practitioner/{self.practitioner}" if self.practitioner else f"Organization/{self.organization}"


def alert_id(ids: IdMaker, addressee: Addressee, rtype: str, key: str) -> str:
    """An id in the facility's own space, the same whenever the same is alerted."""
    return f"{addressee.organization}-{ids(addressee.organization, rtype, 'alert', key)}"


def flag(rid: str, rule: Rule, observation: Json, to: Addressee, patient: str, now: datetime) -> Json:
    """The Flag: active from now on, until somebody says that it is over."""
    return {
        "resourceType": "Flag",
        "id": rid,
        **_labels(observation),
        "status": "active",
        "category": [{"coding": [_CATEGORY]}],
        "code": _code(rule, observation),
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": now.isoformat()},
        "author": {"reference": f"Organization/{to.organization}"},
    }


def task(rid: str, rule: Rule, observation: Json, to: Addressee, patient: str, now: datetime) -> Json:
    """The Task: requested, of the doctor or facility, about the Observation, to be done within the rule's minutes."""
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
        "for": {"reference": f"Patient/{patient}"},
        "executionPeriod": {"start": now.isoformat(), "end": (now + rule.within).isoformat()},
        "authoredOn": now.isoformat(),
        "requester": {"reference": f"Organization/{to.organization}"},
        "owner": {"reference": to.reference},
    }


def cancelled(task: Json) -> Json:
    """A Task nobody has begun, called off."""
    if task.get("status") != "requested":
        return task
    return {**task, "status": "cancelled", "statusReason": {"text": "测量值录入有误"}}


def in_error(flag: Json) -> Json:
    """A Flag that should never have been."""
    return {**flag, "status": "entered-in-error"}


def _code(rule: Rule, observation: Json) -> Json:
    """Every coding of the Observation and its components."""
    parts = (observation, *observation.get("component", ()))
    codings = [coding for part in parts for coding in part.get("code", {}).get("coding", ())]
    return {"coding": [each for at, each in enumerate(codings) if each not in codings[:at]], "text": rule.text}


def _labels(observation: Json) -> Json:
    security = observation.get("meta", {}).get("security")
    return {"meta": {"security": security}} if security else {}
