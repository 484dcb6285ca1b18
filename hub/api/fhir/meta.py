"""FHIR operations $meta, $meta-add, $meta-delete. https://hl7.org/fhir/R4/resource-operation-meta.html and beside it

$meta tells the meta of one resource or of one version of it, as a read of it does. Over a type or the system it would
have to gather what hangs on every resource somebody may see, so it is refused. What is added or taken away makes a
version, as by an update: a version of the hub never changes (docs/decisions/0004-client-writes.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import asked_version, expected_version
from hub.api.fhir.parameters import refuse_all, refuse_parameters
from hub.api.services import Services
from hub.fhir.json import dumps, loads
from hub.gate.door import was_deleted
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.metas import retagging
from hub.records.operations import Patch

META: Final = "http://hl7.org/fhir/OperationDefinition/Resource-meta"
META_ADD: Final = "http://hl7.org/fhir/OperationDefinition/Resource-meta-add"
META_DELETE: Final = "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete"

#: The sets of a Meta, and what their members are.
_SETS: Final[Mapping[str, type]] = {"profile": str, "security": dict, "tag": dict}


async def meta(services: Services, ask: Ask) -> Answer:
    """The meta of the current version, or of the one the URL names. Raises what a read of it raises."""
    refuse_parameters(ask)
    version = asked_version(ask) if ask.version else None
    found = await services.gate.meta(ask.actor, ask.type, ask.id, version, origin=ask.origin)
    if found.deleted:
        raise was_deleted()
    return _answer(found.body)


async def meta_of_many(_services: Services, _ask: Ask) -> Answer:
    """Raises HubError UNSUPPORTED, whoever asks."""
    raise HubError(
        Category.UNSUPPORTED,
        "profiles, tags and labels are not gathered over many resources",
        where="URL",
        todo="ask for the $meta of one resource, or search by _tag, _profile or _security",
        code="meta-of-many",
    )


async def meta_add(services: Services, ask: Ask) -> Answer:
    """The resulting meta. Raises HubError UNREADABLE (400) for a body without one Meta, and what an update raises."""
    return await _retag(services, ask, adds=True)


async def meta_delete(services: Services, ask: Ask) -> Answer:
    """The resulting meta. Also raises HubError FORBIDDEN for security labels, which no client takes away."""
    return await _retag(services, ask, adds=False)


async def _retag(services: Services, ask: Ask, *, adds: bool) -> Answer:
    refuse_all(ask)
    operation = Patch(
        type=ask.type,
        id=ask.id,
        change=retagging(read_meta(ask.resource), adds=adds),
        expected=expected_version(ask.conditions.if_match),
    )
    return _answer((await services.writes.write(ask.actor, operation, origin=ask.origin)).body)


def read_meta(resource: Any) -> Json:
    """The Meta in Parameters. Raises HubError UNREADABLE for anything else."""
    given = resource.get("parameter") if isinstance(resource, dict) else None
    if not isinstance(given, list) or resource.get("resourceType") != "Parameters" or len(given) != 1:
        raise _unreadable("body", "is not a Parameters resource with one parameter")
    (parameter,) = given
    told = parameter.get("valueMeta") if isinstance(parameter, dict) and parameter.get("name") == "meta" else None
    if not isinstance(told, dict):
        raise _unreadable("Parameters.parameter[0]", "is not meta with a valueMeta")
    for name, kind in _SETS.items():
        members = told.get(name, [])
        if not isinstance(members, list) or not all(isinstance(member, kind) for member in members):
            raise _unreadable(f"Parameters.parameter[0].valueMeta.{name}", "is not a list of what Meta has there")
    return told


def _answer(body: bytes) -> Answer:
    returned = {"name": "return", "valueMeta": loads(body).get("meta", {})}
    return Answer(status=200, body=dumps({"resourceType": "Parameters", "parameter": [returned]}))


def _unreadable(where: str, what: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where=where, todo="send Parameters as R4 $meta-add says")
