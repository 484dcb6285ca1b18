"""FHIR capabilities interaction: what this server does, made from the table of interactions and the search parameters.

https://hl7.org/fhir/R4/http.html#capabilities, https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.router import Interaction
from hub.api.fhir.routes import INTERACTIONS
from hub.api.services import Services
from hub.fhir.json import dumps
from hub.fhir.search_parameters import SearchParameter
from hub.fhir.structure import RESOURCE_TYPES
from hub.gate.look_wish import ANSWERED
from hub.kernel.types import Json
from hub.records.rights import RESERVED

_WRITES: Final = frozenset({"create", "update", "delete"})
_OF_VERSIONS: Final = frozenset({"vread", "history-instance"})
#: Types made from the hub's own records when they are asked for: they have no versions and fewer search parameters.
_COMPUTED: Final = {"AuditEvent": ANSWERED}


class CapabilityPage:
    """The statement of one process, made when it is first asked for."""

    def __init__(self, services: Services) -> None:
        self._services: Final = services
        self._body = b""

    def body(self) -> bytes:
        """Ready JSON."""
        if not self._body:
            self._body = dumps(capability_statement(self._services))
        return self._body


def capability_statement(services: Services) -> Json:
    """The CapabilityStatement of this hub."""
    pointing = _pointing(services)
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(services.clock()),
        "kind": "instance",
        "software": {"name": "Yilian Hub", "version": services.version},
        "implementation": {"description": "医联枢纽 Yilian Hub", "url": services.base_url},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "description": "Bearer tokens in the Authorization header; every release is judged and audited.",
                },
                "resource": [
                    _resource(rtype, services.searchable(rtype), pointing[rtype]) for rtype in sorted(pointing)
                ],
                "interaction": [{"code": code} for code in ("transaction", "batch", "search-system")],
                "searchParam": _of_all_types(services),
            }
        ],
    }


def _resource(rtype: str, searchable: Mapping[str, SearchParameter], pointing: Sequence[str]) -> Json:
    computed = rtype in _COMPUTED
    left_out = (_WRITES if rtype in RESERVED else frozenset()) | (_OF_VERSIONS if computed else frozenset())
    codes = [code for code in _codes(INTERACTIONS) if code not in left_out]
    told: Json = {
        "type": rtype,
        "interaction": [{"code": code} for code in codes],
        "versioning": "no-version" if computed else "versioned",
        "readHistory": not computed,
    }
    if "update" in codes:
        told |= {
            "updateCreate": True,
            "conditionalCreate": True,
            "conditionalRead": "full-support",
            "conditionalUpdate": True,
            "conditionalDelete": "single",
        }
    told |= _operations(rtype)
    answered = sorted(_COMPUTED.get(rtype, searchable))
    parameters = [{"name": code, "type": searchable[code].type} for code in answered]
    if not computed:
        forward = [f"{rtype}:{code}" for code, one in searchable.items() if one.type == "reference"]
        told |= {"searchInclude": ["*", *sorted(forward)], "searchRevInclude": ["*", *pointing]}
    return told | ({"searchParam": parameters} if parameters else {})


def _of_all_types(services: Services) -> list[Json]:
    """Parameters of a search over all types (R4 search.html, Parameters for all resources), `_type` among them."""
    common = [parameter for code, parameter in services.searchable("Basic").items() if code.startswith("_")]
    told = [{"name": parameter.code, "type": parameter.type} for parameter in common]
    return [*told, {"name": "_type", "type": "special"}]


def _pointing(services: Services) -> Mapping[str, list[str]]:
    """The reference parameters that may point to each type, as `_revinclude` names them."""
    found: dict[str, list[str]] = {rtype: [] for rtype in RESOURCE_TYPES}
    for source in sorted(RESOURCE_TYPES):
        for code, parameter in sorted(services.searchable(source).items()):
            for target in parameter.targets:
                found[target].append(f"{source}:{code}")
    return found


def _codes(interactions: Sequence[Interaction]) -> list[str]:
    """Codes of the interactions on a type or an instance, each once, in the order of the table."""
    return list(dict.fromkeys(i.code for i in interactions if "{type}" in i.template and not i.operation))


def _operations(rtype: str) -> Json:
    definitions = {i.code: i.operation for i in INTERACTIONS if i.operation and i.only == rtype}
    told = [{"name": name, "definition": url} for name, url in definitions.items()]
    return {"operation": told} if told else {}
