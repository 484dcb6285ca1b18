"""The indexes of a large edition, which are made before anybody can read it."""

from __future__ import annotations

import pytest

from terminology import editions
from terminology.fhir_source import ResourceSource
from terminology.loading import Loader
from terminology.model import Coding
from terminology.shelf import WHOLE
from tests.terminology.house import DISEASES, WHEN, House, code_system, in_house

#: Of the tables of large editions.
INDEXED = r"SELECT indexrelid, indrelid FROM pg_index WHERE indrelid::regclass::text ~ '^term_concept_\d+$' ORDER BY 1"


def test_a_load_that_was_cut_off_when_its_indexes_were_made_goes_on_there(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = ResourceSource(code_system(*({"code": f"N{n}"} for n in range(WHOLE + 1))))

    async def visit(home: House) -> None:
        loader = Loader(home.database, lambda: WHEN)
        with monkeypatch.context() as patched:
            patched.delattr(editions, "attach")
            with pytest.raises(AttributeError):
                await loader.code_system(large)
        async with home.database.connection() as connection:
            found = await connection.fetch(INDEXED)
            await loader.code_system(large)
            assert len(found) == 3
            assert await connection.fetch(INDEXED) == found
        home.terms.catalogues.forget()
        assert (await home.terms.lookup(Coding(DISEASES, "N7"))).concept.code == "N7"

    in_house(database_url, visit)
