"""`:in`, `:not-in`, `:above` and `:below` on tokens: what may be enumerated is, everything else says why it is not.

R4 search.html 3.1.1.4.2 (Modifiers) and 3.1.1.4.10 (token); valueset.html#compositions; codesystem.html#hierarchy.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.store.conftest import Bench
from tests.store.spec import BASE, concept, found, matches, observation, patient

URL = "http://x.org/fhir/ValueSet/v"
SYSTEM = "http://x.org/fhir/CodeSystem/s"


def coded(*codes: str, system: str = SYSTEM) -> list[Json]:
    return [observation(code, code=concept(f"{system}|{code}")) for code in codes]


def value_set(rid: str = "v", url: str = URL, **elements: Any) -> Json:
    return {"resourceType": "ValueSet", "id": rid, "url": url, "status": "active", **elements}


def system(*concepts: Json, **elements: Any) -> Json:
    head = {"resourceType": "CodeSystem", "id": "s", "url": SYSTEM, "status": "active", "content": "complete"}
    return {**head, "concept": list(concepts), **elements}


def listed(*codes: str) -> Json:
    return {"system": SYSTEM, "concept": [{"code": code} for code in codes]}


#: a > (b > c, d); e stands beside, below b by a property.
TREE = system(
    {"code": "a", "concept": [{"code": "b", "concept": [{"code": "c"}]}, {"code": "d"}]},
    {"code": "e", "property": [{"code": "parent", "valueCode": "b"}]},
)
ALL = coded("a", "b", "c", "d", "e")


def of_kind(operator: str) -> Json:
    return {"system": SYSTEM, "filter": [{"property": "concept", "op": operator, "value": "b"}]}


IS_A_B = of_kind("is-a")


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ({"include": [listed("a", "c")]}, "a c"),
        ({"include": [listed("a"), listed("d")]}, "a d"),
        ({"include": [{"system": SYSTEM}]}, "a b c d e"),
        ({"include": [{"system": SYSTEM}], "exclude": [listed("a")]}, "b c d e"),
        ({"include": [IS_A_B]}, "b c e"),
        ({"include": [of_kind("descendent-of")]}, "c e"),
        ({"include": [of_kind("is-not-a")]}, "a d"),
        ({"include": [{"valueSet": ["http://x.org/other"]}]}, "d e"),
        ({"include": [{**IS_A_B, "valueSet": ["http://x.org/other"]}]}, "e"),
        ({"include": []}, ""),
    ],
)
def test_a_composition_is_enumerated(bench: Bench, compose: Json, expected: str) -> None:
    other = value_set("o", "http://x.org/other", compose={"include": [listed("d", "e")]})
    records = [*ALL, TREE, other, value_set(compose=compose)]
    assert matches(bench, records, f"Observation?code:in={URL}") == expected
    rest = " ".join(sorted({"a", "b", "c", "d", "e"} - set(expected.split())))
    assert matches(bench, records, f"Observation?code:not-in={URL}") == rest


@pytest.mark.parametrize("name", [URL, f"{URL}|2", "ValueSet/v", f"{BASE}/ValueSet/v"])
def test_a_value_set_is_named_by_its_url_or_its_id(bench: Bench, name: str) -> None:
    records = [*ALL, value_set(version="2", compose={"include": [listed("a")]})]
    assert matches(bench, records, f"Observation?code:in={name}") == "a"


def test_the_version_that_is_named_is_taken(bench: Bench) -> None:
    records = [
        *ALL,
        value_set("v1", version="1", compose={"include": [listed("a")]}),
        value_set("v2", version="2", compose={"include": [listed("b")]}),
    ]
    assert matches(bench, records, f"Observation?code:in={URL}|1") == "a"
    assert matches(bench, records, f"Observation?code:in={URL}|2") == "b"


def test_where_the_composition_cannot_be_enumerated_a_stored_expansion_serves(bench: Bench) -> None:
    contains = [{"system": SYSTEM, "code": "a", "abstract": True, "contains": [{"system": SYSTEM, "code": "b"}]}]
    records = [*ALL, value_set(compose={"include": [{"system": "urn:elsewhere"}]}, expansion={"contains": contains})]
    assert matches(bench, records, f"Observation?code:in={URL}") == "b"


def test_codes_of_other_systems_are_not_in(bench: Bench) -> None:
    records = [*coded("a", system="urn:other"), value_set(compose={"include": [listed("a")]})]
    assert matches(bench, records, f"Observation?code:in={URL}") == ""


def test_value_sets_of_the_specification_need_not_be_stored(bench: Bench) -> None:
    records = [patient("a", gender="male"), patient("b")]
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert matches(bench, records, f"Patient?gender:in={url}") == "a"
    assert matches(bench, records, f"Patient?gender:not-in={url}") == "b"


def test_value_sets_serve_in_chains_and_beside_other_criteria(bench: Bench) -> None:
    subject = {"reference": "Patient/p"}
    records = [
        value_set(compose={"include": [listed("a")]}),
        patient("p", gender="male"),
        observation("x", code=concept(f"{SYSTEM}|a"), subject=subject),
    ]
    assert matches(bench, records, f"Patient?_has:Observation:patient:code:in={URL}") == "p"
    assert matches(bench, records, f"Observation?patient=p&code:in={URL}") == "x"
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert matches(bench, records, f"Observation?patient.gender:in={url}") == "x"


@pytest.mark.parametrize(
    "stored",
    [
        [],
        [value_set()],
        [value_set(compose={"include": [{"system": "urn:elsewhere"}]})],
        [value_set(compose={"include": [{"system": SYSTEM}]}), system({"code": "a"}, content="fragment")],
        [value_set(compose={"include": [{**IS_A_B, "filter": [{"property": "x", "op": "=", "value": "y"}]}]}), TREE],
        [value_set(compose={"include": [{"valueSet": [URL]}]})],
        [value_set(expansion={"total": 9, "contains": [{"system": SYSTEM, "code": "a"}]})],
        [value_set(compose={"include": [IS_A_B]}), {**TREE, "hierarchyMeaning": "part-of"}],
    ],
    ids=["absent", "empty", "system-absent", "fragment", "filter", "circle", "page", "part-of"],
)
def test_what_cannot_be_enumerated_is_an_error_that_says_so(bench: Bench, stored: list[Json]) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, [*ALL, *stored], f"Observation?code:in={URL}")
    error = caught.value
    assert (error.category, error.code, error.where) == (Category.UNSUPPORTED, "not-expandable", "code:in")
    assert "cannot be expanded" in error.what
    assert URL not in str(error)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"code:below={SYSTEM}|a", "a b c d e"),
        (f"code:below={SYSTEM}|b", "b c e"),
        (f"code:below={SYSTEM}|c", "c"),
        (f"code:above={SYSTEM}|c", "a b c"),
        (f"code:above={SYSTEM}|e", "a b e"),
        (f"code:below={SYSTEM}|c,{SYSTEM}|d", "c d"),
        (f"code:below={SYSTEM}|nothing", ""),
    ],
)
def test_above_and_below_follow_the_code_system(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, [*ALL, TREE], f"Observation?{query}") == expected


def test_without_the_code_system_there_is_no_hierarchy(bench: Bench) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, ALL, f"Observation?code:below={SYSTEM}|a")
    assert caught.value.where == "code:below"


_CODES = "abcdefgh"


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parents=st.dictionaries(st.sampled_from(_CODES), st.sampled_from(_CODES)), asked=st.sampled_from(_CODES))
def test_whatever_the_hierarchy_below_is_what_leads_up_to_it(bench: Bench, parents: dict[str, str], asked: str) -> None:
    """Parents may form circles, too."""

    def up(code: str) -> list[str]:
        trail = [code]
        while parents.get(trail[-1], trail[0]) not in trail:
            trail.append(parents[trail[-1]])
        return trail

    properties = {code: [{"code": "parent", "valueCode": parents[code]}] for code in parents}
    records = [*coded(*_CODES), system(*({"code": code, "property": properties.get(code, [])} for code in _CODES))]
    below = " ".join(code for code in _CODES if asked in up(code))
    assert matches(bench, records, f"Observation?code:below={SYSTEM}|{asked}") == below
    assert matches(bench, records, f"Observation?code:above={SYSTEM}|{asked}") == " ".join(sorted(up(asked)))
