"""FHIR operation Patient/$everything. https://hl7.org/fhir/R4/operation-patient-everything.html

The id of a source Patient means the record of that source alone. The pages hold the patient's own resources first,
then what they refer to that is about no patient, each once. Care dates (`start`, `end`) leave in what has none.
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import asked
from hub.api.fhir.search import searchset
from hub.api.fhir.shape import shaped_page
from hub.api.services import Services
from hub.kernel.errors import Category, HubError

EVERYTHING: Final = "http://hl7.org/fhir/OperationDefinition/Patient-everything"


async def everything(services: Services, ask: Ask) -> Answer:
    """A searchset page of the permitted part of the record, with links `self` and `next`.

    Raises HubError NOT_FOUND (absent and hidden alike), FORBIDDEN when nothing is permitted to an organisation that has
    a relationship with the patient, UNSUPPORTED naming unknown parameters, INVALID for an unreadable value.
    """
    lenient, rid = ask.preference.lenient, patient_of(ask)
    page = await asked(services.gate.everything(ask.actor, rid, ask.searched, lenient=lenient, origin=ask.origin))
    path, params = f"Patient/{rid}/$everything", [*ask.params, *ask.form]
    return Answer(status=200, body=searchset(services, path, params, shaped_page(page, ask.shape)))


def patient_of(ask: Ask) -> str:
    """Whom an operation on Patient is about: the URL names her, or else the token that is bound to one.

    Raises HubError UNSUPPORTED for a request about all patients.
    """
    rid = ask.id or ask.actor.patient
    if not rid:
        raise HubError(
            Category.UNSUPPORTED,
            "the records of all patients are not given at once",
            where="URL",
            todo="name one patient before the operation: Patient/ID/$...",
            code="no-patient",
        )
    return rid
