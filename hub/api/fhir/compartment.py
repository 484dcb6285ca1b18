"""FHIR search in a compartment: `GET Encounter/ID/Observation?...`, and of all its types `GET Encounter/ID/*?...`.

Both also by POST, as type-level searches are and some clients send these: `Encounter/ID/Observation/_search`. It is a
search for what names the resource by a parameter of the compartment; whether that resource is there is not asked.
https://hl7.org/fhir/R4/search.html (3.1.1.3, contexts), https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.router import EVERY_TYPE
from hub.api.fhir.search import answered
from hub.api.services import Services
from hub.fhir.compartments import COMPARTMENT, OWNERS, compartment_parameters
from hub.kernel.errors import Category, HubError

#: What the capability statement announces (`rest.compartment`): R4's definitions are named in camel case.
COMPARTMENTS: Final = tuple(
    f"http://hl7.org/fhir/CompartmentDefinition/{owner[0].lower()}{owner[1:]}" for owner in OWNERS
)
#: The one code by which alone a type is in a compartment, where it is the resource itself.
_ITSELF: Final = ("_id",)


async def search_compartment(services: Services, ask: Ask) -> Answer:
    """What `search` gives, of the resources that name this one by a parameter of its compartment.

    Raises what `search` raises, and HubError NOT_FOUND for a type that is in no such compartment.
    """
    codes = compartment_parameters(ask.type, ask.version) if ask.version else ()
    if ask.version and not codes:
        raise HubError(Category.NOT_FOUND, f"no such type in the compartment of {ask.type}", where="URL")
    single = len(codes) == 1 and codes != _ITSELF
    within = (codes[0] if single else COMPARTMENT, f"{ask.type}/{ask.id}")
    inside = replace(ask, type=ask.version, id="", version="", params=[within, *ask.params])
    return await answered(services, inside, f"{ask.type}/{ask.id}/{ask.version or EVERY_TYPE}", ask.params)
