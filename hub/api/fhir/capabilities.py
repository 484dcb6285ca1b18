"""FHIR capabilities interaction: what this server does, made from the table of interactions and the search parameters.

https://hl7.org/fhir/R4/http.html#capabilities, https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.api.fhir import search_parameter, subscription
from hub.api.fhir.bundle import instant
from hub.api.fhir.compartment import COMPARTMENTS
from hub.api.fhir.operations import LIMITS
from hub.api.fhir.router import WRITES, Interaction
from hub.api.fhir.routes import INTERACTIONS
from hub.api.patch_formats import PATCH_FORMATS
from hub.api.representation import PLAIN, Representation
from hub.api.services import Services
from hub.auth.oauth.discovery import AUTHORIZE, TOKEN, issuer_url
from hub.events.topics import TOPICS
from hub.fhir.custom import Custom
from hub.fhir.json import dumps
from hub.fhir.search_parameters import SearchParameter
from hub.fhir.structure import RESOURCE_TYPES
from hub.gate.look_wish import ANSWERED
from hub.kernel.types import Json
from hub.records.rights import RESERVED

_OF_VERSIONS: Final = frozenset({"vread", "history-instance", "history-type"})
#: Types made from the hub's own records when they are asked for: they have no versions and fewer search parameters.
_COMPUTED: Final = {"AuditEvent": ANSWERED}
#: Operations that make a version.
_WRITING: Final = frozenset({"meta-add", "meta-delete"})
#: Types that are kept apart from the record, by interactions of their own, and the search parameters they answer.
_APART: Final = {"SearchParameter": search_parameter.ANSWERED, "Subscription": subscription.ANSWERED}
_BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport"
_TOPIC: Final = f"{_BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
#: Servers of Bulk Data Access 2.0 and of Subscriptions R5 Backport 1.1.0 (its conformance.html).
_SERVING: Final = (
    "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",
    f"{_BACKPORT}/CapabilityStatement/backport-subscription-server-r4",
)
#: The actors of IHE MHD (ITI-65 to ITI-68).
_SHARING: Final = tuple(
    f"https://profiles.ihe.net/ITI/MHD/CapabilityStatement/IHE.MHD.Document{actor}"
    for actor in ("Recipient", "Responder")
)
_OAUTH: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_WEBSOCKET: Final = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket"

#: Search parameters of the installation's own that are answered, by type and code.
Own = Mapping[str, Mapping[str, SearchParameter]]


class CapabilityPage:
    """The statement of one process, made when it is first asked for and when it has changed, in each form once."""

    def __init__(self, services: Services, *, cors: bool) -> None:
        self._services: Final = services
        self._cors: Final = cors
        self._plain = b""
        self._told: Own = {}
        self._bodies: Final[dict[tuple[str, bool], bytes]] = {}

    async def statement(self) -> bytes:
        """Ready JSON, with the search parameters of the installation's own that are answered now."""
        return self.body(await self._services.gate.custom())

    def body(self, custom: Custom, form: Representation = PLAIN) -> bytes:
        """Ready bytes, with what of `custom` is answered."""
        told = {rtype: custom.answered(rtype) for rtype in custom.defined}
        if not self._plain or told != self._told:
            self._plain, self._told = dumps(capability_statement(self._services, told, cors=self._cors)), told
            self._bodies.clear()
        key = form.format.name, form.pretty
        if key not in self._bodies:
            self._bodies[key] = form.of(self._plain)
        return self._bodies[key]


def capability_statement(services: Services, own: Own, *, cors: bool) -> Json:
    """The CapabilityStatement of this hub, with the search parameters of the installation's own.

    `cors`: scripts of registered origins are answered.
    """
    searchable = {rtype: {**services.searchable(rtype), **own.get(rtype, {})} for rtype in RESOURCE_TYPES}
    pointing = _pointing(searchable)
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(services.clock()),
        "kind": "instance",
        "instantiates": [*_SERVING, *(_SHARING if services.documents is not None else ())],
        "software": {"name": "Yilian Hub", "version": services.version},
        "implementation": {"description": "医联枢纽 Yilian Hub", "url": services.base_url},
        "fhirVersion": "4.0.1",
        "format": ["json", "xml", "application/fhir+json", "application/fhir+xml"],
        "patchFormat": list(PATCH_FORMATS),
        "rest": [
            {
                "extension": [{"url": _WEBSOCKET, "valueUri": subscription.websocket_url(services.base_url)}],
                "mode": "server",
                "security": _security(services.base_url, cors=cors),
                "resource": [
                    _of_type(services, rtype, searchable[rtype], pointing[rtype]) for rtype in sorted(pointing)
                ],
                "interaction": [{"code": code} for code in ("transaction", "batch", "search-system", "history-system")],
                "searchParam": _of_all_types(services),
                "compartment": list(COMPARTMENTS),
                **_told(_of_system(), services.base_url),
            }
        ],
    }


def _security(base_url: str, *, cors: bool) -> Json:
    """How to get a token; older SMART clients read the addresses here (SMART App Launch 1.0, oauth-uris)."""
    issuer = issuer_url(base_url)
    addresses = [{"url": "authorize", "valueUri": issuer + AUTHORIZE}, {"url": "token", "valueUri": issuer + TOKEN}]
    service = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
    return {
        "extension": [{"url": _OAUTH, "extension": addresses}],
        "cors": cors,
        "service": [{"coding": [service]}],
        "description": "Bearer tokens in the Authorization header; every release is judged and audited.",
    }


def _of_type(
    services: Services, rtype: str, searchable: Mapping[str, SearchParameter], pointing: Sequence[str]
) -> Json:
    if rtype in _APART:
        return _backported(rtype, services.canonical_base) | _apart(rtype, services)
    return _resource(rtype, searchable, pointing, services.base_url)


def _backported(rtype: str, canonical_base: str) -> Json:
    """Topics and the profile of Subscriptions, as backport 1.1.0 has them told for R4 (conformance.html)."""
    if rtype != "Subscription":
        return {}
    topics = [topic.canonical(canonical_base) for topic in TOPICS.values()]
    return {
        "extension": [{"url": _TOPIC, "valueCanonical": topic} for topic in topics],
        "supportedProfile": [f"{_BACKPORT}/StructureDefinition/backport-subscription"],
    }


def _apart(rtype: str, services: Services) -> Json:
    """A type with interactions of its own."""
    own = [i for i in INTERACTIONS if i.only == rtype]
    searchable = services.searchable(rtype)
    return {
        "type": rtype,
        "interaction": [{"code": code} for code in dict.fromkeys(i.code for i in own if not i.operation)],
        "versioning": "versioned-update",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalRead": "full-support",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        **_told({i.code: i.operation for i in own if i.operation}, services.base_url),
        "searchParam": [{"name": code, "type": searchable[code].type} for code in _APART[rtype]],
    }


def _resource(rtype: str, searchable: Mapping[str, SearchParameter], pointing: Sequence[str], base_url: str) -> Json:
    computed = rtype in _COMPUTED
    left_out = (WRITES if rtype in RESERVED else frozenset()) | (_OF_VERSIONS if computed else frozenset())
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
    told |= _operations(rtype, codes, base_url)
    answered = sorted(_COMPUTED.get(rtype, searchable))
    parameters = [_parameter(code, searchable[code]) for code in answered]
    if not computed:
        forward = [f"{rtype}:{code}" for code, one in searchable.items() if one.type == "reference"]
        told |= {"searchInclude": ["*", *sorted(forward)], "searchRevInclude": ["*", *pointing]}
    return told | ({"searchParam": parameters} if parameters else {})


def _parameter(code: str, parameter: SearchParameter) -> Json:
    told = {"name": code, "type": parameter.type}
    return told | ({"definition": parameter.url} if parameter.url else {})


def _of_all_types(services: Services) -> list[Json]:
    """Parameters of a search over all types (R4 search.html, Parameters for all resources), `_type` among them."""
    common = [parameter for code, parameter in services.searchable("Basic").items() if code.startswith("_")]
    told = [{"name": parameter.code, "type": parameter.type} for parameter in common]
    return [*told, {"name": "_type", "type": "special"}]


def _pointing(searchable: Mapping[str, Mapping[str, SearchParameter]]) -> Mapping[str, list[str]]:
    """The reference parameters that may point to each type, as `_revinclude` names them."""
    found: dict[str, list[str]] = {rtype: [] for rtype in RESOURCE_TYPES}
    for source in sorted(RESOURCE_TYPES):
        for code, parameter in sorted(searchable[source].items()):
            for target in parameter.targets:
                found[target].append(f"{source}:{code}")
    return found


def _codes(interactions: Sequence[Interaction]) -> list[str]:
    """Codes of the interactions on a type or an instance, each once, in the order of the table."""
    of_all = (i for i in interactions if "{type}" in i.template and not i.operation and not i.only)
    return list(dict.fromkeys(i.code for i in of_all))


def _operations(rtype: str, codes: Sequence[str], base_url: str) -> Json:
    """The operations of a type; those that write only where updates do."""
    left_out = frozenset() if "update" in codes else _WRITING
    of_types = [i for i in INTERACTIONS if "{type}" in i.template and i.only in ("", rtype)]
    return _told({i.code: i.operation for i in of_types if i.operation and i.code not in left_out}, base_url)


def _of_system() -> Mapping[str, str]:
    """The operations of the whole system; $meta is refused there."""
    return {
        i.code: i.operation for i in INTERACTIONS if i.operation and "{type}" not in i.template and i.code != "meta"
    }


def _told(definitions: Mapping[str, str], base_url: str) -> Json:
    """Operations and their definitions; one that is not HL7's lies below the base."""
    absolute = {name: url if "://" in url else f"{base_url}/{url}" for name, url in definitions.items()}
    told = [_operation(name, url) for name, url in absolute.items()]
    return {"operation": told} if told else {}


def _operation(name: str, url: str) -> Json:
    limit = LIMITS.get(name)
    return {"name": name, "definition": url, **({"documentation": limit} if limit else {})}
