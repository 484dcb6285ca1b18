"""The operations of CodeSystem.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html, codesystem-operation-validate-code.html,
codesystem-operation-subsumes.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.terminology.answers import parameters, part, told
from hub.api.fhir.terminology.dated import of_its_time
from hub.api.fhir.terminology.given import Given, given, unreadable
from hub.api.fhir.terminology.stored import stored
from hub.api.services import Services
from hub.kernel.types import Json
from terminology.model import CODE_SYSTEM, Coding, Stated
from terminology.service import Looked
from terminology.validating import OTHER_VERSION, Verdict

LOOKUP: Final = "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup"
VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code"
SUBSUMES: Final = "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes"

_LOOKUP: Final = frozenset({"code", "system", "version", "coding", "displayLanguage", "property", "date"})
_VALIDATE: Final = frozenset(
    {
        *("url", "codeSystem", "code", "version", "display", "coding", "codeableConcept", "displayLanguage"),
        *("abstract", "date"),
    }
)
_SUBSUMES: Final = frozenset({"codeA", "codeB", "system", "version", "codingA", "codingB"})


async def lookup(services: Services, ask: Ask) -> Answer:
    """Name, display, designations and properties of a code.

    Raises HubError NOT_FOUND (404) for a system or a code the hub does not have.
    """
    asked = given(ask, _LOOKUP)
    found = asked.coding()
    if found is None:
        raise unreadable("code", "is missing: give code and system, or coding")
    version = asked.text("version") or str(found[1].get("version", ""))
    looked = await of_its_time(services, asked).lookup(found[0], version, around=True)
    return parameters(_described(looked, asked.text("displayLanguage"), frozenset(asked.texts("property"))))


def _described(looked: Looked, language: str, wanted: frozenset[str]) -> Iterator[Json]:
    head, concept = looked.edition.head, looked.concept
    yield part("name", "String", head.get("title") or head.get("name") or looked.edition.url)
    yield from told("version", "String", looked.edition.version)
    yield part("display", "String", concept.named(language) or concept.code)
    for one in concept.details.get("designation", ()) if not wanted or "designation" in wanted else ():
        kinds = (("language", "Code"), ("use", "Coding"), ("value", "String"))
        parts = [part(name, kind, one[name]) for name, kind in kinds if name in one]
        yield {"name": "designation", "part": parts}
    for code, value in _properties(looked):
        if not wanted or code in wanted:
            yield {"name": "property", "part": [part("code", "Code", code), {"name": "value", **value}]}


def _properties(looked: Looked) -> Iterator[tuple[str, Json]]:
    """Those that are stated, and those R4 defines for all systems (codesystem-concept-properties.html)."""
    concept = looked.concept
    if concept.details.get("definition"):
        yield "definition", {"valueString": concept.details["definition"]}
    if concept.inactive:
        yield "inactive", {"valueBoolean": True}
    for one in concept.details.get("property", ()):
        if one["code"] not in {"parent", "child", "inactive"}:
            yield one["code"], {name: value for name, value in one.items() if name.startswith("value")}
    for parent in looked.parents:
        yield "parent", {"valueCode": parent.code}
    for child in looked.children:
        yield "child", {"valueCode": child.code}


async def validate_code(services: Services, ask: Ask) -> Answer:
    """Whether a code is one of the system. Raises HubError NOT_FOUND (404) for a system the hub does not have."""
    asked = given(ask, _VALIDATE)
    terms, brought = of_its_time(services, asked), _brought(services, asked)
    if ask.id or brought is not None:
        resource = brought or await stored(services, ask, CODE_SYSTEM)
        asked = asked.standing(url="|".join((str(resource.get("url", "")), str(resource.get("version", "")))))
    url, _, version = asked.text("url").partition("|")
    codings = asked.standing(url=url).stated(system="url")
    apart = [_apart(one, url, version) for one in codings]
    meant = [one._replace(version=version or one.version) for one, no in zip(codings, apart, strict=True) if no is None]
    if brought is not None:
        found = await terms.in_given(brought, meant)
    else:
        found = [await terms.in_code_system(one) for one in meant]
    return verdict_of([*found, *filter(None, apart)], abstract=asked.choice("abstract"))


def _apart(stated: Stated, url: str, version: str) -> Verdict | None:
    """What is said of a coding that is not of the code system that is asked, or not of its version."""
    if url not in ("", stated.coding.system.partition("|")[0]):
        return Verdict(False, "the coding is of another code system")
    return None if stated.version in ("", version or stated.version) else Verdict(False, OTHER_VERSION)


async def _of_id(services: Services, ask: Ask, asked: Given) -> Given:
    """What was given, about the code system of the URL where it names one. Raises HubError UNREADABLE for another
    version than that has.
    """
    if not ask.id:
        return asked
    resource = await stored(services, ask, CODE_SYSTEM)
    version, stated = str(resource.get("version", "")), asked.text("version")
    if version and stated not in ("", version):
        raise unreadable("version", "is not that of the code system")
    return asked.standing(system=str(resource.get("url", "")), **({"version": version} if version else {}))


def _brought(services: Services, asked: Given) -> Json | None:
    brought = asked.structure("codeSystem")
    if brought is None:
        return None
    errors = [issue for issue in services.examine(brought, ()) if issue.severity in ("fatal", "error")]
    if errors or brought.get("resourceType") != CODE_SYSTEM:
        raise unreadable("codeSystem", "is not a valid CodeSystem")
    return brought


def verdict_of(verdicts: list[Verdict], *, abstract: bool | None = None) -> Answer:
    """Valid if one coding is; else why the first is not. `abstract` False: abstract codes are not."""
    if abstract is False:
        verdicts = [Verdict(False, "the code is abstract", one.display) if one.abstract else one for one in verdicts]
    one = next((verdict for verdict in verdicts if verdict.result), verdicts[0])
    answer = [part("result", "Boolean", one.result)]
    return parameters([*answer, *told("message", "String", one.message), *told("display", "String", one.display)])


async def subsumes(services: Services, ask: Ask) -> Answer:
    """How two codes of a system stand to each other. Raises HubError NOT_FOUND (404) for a code that is not there."""
    asked = await _of_id(services, ask, given(ask, _SUBSUMES))
    (one, first), (other, second) = _code(asked, "A"), _code(asked, "B")
    if one.system != other.system:
        raise unreadable("codingB", "is of another code system than codingA")
    versions = {asked.text("version"), str(first.get("version", "")), str(second.get("version", ""))} - {""}
    if len(versions) > 1:
        raise unreadable("version", "is not the same of both codes")
    outcome = await services.terminology.subsumes(one.system, one.code, other.code, next(iter(versions), ""))
    return parameters([part("outcome", "Code", outcome)])


def _code(asked: Given, side: str) -> tuple[Coding, Json]:
    found = asked.coding(f"coding{side}", code=f"code{side}")
    if found is None:
        raise unreadable(f"code{side}", "is missing")
    return found
