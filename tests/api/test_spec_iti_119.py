"""What IHE PDQm says of the Patient Demographics Match [ITI-119], each statement a test.

https://profiles.ihe.net/ITI/PDQm/ITI-119.html (3.1.0). Quotations stand before what holds them.
"""

from __future__ import annotations

from typing import Any, Final

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import House, body, in_house
from tests.mpi.people import citizen_id
from tests.outbound.house import CITIZEN, patient

MAIDEN: Final = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
WHO: Final[Json] = {**patient("a", "F05"), "extension": [{"url": MAIDEN, "valueString": "钱"}]}
GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"


def parameters(who: Json, **more: Any) -> Json:
    kinds = {bool: "valueBoolean", int: "valueInteger"}
    given = [{"name": name, kinds[type(value)]: value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": who}, *given]}


async def matched(home: House, sent: Any, **headers: str) -> Json:
    answer = await home.ask("POST", "/Patient/$match", sent, **headers)
    assert answer.status_code == 200, answer.text
    found: Json = body(answer)
    assert found["type"] == "searchset"
    assert [issue for issue in validate(found) if issue.severity in ("error", "fatal")] == []
    return found


async def known(home: House) -> None:
    """One woman, and another of her name and day who has another number."""
    other = {**WHO, "id": "F05-z", "identifier": [{"system": CITIZEN, "value": citizen_id("1958-04-12", 300)}]}
    for one in (WHO, other):
        assert (await home.ask("PUT", f"/Patient/{one['id']}", one)).status_code == 201


def test_matches_are_scored_graded_and_ordered_and_a_patient_may_be_sent_by_itself(database_url: str) -> None:
    async def visit(home: House) -> None:
        await known(home)
        # "the Patient Demographics Consumer may optionally submit the Patient Resource ... without wrapping it"
        bare, wrapped = await matched(home, WHO), await matched(home, parameters(WHO))
        assert bare["entry"] == wrapped["entry"]
        # "Each entry has a search.score populated with a value between 0 and 1 ... ordered from most likely"
        scores = [float(one["search"]["score"]) for one in bare["entry"]]
        assert all(0 <= score <= 1 for score in scores)
        assert scores == sorted(scores, reverse=True)
        grades = [one["search"]["extension"][0] for one in bare["entry"]]
        assert {one["url"] for one in grades} == {GRADE}
        assert grades[0]["valueCode"] == "certain"
        # "shall include the mother's maiden name, if known, in this extension"
        extensions = bare["entry"][0]["resource"].get("extension", [])
        assert "钱" in [one.get("valueString") for one in extensions if one["url"] == MAIDEN]
        # "shall support both message encodings"
        xml = await home.ask("POST", "/Patient/$match", WHO, accept="application/fhir+xml")
        assert (xml.status_code, xml.text.lstrip().startswith("<")) == (200, True)

    in_house(database_url, visit, validate=validate)


def test_only_certain_matches_and_the_count_limit_what_is_told_and_nobody_is_an_empty_bundle(database_url: str) -> None:
    async def visit(home: House) -> None:
        await known(home)
        # Case 3: "match-grade extension is set to certain"; cases 4 and 5: "Resource Bundle ... zero result set"
        (only,) = (await matched(home, parameters(WHO, onlyCertainMatches=True)))["entry"]
        assert only["search"]["extension"][0]["valueCode"] == "certain"
        vague = {"resourceType": "Patient", "name": WHO["name"]}
        assert "entry" not in await matched(home, parameters(vague, onlyCertainMatches=True))
        # Case 6: "results beyond count are omitted"
        assert len((await matched(home, parameters(WHO, count=1)))["entry"]) == 1
        # Case 7: "fails to find ... any patient record"
        nobody = {"resourceType": "Patient", "name": [{"text": "欧阳无名"}], "birthDate": "1901-01-02"}
        assert "entry" not in await matched(home, parameters(nobody))
        # Case 9: "An appropriate HTTP failure code"
        refused = await home.ask("POST", "/Patient/$match", parameters(WHO, other=True))
        assert (refused.status_code, body(refused)["resourceType"]) == (400, "OperationOutcome")

    in_house(database_url, visit, validate=validate)
