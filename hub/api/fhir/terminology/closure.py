"""The operation that keeps a table of closure for a client.

https://hl7.org/fhir/R4/conceptmap-operation-closure.html: a name alone begins the table; with concepts what is new in
it is told; with a version everything that came after it. A table belongs to its client: another one's is not seen.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.terminology.given import coding_of, given, unreadable
from hub.api.services import Services
from hub.fhir.json import dumps
from hub.kernel.types import Json
from terminology.closure_tables import Grown
from terminology.model import CONCEPT_MAP

CLOSURE: Final = "http://hl7.org/fhir/OperationDefinition/ConceptMap-closure"

_CLOSURE: Final = frozenset({"name", "concept", "version"})
#: Characters of a name: it is a key of an index.
_LONGEST: Final = 200


async def closure(services: Services, ask: Ask) -> Answer:
    """A ConceptMap of what is new.

    Raises HubError NOT_FOUND (404) for a table that was not begun and codes that are not there, CONFLICT (409) where it
    has to begin anew.
    """
    asked = given(ask, _CLOSURE)
    name, version, concepts = asked.text("name"), asked.number("version"), asked.structures("concept")
    if not name:
        raise unreadable("name", "is missing")
    if len(name) > _LONGEST or not name.isprintable():
        raise unreadable("name", f"is not a name of at most {_LONGEST} printable characters")
    if version is not None and concepts:
        raise unreadable("version", "is not given together with concepts")
    owner = f"{ask.actor.organization}/{ask.actor.client}"
    if version is not None:
        grown = await services.closures.since(owner, name, version)
    elif concepts:
        grown = await services.closures.grow(owner, name, [coding_of(one, "concept") for one in concepts])
    else:
        await services.closures.begin(owner, name)
        grown = Grown(0, ())
    return Answer(status=200, body=dumps(_map(services, name, grown)))


def _map(services: Services, name: str, grown: Grown) -> Json:
    """Each code with what it is a kind of; the target subsumes the source (R4 concept-map-equivalence)."""
    groups = [
        {
            **{"source": system, "target": system},
            "element": [
                {"code": code, "target": [{"code": above, "equivalence": "subsumes"} for _, _, above in pairs]}
                for code, pairs in groupby(of_system, key=lambda pair: pair[1])
            ],
        }
        for system, of_system in groupby(grown.pairs, key=lambda pair: pair[0])
    ]
    return {
        **{"resourceType": CONCEPT_MAP, "version": str(grown.version), "title": name, "status": "active"},
        **{"experimental": True, "date": instant(services.clock())},
        **({"group": groups} if groups else {}),
    }
