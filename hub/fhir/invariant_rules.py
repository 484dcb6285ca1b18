"""The rules behind the invariants: functions of an element and its scope, both known to be of the right structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from hub.fhir.plain_xhtml import is_plain
from hub.fhir.scope import Scope, fragments
from hub.fhir.temporal import interval
from hub.kernel.types import Json

#: Whether an element keeps an invariant.
Rule = Callable[[Json, Scope], bool]

CONDITION: Final = "http://terminology.hl7.org/CodeSystem/condition-"
ALLERGY: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"

_MARKUP: Final = re.compile(r"<[^<>]*>")


def has(value: Json, name: str) -> bool:
    """Whether an element is there; a name ending in `*` stands for every type of a choice."""
    if name.endswith("*"):
        prefix = name[:-1]
        return any(key.lstrip("_").startswith(prefix) and key != prefix for key in value)
    return name in value or "_" + name in value


def _coded(concept: Json | None, system: str, *codes: str) -> bool:
    codings = (concept or {}).get("coding", ())
    return any(item.get("system") == system and item.get("code") in codes for item in codings)


def contained_is_there(value: Json, scope: Scope) -> bool:
    text = value.get("reference", "")
    return not text.startswith("#") or text[1:] in scope.contained or (text == "#" and scope.inside)


def starts_before_end(value: Json, _: Scope) -> bool:
    start, end = value.get("start"), value.get("end")
    if start is None or end is None or start[:10] < end[:10]:
        return True
    high = interval(end)[1]
    return high is None or interval(start)[0] < high


def low_below_high(value: Json, _: Scope) -> bool:
    low, high = value.get("low", {}), value.get("high", {})
    comparable = "value" in low and "value" in high and low.get("code") == high.get("code")
    return not comparable or bool(low["value"] <= high["value"])


def html_checks(div: str) -> bool:
    """Whether a narrative is plain and has content (R4 fhirpath.html#functions: htmlChecks)."""
    value, scope = {"div": div}, Scope({})
    return narrative_is_plain(value, scope) and narrative_has_content(value, scope)


def narrative_is_plain(value: Json, _: Scope) -> bool:
    return is_plain(value.get("div", ""))


def narrative_has_content(value: Json, _: Scope) -> bool:
    div = value.get("div")
    return div is None or "<img" in div or bool(_MARKUP.sub("", div).strip())


def contained_is_used(value: Json, scope: Scope) -> bool:
    """A contained resource is referred to, or refers to its container."""
    listed = value.get("contained")
    if not listed or scope.inside:
        return True
    used = set(fragments(value))
    return all("#" + str(item.get("id")) in used or "#" in set(fragments(item)) for item in listed)


def contained_is_bare(value: Json, scope: Scope) -> bool:
    return not scope.inside or "contained" not in value


def bare_meta(*names: str) -> Rule:
    return lambda value, scope: not scope.inside or all(name not in value.get("meta", {}) for name in names)


def value_stands_in_component(value: Json, _: Scope) -> bool:
    """A component with the code of the whole observation holds its value."""
    if "component" not in value or not has(value, "value*"):
        return True
    own = value.get("code", {}).get("coding", ())
    return not any(coding in own for part in value["component"] for coding in part.get("code", {}).get("coding", ()))


def abated_is_inactive(value: Json, _: Scope) -> bool:
    states = ("resolved", "remission", "inactive")
    return not has(value, "abatement*") or _coded(value.get("clinicalStatus"), CONDITION + "clinical", *states)


def error_has_no_status(system: str) -> Rule:
    return lambda value, _: (
        not _coded(value.get("verificationStatus"), system, "entered-in-error") or not has(value, "clinicalStatus")
    )


def allergy_has_status(value: Json, _: Scope) -> bool:
    wrong = _coded(value.get("verificationStatus"), ALLERGY + "verification", "entered-in-error")
    return wrong or has(value, "clinicalStatus")


def not_at_home(name: str) -> Rule:
    return lambda value, _: all(item.get("use") != "home" for item in value.get(name, ()))


def bundle_is(element: str, *types: str) -> Rule:
    """Every entry of a Bundle of one of these types has the element, and none of any other type."""
    return lambda value, _: all(has(entry, element) == (value.get("type") in types) for entry in value.get("entry", ()))


def full_urls_differ(value: Json, _: Scope) -> bool:
    """Except in a history, no two entries have the same full URL and version."""
    seen = [
        (entry.get("fullUrl"), entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in value.get("entry", ())
        if has(entry, "fullUrl")
    ]
    return value.get("type") == "history" or len(set(seen)) == len(seen)


def full_url_has_no_version(value: Json, _: Scope) -> bool:
    return "/_history/" not in value.get("fullUrl", "")


def existence_is_asked_by_boolean(value: Json, _: Scope) -> bool:
    """R4's expression asks for the type `Boolean`, which FHIR has not: its text means boolean."""
    return value.get("operator") != "exists" or has(value, "answerBoolean")


def snapshot_is_of_its_type(value: Json, scope: Scope) -> bool:
    first, *others = _paths(value)
    own = scope.around.get("kind") == "logical" or first == scope.around.get("type")
    return own and all(path.startswith(first + ".") for path in others)


def differential_is_of_its_type(value: Json, scope: Scope) -> bool:
    first, *others = _paths(value)
    own = scope.around.get("kind") == "logical" or first.startswith(scope.around.get("type", " "))
    return own and all(path.startswith(first.partition(".")[0] + ".") for path in others)


def _paths(value: Json) -> list[str]:
    return [element.get("path", "") for element in value["element"]]


def groups_are_there(value: Json, _: Scope) -> bool:
    known = {group.get("id") for group in value.get("grouping", ())}
    return all(row["groupingId"] in known for row in value["resource"] if "groupingId" in row)


def versions_are_those_of_the_guide(value: Json, _: Scope) -> bool:
    known = {None, *value.get("fhirVersion", ())}
    listed = value.get("definition", {}).get("resource", ())
    return all(known.issuperset(row.get("fhirVersion", ())) for row in listed)
