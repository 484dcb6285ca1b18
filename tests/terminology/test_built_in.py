"""What comes with the hub: code systems, and data elements as LOINC."""

from __future__ import annotations

import csv
from importlib.resources import files

from hub.fhir.canonical_units import scale
from terminology.answers import Answers
from terminology.built_in import DATA_ELEMENTS, LOINC, MDC, TO_LOINC, built_in
from terminology.fhir_source import ResourceSource
from terminology.held import HeldMaps
from terminology.model import CODE_SYSTEM, Coding, Stated
from tests.terminology.house import House, in_house


def test_every_code_system_that_comes_with_the_hub_names_its_source_and_has_each_code_once() -> None:
    found = [one for one in built_in() if one["resourceType"] == CODE_SYSTEM]
    assert len({one["url"] for one in found}) == len(found) == 11
    for one in found:
        codes = [concept["code"] for concept in one["concept"]]
        assert len(set(codes)) == len(codes)
        assert len(one["copyright"]) > 10
        assert all(concept["display"].strip() for concept in one["concept"])
    units = {
        fact["valueString"]
        for one in found
        if one["url"] in {LOINC, MDC}
        for concept in one["concept"]
        for fact in concept.get("property", ())
        if fact["code"] == "unit"
    }
    assert {unit for unit in units if scale(unit) is None} == {"{score}"}


def test_the_map_of_data_elements_is_that_of_documents() -> None:
    """CDA documents and the terminology say the same of a data element."""
    lines = (files("mappings.cda") / "tables" / "data-elements.csv").read_text(encoding="utf-8").splitlines()[1:]
    documents = {row["code"]: row["loinc"] for row in csv.DictReader(lines) if row["loinc"]}
    (told,) = [one for one in built_in() if one["url"] == TO_LOINC]
    (group,) = told["group"]
    assert {one["code"]: one["target"][0]["code"] for one in group["element"]} == documents
    (loinc,) = [one for one in built_in() if one["url"] == LOINC]
    assert set(documents.values()) <= {one["code"] for one in loinc["concept"]}


def test_what_comes_with_the_hub_is_looked_up_translated_and_named(database_url: str) -> None:
    async def visit(home: House) -> None:
        for one in built_in():
            if one["resourceType"] == CODE_SYSTEM:
                assert (await home.loader.code_system(ResourceSource(one))).total == len(one["concept"])
            else:
                await home.loader.resource(one)
        sex = Coding("urn:oid:2.16.156.10011.2.3.3.4", "2")
        assert (await home.terms.lookup(sex)).concept.display == "女"
        ethnic = await home.terms.in_code_system(Stated(Coding("urn:oid:2.16.156.10011.2.3.3.3", "57")))
        assert not ethnic.result
        height = (await home.terms.lookup(Coding(DATA_ELEMENTS, "DE04.10.167.00"))).concept
        assert "身高" in height.display
        maps = HeldMaps(home.database, home.terms)
        maps.want(TO_LOINC)
        await maps.refresh()
        assert [one.code for one in maps.targets(TO_LOINC, "DE04.10.167.00")] == ["8302-2"]
        assert maps.targets(TO_LOINC, "DE04.10.118.00") == ()  # a pulse is no heart rate
        names = await Answers(home.terms).displays([(LOINC, "8302-2"), (DATA_ELEMENTS, "DE04.10.167.00")], "zh")
        assert names[LOINC, "8302-2"] == "身高"

    in_house(database_url, visit)
