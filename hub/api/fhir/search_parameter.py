"""SearchParameters over FHIR: their own create, read, update, delete and search.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import expected_version, unchanged
from hub.api.fhir.listed import RESULT, listed
from hub.api.fhir.parameters import refuse_all, refuse_parameters
from hub.api.fhir.search import stated
from hub.api.fhir.update import check_id
from hub.api.fhir.written import resource_of
from hub.api.services import Services
from hub.fhir.json import dumps
from hub.gate.parameters import strangers
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.definitions import TYPE, Definition

#: Search parameters of SearchParameter that are answered, each with the values a resource has for it.
_VALUES: Final[dict[str, Callable[[Json], list[str]]]] = {
    "_id": lambda resource: [resource["id"]],
    "base": lambda resource: list(resource.get("base", ())),
    "code": lambda resource: [resource["code"]],
    "status": lambda resource: [resource["status"]],
    "url": lambda resource: [resource["url"]],
}
ANSWERED: Final = tuple(_VALUES)


async def create(services: Services, ask: Ask) -> Answer:
    """201."""
    refuse_all(ask)
    if ask.conditions.if_none_exist:
        raise HubError(Category.UNSUPPORTED, f"is not supported for {TYPE}", where="If-None-Exist")
    resource = resource_of(ask, services.base_url)
    return _written(ask, await services.definitions.create(ask.actor, resource, origin=ask.origin), 201)


async def update(services: Services, ask: Ask) -> Answer:
    """200. There is no update as create: ids are the server's."""
    refuse_all(ask)
    resource = resource_of(ask, services.base_url)
    check_id(resource, ask.id)
    made = await services.definitions.update(
        ask.actor, ask.id, resource, expected=expected_version(ask.conditions.if_match), origin=ask.origin
    )
    return _written(ask, made, 200)


async def delete(services: Services, ask: Ask) -> Answer:
    """204; a SearchParameter that was deleted is not there any more."""
    refuse_all(ask)
    expected = expected_version(ask.conditions.if_match)
    await services.definitions.delete(ask.actor, ask.id, expected=expected, origin=ask.origin)
    return Answer(status=204)


async def read(services: Services, ask: Ask) -> Answer:
    """As it stands, or 304."""
    refuse_parameters(ask)
    found = await services.definitions.read(ask.actor, ask.id, origin=ask.origin)
    if unchanged(ask.conditions, found.version, found.updated):
        return Answer(status=304, version=found.version, updated=found.updated)
    return Answer(status=200, body=dumps(found.resource), version=found.version, updated=found.updated)


async def search(services: Services, ask: Ask) -> Answer:
    """All, or those with a value of each parameter, by id."""
    params = stated(ask.params)
    ignored = strangers(params, (*ANSWERED, *RESULT), lenient=ask.preference.lenient)
    wanted = [(_VALUES[name], set(value.split(","))) for name, value in params if name in _VALUES]
    found = [
        (one.id, one.resource)
        for one in await services.definitions.listed(ask.actor, origin=ask.origin)
        if all(not values.isdisjoint(of(one.resource)) for of, values in wanted)
    ]
    return Answer(status=200, body=listed(services, ask, TYPE, found, ignored))


def _written(ask: Ask, made: Definition, code: int) -> Answer:
    return Answer(
        status=code,
        body=b"" if ask.preference.returned == "minimal" else dumps(made.resource),
        version=made.version,
        updated=made.updated,
        location=f"{TYPE}/{made.id}",
    )
