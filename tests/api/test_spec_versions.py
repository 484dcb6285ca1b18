"""What R4 says of $versions. https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html"""

from __future__ import annotations

import pytest

from tests.api.house import House, body, in_house

SPOKEN = {
    "resourceType": "Parameters",
    "parameter": [{"name": "version", "valueCode": "4.0"}, {"name": "default", "valueCode": "4.0"}],
}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_tells_the_versions_that_are_spoken_and_the_one_spoken_by_default(database_url: str, method: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(method, "/$versions")
        assert (answer.status_code, body(answer)) == (200, SPOKEN)
        assert (await home.ask(method, "/$versions?of=me")).status_code == 400

    in_house(database_url, visit)


def test_the_capability_statement_names_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        (rest,) = body(await home.ask("GET", "/metadata"))["rest"]
        told = {one["name"]: one["definition"] for one in rest["operation"]}
        assert told["versions"] == "http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions"

    in_house(database_url, visit)
