"""What a local code may mean: by maps, by the code itself, and by names that look or sound alike."""

from __future__ import annotations

from hub.kernel.clock import fixed_clock
from hub.kernel.local_codes import approved_map
from hub.kernel.types import Coded, Json, UnmappedCode
from terminology.approved import ApprovedCodes
from terminology.catalogue import use
from terminology.model import CONCEPT_MAP
from terminology.suggesting import Suggestions
from tests.terminology.house import WHEN, House, code_system, in_house, said

TESTS: Json = code_system(
    {"code": "14771-0", "display": "Fasting glucose", "designation": [said("zh-CN", "空腹血糖")]},
    {"code": "14647-2", "display": "Cholesterol", "designation": [said("zh-CN", "总胆固醇")]},
    {"code": "22748-8", "display": "Cholesterol in LDL", "designation": [said("zh-CN", "低密度脂蛋白胆固醇")]},
    {"code": "0-0", "display": "Old glucose", "property": [{"code": "inactive", "valueBoolean": True}]},
    url="http://loinc.org",
    language="en",
)


def test_the_likeliest_meaning_comes_first(database_url: str) -> None:
    async def visit(home: House) -> None:
        other: Json = {
            **{"resourceType": "ConceptMap", "url": "urn:other", "version": "1", "status": "active"},
            "group": [
                {
                    **{"source": "urn:theirs", "target": "http://loinc.org"},
                    "element": [{"code": "CHO1", "target": [{"code": "14647-2", "equivalence": "equivalent"}]}],
                }
            ],
        }
        await home.load(TESTS, other)
        suggestions = Suggestions(home.database, home.terms)
        for code, display, expected in (
            ("GLU1", "空腹血糖（FPG）", ("14771-0", "name")),
            ("XT", "血糖", ("14771-0", "name")),
            ("KFXT", "", ("14771-0", "name")),
            ("C2", "胆固醇", ("14647-2", "name")),
            ("C3", "低密度胆固醇", ("22748-8", "name")),
            ("CHO1", "", ("14647-2", "map")),
            ("14771-0", "?", ("14771-0", "code")),
        ):
            found = await suggestions.suggest(UnmappedCode(field="OBX-3", code=code, display=display), 3)
            assert found, code
            assert (found[0].target.code, found[0].why) == expected, code
            assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
            assert "0-0" not in {one.target.code for one in found}
        assert await suggestions.suggest(UnmappedCode(field="OBX-3", code="Z", display="心电图"), 3) == []

    in_house(database_url, visit)


def test_approvals_add_up_are_undone_by_a_switch_and_old_ones_are_forgotten(database_url: str) -> None:
    async def visit(home: House) -> None:
        approved, url = ApprovedCodes(home.database, fixed_clock(WHEN)), approved_map("h1-lis")

        async def mapped() -> set[tuple[str, str]]:
            home.terms.catalogues.forget()
            catalogue = await home.terms.catalogues.now()
            edition = catalogue.named(CONCEPT_MAP, url)
            async with home.database.connection() as connection:
                query = "SELECT source_code, target_code FROM term_mapping WHERE edition = $1"
                return {(row[0], row[1]) for row in await connection.fetch(query, edition.number)}

        for at in range(12):
            async with home.database.transaction() as tx:
                local = UnmappedCode(field="OBX-3", code="GLU" if at < 2 else f"C{at}")
                assert await approved.approve(tx, "h1-lis", {local: Coded("urn:x", str(at))}) == str(at + 1)
        assert await mapped() == {("GLU", "1"), *((f"C{at}", str(at)) for at in range(2, 12))}
        async with home.database.transaction() as tx:
            await use(tx, CONCEPT_MAP, url, "11")
        assert ("C11", "11") not in await mapped()
        catalogue = await home.terms.catalogues.now()
        assert [one.version for one in catalogue.editions[CONCEPT_MAP, url]] == [str(at) for at in range(3, 13)]

    in_house(database_url, visit)
