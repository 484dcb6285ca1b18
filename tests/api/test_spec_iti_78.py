"""What IHE PDQm says of the Mobile Patient Demographics Query [ITI-78], each statement a test.

https://profiles.ihe.net/ITI/PDQm/ITI-78.html (3.1.0). Quotations stand before what holds them.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import House, body, in_house
from tests.api.test_spec_iti_119 import MAIDEN

MR: Final = "urn:oid:2.999.5"
OTHER: Final = "urn:oid:2.999.6"
WHO: Final[Json] = {
    "resourceType": "Patient",
    "id": "F05-mohr",
    "active": True,
    "extension": [{"url": MAIDEN, "valueString": "Kowalska"}],
    "identifier": [{"system": MR, "value": "145"}, {"system": OTHER, "value": "78"}],
    "name": [{"family": "MOHR", "given": ["ALICE", "ANN"]}],
    "telecom": [{"system": "phone", "value": "09905550001"}],
    "gender": "female",
    "birthDate": "1958-01-30",
    "address": [{"line": ["9 South"], "city": "Liuxi", "state": "Yunze", "postalCode": "990122", "country": "CN"}],
}
FINDS: Final = (
    "_id=F05-mohr",
    "active=true",
    "family=MOHR",
    "given=ALICE",
    "family=mohr&given=ann&gender=female",
    "birthdate=1958-01-30&family=MOHR",
    "birthdate=ge1958-01-01&birthdate=lt1958-02-01",
    f"identifier={MR}|145",
    f"identifier={MR}|145&identifier={OTHER}|78",
    "identifier=145",
    f"family=MOHR&identifier={MR}|",
    f"identifier=urn:oid:2.999.99|,{MR}|",
    "telecom=09905550001",
    "address=9 South",
    "address-city=Liuxi",
    "address-country=CN",
    "address-postalcode=990122",
    "address-state=Yunze",
    "gender=female",
    "family:exact=MOHR",
    "address-city:exact=Liuxi",
    "mothersMaidenName=kowal",
    "mothersMaidenName:exact=Kowalska",
)
FINDS_NOT: Final = (
    "active=false",
    "family:exact=mohr",
    f"identifier={MR}|145&identifier={OTHER}|145",
    "birthdate=1958-01-31",
    "gender=male",
    f"identifier={OTHER}|145",
    "mothersMaidenName=nowak",
    "mothersMaidenName:exact=kowalska",
)


def plain(query: str) -> str:
    return quote(query, safe="=&:|,")


async def found(home: House, query: str, **how: Any) -> list[str]:
    answer = await home.ask("GET", f"/Patient?{plain(query)}", **how)
    assert answer.status_code == 200, (query, answer.text)
    told = body(answer)
    ids = [one["resource"]["id"] for one in told.get("entry", ())]
    # "populates the total property of the bundle with the total number of matching results"
    assert (told["type"], told["total"]) == ("searchset", len(ids)), query
    return ids


def test_every_parameter_of_the_transaction_is_processed_alone_and_together_by_get_and_by_post(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-mohr", WHO)
        other = {"resourceType": "Patient", "id": "F05-z", "name": [{"family": "ZHOU"}], "gender": "unknown"}
        await home.ask("PUT", "/Patient/F05-z", other)
        for query in FINDS:
            assert await found(home, query) == ["F05-mohr"], query
        for query in FINDS_NOT:
            assert await found(home, query) == [], query
        # "shall support both GET and POST based searches", "both AND and OR relationships"
        assert sorted(await found(home, "family=MOHR,ZHOU")) == ["F05-mohr", "F05-z"]
        form = plain("family=MOHR&gender=female").encode()
        kind = "application/x-www-form-urlencoded"
        answer = await home.ask("POST", "/Patient/_search", form, content_type=kind)
        assert [one["resource"]["id"] for one in body(answer)["entry"]] == ["F05-mohr"]
        # "shall support both message encodings"; case 5: "HTTP 406 (Not Acceptable)"
        xml = await home.ask("GET", "/Patient?family=MOHR", accept="application/fhir+xml")
        assert (xml.status_code, xml.text.lstrip().startswith("<")) == (200, True)
        assert (await home.ask("GET", "/Patient?family=MOHR&_format=text/csv")).status_code == 406
        listed = body(await home.ask("GET", "/metadata"))["rest"][0]["resource"]
        (stated,) = [one for one in listed if one["type"] == "Patient"]
        named = {one["name"] for one in stated["searchParam"]}
        assert {query.partition("=")[0].partition(":")[0] for query in FINDS} <= named

    in_house(database_url, visit, validate=validate)
