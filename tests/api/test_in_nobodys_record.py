"""What a client creates it can read, whatever the type: where it says 201, its Location is there."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, patient

SOMETHING: list[Json] = [
    {"resourceType": "Questionnaire", "status": "active"},
    {"resourceType": "Device", "identifier": [{"system": "urn:test:device", "value": "7"}]},
    {"resourceType": "Schedule", "actor": [{"reference": "Practitioner/p"}]},
    {"resourceType": "Slot", "schedule": {"reference": "Schedule/s"}, "status": "free"},
    {"resourceType": "Library", "status": "draft", "type": {"text": "rules"}},
    {"resourceType": "Bundle", "type": "collection"},
    {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="},
]


@pytest.mark.parametrize("resource", SOMETHING, ids=lambda one: one["resourceType"])
def test_what_is_in_nobodys_record_is_found_by_its_author_and_absent_to_others(
    database_url: str, resource: Json
) -> None:
    async def visit(home: House) -> None:
        rtype = resource["resourceType"]
        made = await home.ask("POST", f"/{rtype}", resource)
        assert made.status_code == 201
        version = made.headers["location"].removeprefix(BASE)
        current = version.partition("/_history")[0]
        found = body(await home.ask("GET", f"/{rtype}"))
        assert [entry["resource"]["id"] for entry in found["entry"]] == [current.rpartition("/")[2]]
        for path in (version, current):
            assert (await home.ask("GET", path)).status_code == 200
            assert (await home.ask("GET", path, who="hospital")).status_code == 404
            assert (await home.ask("GET", path, who="family")).status_code == 404
        assert body(await home.ask("GET", f"/{rtype}", who="hospital"))["total"] == 0

    in_house(database_url, visit)


def test_a_group_is_read_by_its_author_and_names_its_members_to_nobody_else(database_url: str) -> None:
    async def visit(home: House) -> None:
        member = {"entity": {"reference": f"Patient/{(await home.create(patient()))['id']}"}}
        cohort = await home.create({"resourceType": "Group", "type": "person", "actual": True, "member": [member]})
        path = f"/Group?member={member['entity']['reference']}"
        found = body(await home.ask("GET", path))
        assert [entry["resource"]["id"] for entry in found["entry"]] == [cohort["id"]]
        assert body(await home.ask("GET", path, who="hospital"))["total"] == 0
        assert (await home.ask("GET", f"/Group/{cohort['id']}", who="hospital")).status_code == 404

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("rtype", "element", "elements"),
    [
        ("Device", "patient", {}),
        ("GuidanceResponse", "subject", {"status": "success", "moduleUri": "http://example.org/module"}),
    ],
)
def test_what_names_a_patient_is_in_nobodys_record_if_r4_has_its_type_in_no_record_of_a_patient(
    database_url: str, rtype: str, element: str, elements: Json
) -> None:
    async def visit(home: House) -> None:
        reference = f"Patient/{(await home.create(patient()))['id']}"
        made = await home.create({"resourceType": rtype, element: {"reference": reference}, **elements})
        for path in (f"/{rtype}?{element}={reference}", f"/{rtype}?{element}:Patient.gender=female,male,unknown"):
            found = body(await home.ask("GET", path))
            assert [entry["resource"]["id"] for entry in found["entry"]] == [made["id"]], path
            assert body(await home.ask("GET", path, who="hospital"))["total"] == 0

    in_house(database_url, visit)


def test_a_family_doctor_who_could_not_read_it_is_told_so_before_it_is_kept(database_url: str) -> None:
    async def visit(home: House) -> None:
        refused = await home.ask("POST", "/Device", {"resourceType": "Device"}, who="family")
        assert (refused.status_code, code(refused)) == (422, "no-subject")

    in_house(database_url, visit)


def test_a_feed_meets_its_own_device_again_by_its_identifier(database_url: str) -> None:
    async def visit(home: House) -> None:
        device = {"resourceType": "Device", "identifier": [{"system": "urn:test:device", "value": "7"}]}
        answers = [
            await home.ask("POST", "/Device", device, who="feed", if_none_exist="identifier=urn:test:device|7")
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 200]

    in_house(database_url, visit)
