"""What IHE PIXm says of the Patient Identity Feed FHIR [ITI-104], each statement a test.

https://profiles.ihe.net/ITI/PIXm/ITI-104.html (3.0.4). Quotations stand before what holds them.
"""

from __future__ import annotations

from typing import Any, Final

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house
from tests.api.test_spec_merge import person_of

DOMAIN: Final = "urn:oid:2.999.5"


def number(value: str) -> Json:
    return {"system": DOMAIN, "value": value}


def told(value: str, given: str = "ALISSA", **more: Any) -> Json:
    who = {"name": [{"family": "MOHR", "given": [given]}], "gender": "female", "birthDate": "1958-01-30"}
    return {"resourceType": "Patient", "identifier": [number(value)], "active": True, **who, **more}


async def feed(home: House, value: str, resource: Json, **headers: str) -> Any:
    return await home.ask("PUT", f"/Patient?identifier={DOMAIN}|{value}", resource, **headers)


async def others_of(home: House, value: str) -> list[str]:
    """The identifiers a PIX query gives for one number, or none."""
    answer = await home.ask("GET", f"/Patient/$ihe-pix?sourceIdentifier={DOMAIN}|{value}")
    found = [one["valueIdentifier"]["value"] for one in body(answer).get("parameter", ()) if "valueIdentifier" in one]
    return found if answer.status_code == 200 else ["404"]


def test_add_and_revise_are_conditional_updates_in_json_and_xml(database_url: str) -> None:
    async def visit(home: House) -> None:
        # "shall be able to support the JSON and the XML format and support the conditional PUT operation"
        added = await feed(home, "994", told("994"))
        assert (added.status_code, body(added)["identifier"]) == (201, [number("994")])
        revised = await feed(home, "994", told("994", "ALICE"))
        assert (revised.status_code, body(revised)["id"]) == (200, body(added)["id"])
        xml = b'<Patient xmlns="http://hl7.org/fhir"><identifier><system value="%s"/><value value="994"/></identifier>'
        sent = xml % DOMAIN.encode() + b'<active value="true"/><name><family value="MOHR"/></name></Patient>'
        answer = await feed(home, "994", sent, content_type="application/fhir+xml", accept="application/fhir+xml")  # type: ignore[arg-type]
        assert (answer.status_code, answer.text.startswith("<")) == (200, True)
        # "shall provide a CapabilityStatement ... and indicate that conditionalUpdate is available on the Patient"
        (stated,) = [
            one for one in body(await home.ask("GET", "/metadata"))["rest"][0]["resource"] if one["type"] == "Patient"
        ]
        assert stated["conditionalUpdate"] is True
        assert stated["conditionalDelete"] == "single"
        assert {"merge", "match", "ihe-pix"} <= {one["name"] for one in stated["operation"]}

    in_house(database_url, visit, validate=validate, domains=frozenset({DOMAIN}))


def test_a_duplicate_is_resolved_by_a_link_to_the_surviving_identifier(database_url: str) -> None:
    async def visit(home: House) -> None:
        survivor = body(await feed(home, "994", told("994", "ALICE")))["id"]
        other = told("m94", "MAIDEN", birthDate="1931-12-01", gender="male")
        loser = body(await feed(home, "m94", other))["id"]
        assert len(await person_of(home, survivor, loser)) == 2
        # "a link of type 'replaced-by' shall be added with the identifier pointing to the surviving patient identifier"
        link = [{"other": {"identifier": number("994")}, "type": "replaced-by"}]
        answer = await feed(home, "m94", {**other, "active": False, "link": link})
        assert answer.status_code == 200, answer.text
        assert body(answer)["link"][0]["other"] == {"identifier": number("994"), "reference": f"Patient/{survivor}"}
        # It "shall replace any references ... to the subsumed patient identifier", and "reapply its ... logic".
        assert len(await person_of(home, survivor, loser)) == 1
        assert await others_of(home, "m94") == ["994"]
        # It "should check that the Patient Identity Source is only making changes to" a domain of its own.
        await home.ask("PUT", "/Patient/F01-x", {**told("x"), "identifier": [], "id": "F01-x"}, who="hospital")
        for foreign in (
            {"reference": "Patient/F01-x"},
            {"reference": "Patient/nobody"},
            {"identifier": number("none")},
        ):
            refused = await feed(home, "994", told("994", link=[{"other": foreign, "type": "replaced-by"}]))
            assert (refused.status_code, code(refused)) == (422, "survivor"), foreign

    in_house(database_url, visit, validate=validate, domains=frozenset({DOMAIN}))


def test_a_removed_identifier_is_given_to_nobody_any_more(database_url: str) -> None:
    async def visit(home: House) -> None:
        same = {"birthDate": "1958-01-30"}
        await feed(home, "994", told("994", telecom=[{"system": "phone", "value": "09905550001"}], **same))
        await feed(home, "995", told("995", telecom=[{"system": "phone", "value": "09905550001"}], **same))
        assert await others_of(home, "994") == ["995"]
        # "shall be able to ... support the conditional DELETE operation"
        assert (await home.ask("DELETE", f"/Patient?identifier={DOMAIN}|995")).status_code == 204
        # It "shall not return the removed identifier in response to PIX Query transactions".
        assert await others_of(home, "994") == []
        assert await others_of(home, "995") == ["404"]

    in_house(database_url, visit, domains=frozenset({DOMAIN}))
