"""Parameters of every resource, chains, lists, text, order, pages and inclusion, statement by statement.

R4 search.html 3.1.1.3 (contexts), 3.1.1.4.14 (Chained Parameters), 3.1.1.4.16 (Text Search), 3.1.1.4.18 (Lists),
3.1.1.4.19 (Tags, Profiles), 3.1.1.5 (Managing Returned Resources): sort, count, total, include.
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.store import Store
from tests.store.conftest import Bench
from tests.store.spec import BASE, concept, found, matches, observation, patient, search
from tests.store.support import ask, ids, run, save, write

HIV = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}

COUNTY: list[Json] = [
    patient(
        "p1",
        name=[{"family": "Wang", "text": "王伟"}],
        gender="male",
        birthDate="1980-05-17",
        generalPractitioner=[{"reference": "Practitioner/d1"}],
        managingOrganization={"reference": "Organization/o1"},
    ),
    patient("p2", name=[{"family": "Li"}], gender="female", managingOrganization={"reference": "Organization/o2"}),
    patient("p3", name=[{"family": "Zhao"}], birthDate="1971"),
    {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Bai"}]},
    {"resourceType": "Organization", "id": "o1", "name": "County", "partOf": {"reference": "Organization/o2"}},
    {"resourceType": "Organization", "id": "o2", "name": "Province"},
    observation(
        "b1",
        meta={"tag": [{"system": "urn:t", "code": "x"}], "security": [HIV], "profile": ["http://x.org/p|1.2"]},
        code=concept("loinc|1-8", text="空腹血糖"),
        subject={"reference": "Patient/p1"},
        encounter={"reference": "Encounter/e1"},
        effectiveDateTime="2026-05-01",
        text={"status": "generated", "div": "<div>空腹<b>血糖</b> 7.1 mmol/L &amp; high</div>"},
    ),
    observation("b2", code=concept("loinc|2-2"), subject={"reference": "Patient/p2"}, effectiveDateTime="2026-04-01"),
    observation("b3", code=concept("loinc|1-8"), subject={"reference": "Patient/p1"}, note=[{"text": "糖尿病 Typ II"}]),
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "serviceProvider": {"reference": "Organization/o1"},
    },
    {
        "resourceType": "List",
        "id": "k1",
        "status": "current",
        "mode": "changes",
        "subject": {"reference": "Patient/p1"},
        "entry": [
            {"item": {"reference": "Observation/b1"}},
            {"item": {"reference": "Observation/b2"}, "deleted": True},
            {"item": {"reference": "Encounter/e1"}},
        ],
    },
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?_id=b1,b2", "b1 b2"),
        ("Observation?_id:not=b1", "b2 b3"),
        ("Observation?_lastUpdated=2026-05-20", "b1 b2 b3"),
        ("Observation?_lastUpdated=gt2026-05-21", ""),
        ("Observation?_tag=urn:t|x", "b1"),
        ("Observation?_security=HIV", "b1"),
        ("Observation?_profile=http://x.org/p|1.2", "b1"),
        ("Observation?_profile=http://x.org/p", "b1"),
        ("Observation?_profile:below=http://x.org/p|1", "b1"),
        ("Observation?_profile:below=http://x.org", "b1"),
        ("Observation?_tag:not=x", "b2 b3"),
    ],
)
def test_parameters_that_every_resource_has(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, COUNTY, query) == expected


def told(rtype: str, rid: str, clinical: str | None, verification: str | None = None, **elements: Any) -> Json:
    """A Condition or AllergyIntolerance of p1 with its statuses."""
    statuses = {"clinicalStatus": clinical, "verificationStatus": verification}
    coded = {name: concept(code) for name, code in statuses.items() if code}
    whose = "patient" if rtype == "AllergyIntolerance" else "subject"
    return {"resourceType": rtype, "id": rid, whose: {"reference": "Patient/p1"}, **coded, **elements}


def medicine(rtype: str, rid: str, status: str, **elements: Any) -> Json:
    return {"resourceType": rtype, "id": rid, "status": status, "subject": {"reference": "Patient/p1"}, **elements}


CURRENT = [
    *COUNTY,
    told("Condition", "c1", "active"),
    told("Condition", "c2", "resolved"),
    told("Condition", "c3", "active", "refuted"),
    told("Condition", "c4", None),
    told("Condition", "c5", "relapse", "confirmed", subject={"reference": "Patient/p2"}),
    told("AllergyIntolerance", "a1", "active", "confirmed", category=["food"]),
    told("AllergyIntolerance", "a2", "inactive"),
    told("AllergyIntolerance", "a3", "active", category=["medication"]),
    told("AllergyIntolerance", "a4", None, "entered-in-error"),
    medicine("MedicationRequest", "m1", "active", intent="order"),
    medicine("MedicationRequest", "m2", "stopped", intent="order"),
    medicine("MedicationRequest", "m3", "active", intent="proposal"),
    medicine("MedicationStatement", "m4", "active"),
    medicine("MedicationStatement", "m5", "completed"),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Condition?_list=$current-problems", "c1 c4 c5"),
        ("Condition?patient=p1&_list=$current-problems", "c1 c4"),
        ("Condition?patient=p1&_list=%5C$current-problems", "c1 c4"),
        ("Condition?_list=$current-problems,k1", "c1 c4 c5"),
        ("Encounter?_list=$current-problems,k1", "e1"),
        ("AllergyIntolerance?patient=p1&_list=$current-allergies", "a1 a3"),
        ("AllergyIntolerance?patient=p1&_list=$current-drug-allergies", "a3"),
        ("MedicationRequest?_list=$current-medications", "m1"),
        ("MedicationStatement?_list=$current-medications", "m4"),
        ("Observation?_list=$current-medications", ""),
        ("Encounter?_list=$current-problems", ""),
        ("?_list=$current-medications", "m1 m4"),
        ("?_list=$current-medications,$current-allergies", "a1 a3 m1 m4"),
        ("?_type=MedicationStatement,Condition&patient=p1&_list=$current-medications", "m4"),
        ("?_type=Encounter,Condition&_list=$current-problems,k1", "c1 c4 c5 e1"),
        ("Patient?_has:Condition:patient:_list=$current-problems", "p1 p2"),
    ],
)
def test_a_functional_list_is_what_is_current(bench: Bench, query: str, expected: str) -> None:
    """R4 lifecycle.html, Current Resource Lists."""
    assert matches(bench, CURRENT, query) == expected


def test_a_functional_list_the_hub_does_not_have_is_refused_by_name(bench: Bench) -> None:
    for query in ("Condition?_list=$worklist", "?_list=$current-problems,k1"):
        with pytest.raises(HubError) as caught:
            found(bench, [], query)
        assert (caught.value.category, caught.value.where) == (Category.UNSUPPORTED, "_list")


def test_a_relative_profile_is_one_of_this_server(bench: Bench) -> None:
    """R4 search.html 3.1.1.4.1: `_profile=Profile/lipid` refers to a local profile."""
    own, other = f"{BASE}/StructureDefinition/lipid", "http://x.org/StructureDefinition/lipid"
    records = [observation("a", meta={"profile": [own]}), observation("b", meta={"profile": [other]})]
    assert matches(bench, records, "Observation?_profile=StructureDefinition/lipid") == "a"
    assert matches(bench, records, f"Observation?_profile={other}") == "b"


def test_the_source_of_a_resource_is_searched_as_a_uri(bench: Bench) -> None:
    records = [observation("a", meta={"source": "urn:feed:1#x"}), observation("b")]
    assert matches(bench, records, "Observation?_source=urn:feed:1%23x") == "a"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?_id=b1,p1,o1", "b1 o1 p1"),
        ("?_type=Patient,Organization", "o1 o2 p1 p2 p3"),
        ("?_type=Patient,Organization&_id=o1", "o1"),
        ("?_list=k1", "b1 e1"),
        ("?_tag=x", "b1"),
        ("?_content=空腹血糖", "b1"),
    ],
)
def test_all_types_are_searched_by_what_they_share(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, COUNTY, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?_type=Observation,Encounter&patient=p1", "b1 b3 e1"),
        ("?_type=Observation,Encounter&subject:Patient.name=wang", "b1 b3 e1"),
        ("?_type=Observation,Encounter&patient=p1&date=2026-05", "b1"),
        ("?patient=p1&_type=Observation,Encounter&_id=b3,e1,b2", "b3 e1"),
        ("?_type=Observation,List&code:missing=true&patient=p1", "k1"),
        ("?_type=Patient,Organization&name=wang,county", "o1 p1"),
        ("?_type=Patient,Observation&_has:Encounter:patient:status=finished", None),
        ("?_type=Patient&_has:Encounter:patient:status=finished", "p1"),
        ("?_type=Patient,Organization&_type=Patient&name=wang,county", "p1"),
        ("?_type=Observation&code=1-8&status:not=final", ""),
    ],
)
def test_types_that_are_named_are_searched_by_what_they_share(bench: Bench, query: str, expected: str | None) -> None:
    if expected is not None:
        assert matches(bench, COUNTY, query) == expected
        assert search(bench, COUNTY, f"{query}&_total=accurate").total == len(expected.split())
    else:
        with pytest.raises(HubError):
            found(bench, COUNTY, query)


@pytest.mark.parametrize(
    "query",
    [
        *("?name=x", "?_filter=x", "Patient?_query=x", "?_sort=name"),
        *("?_type=Patient,Observation&name=x", "?_type=Observation,Condition&_sort=date"),
        "?_type=Observation,Substance&_sort=code,quantity",
        "?_type=Goal,Substance&_sort=target-date",
    ],
)
def test_what_they_do_not_share_is_refused(bench: Bench, query: str) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, [], query)
    assert caught.value.category is Category.UNSUPPORTED


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?_text=血糖", "b1"),
        ("Observation?_text=空腹血糖", "b1"),
        ("Observation?_text=糖", "b1"),
        ("Observation?_text=糖血", ""),
        ("Observation?_text=HIGH 血糖", "b1"),
        ("Observation?_text=hig", ""),
        ("Observation?_text=final", ""),
        ("Observation?_content=final", "b1 b2 b3"),
        ("Observation?_content=糖尿病,空腹", "b1 b3"),
        ("Observation?_content=typ&_content=糖尿", "b3"),
        ("Patient?_content=王伟", "p1"),
        ("Observation?_text:missing=true", "b2 b3"),
    ],
)
def test_text_searches_the_narrative_and_content_everything(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, COUNTY, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("_list=k1", "b1"), ("_list=List/k1", "b1"), ("_list=k2", ""), ("_list=k2,k1", "b1"), ("_list=k1&code=2-2", "")],
)
def test_a_list_stands_for_its_current_members(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, COUNTY, f"Observation?{query}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?subject:Patient.name=wang", "b1 b3"),
        ("Observation?subject.name=wang", "b1 b3"),
        ("Observation?patient.general-practitioner:Practitioner.name=bai", "b1 b3"),
        ("Observation?encounter.service-provider.partof.name=province", "b1"),
        ("Observation?patient.gender:not=male", "b2"),
        ("Observation?patient.birthdate:missing=true", "b2"),
        ("Patient?_has:Observation:patient:code=1-8", "p1"),
        ("Patient?_has:Observation:patient:code=loinc|2-2", "p2"),
        ("Organization?_has:Patient:organization:_has:Observation:patient:code=1-8", "o1"),
        ("Organization?_has:Patient:organization:gender=female", "o2"),
        ("Patient?organization:Organization.name=county&_has:Observation:subject:_list=k1", "p1"),
        ("Encounter?_has:Observation:encounter:patient.name=wang", "e1"),
    ],
)
def test_chains_go_along_references_and_against_them(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, COUNTY, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Patient?_sort=birthdate", "p2 p3 p1"),
        ("Patient?_sort=-birthdate", "p1 p3 p2"),
        ("Patient?_sort=family", "p2 p1 p3"),
        ("Patient?_sort=gender", "p3 p2 p1"),
        ("Patient?_sort=-gender", "p1 p2 p3"),
        ("Patient?_sort=-organization", "p2 p1 p3"),
        ("Observation?_sort=code,-date", "b1 b3 b2"),
        ("Observation?_sort=-code,date", "b2 b3 b1"),
        ("Observation?_sort=-subject,-_id", "b2 b3 b1"),
        ("Observation?_sort=encounter,_id", "b2 b3 b1"),
        ("Observation?_sort=_id", "b1 b2 b3"),
        ("Observation?_sort=-_lastUpdated,-_id", "b3 b2 b1"),
    ],
)
def test_the_order_is_that_of_the_sort_keys_and_missing_values_are_the_least(
    bench: Bench, query: str, expected: str
) -> None:
    assert " ".join(found(bench, COUNTY, query)) == expected


def form(rid: str, url: str, version: str | None, title: str) -> Json:
    told = {} if version is None else {"version": version}
    return {"resourceType": "Questionnaire", "id": rid, "status": "active", "url": url, "title": title, **told}


def filled(rid: str, questionnaire: str) -> Json:
    return {"resourceType": "QuestionnaireResponse", "id": rid, "status": "completed", "questionnaire": questionnaire}


def planned(rid: str, *canonicals: str) -> Json:
    return {"resourceType": "CarePlan", "id": rid, "status": "active", "intent": "plan"} | {
        "subject": {"reference": "Patient/p1"},
        "instantiatesCanonical": list(canonicals),
    }


#: Two versions of a form, one without version, a plan, and what names them.
DEFINED: list[Json] = [
    form("q1", "http://x.org/q", "1.0", "Falls"),
    form("q2", "http://x.org/q", "2.0", "Falls, revised"),
    form("w", "http://x.org/w", None, "Weight"),
    {"resourceType": "PlanDefinition", "id": "pd", "status": "active", "url": "http://x.org/p", "version": "1"}
    | {"title": "Rehabilitation"},
    filled("any", "http://x.org/q"),
    filled("one", "http://x.org/q|1.0"),
    filled("two", "http://x.org/q|2.0"),
    filled("three", "http://x.org/q|3.0"),
    filled("weight", "http://x.org/w"),
    filled("heavy", "http://x.org/w|7"),
    patient("p1", name=[{"family": "Wang"}]),
    planned("both", "http://x.org/q|3.0", "http://x.org/q"),
    planned("care", "http://x.org/other", "http://x.org/p|1"),
    planned("old", "http://x.org/p|0", "http://x.org/q|3.0"),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("QuestionnaireResponse?questionnaire.title=falls", "any one two"),
        ("QuestionnaireResponse?questionnaire.title=falls\\, revised", "any two"),
        ("QuestionnaireResponse?questionnaire.title:exact=Falls", "any one"),
        ("QuestionnaireResponse?questionnaire:Questionnaire.version=1.0", "any one"),
        ("QuestionnaireResponse?questionnaire.url=http://x.org/w", "weight"),
        ("QuestionnaireResponse?questionnaire.title=falls&_id=two,three", "two"),
        ("QuestionnaireResponse?questionnaire.title=nothing", ""),
        ("CarePlan?instantiates-canonical:Questionnaire.title=falls", "both"),
        ("CarePlan?instantiates-canonical:PlanDefinition.title=rehab", "care"),
        ("CarePlan?instantiates-canonical.status=active", "both care"),
        ("Patient?_has:CarePlan:patient:instantiates-canonical:PlanDefinition.title=rehab", "p1"),
        ("?_type=QuestionnaireResponse&questionnaire.title=weight", "weight"),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=any", "q1 q2"),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=one", "q1"),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=three,heavy", ""),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed", "q1 q2 w"),
        ("Questionnaire?_has:CarePlan:instantiates-canonical:patient.name=wang&title=falls", "q1 q2"),
        ("PlanDefinition?_has:CarePlan:instantiates-canonical:_id=care,old", "pd"),
        ("PlanDefinition?_has:CarePlan:instantiates-canonical:_id=old", ""),
    ],
)
def test_chains_go_along_canonicals_to_the_version_that_is_named_or_to_any(
    bench: Bench, query: str, expected: str
) -> None:
    """R4 search.html#chaining; references.html#canonical: without a version, any is meant."""
    assert matches(bench, DEFINED, query) == expected


#: What stands in several types, dated by promoted and by other parameters.
TYPES: list[Json] = [
    *COUNTY,
    {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "loinc", "code": "0-9"}]},
        "subject": {"reference": "Patient/p2"},
        "dosageInstruction": [{"timing": {"event": ["2026-04-15"]}}],
        "authoredOn": "2020-01-01",
    },
    {
        "resourceType": "MedicationRequest",
        "id": "m2",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "loinc", "code": "1-9"}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2027-01-01",
    },
    {"resourceType": "RiskAssessment", "id": "r1", "status": "final", "subject": {"reference": "Patient/p1"}}
    | {"prediction": [{"probabilityDecimal": 0.5}]},
    {"resourceType": "ChargeItem", "id": "c1", "status": "billed", "code": concept("loinc|1-8")}
    | {"subject": {"reference": "Patient/p1"}, "quantity": {"value": 2}},
    {"resourceType": "ChargeItem", "id": "c2", "status": "billed", "code": concept("loinc|1-8")}
    | {"subject": {"reference": "Patient/p1"}, "quantity": {"value": 10}},
    {"resourceType": "Substance", "id": "s1", "code": concept("loinc|1-8"), "instance": [{"quantity": {"value": 3}}]},
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?_type=Observation&_sort=-date", "b1 b2 b3"),
        ("?_type=Observation,Encounter&_sort=-date,_id", "b1 b2 b3 e1"),
        ("?_type=Observation,MedicationRequest&_sort=-date,_id", "b1 m1 b2 b3 m2"),
        ("?_type=MedicationRequest,Observation&_sort=date,_id", "b3 m2 b2 m1 b1"),
        ("?_type=Observation,MedicationRequest&patient=p1&_sort=-date,_id", "b1 b3 m2"),
        ("?_type=Observation,MedicationRequest&_sort=code,_id", "m1 b1 b3 m2 b2"),
        ("?_type=Observation,MedicationRequest&_sort=-status,-_id", "b3 b2 b1 m2 m1"),
        ("?_type=Observation,MedicationRequest&_sort=subject,-_id", "m2 b3 b1 m1 b2"),
        ("?_type=Patient,Organization&_sort=name,_id", "o1 p2 o2 p1 p3"),
        ("?_type=Patient,Practitioner&_sort=-family", "p3 p1 p2 d1"),
        ("?_type=RiskAssessment&_sort=probability", "r1"),
        ("?_type=ChargeItem,Substance&_sort=-quantity", "c2 s1 c1"),
        ("?_type=Observation,MedicationRequest&_sort=-_id", "m2 m1 b3 b2 b1"),
    ],
)
def test_types_that_are_named_are_sorted_by_what_they_share(bench: Bench, query: str, expected: str) -> None:
    """R4 search.html#sort: the order is by search parameters; each type has its own under the name."""
    assert " ".join(found(bench, TYPES, query)) == expected


#: Orders of every kind, going up, down and both ways.
ORDERS = [
    "Patient?_sort=gender,-birthdate",
    "Patient?_sort=-organization,family",
    "Patient?_sort=-family",
    "Observation?_sort=code,-date",
    "Observation?_sort=-subject,encounter",
    "Observation?_sort=value-quantity,-code",
    "Observation?_sort=-status",
    "Organization?_sort=partof,-name",
    "_type=Observation,MedicationRequest?_sort=date,-status",
    "_type=Observation,MedicationRequest?_sort=-date",
    "_type=Patient,Organization?_sort=name",
]


def test_pages_of_one_give_the_whole_in_the_same_order(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *map(write, TYPES))
        async with database.connection() as tx:
            for order in ORDERS:
                among, _, sort = order.partition("?_sort=")
                several = among.startswith("_type=")
                rtype = None if several else among
                asked = [("_sort", sort), *([("_type", among.removeprefix("_type="))] if several else [])]
                whole = ids((await ask(tx, store, rtype, asked)).matches)
                paged: list[str] = []
                after: bytes | None = None
                while not paged or after is not None:
                    page = await ask(tx, store, rtype, asked, count=1, after=after)
                    paged += ids(page.matches)
                    after = page.next
                assert len(whole) > 1
                assert paged == whole, order

    run(database_url, work)


def test_of_several_values_the_one_that_comes_first_in_the_order_counts(bench: Bench) -> None:
    records = [
        patient("a", identifier=[{"value": "1"}, {"value": "9"}]),
        patient("b", identifier=[{"value": "2"}, {"value": "3"}]),
    ]
    assert found(bench, records, "Patient?_sort=identifier") == ["a", "b"]
    assert found(bench, records, "Patient?_sort=-identifier") == ["a", "b"]


def test_a_value_set_sorts_by_its_uri(bench: Bench) -> None:
    records: list[Any] = [
        {"resourceType": "ValueSet", "id": rid, "status": "draft", "url": f"http://x.org/{url}"}
        for rid, url in (("a", "2"), ("b", "1"))
    ]
    assert found(bench, records, "ValueSet?_sort=url") == ["b", "a"]


def test_the_total_counts_all_matches_whatever_the_page_holds(bench: Bench) -> None:
    page = search(bench, COUNTY, "Observation?_count=1&_total=accurate")
    assert (len(page.matches), page.total) == (1, 3)
    assert search(bench, COUNTY, "Observation?_count=1&_total=estimate").total == 3
    assert search(bench, COUNTY, "Observation?_count=1&_total=none").total is None


def test_a_count_of_zero_is_the_total_alone(bench: Bench) -> None:
    page = search(bench, COUNTY, "Observation?_count=0&_total=accurate&_include=*")
    assert (page.matches, page.included, page.total, page.next) == ([], [], 3, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?_id=b1&_include=Observation:subject", "p1"),
        ("Observation?_id=b1&_include=Observation:subject:Group", ""),
        ("Observation?_id=b1&_include=Observation:*", "e1 p1"),
        ("Observation?_id=b1&_include=*", "e1 p1"),
        ("Observation?_id=b1&_include=*&_include:iterate=*", "d1 e1 o1 o2 p1"),
        ("Observation?_id=b1&_include=Observation:encounter&_include:iterate=Encounter:service-provider", "e1 o1"),
        ("Observation?_id=b1&_include=Observation:encounter&_include=Encounter:service-provider", "e1"),
        ("Patient?_id=p1&_revinclude=Observation:subject", "b1 b3"),
        ("Patient?_id=p1&_revinclude=Observation:*", "b1 b3"),
        ("Patient?_id=p1&_revinclude=*", "b1 b3 e1 k1"),
        ("Encounter?_id=e1&_revinclude=*", "b1 k1"),
        ("Observation?_sort=-_id&_count=1&_include=Observation:subject", "p1"),
    ],
)
def test_what_matches_refer_to_or_what_refers_to_them_is_sent_along_once(
    bench: Bench, query: str, expected: str
) -> None:
    assert " ".join(sorted(row.id for row in search(bench, COUNTY, query).included)) == expected


@pytest.mark.parametrize("query", ["_score=x"])
def test_what_the_hub_does_not_do_is_refused_by_name(bench: Bench, query: str) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, [], f"Encounter?{query}")
    assert caught.value.where == query.partition("=")[0]
