"""What was loaded before editions stood as resources stands as what it would have been loaded as."""

from __future__ import annotations

from hub.db.database import Tx
from hub.kernel.types import Json
from terminology.loading import Loader
from terminology.reshelving import reshelve
from terminology.shelf import WHOLE, NoShelf
from tests.terminology.house import DISEASES, WHEN, House, code_system, diseases, in_house, of, value_set

MAP: Json = {
    **{"resourceType": "ConceptMap", "url": "urn:map", "version": "1", "status": "active"},
    "group": [
        {
            **{"source": "urn:b", "target": DISEASES, "unmapped": {"mode": "provided"}},
            "element": [
                {"code": "9", "target": [{"code": "I10", "equivalence": "equivalent", "display": "高血压"}]},
                {
                    "code": "1",
                    "target": [
                        {"code": "I15", "equivalence": "wider", "dependsOn": [{"property": "urn:sex", "value": "F"}]},
                        {"code": "E", "equivalence": "inexact", "comment": "看情况"},
                    ],
                },
            ],
        },
        {"source": "urn:a", "target": DISEASES, "element": [{"code": "1", "target": [{"equivalence": "unmatched"}]}]},
    ],
}
LARGE = code_system(*({"code": str(n)} for n in range(WHOLE + 1)), url="urn:large")


class Kept(NoShelf):
    """Remembers what was put."""

    def __init__(self) -> None:
        self.resources: dict[str, Json] = {}

    async def put(self, tx: Tx, resource: Json) -> None:
        assert tx.is_in_transaction() and resource["id"] not in self.resources
        self.resources[resource["id"]] = resource


def test_editions_without_a_resource_get_the_one_they_would_have_been_loaded_with(database_url: str) -> None:
    loaded, made, again = Kept(), Kept(), Kept()

    async def visit(home: House) -> None:
        home.loader = Loader(home.database, lambda: WHEN, shelf=loaded)
        await home.load(diseases(), LARGE, MAP, value_set("urn:set", of()), code_system(url="urn:empty"))
        async with home.database.transaction() as tx:
            await tx.execute("UPDATE term_edition SET resource = NULL")
        assert await reshelve(home.database, made) == 5
        assert await reshelve(home.database, again) == 0

    in_house(database_url, visit)
    assert made.resources == loaded.resources
    assert len(made.resources) == 5
    assert again.resources == {}
