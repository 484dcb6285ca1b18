"""Patch and conditional patch over HTTP (R4 http.html#patch, RFC 6902, fhirpatch.html)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from hub.fhir.json import dumps
from hub.fhir.validate import validate
from hub.fhir.xml import write_xml
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient
from tests.api.test_write_audit import told, trail

JSON_PATCH = "application/json-patch+json"
XML_PATCH = "application/xml-patch+xml"


async def change(home: House, path: str, *operations: Json, who: str = "clinic", **headers: str) -> httpx.Response:
    """A JSON Patch."""
    return await home.ask("PATCH", path, list(operations), who=who, content_type=JSON_PATCH, **headers)


def put(path: str, value: Any) -> Json:
    return {"op": "replace", "path": path, "value": value}


def operation(kind: str, path: str, **parts: Any) -> Json:
    """One operation of a FHIRPath Patch; the names of values are those of Parameters (`valueCode`)."""
    made = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    keys = {"name": "valueString", "index": "valueInteger", "source": "valueInteger", "destination": "valueInteger"}
    made += [{"name": name, key: parts.pop(name)} for name, key in keys.items() if name in parts]
    if parts:
        made.append({"name": "value", **parts})
    return {"name": "operation", "part": made}


def parameters(*operations: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(operations)}


def test_a_patch_makes_the_next_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", "1.50"))
        path = f"/Observation/{made['id']}"
        answer = await change(home, path, put("/status", "amended"))
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
        assert answer.headers["location"] == f"{BASE}{path}/_history/2"
        now = body(answer)
        assert (now["status"], str(now["valueQuantity"]["value"])) == ("amended", "1.50")
        assert (await home.ask("GET", path)).content == answer.content

    in_house(database_url, visit)


def test_the_forms_of_a_patch_are_told_to_who_asks_and_to_who_sent_another(database_url: str) -> None:
    """RFC 5789 sections 2.2 and 3.1, RFC 9110 section 9.3.7."""

    async def visit(home: House) -> None:
        forms = {JSON_PATCH, XML_PATCH, "application/fhir+json", "application/fhir+xml"}
        options = await home.ask("OPTIONS", "/Patient/absent", who="")
        assert (options.status_code, options.headers["allow"]) == (204, "DELETE, GET, HEAD, PATCH, PUT")
        other = await home.ask("PATCH", "/Patient/absent", b"x", content_type="text/plain")
        wrong = await home.ask("POST", "/Patient/absent", {})
        assert (other.status_code, wrong.status_code) == (415, 405)
        for answer in (options, other, wrong):
            assert forms <= set(answer.headers["accept-patch"].split(", "))
        elsewhere = await home.ask("OPTIONS", "/Patient/$everything", who="")
        assert (elsewhere.headers["allow"], "accept-patch" in elsewhere.headers) == ("GET, HEAD, POST", False)
        assert "accept-patch" not in (await home.ask("POST", "/Patient", b"x", content_type="text/plain")).headers
        assert (await home.ask("OPTIONS", "/Nonsense", who="")).status_code == 404

    in_house(database_url, visit)


def test_a_fhirpath_patch_makes_the_next_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        sent = parameters(
            operation("replace", "Patient.gender", valueCode="other"),
            operation("add", "Patient", name="name", valueHumanName={"text": "阿兰"}),
        )
        answer = await home.ask("PATCH", f"/Patient/{made['id']}", sent)
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
        assert (body(answer)["gender"], body(answer)["name"][1]) == ("other", {"text": "阿兰"})

    in_house(database_url, visit)


def test_an_xml_patch_makes_the_next_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", "1.50"))
        path = f"/Observation/{made['id']}"
        sent = b"""<diff xmlns="http://hl7.org/fhir">
          <replace sel="Observation/status/@value">amended</replace>
          <add sel="Observation"><note><text value="x"/></note></add>
        </diff>"""
        answer = await home.ask("PATCH", path, sent, content_type=XML_PATCH)
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
        now = body(answer)
        assert (now["status"], now["note"], str(now["valueQuantity"]["value"])) == ("amended", [{"text": "x"}], "1.50")
        same = await home.ask("PATCH", path, b"<diff/>", content_type=XML_PATCH)
        assert (same.status_code, same.headers["etag"]) == (200, 'W/"2"')
        bad = await home.ask("PATCH", path, sent.replace(b"note>", b"nope>"), content_type=XML_PATCH)
        assert (bad.status_code, code(bad)) == (422, "patch-path")

    in_house(database_url, visit)


def test_a_fhirpath_patch_may_come_as_xml(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        sent = write_xml(parameters(operation("replace", "Patient.gender", valueCode="other")))
        answer = await home.ask("PATCH", f"/Patient/{made['id']}", sent, content_type="application/fhir+xml")
        assert (answer.status_code, body(answer)["gender"]) == (200, "other")

    in_house(database_url, visit)


def test_a_patch_that_changes_nothing_makes_no_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        for answer in (
            await change(home, path),
            await change(home, path, put("/gender", "female")),
            await home.ask("PATCH", path, parameters(operation("delete", "Patient.photo"))),
        ):
            assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')

    in_house(database_url, visit)


def test_if_match_and_prefer_hold_for_a_patch_as_for_an_update(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        first = await change(home, path, put("/gender", "other"), if_match='W/"1"', prefer="return=minimal")
        assert (first.status_code, first.content) == (200, b"")
        late = await change(home, path, put("/gender", "male"), if_match='W/"1"')
        assert late.status_code == 412
        assert (await change(home, path, put("/gender", "male"), if_match="1")).status_code == 400
        outcome = await change(home, path, put("/gender", "other"), prefer="return=OperationOutcome")
        assert body(outcome)["resourceType"] == "OperationOutcome"

    in_house(database_url, visit)


def test_of_many_clients_that_patch_at_once_none_loses_anything(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        additions = [{"op": "add", "path": "/name/-", "value": {"text": f"n{number}"}} for number in range(16)]
        paths = [
            parameters(operation("add", "Patient", name="telecom", valueContactPoint={"value": str(number)}))
            for number in range(16)
        ]
        answers = await asyncio.gather(
            *(change(home, path, one) for one in additions), *(home.ask("PATCH", path, one) for one in paths)
        )
        assert {answer.status_code for answer in answers} == {200}
        assert sorted(int(a.headers["etag"][3:-1]) for a in answers) == list(range(2, 34))
        now = body(await home.ask("GET", path))
        assert {name.get("text") for name in now["name"]} >= {f"n{number}" for number in range(16)}
        assert {telecom["value"] for telecom in now["telecom"]} == {str(number) for number in range(16)}

    in_house(database_url, visit)


def test_a_test_that_does_not_hold_changes_nothing_and_repeats_no_value(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        wrong = {"op": "test", "path": "/birthDate", "value": "1999-09-09"}
        answer = await change(home, path, put("/gender", "other"), wrong)
        assert (answer.status_code, code(answer)) == (422, "patch-test")
        assert "patch[1]" in answer.text
        assert "1999" not in answer.text
        assert "1958" not in answer.text
        assert body(await home.ask("GET", path))["gender"] == "female"
        right = {"op": "test", "path": "/birthDate", "value": "1958-04-12"}
        assert (await change(home, path, right, put("/gender", "other"))).status_code == 200

    in_house(database_url, visit)


def test_a_patch_is_validated_as_an_update_is(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        answer = await change(home, path, put("/gender", "unheard"))
        assert answer.status_code == 422
        assert "Patient.gender" in answer.text
        assert "unheard" not in answer.text
        assert (await change(home, path, {"op": "add", "path": "/flavour", "value": 1})).status_code == 422
        assert body(await home.ask("GET", path))["meta"]["versionId"] == "1"

    in_house(database_url, visit, validate=validate)


def test_id_type_and_subject_do_not_change(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        path = f"/Observation/{made['id']}"
        refused = {
            "id-changed": [put("/id", "other")],
            "type-changed": [put("/resourceType", "Patient")],
            "subject-changed": [put("/subject/reference", "Patient/p2")],
            "patch-path": [{"op": "remove", "path": "/note"}],
        }
        for expected, operations in refused.items():
            answer = await change(home, path, *operations)
            assert (answer.status_code, code(answer)) == (422, expected)
        replaced = await change(home, path, put("", {"resourceType": "Observation"}))
        assert (replaced.status_code, code(replaced)) == (422, "id-changed")

    in_house(database_url, visit)


def test_security_labels_are_not_patched_away(database_url: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

    async def visit(home: House) -> None:
        made = await home.create(patient(meta={"security": [{"system": system, "code": "R"}]}))
        path = f"/Patient/{made['id']}"
        answer = await change(home, path, {"op": "remove", "path": "/meta/security/0"}, put("/gender", "other"))
        assert answer.status_code == 200
        assert body(answer)["meta"]["security"] == [{"system": system, "code": "R"}]

    in_house(database_url, visit)


def test_references_to_this_server_become_relative(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        add = {"op": "add", "path": "/performer", "value": [{"reference": f"{BASE}/Organization/F05"}]}
        answer = await change(home, f"/Observation/{made['id']}", add)
        assert body(answer)["performer"] == [{"reference": "Organization/F05"}]
        search = put("/performer/0/reference", "Organization?identifier=x|y")
        refused = await change(home, f"/Observation/{made['id']}", search)
        assert (refused.status_code, code(refused)) == (422, "conditional-reference")

    in_house(database_url, visit)


def test_what_is_absent_hidden_or_of_another_facility_looks_alike(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        absent = await change(home, f"/Patient/{'a' * 26}", put("/gender", "other"))
        assert absent.status_code == 404
        for operations in (
            [put("/gender", "other")],
            [{"op": "test", "path": "/gender", "value": "female"}],
            [{"op": "test", "path": "/gender", "value": "male"}],
            [{"op": "remove", "path": "/nothing"}],
        ):
            hidden = await change(home, f"/Patient/{theirs['id']}", *operations)
            assert (hidden.status_code, hidden.content) == (404, absent.content)
            matched = await change(home, f"/Patient/{theirs['id']}", *operations, if_match='W/"7"')
            assert (matched.status_code, matched.content) == (404, absent.content)

    in_house(database_url, visit)


def test_who_reads_nothing_patches_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        for who in ("reader", "feed", "auditor", "stranger"):
            there = await change(home, f"/Patient/{made['id']}", put("/gender", "other"), who=who)
            nowhere = await change(home, f"/Patient/{'a' * 26}", put("/gender", "other"), who=who)
            assert (there.status_code, there.content) == (403, nowhere.content), who
        for rtype in ("AuditEvent", "Consent", "Person"):
            assert (await change(home, f"/{rtype}/x", put("/a", 1))).status_code == 403

    in_house(database_url, visit)


def test_who_may_write_without_seeing_patches_only_what_it_sees(database_url: str) -> None:
    async def visit(home: House) -> None:
        person = await home.create(patient())
        made = await home.create(observation(person["id"]))
        path = f"/Observation/{made['id']}"
        # The family doctor does not manage this patient of the same facility: a whole resource may be sent, blindly.
        assert (await home.ask("PUT", path, {**made, "status": "amended"}, who="family")).status_code == 200
        absent = await change(home, f"/Observation/{'a' * 26}", put("/status", "final"), who="family")
        for test in ({"op": "test", "path": "/status", "value": "amended"}, {"op": "remove", "path": "/nothing"}):
            hidden = await change(home, path, test, who="family")
            assert (hidden.status_code, hidden.content) == (404, absent.content)

    in_house(database_url, visit)


def test_a_deleted_resource_is_not_patched(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        await home.ask("DELETE", path)
        assert (await change(home, path, put("/gender", "other"))).status_code == 410

    in_house(database_url, visit)


def test_a_conditional_patch_patches_its_one_match(database_url: str) -> None:
    async def visit(home: House) -> None:
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        nothing = await change(home, url, put("/gender", "other"))
        assert (nothing.status_code, code(nothing)) == (404, "no-such-resource")
        assert (await change(home, url, put("/gender", "other"), if_match='W/"1"')).status_code == 412
        made = await home.create(patient())
        answer = await change(home, url, put("/gender", "other"))
        assert (answer.status_code, body(answer)["id"], body(answer)["gender"]) == (200, made["id"], "other")
        assert (await change(home, url, put("/gender", "male"), if_match='W/"1"')).status_code == 412
        await home.create(patient())
        assert (await change(home, url, put("/gender", "male"))).status_code == 412
        assert (await change(home, "/Patient", put("/gender", "male"))).status_code == 400

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"{", 400),
        ({"op": "add"}, 400),
        ([1], 400),
        ([{"op": "append", "path": "/gender", "value": "x"}], 400),
        ([{"op": "add", "path": "/x"}], 400),
        ([{"op": "add", "path": "x", "value": 1}], 400),
        ([{"op": "add", "path": "/~2", "value": 1}], 400),
        ([{"op": "move", "path": "/x"}], 400),
        ([{"op": "move", "path": "/name/0/family/x", "from": "/name"}], 422),
        ([{"op": "add", "path": "/name/9", "value": {}}], 422),
        ([{"op": "add", "path": "/name/01", "value": {}}], 422),
        ([{"op": "remove", "path": ""}], 422),
        ([{"op": "replace", "path": "", "value": []}], 422),
        ([{"op": "copy", "path": "/x", "from": "/y"}], 422),
        ([{"op": "test", "path": "/gender", "value": None}], 422),
        ([{"op": "test", "path": "", "value": {}}] * 501, 413),
    ],
)
def test_a_patch_that_is_none_or_does_not_fit_is_refused(database_url: str, sent: Any, status: int) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask("PATCH", f"/Patient/{made['id']}", sent, content_type=JSON_PATCH)
        assert answer.status_code == status, answer.text

    in_house(database_url, visit)


def test_copies_do_not_fill_the_memory(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        doubling = [{"op": "copy", "from": "", "path": f"/x{number}"} for number in range(60)]
        answer = await change(home, path, *doubling)
        assert (answer.status_code, code(answer)) == (413, "patch-size")
        deep = [{"op": "add", "path": "/x" * number, "value": {}} for number in range(1, 200)]
        assert (await change(home, path, *deep)).status_code == 413

    in_house(database_url, visit)


def test_other_media_types_and_methods_are_refused_as_such(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        for content_type in ("text/plain", "application/merge-patch+json", "application/fhir+json; charset=utf-16"):
            answer = await home.ask("PATCH", f"/Patient/{made['id']}", [], content_type=content_type)
            assert answer.status_code == 415, content_type
        other = await home.ask("OPTIONS", f"/Patient/{made['id']}")
        assert other.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"
        unnamed = await home.ask("PATCH", f"/Patient/{made['id']}", [], content_type="application/fhir+json")
        assert unnamed.status_code == 400
        assert JSON_PATCH in unnamed.text
        wrong = await home.ask("PATCH", f"/Patient/{made['id']}?x=1", [], content_type=JSON_PATCH)
        assert wrong.status_code == 400

    in_house(database_url, visit)


def test_a_patch_stands_in_the_trail_as_an_update(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        await change(home, path, put("/gender", "other"))
        await change(home, path, put("/nothing", 1))
        await change(home, f"/Patient/{'a' * 26}", put("/gender", "other"))
        assert [told(entry) for entry in (await trail(home))[1:]] == [
            ("update", "released", made["id"], 2, None),
            ("update", "refused", made["id"], None, "patch-path"),
            ("update", "absent", "a" * 26, None, "not-yours"),
        ]

    in_house(database_url, visit)


def test_the_capability_statement_tells_of_patches(database_url: str) -> None:
    async def visit(home: House) -> None:
        statement = body(await home.ask("GET", "/metadata"))
        assert set(statement["patchFormat"]) == {
            JSON_PATCH,
            XML_PATCH,
            "application/fhir+json",
            "application/fhir+xml",
        }
        by_type = {one["type"]: one for one in statement["rest"][0]["resource"]}
        assert {"code": "patch"} in by_type["Patient"]["interaction"]
        assert {"code": "patch"} not in by_type["AuditEvent"]["interaction"]
        assert "conditionalPatch" not in by_type["Patient"]

    in_house(database_url, visit)


def test_a_patch_is_bounded_by_the_limit_of_bodies(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        large = dumps([{"op": "test", "path": "/x", "value": "y" * 5000}])
        answer = await home.ask("PATCH", f"/Patient/{made['id']}", large, content_type=JSON_PATCH)
        assert answer.status_code == 413

    in_house(database_url, visit, max_body_bytes=4000)
