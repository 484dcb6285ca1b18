"""FHIR operation $export: system, all patients, a Group. https://hl7.org/fhir/uv/bulkdata/STU2/export.html

The answer is 202 with the address where to ask how far it is (R4 async.html). What the files hold is judged when they
are fetched: hub/api/fhir/jobs.py.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.jobs import address, kicked_off, refuse_now
from hub.api.fhir.parameters import asked
from hub.api.fhir.router import Body, Handler, Interaction
from hub.api.services import Services
from hub.gate.export_wish import Level
from hub.gate.parameters import unknown

_DEFINITION: Final = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
#: Names patients, which may not stand in a URL.
_POST_ONLY: Final = "patient"


async def export(services: Services, ask: Ask, level: Level, method: str) -> Answer:
    """Start an export.

    Raises HubError UNSUPPORTED (400: without `Prefer: respond-async`, or naming unknown parameters), INVALID for a
    value that cannot be read, FORBIDDEN, NOT_FOUND for a Group that is not there for this client, THROTTLED.
    """
    refuse_now(ask)
    if method == "GET" and any(name == _POST_ONLY for name, _ in ask.params):
        raise unknown([_POST_ONLY])
    path = {"system": "$export", "patient": "Patient/$export", "group": f"Group/{ask.id}/$export"}[level]
    job = await asked(
        services.bulk.export(
            ask.actor,
            level,
            ask.id or None,
            ask.searched,
            lenient=ask.preference.lenient,
            request=address(services, path, ask.params if method == "GET" else ()),
            origin=ask.origin,
        )
    )
    return kicked_off(job)


def _interaction(level: Level, method: str, template: str, name: str, only: str = "") -> Interaction:
    handle: Handler = partial(export, level=level, method=method)
    body: Body = "parameters" if method == "POST" else "none"
    return Interaction("export", method, template, handle, body, operation=_DEFINITION + name, only=only)


EXPORTS: Final = tuple(
    _interaction(*place)
    for method in ("GET", "POST")
    for place in (
        ("system", method, "/$export", "export", ""),
        ("patient", method, "/{type}/$export", "patient-export", "Patient"),
        ("group", method, "/{type}/{id}/$export", "group-export", "Group"),
    )
)
