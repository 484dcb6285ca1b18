"""Composition/$document (R4 composition-operation-document.html, documents.html, bundle.html bdl-9 to bdl-11).

"The server takes the composition resource, locates all the referenced resources and ... either returns a full document
bundle, or returns an error"; parameters `id`, `persist` ("whether to store the document"), `graph`.
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient


async def written(home: House) -> Json:
    """A Composition of the clinic about its patient, with one result of its own and one of the hospital's."""
    doctor = await home.create({"resourceType": "Practitioner", "name": [{"family": "方"}]})
    rid = (await home.create(patient()))["id"]
    own = await home.create(observation(rid))
    theirs = await home.create(observation(rid, "999"), who="hospital")
    entries = [
        {"reference": f"Observation/{own['id']}"},
        {"reference": f"Observation/{theirs['id']}", "display": "999"},
    ]
    return await home.create(
        {
            "resourceType": "Composition",
            "status": "final",
            "type": {"text": "出院小结"},
            "subject": {"reference": f"Patient/{rid}"},
            "date": "2026-05-19",
            "author": [{"reference": f"Practitioner/{doctor['id']}"}],
            "title": "出院小结",
            "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">999</div>'},
            "relatesTo": [{"code": "replaces", "targetReference": {"reference": "Composition/older"}}],
            "section": [{"title": "检验", "entry": entries}],
        }
    )


def types(bundle: Any) -> list[str]:
    return [entry["resource"]["resourceType"] for entry in bundle["entry"]]


@pytest.mark.parametrize(("method", "by"), [("GET", "id"), ("POST", "id"), ("GET", "parameter")])
def test_a_document_is_the_composition_and_what_it_refers_to(database_url: str, method: str, by: str) -> None:
    async def visit(home: House) -> None:
        made = (await written(home))["id"]
        path = f"/Composition/{made}/$document" if by == "id" else f"/Composition/$document?id={made}"
        answer = await home.ask(method, path)
        assert answer.status_code == 200, answer.text
        bundle = body(answer)
        assert bundle["type"] == "document"
        assert types(bundle) == ["Composition", "Patient", "Practitioner", "Observation"]
        assert [issue for issue in validate(bundle) if issue.severity in {"fatal", "error"}] == []
        for entry in bundle["entry"]:
            resource = entry["resource"]
            assert entry["fullUrl"] == f"{BASE}/{resource['resourceType']}/{resource['id']}"

    in_house(database_url, visit)


def test_what_is_hidden_leaves_no_words_behind(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = (await written(home))["id"]
        answer = await home.ask("GET", f"/Composition/{made}/$document")
        assert "999" not in answer.text
        head = body(answer)["entry"][0]["resource"]
        assert len(head["section"][0]["entry"]) == 2
        assert "text" not in head

    in_house(database_url, visit)


def test_who_may_not_read_the_composition_is_told_what_is_told_of_none(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = (await written(home))["id"]
        hidden = await home.ask("GET", f"/Composition/{made}/$document", who="hospital")
        absent = await home.ask("GET", "/Composition/nothing/$document", who="hospital")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        await home.ask("DELETE", f"/Composition/{made}")
        assert (await home.ask("GET", f"/Composition/{made}/$document")).status_code == 410
        assert (await home.ask("GET", f"/Composition/{made}/$document", who="hospital")).status_code == 404

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("query", "told"),
    [("persist=true", "not-kept"), ("graph=x", "unknown-parameter"), ("x=1", "unknown-parameter")],
)
def test_documents_are_not_kept_and_graphs_not_followed(database_url: str, query: str, told: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Composition/a/$document?{query}")
        assert (answer.status_code, code(answer)) == (400, told)
        assert (await home.ask("GET", "/Composition/$document")).status_code == 400
        assert (await home.ask("GET", "/Composition/a/$document?persist=false")).status_code == 404
        for persist, status in ((False, 404), (True, 400)):
            sent = {"resourceType": "Parameters", "parameter": [{"name": "persist", "valueBoolean": persist}]}
            assert (await home.ask("POST", "/Composition/a/$document", sent)).status_code == status

    in_house(database_url, visit)


def test_one_entry_is_in_the_trail_with_all_that_left(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = (await written(home))["id"]
        await home.ask("GET", f"/Composition/{made}/$document")
        async with home.database.connection() as tx:
            row = await tx.fetchrow("SELECT * FROM audit ORDER BY number DESC LIMIT 1")
        assert row is not None
        assert (row["interaction"], row["outcome"], row["resource_id"]) == ("operation", "released", made)

    in_house(database_url, visit)
