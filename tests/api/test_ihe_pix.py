"""Patient/$ihe-pix (IHE PIXm ITI-83): other numbers of a person, and nothing of whom the asker may not see."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest

from hub.api.fhir.ihe_pix import Wish, read_wish
from hub.audit import queries
from hub.audit.entry import Outcome
from hub.kernel.errors import Category, HubError
from tests.api.house import House, body, in_house
from tests.mpi.people import citizen_id
from tests.outbound.house import CITIZEN, OWNERS, patient, referral

F01: Final = "urn:oid:2.999.1"
F05: Final = "urn:oid:2.999.5"
UNKNOWN: Final = "urn:oid:2.999.77"
DOMAINS: Final = frozenset({F01, F05, CITIZEN})


async def settle(home: House) -> None:
    """A is known to the hospital and the clinic, and referred to the clinic; B is known to the hospital alone."""
    for resource, facility in (
        (patient("a"), "F01"),
        (patient("a", "F05"), "F05"),
        (patient("b"), "F01"),
        (referral("a"), "F01"),
    ):
        answer = await home.ask("PUT", f"/{resource['resourceType']}/{resource['id']}", resource, who=OWNERS[facility])
        assert answer.status_code == 201, answer.text


async def others_of(home: House, number: str, *targets: str, who: str = "clinic") -> httpx.Response:
    query = "&".join([f"sourceIdentifier={quote(number)}", *(f"targetSystem={quote(one)}" for one in targets)])
    return await home.ask("GET", f"/Patient/$ihe-pix?{query}", who=who)


def told(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert body(answer)["resourceType"] == "Parameters"
    found = []
    for one in body(answer)["parameter"]:
        value = one.get("valueIdentifier") or one["valueReference"]
        found.append((one["name"], value.get("value") or value["reference"]))
    return found


def complaint(answer: httpx.Response) -> tuple[int, str, str]:
    issue = body(answer)["issue"][0]
    return answer.status_code, issue["code"], issue["diagnostics"]


def test_the_other_numbers_of_a_person_are_told_with_the_patients_that_state_them(database_url: str) -> None:
    async def visit(home: House) -> None:
        await settle(home)
        found = told(await others_of(home, f"{F05}|F05-a"))
        assert sorted(found) == [
            ("targetId", "Patient/F01-a"),
            ("targetId", "Patient/F05-a"),
            ("targetIdentifier", citizen_id("1958-04-12", ord("a"))),
            ("targetIdentifier", "F01-a"),
        ]
        assert told(await others_of(home, f"{F05}|F05-a", F01)) == [
            ("targetIdentifier", "F01-a"),
            ("targetId", "Patient/F01-a"),
        ]
        both = told(await others_of(home, f"{CITIZEN}|{citizen_id('1958-04-12', ord('a'))}", F01, F05))
        assert {value for name, value in both if name == "targetIdentifier"} == {"F01-a", "F05-a"}

    in_house(database_url, visit, domains=DOMAINS)


def test_parameters_say_the_same_as_a_query(database_url: str) -> None:
    async def visit(home: House) -> None:
        await settle(home)
        asked = told(await others_of(home, f"{F05}|F05-a", F01))
        for source in ({"valueString": f"{F05}|F05-a"}, {"valueIdentifier": {"system": F05, "value": "F05-a"}}):
            sent = [{"name": "sourceIdentifier", **source}, {"name": "targetSystem", "valueUri": F01}]
            parameters = {"resourceType": "Parameters", "parameter": sent}
            assert told(await home.ask("POST", "/Patient/$ihe-pix", parameters)) == asked

    in_house(database_url, visit, domains=DOMAINS)


def test_what_is_not_recognised_is_told_as_the_transaction_says(database_url: str) -> None:
    async def visit(home: House) -> None:
        await settle(home)
        absent = await others_of(home, f"{F01}|F01-z")
        assert complaint(absent) == (404, "not-found", "sourceIdentifier Patient Identifier not found")
        strange = await others_of(home, f"{UNKNOWN}|1")
        assert complaint(strange) == (400, "code-invalid", "sourceIdentifier Assigning Authority not found")
        target = await others_of(home, f"{F05}|F05-a", F01, UNKNOWN)
        assert complaint(target) == (403, "code-invalid", "targetSystem not found")
        assert told(await others_of(home, f"{F01}|F01-b", F05, who="hospital")) == []

    in_house(database_url, visit, domains=DOMAINS)


def test_a_number_of_somebody_who_may_not_be_seen_is_told_as_one_nobody_has(database_url: str) -> None:
    async def visit(home: House) -> None:
        await settle(home)
        for domains in ((), (F01,), (UNKNOWN,)):
            hidden = await others_of(home, f"{F01}|F01-b", *domains)
            absent = await others_of(home, f"{F01}|F01-z", *domains)
            assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
            assert hidden.headers.keys() == absent.headers.keys()
        async with home.database.connection() as tx:
            one, other = [e for e in await queries.newest(tx) if e.query and "corresponding" in e.query][:2]
        assert (one.outcome, one.patients) == (other.outcome, other.patients) == (Outcome.RELEASED, ())
        (seen,) = [
            value for name, value in told(await others_of(home, f"{F01}|F01-b", who="hospital")) if name == "targetId"
        ]
        assert seen == "Patient/F01-b"

    in_house(database_url, visit, domains=DOMAINS)


def test_a_number_of_a_domain_no_profile_names_is_found_all_the_same(database_url: str) -> None:
    async def visit(home: House) -> None:
        await settle(home)
        assert ("targetIdentifier", "F01-a") in told(await others_of(home, f"{F05}|F05-a", F01))
        assert complaint(await others_of(home, f"{F01}|F01-z"))[0] == 400

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("params", "category"),
    [
        ([], Category.UNREADABLE),
        ([("sourceIdentifier", "no-domain")], Category.UNREADABLE),
        ([("sourceIdentifier", "|7")], Category.UNREADABLE),
        ([("sourceIdentifier", "urn:x|")], Category.UNREADABLE),
        ([("sourceIdentifier", "urn:x|7"), ("sourceIdentifier", "urn:x|8")], Category.UNREADABLE),
        ([("sourceIdentifier", "urn:x|7"), ("name", "沈")], Category.UNSUPPORTED),
    ],
)
def test_what_is_no_question_is_a_bad_request(params: list[tuple[str, str]], category: Category) -> None:
    with pytest.raises(HubError) as caught:
        read_wish(params)
    assert caught.value.category is category
    assert "沈" not in str(caught.value)


def test_a_number_is_read_with_its_escapes() -> None:
    params = [("sourceIdentifier", "urn:x|a\\|b\\\\c"), ("targetSystem", "t"), ("targetSystem", "t")]
    assert read_wish(params) == Wish(system="urn:x", value="a|b\\c", targets=("t",))
