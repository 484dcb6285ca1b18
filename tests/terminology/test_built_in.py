"""The code systems that come with the hub."""

from __future__ import annotations

from terminology.built_in import DATA_ELEMENTS, built_in
from terminology.fhir_source import ResourceSource
from terminology.model import Coding
from tests.terminology.house import House, in_house


def test_every_code_system_that_comes_with_the_hub_names_its_source_and_has_each_code_once() -> None:
    found = list(built_in())
    assert len({one["url"] for one in found}) == len(found) == 9
    for one in found:
        codes = [concept["code"] for concept in one["concept"]]
        assert len(set(codes)) == len(codes)
        assert len(one["copyright"]) > 10
        assert all(concept["display"].strip() for concept in one["concept"])


def test_what_comes_with_the_hub_is_looked_up(database_url: str) -> None:
    async def visit(home: House) -> None:
        for one in built_in():
            assert await home.loader.code_system(ResourceSource(one)) == len(one["concept"])
        sex = Coding("urn:oid:2.16.156.10011.2.3.3.4", "2")
        assert (await home.terms.lookup(sex)).concept.display == "女"
        ethnic = await home.terms.in_code_system(Coding("urn:oid:2.16.156.10011.2.3.3.3", "57"))
        assert not ethnic.result
        height = (await home.terms.lookup(Coding(DATA_ELEMENTS, "DE04.10.167.00"))).concept
        assert "身高" in height.display

    in_house(database_url, visit)
