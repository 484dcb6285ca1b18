"""The rules behind the invariants: functions of an element and its scope, both known to be of the right structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from hub.fhir.scope import Scope, fragments
from hub.fhir.temporal import interval
from hub.kernel.types import Json

#: Whether an element keeps an invariant.
Rule = Callable[[Json, Scope], bool]

_UCUM: Final = "http://unitsofmeasure.org"
CONDITION: Final = "http://terminology.hl7.org/CodeSystem/condition-"
ALLERGY: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"

#: XHTML that may stand in a narrative (R4 narrative.html): basic formatting, no script, forms, frames or objects.
_TAGS: Final = re.compile(
    r"a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]|hr|i|img|li|ol|p|pre|q"
    r"|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(r"<\s*/?\s*([^\s/>]*)")
_EVENT: Final = re.compile(r"<[^<>]*\son[a-z]+\s*=", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[^<>]*>")


def any_of(*names: str) -> Rule:
    """At least one of these elements is there."""
    return lambda value, _: any(has(value, name) for name in names)


def not_both(one: str, other: str) -> Rule:
    return lambda value, _: not (has(value, one) and has(value, other))


def implies(one: str, other: str) -> Rule:
    """Where the one is, the other is."""
    return lambda value, _: not has(value, one) or has(value, other)


def has(value: Json, name: str) -> bool:
    """Whether an element is there; a name ending in `*` stands for every type of a choice."""
    if name.endswith("*"):
        prefix = name[:-1]
        return any(key.lstrip("_").startswith(prefix) and key != prefix for key in value)
    return name in value or "_" + name in value


def _coded(concept: Json | None, system: str, *codes: str) -> bool:
    codings = (concept or {}).get("coding", ())
    return any(item.get("system") == system and item.get("code") in codes for item in codings)


def extension_value_or_parts(value: Json, _: Scope) -> bool:
    return ("extension" in value) != has(value, "value*")


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


def ratio_complete(value: Json, _: Scope) -> bool:
    return ("numerator" in value) == ("denominator" in value) and ("numerator" in value or "extension" in value)


def positive_time(value: Json, _: Scope) -> bool:
    number = value.get("value")
    return number is None or ("code" in value and value.get("system", _UCUM) == _UCUM and number > 0)


def duration_in_ucum(value: Json, _: Scope) -> bool:
    return "code" not in value or (value.get("system") == _UCUM and has(value, "value"))


def not_negative(name: str) -> Rule:
    return lambda value, _: bool(value.get(name, 0) >= 0)


def narrative_is_plain(value: Json, _: Scope) -> bool:
    div = _COMMENT.sub("", value.get("div", ""))
    return all(_TAGS.fullmatch(tag) for tag in _TAG.findall(div)) and not _EVENT.search(div)


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
    own = _codings(value)
    return not any(coding in own for component in value["component"] for coding in _codings(component))


def _codings(value: Json) -> list[Any]:
    codings = value.get("code", {}).get("coding", ())
    return [(item.get("system"), item.get("code")) for item in codings if "code" in item]


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
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in value.get("entry", ())
        if "fullUrl" in entry
    ]
    return value.get("type") == "history" or len(set(seen)) == len(seen)


def full_url_has_no_version(value: Json, _: Scope) -> bool:
    return "/_history/" not in value.get("fullUrl", "")


def total_only_in_lists(value: Json, _: Scope) -> bool:
    return not has(value, "total") or value.get("type") in ("searchset", "history")


def search_only_in_searches(value: Json, _: Scope) -> bool:
    return value.get("type") == "searchset" or not any(has(entry, "search") for entry in value.get("entry", ()))


def document_has_identifier(value: Json, _: Scope) -> bool:
    identifier = value.get("identifier", {})
    return value.get("type") != "document" or (has(identifier, "system") and has(identifier, "value"))


def document_has_time(value: Json, _: Scope) -> bool:
    return value.get("type") != "document" or has(value, "timestamp")


def begins(kind: str, rtype: str) -> Rule:
    """The first entry of a Bundle of this kind is a resource of this type."""

    def rule(value: Json, _: Scope) -> bool:
        entries = value.get("entry") or [{}]
        return value.get("type") != kind or entries[0].get("resource", {}).get("resourceType") == rtype

    return rule


def members_are_actual(value: Json, _: Scope) -> bool:
    return "member" not in value or value.get("actual") is True


def both_or_neither(one: str, other: str) -> Rule:
    return lambda value, _: has(value, one) == has(value, other)
