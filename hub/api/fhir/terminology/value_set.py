"""The operations of ValueSet.

https://hl7.org/fhir/R4/valueset-operation-expand.html, valueset-operation-validate-code.html. The value set is named by
`url` (`url|version`) or the element it is bound to (`context`), brought as `valueSet`, or a resource named by its id.
"""

from __future__ import annotations

from typing import Any, Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.terminology.code_system import verdict_of
from hub.api.fhir.terminology.dated import of_its_time
from hub.api.fhir.terminology.given import Given, given, unreadable
from hub.api.fhir.terminology.stored import stored
from hub.api.services import Services
from hub.fhir.bindings import bound_set
from hub.fhir.json import dumps
from hub.fhir.value_sets import implied_system
from hub.kernel.types import Json
from terminology.expansion import Wish
from terminology.model import VALUE_SET
from terminology.versions import Versions

EXPAND: Final = "http://hl7.org/fhir/OperationDefinition/ValueSet-expand"
VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code"

_NAMING: Final = frozenset({"url", "valueSet", "valueSetVersion", "date"})
_SETS: Final = "http://hl7.org/fhir/ValueSet/"
#: What an expansion can be asked.
EXPANDS: Final = _NAMING | {
    *("context", "contextDirection", "filter", "offset", "count", "activeOnly", "displayLanguage"),
    *("includeDesignations", "designation", "includeDefinition"),
    *("excludeNested", "excludeNotForUI", "excludePostCoordinated", "exclude-system"),
    *("system-version", "check-system-version", "force-system-version"),
}
_VALIDATE: Final = _NAMING | {
    *("context", "code", "system", "systemVersion", "display", "coding", "codeableConcept", "displayLanguage"),
    "abstract",
}


async def expand(services: Services, ask: Ask) -> Answer:
    """The ValueSet with its expansion, in the order of its code systems: flat, unless nesting is asked for.

    Raises HubError NOT_FOUND (404), UNSUPPORTED for what cannot be decided, TOO_LARGE (413) without `count`.
    """
    asked = given(ask, EXPANDS)
    url, resource = await _value_set(services, ask, asked)
    wish = Wish(
        url=url,
        value_set=resource,
        text=asked.text("filter"),
        offset=asked.number("offset") or 0,
        count=asked.number("count"),
        active_only=asked.flag("activeOnly"),
        language=asked.text("displayLanguage"),
        designations=asked.flag("includeDesignations") or bool(asked.texts("designation")),
        wanted=frozenset(asked.canonicals("designation")),
        without=frozenset(asked.canonicals("exclude-system", versioned=False)),
        selectable=asked.flag("excludeNotForUI"),
        nested=asked.choice("excludeNested") is False,
        versions=Versions(
            stated=dict(asked.canonicals("system-version")),
            forced=dict(asked.canonicals("force-system-version")),
            checked=dict(asked.canonicals("check-system-version")),
        ),
    )
    page, definition = await of_its_time(services, asked).expand(wish), asked.flag("includeDefinition")
    expansion = {
        "identifier": f"urn:uuid:{services.new_id()}",
        "timestamp": instant(services.clock()),
        "total": page.total,
        "offset": wish.offset,
        "parameter": _parameters(wish, page.used, asked.text("date")),
        "contains": page.contains,
    }
    named = dict(zip(("url", "version"), url.split("|", 1), strict=False)) if url else {}
    head: Json = {"resourceType": VALUE_SET, "status": "active", **named}
    if resource is not None:
        told_of = ("id", "url", "version", "name", "title", "status", *(["compose"] if definition else []))
        head |= {name: resource[name] for name in told_of if name in resource}
    told = {name: value for name, value in expansion.items() if value != []}
    return Answer(status=200, body=dumps(head | {"expansion": told}))


def _parameters(wish: Wish, used: list[str], date: str) -> list[Json]:
    """What was asked and what was used (R4 ValueSet.expansion.parameter)."""
    asked: list[tuple[str, str, Any]] = [
        ("filter", "String", wish.text),
        ("count", "Integer", wish.count),
        ("activeOnly", "Boolean", wish.active_only or None),
        ("date", "DateTime", date),
        ("displayLanguage", "Code", wish.language),
        ("includeDesignations", "Boolean", wish.designations or None),
        ("excludeNotForUI", "Boolean", wish.selectable or None),
        ("excludeNested", "Boolean", not wish.nested),
        *(("exclude-system", "Uri", "|".join(filter(None, one))) for one in sorted(wish.without)),
        *(("system-version", "Uri", "|".join(one)) for one in wish.versions.stated.items()),
        *(("force-system-version", "Uri", "|".join(one)) for one in wish.versions.forced.items()),
        *(("check-system-version", "Uri", "|".join(one)) for one in wish.versions.checked.items()),
        *(("version", "Uri", one) for one in used),
    ]
    return [{"name": name, f"value{kind}": value} for name, kind, value in asked if value not in (None, "")]


async def validate_code(services: Services, ask: Ask) -> Answer:
    """Whether a code, or one of a CodeableConcept, is in a value set. Raises HubError NOT_FOUND (404), UNSUPPORTED."""
    asked = _of_element(given(ask, _VALIDATE))
    url, resource = await _value_set(services, ask, asked)
    verdicts = await of_its_time(services, asked).in_value_set(url, asked.stated(version="systemVersion"), resource)
    return verdict_of(verdicts, abstract=asked.choice("abstract"))


def _of_element(asked: Given) -> Given:
    """What was given; the system of a code that stands alone is told by the element it is the value of, where all codes
    of its value set are of one system.
    """
    if not asked.text("context") or not asked.text("code") or asked.text("system"):
        return asked
    system = implied_system(_bound(asked.text("context")).removeprefix(_SETS))
    return asked.standing(system=system) if system else asked


async def _value_set(services: Services, ask: Ask, asked: Given) -> tuple[str, Json | None]:
    """The URL of a loaded value set, or the resource itself."""
    if ask.id and asked.text("date"):
        raise unreadable("date", "is answered of what is named by its url")
    if ask.id:
        return "", await stored(services, ask, VALUE_SET)
    brought, url, version = asked.structure("valueSet"), asked.text("url"), asked.text("valueSetVersion")
    if brought is None and not url:
        url = _bound(asked.text("context"))
    if brought is not None:
        _refuse_unsound(services, brought)
    return ("", brought) if brought is not None else (f"{url}|{version}" if version else url, None)


def _bound(context: str) -> str:
    """The value set an element of R4 is bound to."""
    if not context:
        raise unreadable("url", "is missing: give url, valueSet or context")
    url = bound_set(context)
    if url is None:
        raise unreadable("context", "names no element of R4 that is bound to a value set")
    return url


def _refuse_unsound(services: Services, resource: Json) -> None:
    sound = resource.get("resourceType") == VALUE_SET and all(
        issue.severity not in ("fatal", "error") for issue in services.examine(resource, ())
    )
    if not sound:
        raise unreadable("valueSet", "is not a valid ValueSet")
