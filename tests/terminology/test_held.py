"""What is held of the terminology for pure code: it is taken up at a refresh, whole, and stays until the next."""

from __future__ import annotations

from typing import Any

from hub.kernel.types import Coded, Json
from terminology.catalogue import withdraw
from terminology.held import HeldMaps, HeldSets
from tests.terminology.house import DISEASES, House, diseases, in_house, of, value_set

URL = "urn:map"
VS = "urn:vs"


def concept_map(version: str, *elements: Json, **group: Any) -> Json:
    return {
        **{"resourceType": "ConceptMap", "url": URL, "version": version, "status": "active"},
        "group": [{"source": "urn:local", "target": DISEASES, "element": list(elements), **group}],
    }


def element(code: str, target: str, equivalence: str, display: str = "") -> Json:
    one = {"code": target, "equivalence": equivalence, **({"display": display} if display else {})}
    return {"code": code, "target": [one]}


def test_a_map_gives_targets_that_say_no_more_than_the_code(database_url: str) -> None:
    async def visit(home: House) -> None:
        maps = HeldMaps(home.database, home.terms)
        maps.want(URL)
        await maps.refresh()
        assert maps.targets(URL, "GXY") == ()
        told = [element("GXY", "I10", "equivalent", "原发性高血压"), element("XG", "C", "wider")]
        wrong = [element("TNB", "E11", "narrower"), element("X", "I15", "inexact")]
        await home.load(concept_map("1", *told, *wrong))
        await maps.refresh()
        assert maps.targets(URL, "GXY") == (Coded(DISEASES, "I10", "原发性高血压"),)
        assert maps.targets(URL, "XG") == (Coded(DISEASES, "C"),)
        assert maps.targets(URL, "TNB") == maps.targets(URL, "X") == maps.targets("urn:none", "GXY") == ()
        rest = {"unmapped": {"mode": "fixed", "code": "C"}}
        await home.load(concept_map("2", element("GXY", "I15", "equal"), **rest))
        assert maps.targets(URL, "GXY") == (Coded(DISEASES, "I10", "原发性高血压"),)
        await maps.refresh()
        assert maps.targets(URL, "GXY") == (Coded(DISEASES, "I15"),)
        assert maps.targets(URL, "?") == (Coded(DISEASES, "C"),)
        maps.want(URL + "|1")
        await maps.refresh()
        assert maps.targets(URL + "|1", "XG") == (Coded(DISEASES, "C"),)
        async with home.database.transaction() as tx:
            await withdraw(tx, "ConceptMap", URL)
        await maps.refresh()
        assert maps.targets(URL, "GXY") == ()

    in_house(database_url, visit)


def test_a_set_that_is_loaded_decides_and_one_of_a_package_counts_over_loaded_systems(database_url: str) -> None:
    async def visit(home: House) -> None:
        packaged = value_set("urn:packaged", of(DISEASES, ("concept", "is-a", "E")))
        sets = HeldSets(home.terms, {VS: None, "urn:packaged": packaged})
        await sets.refresh()
        assert (sets(VS), sets("urn:packaged")) == (None, None)
        await home.load(diseases(), value_set(VS, of(DISEASES, concept=[{"code": "I10"}])))
        assert sets(VS) is None
        await sets.refresh()
        assert sets(VS) == {DISEASES: {"I10"}}
        assert sets("urn:packaged") == {DISEASES: {"E", "E11", "I15"}}
        assert sets("urn:not-wanted") is None

    in_house(database_url, visit)


def test_a_set_that_is_wanted_later_is_there_from_the_next_refresh_on(database_url: str) -> None:
    async def visit(home: House) -> None:
        sets = HeldSets(home.terms, {})
        await home.load(diseases(), value_set(VS, of(concept=[{"code": "I10"}])))
        await sets.refresh()
        sets.want(VS)
        assert sets(VS) is None
        await sets.refresh()
        assert sets(VS) == {DISEASES: {"I10"}}

    in_house(database_url, visit)


def test_a_code_is_in_a_set_in_whatever_case_where_its_system_knows_none(database_url: str) -> None:
    async def visit(home: House) -> None:
        sets = HeldSets(home.terms, {VS: None})
        await home.load({**diseases(), "caseSensitive": False}, value_set(VS, of(DISEASES, concept=[{"code": "I10"}])))
        await sets.refresh()
        held = sets(VS)
        assert held is not None
        assert [code in held[DISEASES] for code in ("i10", "I10", "i15")] == [True, True, False]

    in_house(database_url, visit)
