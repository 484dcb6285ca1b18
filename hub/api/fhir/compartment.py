"""FHIR search in the compartment of a patient: `GET Patient/ID/Observation?...`, and of all types `Patient/ID/*?...`.

Both also by POST, as type-level searches are and some clients send these: `Patient/ID/Observation/_search`.
https://hl7.org/fhir/R4/search.html (3.1.1.3, contexts), https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.router import EVERY_TYPE
from hub.api.fhir.search import answered
from hub.api.services import Services
from hub.fhir.compartments import COMPARTMENT, patient_parameters
from hub.kernel.errors import Category, HubError

#: What the capability statement announces (`rest.compartment`).
COMPARTMENTS: Final = ("http://hl7.org/fhir/CompartmentDefinition/patient",)


async def search_compartment(services: Services, ask: Ask) -> Answer:
    """What `search` gives, of the resources that name the patient by a parameter of the compartment.

    Raises what `search` raises, and HubError NOT_FOUND for a type that is in no such compartment.
    """
    codes = patient_parameters(ask.version) if ask.version else ()
    if ask.version and not codes:
        raise HubError(Category.NOT_FOUND, "no such type in the compartment of a Patient", where="URL")
    within = (codes[0] if len(codes) == 1 else COMPARTMENT, f"{ask.type}/{ask.id}")
    inside = replace(ask, type=ask.version, id="", version="", params=[within, *ask.params])
    return await answered(services, inside, f"{ask.type}/{ask.id}/{ask.version or EVERY_TYPE}", ask.params)
