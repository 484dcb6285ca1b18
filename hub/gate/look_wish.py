"""What a search for audit events asks (R4 auditevent.html#search): `patient`, `agent`, `date`, `_count`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.audit.queries import EARLIEST, LATEST
from hub.fhir.references import parse_reference
from hub.fhir.search_parameters import parameters
from hub.fhir.temporal import interval
from hub.gate.pages import CURSOR
from hub.gate.parameters import count, invalid, once, strangers
from hub.kernel.errors import HubError

_AUDIT_EVENT: Final = "AuditEvent"
#: The search parameters of AuditEvent that are answered (R4 names), besides `_count`.
ANSWERED: Final = frozenset({"patient", "agent", "date"})
_DATE: Final = re.compile(r"(eq|ge|gt|sa|le|lt|eb)?(.+)")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookWish:
    """What is asked for: events recorded in [low, high) about one of `patients` (ids; None: about anybody) at the
    request of one of `agents` (references; None: of anybody).

    `ignored` names the parameters lenient reading left out.
    """

    low: datetime = EARLIEST
    high: datetime = LATEST
    patients: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    count: int | None = None
    ignored: tuple[str, ...] = ()


def read_look_wish(params: Sequence[tuple[str, str]], *, lenient: bool, base_url: str) -> LookWish:
    """Read the parameters; several of one name must all hold, the values of one parameter are alternatives.

    Raises HubError UNSUPPORTED naming unknown parameters (not if `lenient`), INVALID for a value that cannot be.
    """
    unread = strangers(params, ANSWERED | {"_count", "_summary", "_elements", CURSOR}, lenient=lenient)
    if ("_summary", "count") in params:
        raise invalid("count is not supported here", "_summary")
    spans = [_span(value) for name, value in params if name == "date"]
    named = [_patients(value, base_url) for name, value in params if name == "patient"]
    agents = [_agents(value, base_url) for name, value in params if name == "agent"]
    return LookWish(
        low=max((low for low, _ in spans), default=EARLIEST),
        high=min((high for _, high in spans), default=LATEST),
        patients=frozenset.intersection(*named) if named else None,
        agents=frozenset.intersection(*agents) if agents else None,
        count=once(params, "_count", count),
        ignored=unread,
    )


def _span(text: str) -> tuple[datetime, datetime]:
    """An instant of recording is a point, so every prefix but `ne` and `ap` is one range."""
    found = _DATE.fullmatch(text)
    prefix, written = (found[1] or "eq", found[2]) if found else ("", "")
    try:
        low, high = interval(written)
    except HubError:
        raise invalid("is not a date or time with one of the prefixes eq ge gt sa le lt eb", "date") from None
    match prefix:
        case "ge":
            return low, LATEST
        case "gt" | "sa":
            return high or LATEST, LATEST
        case "lt" | "eb":
            return EARLIEST, low
        case "le":
            return EARLIEST, high or LATEST
    return low, high or LATEST


def _patients(value: str, base_url: str) -> frozenset[str]:
    return frozenset(_patient(text, base_url) for text in value.split(","))


def _patient(text: str, base_url: str) -> str:
    if _ID.fullmatch(text):
        return text
    target = parse_reference(text, base_url)
    if target is None or target.type != "Patient" or target.version is not None:
        raise invalid("is not a reference to a Patient", "patient")
    return target.id


def _agents(value: str, base_url: str) -> frozenset[str]:
    return frozenset(agent for text in value.split(",") for agent in _agent(text, base_url))


def _agent(text: str, base_url: str) -> list[str]:
    """References by which an agent may stand in the trail; an id alone may be that of any type."""
    if _ID.fullmatch(text):
        return [f"{rtype}/{text}" for rtype in parameters(_AUDIT_EVENT)["agent"].targets]
    target = parse_reference(text, base_url)
    if target is None or target.version is not None:
        raise invalid("is not a reference", "agent")
    return [f"{target.type}/{target.id}"]
