"""Patient/$summary (International Patient Summary 2.0: OperationDefinition summary, Composition-uv-ips).

Problems, allergies and medications are required sections; an empty one says why (list-empty-reason). R4 bundle.html
bdl-9 to bdl-11 for the document. Nothing of it tells of what is hidden.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api import house
from tests.api.house import ACTORS, BASE, House, body, code, in_house, observation, patient

TERMS: Final = "http://terminology.hl7.org/CodeSystem"
HIV: Final = {"system": f"{TERMS}/v3-ActCode", "code": "HIV"}
REQUIRED: Final = ["11450-4", "48765-2", "10160-0"]


def condition(rid: str, text: str, status: str, **elements: Any) -> Json:
    return {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{rid}"},
        "code": {"text": text},
        "clinicalStatus": {"coding": [{"system": f"{TERMS}/condition-clinical", "code": status}]},
        **elements,
    }


def of(category: str) -> list[Json]:
    return [{"coding": [{"system": f"{TERMS}/observation-category", "code": category}]}]


def coded(code: str) -> Json:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


async def recorded(home: House, who: str = "clinic") -> str:
    """A patient with something in most sections."""
    rid: str = (await home.create(patient(), who=who))["id"]
    about = {"subject": {"reference": f"Patient/{rid}"}}
    allergy = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": f"Patient/{rid}"},
        "code": {"text": "青霉素"},
        "clinicalStatus": {"coding": [{"system": f"{TERMS}/allergyintolerance-clinical", "code": "active"}]},
    }
    void = {"coding": [{"system": f"{TERMS}/condition-ver-status", "code": "entered-in-error"}]}
    drug = await home.create({"resourceType": "Medication", "code": {"text": "二甲双胍"}}, who=who)
    for resource in (
        condition(rid, "高血压 <script>alert(1)</script>", "active", onsetDateTime="2020-01"),
        condition(rid, "肺炎", "resolved"),
        condition(rid, "误录", "active", clinicalStatus=None, verificationStatus=void),
        allergy,
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            **about,
            "medicationReference": {"reference": f"Medication/{drug['id']}", "display": "二甲双胍"},
        },
        {
            "resourceType": "Immunization",
            "status": "completed",
            "patient": {"reference": f"Patient/{rid}"},
            "vaccineCode": {"text": "流感疫苗"},
            "occurrenceDateTime": "2025-10-01",
        },
        {**observation(rid, "120"), "category": of("vital-signs"), "effectiveDateTime": "2026-05-01"},
        {**observation(rid, "132"), "category": of("vital-signs"), "effectiveDateTime": "2026-05-19"},
        {**observation(rid, "6.50"), "category": of("laboratory"), "code": coded("4548-4")},
        {**observation(rid, "1"), "category": of("social-history"), "code": coded("72166-2")},
        {**observation(rid, "2"), "category": of("survey"), "code": coded("1-1")},
    ):
        await home.create({key: value for key, value in resource.items() if value is not None}, who=who)
    return rid


async def summary(home: House, rid: str, **headers: str) -> Any:
    answer = await home.ask("GET", f"/Patient/{rid}/$summary", **headers)
    assert answer.status_code == 200, answer.text
    return body(answer)


def sections(bundle: Any) -> dict[str, Any]:
    found = bundle["entry"][0]["resource"]["section"]
    return {section["code"]["coding"][0]["code"]: section for section in found}


def listed(bundle: Any, section: str) -> list[Any]:
    by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    return [by_url[entry["reference"]] for entry in sections(bundle).get(section, {}).get("entry", ())]


def test_a_summary_is_a_valid_document_with_its_sections(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        bundle = await summary(home, rid)
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "document")
        assert [issue for issue in validate(bundle) if issue.severity in {"fatal", "error"}] == []
        kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
        assert kinds[:3] == ["Composition", "Patient", "Device"]
        head = bundle["entry"][0]["resource"]
        assert head["type"]["coding"][0]["code"] == "60591-5"
        assert head["subject"]["reference"] == f"{BASE}/Patient/{rid}" == bundle["entry"][1]["fullUrl"]
        assert head["author"][0]["reference"] == bundle["entry"][2]["fullUrl"]
        assert list(sections(bundle)) == [*REQUIRED, "11369-6", "30954-2", "8716-3", "11348-0", "29762-2"]

    in_house(database_url, visit)


def test_each_section_lists_what_belongs_to_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        bundle = await summary(home, await recorded(home))
        assert [one["code"]["text"][:3] for one in listed(bundle, "11450-4")] == ["高血压"]
        assert [one["code"]["text"] for one in listed(bundle, "11348-0")] == ["肺炎"]
        assert [one["code"]["text"] for one in listed(bundle, "48765-2")] == ["青霉素"]
        assert [one["resourceType"] for one in listed(bundle, "10160-0")] == ["MedicationStatement"]
        assert [str(one["valueQuantity"]["value"]) for one in listed(bundle, "8716-3")] == ["132"]
        assert [str(one["valueQuantity"]["value"]) for one in listed(bundle, "30954-2")] == ["6.50"]
        assert "Medication" in [entry["resource"]["resourceType"] for entry in bundle["entry"]]
        assert "误录" not in str(bundle)

    in_house(database_url, visit)


def test_texts_are_escaped(database_url: str) -> None:
    async def visit(home: House) -> None:
        text = sections(await summary(home, await recorded(home)))["11450-4"]["text"]["div"]
        assert "高血压 &lt;script&gt;" in text
        assert "<script" not in text

    in_house(database_url, visit)


def test_required_sections_stand_when_nothing_is_available(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        bundle = await summary(home, rid)
        assert list(sections(bundle)) == REQUIRED
        for section in sections(bundle).values():
            assert section["emptyReason"]["coding"][0]["code"] == "unavailable"
            assert "entry" not in section
        assert [issue for issue in validate(bundle) if issue.severity in {"fatal", "error"}] == []

    in_house(database_url, visit)


def test_what_is_hidden_is_as_if_it_had_never_been(database_url: str) -> None:
    """The same questions with and without hidden data: only ids made for the answer and times may differ."""

    async def visit(home: House) -> None:
        rid = await recorded(home)
        before = plain(await summary(home, rid))
        for resource in (
            condition(rid, "秘密", "active"),
            {**observation(rid, "999"), "category": of("laboratory"), "code": coded("20447-9")},
            {**observation(rid, "998"), "category": of("vital-signs"), "effectiveDateTime": "2026-05-20"},
        ):
            await home.create(resource, who="hospital")
        assert plain(await summary(home, rid)) == before

    in_house(database_url, visit)


def plain(bundle: Any) -> Any:
    """All of it but what is made anew for each answer."""
    head, device = bundle["entry"][0]["resource"], bundle["entry"][2]["resource"]
    made = {head["id"], device["id"], bundle["identifier"]["value"], bundle["timestamp"], head["date"]}
    text = repr(bundle)
    for one in made:
        text = text.replace(one, "X")
    return text


def test_a_summary_is_as_secret_as_what_it_holds(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        await home.create(condition(rid, "x", "active", meta={"security": [HIV]}))
        head = (await summary(home, rid))["entry"][0]["resource"]
        assert head["meta"]["security"] == [HIV]

    in_house(database_url, visit)


def test_a_record_that_may_not_be_seen_is_told_as_by_everything(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home, "hospital")
        hidden = await home.ask("GET", f"/Patient/{rid}/$summary")
        absent = await home.ask("GET", "/Patient/nobody/$summary")
        assert (hidden.status_code, hidden.content) == (404, absent.content)

    in_house(database_url, visit)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_an_id_it_is_of_the_patient_the_token_is_bound_to(
    database_url: str, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        herself = replace(ACTORS["clinic"], role="patient", organization="", purpose=("PATRQT",), practitioner=None)
        monkeypatch.setitem(house.ACTORS, "herself", replace(herself, patient=rid))
        own = body(await home.ask(method, "/Patient/$summary", who="herself"))
        assert own["entry"][1]["resource"]["id"] == rid
        refused = await home.ask(method, "/Patient/$summary")
        assert (refused.status_code, code(refused)) == (400, "no-patient")

    in_house(database_url, visit)


@pytest.mark.parametrize("name", ["identifier", "profile", "graph", "x"])
def test_parameters_it_does_not_have_are_refused(database_url: str, name: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Patient/a/$summary?{name}=x")
        assert (answer.status_code, code(answer)) == (400, "unknown-parameter")

    in_house(database_url, visit)


def test_it_may_be_an_entry_of_a_batch(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        entries = [{"request": {"method": "GET", "url": f"Patient/{rid}/$summary"}}]
        answer = body(await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
        assert answer["entry"][0]["resource"]["type"] == "document"

    in_house(database_url, visit)
