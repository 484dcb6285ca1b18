"""Links of type `replaced-by` that name the surviving Patient by a number, as IHE PIXm ITI-104 sends them.

https://profiles.ihe.net/ITI/PIXm/ITI-104.html, 2:3.104.4.2. The number becomes a reference beside it, which is what the
records door and the patient index go by.
"""

from __future__ import annotations

from typing import Any

from hub.api.fhir.conditional import at_most_one, find
from hub.api.fhir.exchange import Ask
from hub.api.services import Services
from hub.gate.parameters import escaped
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.replacements import REPLACED_BY


async def refer_to_survivors(services: Services, ask: Ask, resource: Json) -> None:
    """Give every such link of a Patient its reference, in place.

    Raises HubError INVALID (`survivor`) for a number of nobody the actor may see, PRECONDITION (412) for one several
    have.
    """
    links = resource.get("link") if resource.get("resourceType") == "Patient" else None
    for place, link in enumerate(links if isinstance(links, list) else ()):
        other = link.get("other") if isinstance(link, dict) and link.get("type") == REPLACED_BY else None
        if isinstance(other, dict) and "reference" not in other and isinstance(other.get("identifier"), dict):
            rid = await patient_with(services, ask, [other["identifier"]], f"Patient.link[{place}].other")
            other["reference"] = f"Patient/{rid}"


async def patient_with(services: Services, ask: Ask, identifiers: list[Any], where: str) -> str:
    """The id of the one Patient that has all these identifiers. Raises as `refer_to_survivors`."""
    criteria = [("identifier", _token(one, where)) for one in identifiers]
    match = at_most_one(await find(services, ask, "Patient", criteria), where)
    if match is None:
        raise HubError(Category.INVALID, "names no Patient of your facility", where=where, code="survivor")
    return match.id


def _token(identifier: Any, where: str) -> str:
    value = identifier.get("value") if isinstance(identifier, dict) else None
    if not isinstance(value, str) or not value:
        raise HubError(Category.INVALID, "has no identifier with a value", where=where, code="survivor")
    system = identifier.get("system")
    return f"{escaped(system)}|{escaped(value)}" if isinstance(system, str) else escaped(value)
