"""The operations of ValueSet.

https://hl7.org/fhir/R4/valueset-operation-expand.html, valueset-operation-validate-code.html. The value set is named by
`url` (`url|version`), brought as `valueSet`, or a stored resource named by its id.
"""

from __future__ import annotations

from typing import Any, Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.terminology.code_system import verdict_of
from hub.api.fhir.terminology.given import Given, given, unreadable
from hub.api.services import Services
from hub.fhir.json import dumps, loads
from hub.gate.door import was_deleted
from hub.kernel.types import Json
from terminology.expansion import Wish
from terminology.model import VALUE_SET

EXPAND: Final = "http://hl7.org/fhir/OperationDefinition/ValueSet-expand"
VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code"

_NAMING: Final = frozenset({"url", "valueSet", "valueSetVersion"})
_EXPAND: Final = _NAMING | {
    *("filter", "offset", "count", "activeOnly", "includeDesignations", "displayLanguage", "system-version"),
    *("excludeNested", "includeDefinition"),
}
_VALIDATE: Final = _NAMING | {"code", "system", "display", "coding", "codeableConcept", "displayLanguage"}


async def expand(services: Services, ask: Ask) -> Answer:
    """The ValueSet with its expansion, flat, in the order of its code systems.

    Raises HubError NOT_FOUND (404), UNSUPPORTED for what cannot be decided, TOO_LARGE (413) without `count`.
    """
    asked = given(ask, _EXPAND)
    url, stated = await _value_set(services, ask, asked)
    wish = Wish(
        url=url,
        value_set=stated,
        text=asked.text("filter"),
        offset=asked.number("offset") or 0,
        count=asked.number("count"),
        active_only=asked.flag("activeOnly"),
        language=asked.text("displayLanguage"),
        designations=asked.flag("includeDesignations"),
        versions=dict(map(_version, asked.texts("system-version"))),
    )
    page = await services.terminology.expand(wish)
    expansion = {
        "identifier": f"urn:uuid:{services.new_id()}",
        "timestamp": instant(services.clock()),
        "total": page.total,
        "offset": wish.offset,
        "parameter": _parameters(wish, page.used),
        "contains": page.contains,
    }
    head: Json = {"resourceType": VALUE_SET, "status": "active", **({"url": url} if url else {})}
    if stated is not None:
        head |= {name: stated[name] for name in ("id", "url", "version", "name", "title", "status") if name in stated}
    told = {name: value for name, value in expansion.items() if value != []}
    return Answer(status=200, body=dumps(head | {"expansion": told}))


def _parameters(wish: Wish, used: list[str]) -> list[Json]:
    """What was asked and what was used (R4 ValueSet.expansion.parameter)."""
    asked: list[tuple[str, str, Any]] = [
        ("filter", "String", wish.text),
        ("count", "Integer", wish.count),
        ("activeOnly", "Boolean", wish.active_only or None),
        ("displayLanguage", "Code", wish.language),
        ("includeDesignations", "Boolean", wish.designations or None),
        *(("version", "Uri", one) for one in used),
    ]
    return [{"name": name, f"value{kind}": value} for name, kind, value in asked if value not in (None, "")]


async def validate_code(services: Services, ask: Ask) -> Answer:
    """Whether a code, or one of a CodeableConcept, is in a value set. Raises HubError NOT_FOUND (404), UNSUPPORTED."""
    asked = given(ask, _VALIDATE)
    url, stated = await _value_set(services, ask, asked)
    verdicts = []
    for coding, element in asked.codings():
        display = asked.text("display") or str(element.get("display", ""))
        verdicts.append(await services.terminology.in_value_set(url, coding, display, stated))
    return verdict_of(verdicts)


async def _value_set(services: Services, ask: Ask, asked: Given) -> tuple[str, Json | None]:
    """The URL of a loaded value set, or the resource itself."""
    if ask.id:
        found = await services.gate.read(ask.actor, VALUE_SET, ask.id, origin=ask.origin)
        if found.deleted:
            raise was_deleted()
        stored: Json = loads(found.body)
        return "", stored
    brought, url, version = asked.structure("valueSet"), asked.text("url"), asked.text("valueSetVersion")
    if brought is None and not url:
        raise unreadable("url", "is missing: give url or valueSet")
    if brought is not None:
        _refuse_unsound(services, brought)
    return ("", brought) if brought is not None else (f"{url}|{version}" if version else url, None)


def _refuse_unsound(services: Services, resource: Json) -> None:
    sound = resource.get("resourceType") == VALUE_SET and all(
        issue.severity not in ("fatal", "error") for issue in services.examine(resource, ())
    )
    if not sound:
        raise unreadable("valueSet", "is not a valid ValueSet")


def _version(text: str) -> tuple[str, str]:
    """`system|version`."""
    system, mark, version = text.partition("|")
    if not mark or not version:
        raise unreadable("system-version", "is not system|version")
    return system, version
