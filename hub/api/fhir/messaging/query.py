"""A pharmacy asks for the prescriptions that were sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.api.fhir.exchange import Ask
from hub.api.fhir.messaging.message import Message
from hub.api.fhir.operation import read_parameters
from hub.api.fhir.parameters import asked
from hub.api.services import Services
from hub.gate.released import ReleasedPage
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Prescriptions one answer may hold: a message has no second page.
_MOST: Final = 500
#: Parameter of the question, and the search parameter with the prefix it becomes.
_READ: Final[Mapping[str, tuple[str, str]]] = {
    "patient": ("patient.identifier", ""),
    "prescription": ("identifier", ""),
    "status": ("status", ""),
    "since": ("authoredon", "ge"),
}


async def sent_here(services: Services, ask: Ask, message: Message) -> ReleasedPage:
    """The prescriptions sent to the asker's organisation that it may see, oldest first, with their patients.

    Those in force, unless `status` says otherwise. Raises HubError UNREADABLE or UNSUPPORTED for a parameter that is
    none, TOO_LARGE where one message cannot hold them all.
    """
    (first, *others) = message.of("Parameters")
    if others:
        raise _refused("stands twice", others[0].where, "ask one question at a time")
    criteria = [
        *read_question(first.resource, first.where),
        ("intended-dispenser", f"Organization/{ask.actor.organization}"),
    ]
    criteria += [("_include", "MedicationRequest:subject"), ("_sort", "authoredon"), ("_count", str(_MOST))]
    page = await asked(services.gate.search(ask.actor, "MedicationRequest", criteria, origin=ask.origin))
    if page.next is not None:
        todo = "ask for one patient, or since a later time"
        raise HubError(Category.TOO_LARGE, f"finds more than {_MOST} prescriptions", where=first.where, todo=todo)
    return page


def read_question(parameters: Json, where: str) -> list[tuple[str, str]]:
    """The search that a question means. Raises HubError UNREADABLE, UNSUPPORTED naming the parameters there are."""
    asked_for = read_parameters(parameters)
    unknown = [name for name, _ in asked_for if name not in _READ]
    if unknown:
        raise _refused("has a parameter that is none", f"{where}.resource", f"use {', '.join(_READ)}")
    stated = [(_READ[name][0], _READ[name][1] + value) for name, value in asked_for]
    return stated if any(name == "status" for name, _ in stated) else [*stated, ("status", "active")]


def _refused(what: str, where: str, todo: str) -> HubError:
    return HubError(Category.UNSUPPORTED, what, where=where, todo=todo, code="question")
