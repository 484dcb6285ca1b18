"""`:in`, `:not-in`, `:above` and `:below` on tokens: the codes the terminology gives are looked for, and no others.

R4 search.html 3.1.1.4.2 (Modifiers) and 3.1.1.4.10 (token). What value sets and hierarchies mean is tested with the
terminology (tests/terminology/test_answers.py).
"""

from __future__ import annotations

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.store.conftest import Bench
from tests.store.glossary import Glossary
from tests.store.spec import BASE, concept, found, matches, observation, patient

URL = "http://x.org/fhir/ValueSet/v"
SYSTEM = "http://x.org/fhir/CodeSystem/s"


TERMS = Glossary(
    {
        URL: [(SYSTEM, "a"), (SYSTEM, "c")],
        "http://x.org/sexes": [("http://hl7.org/fhir/administrative-gender", "male")],
    },
    SYSTEM,
    "abc",
)


def coded(*codes: str, system: str = SYSTEM) -> list[Json]:
    return [observation(code, code=concept(f"{system}|{code}")) for code in codes]


STORED = {
    **{"resourceType": "ValueSet", "id": "v", "url": "http://x.org/stored", "status": "active"},
    "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "b"}]}]},
}
ALL = [
    STORED,
    *coded("a", "b", "c", "d"),
    *(observation(f"x{code}", code=concept(f"urn:other|{code}")) for code in "ac"),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"code:in={URL}", "a c"),
        (f"code:not-in={URL}", "b d xa xc"),
        ("code:in=ValueSet/v", "b"),
        (f"code:in={BASE}/ValueSet/v", "b"),
        (f"code:in={URL},ValueSet/v", "a b c"),
        (f"code:below={SYSTEM}|a", "a b c"),
        (f"code:below={SYSTEM}|b", "b c"),
        (f"code:above={SYSTEM}|b", "a b"),
        (f"code:below={SYSTEM}|c,{SYSTEM}|b", "b c"),
        (f"code:below={SYSTEM}|nothing", ""),
    ],
)
def test_what_the_terminology_names_is_found(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, ALL, f"Observation?{query}", terms=TERMS) == expected


def test_value_sets_serve_in_chains_and_beside_other_criteria(bench: Bench) -> None:
    subject = {"reference": "Patient/p"}
    records = [patient("p", gender="male"), observation("x", code=concept(f"{SYSTEM}|a"), subject=subject)]
    for query, expected in (
        (f"Patient?_has:Observation:patient:code:in={URL}", "p"),
        (f"Observation?patient=p&code:in={URL}", "x"),
        ("Observation?patient.gender:in=http://x.org/sexes", "x"),
        ("Observation?patient.gender:not-in=http://x.org/sexes", ""),
    ):
        assert matches(bench, records, query, terms=TERMS) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code=a", "of-a whole"),
        ("code=a,b", "of-a of-b whole"),
        ("code=|b", "of-b whole"),
        ("code=1", "whole"),
        ("code=c", ""),
        (f"code={SYSTEM}|a", ""),
        ("code:not=a", "of-b"),
        ("code:not=c", "of-a of-b whole"),
        ("code=a&_id=of-a,of-b", "of-a"),
    ],
)
def test_code_systems_that_stand_without_concepts_are_found_by_their_codes(
    bench: Bench, query: str, expected: str
) -> None:
    """R4 codesystem.html, search parameter code: a code defined in the code system."""
    head: Json = {"resourceType": "CodeSystem", "status": "active"}
    whole = {**head, "id": "whole", "content": "complete", "concept": [{"code": "a"}, {"code": "b"}, {"code": "1"}]}
    records = [whole, *({**head, "id": f"of-{code}", "content": "complete", "count": 9_999} for code in "ab")]
    assert matches(bench, records, f"CodeSystem?{query}", terms=TERMS) == expected


def test_what_cannot_be_enumerated_is_an_error_that_names_the_parameter_and_not_its_value(bench: Bench) -> None:
    for terms, name in ((TERMS, "http://x.org/none"), (TERMS, "ValueSet/x.org"), (None, "http://x.org/none")):
        with pytest.raises(HubError) as caught:
            found(bench, ALL, f"Observation?code:in={name}", terms=terms)
        error = caught.value
        assert (error.category, error.code) == (Category.UNSUPPORTED, "not-expandable")
        assert "x.org" not in str(error)
        assert terms is None or error.where == "code:in"
