"""Which codes a binding takes: R4 terminologies.html#strength, valueset.html#compositions, and the sets only a syntax
decides (BCP 47 section 2.1, BCP 13 section 4.2, UCUM section 2, ISO 4217).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.bindings import binding
from hub.fhir.expansion import Expander
from hub.fhir.structure import RESOURCE_TYPES, TYPES, structure
from hub.fhir.syntax import SYSTEMS
from hub.fhir.ucum import is_unit
from hub.fhir.validate import validate
from hub.fhir.value_sets import UNDECIDED, codes
from hub.kernel.types import Json
from tests.fhir.cases import condition, patient


@pytest.mark.parametrize(
    "language", ["en", "zh", "zh-CN", "zh-Hans-CN", "de-CH-1996", "x-ward", "i-klingon", "en-a-bbb"]
)
def test_a_language_is_a_tag_of_bcp_47(language: str) -> None:
    assert validate(patient(language=language)) == []
    assert validate(patient(communication=[{"language": _concept("urn:ietf:bcp:47", language)}])) == []


@pytest.mark.parametrize("language", ["Chinese!", "z", "zh_CN", "zh-", "toolonglanguage", "1"])
def test_what_is_no_language_tag_is_refused(language: str) -> None:
    (issue,) = validate(patient(language=language))
    assert (issue.where, issue.code) == ("Patient.language", "code-invalid")
    (issue,) = validate(patient(communication=[{"language": _concept("urn:ietf:bcp:47", language)}]))
    assert (issue.where, issue.code) == ("Patient.communication[0].language", "code-invalid")


def test_a_language_may_be_told_by_text_alone() -> None:
    assert validate(patient(communication=[{"language": {"text": "普通话"}}])) == []


@pytest.mark.parametrize("mime", ["text/plain", "application/fhir+json", "text/html; charset=utf-8", "image/svg+xml"])
def test_a_mime_type_is_a_type_and_a_subtype(mime: str) -> None:
    assert validate(patient(photo=[{"contentType": mime}])) == []


@pytest.mark.parametrize("mime", ["pdf", "text", "text/", "/plain", "text/plain charset"])
def test_what_is_no_mime_type_is_refused(mime: str) -> None:
    (issue,) = validate(patient(photo=[{"contentType": mime}]))
    assert (issue.where, issue.code) == ("Patient.photo[0].contentType", "code-invalid")


@pytest.mark.parametrize(
    "unit",
    [
        "mg",
        "mm[Hg]",
        "10*3/uL",
        "10*-3",
        "10^9/L",
        "/min",
        "{score}",
        "mL/min/{1.73_m2}",
        "1",
        "%",
        "m2",
        "kg.m/s2",
        "(m/s).kg",
        "mol/(kg.s)",
        "[degF]",
        "g%",
        "'",
        "[iU]/L",
        "cm[H2O]",
        "m[IU]/mL",
    ],
)
def test_a_unit_is_well_formed_by_ucum(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize(
    "unit", ["", "mg//L", "10 mg", "(m", "m)", "mg.", "//", "mg/L/", "{a", "毫克", "m" * 201, "(" * 99]
)
def test_what_is_no_unit_is_told(unit: str) -> None:
    assert not is_unit(unit)


@given(st.text(alphabet="mgL/.()[]{}0123456789*^+-%'", max_size=200))
def test_units_are_read_in_any_text_without_raising(text: str) -> None:
    assert is_unit(text) in (True, False)
    for system in SYSTEMS.values():
        assert (text in system) in (True, False)


@pytest.mark.parametrize(("unit", "right"), [("a", True), ("mo", True), ("ms", True), ("kg", False), ("year", False)])
def test_an_age_is_counted_in_units_of_time(unit: str, right: bool) -> None:
    age = {"value": 5, "system": "http://unitsofmeasure.org", "code": unit}
    issues = validate(condition(onsetAge=age))
    assert [issue.where for issue in issues] == ([] if right else ["Condition.onset.ofType(Age).code"])


def test_a_currency_is_one_of_iso_4217() -> None:
    account: Json = {"resourceType": "ChargeItem", "status": "billable", "code": {"text": "x"}}
    account["subject"] = {"reference": "Patient/p1"}
    assert validate(account | {"priceOverride": {"value": 5, "currency": "CNY"}}) == []
    (issue,) = validate(account | {"priceOverride": {"value": 5, "currency": "RMB"}})
    assert (issue.where, issue.code) == ("ChargeItem.priceOverride.currency", "code-invalid")


def test_every_required_binding_is_decided_or_named_with_a_reason() -> None:
    found = [structure(name) for name in TYPES]
    bound = {element.binding for row in found if row for element in row.elements.values() if element.binding}
    assert {name for name in bound if codes(name) is None} == set(UNDECIDED)


def test_a_limit_is_inherited() -> None:
    assert {binding(name, "language", "max") for name in RESOURCE_TYPES} == {"all-languages"}
    assert binding("Age", "code", "extensible") == "age-units"
    assert binding("Quantity", "code", "max") is None


HIERARCHY = {
    "resourceType": "CodeSystem",
    "url": "urn:s",
    "content": "complete",
    "concept": [
        {"code": "a", "concept": [{"code": "b"}, {"code": "c", "concept": [{"code": "d"}]}]},
        {"code": "e", "property": [{"code": "child", "valueCode": "d"}]},
    ],
}


def _expand(*includes: Json, exclude: list[Json] | None = None, more: list[Json] | None = None) -> object:
    compose: Json = {"include": list(includes)} | ({"exclude": exclude} if exclude else {})
    return Expander([{"url": "urn:v", "compose": compose}, *(more or [])], [HIERARCHY]).expand("urn:v|1")


def test_an_expansion_follows_lists_systems_hierarchies_and_other_sets() -> None:
    below = [{"property": "concept", "op": "is-a", "value": "c"}]
    assert _expand({"system": "urn:s"}) == {"urn:s": ["a", "b", "c", "d", "e"]}
    assert _expand({"system": "urn:s", "filter": below}) == {"urn:s": ["c", "d"]}
    assert _expand({"system": "urn:s", "filter": [below[0] | {"op": "descendent-of"}]}) == {"urn:s": ["d"]}
    assert _expand({"system": "urn:s", "filter": [below[0] | {"value": "e"}]}) == {"urn:s": ["d", "e"]}
    assert _expand({"system": "urn:s"}, exclude=[{"system": "urn:s", "concept": [{"code": "a"}]}]) == {
        "urn:s": ["b", "c", "d", "e"]
    }
    other = [{"url": "urn:w", "compose": {"include": [{"system": "urn:s", "concept": [{"code": "b"}, {"code": "x"}]}]}}]
    assert _expand({"system": "urn:s", "valueSet": ["urn:w"]}, more=other) == {"urn:s": ["b"]}


def test_an_expansion_says_what_it_does_not_know() -> None:
    assert _expand({"system": "urn:elsewhere"}) == {"urn:elsewhere": None}
    assert _expand({"system": "urn:s", "filter": [{"property": "colour", "op": "=", "value": "red"}]}) == {
        "urn:s": None
    }
    assert _expand({"valueSet": ["urn:v"]}) == {"": None}
    assert Expander([], []).expand("urn:v") is None


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}
