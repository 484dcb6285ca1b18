"""Search parameters of one's own in the tests: defining them, and letting the index catch up."""

from __future__ import annotations

from hub.kernel.types import Json
from hub.records.indexing import Indexing, Step
from tests.api.house import House

NICKNAME: Json = {
    "resourceType": "SearchParameter",
    "url": "http://example.org/fhir/SearchParameter/nickname",
    "name": "nickname",
    "status": "active",
    "description": "What a person is called at home",
    "code": "nickname",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.name.where(use='nickname').given",
}


def definition(code: str, rtype: str, kind: str, expression: str) -> Json:
    """An active SearchParameter of one type."""
    named = {"url": f"http://example.org/fhir/SearchParameter/{code}", "name": code, "code": code}
    return NICKNAME | named | {"base": [rtype], "type": kind, "expression": expression}


async def define(home: House, resource: Json = NICKNAME) -> Json:
    made: Json = await home.create(resource, who="administrator")
    return made


async def reindex(home: House) -> None:
    """Until nothing is left to index."""
    indexing = Indexing(home.database)
    while await indexing.step() is not Step.IDLE:
        pass


async def settled(home: House) -> None:
    """As if the second had passed for which a process goes by what it knows of the parameters."""
    home.services.gate._door.store.registry._known = None
