"""`yilian terminology`: what is loaded, switched and dropped, and that the trail tells it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import asyncpg
import pytest

from hub.cli import terminology
from hub.cli.terminology import app
from hub.kernel.errors import Category, HubError
from terminology import catalogue
from terminology.built_in import built_in
from tests.cli.test_spreadsheet import workbook
from tests.terminology.house import DISEASES, code_system, diseases
from tests.terminology.test_distribution import LOINC_FILES, packed

LOINC = "http://loinc.org"


def test_versions_are_loaded_switched_and_dropped_and_each_deed_is_in_the_trail(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the maps of HL7 v2 need comes too: dozens of tables, which tests/bootstrap looks at.
    monkeypatch.setattr(terminology, "everything_built_in", built_in)

    monkeypatch.setattr(catalogue, "_RESTS", 0.05)

    def run(*words: str) -> str:
        app([*words, "--database", database_url], standalone_mode=False)
        return capsys.readouterr().out

    def listed() -> dict[str, bool]:
        return {one["version"]: one["current"] for one in json.loads(run("list", "--json")) if one["url"] == LOINC}

    run("load", str(packed(tmp_path, "Loinc_2.77.zip", LOINC_FILES)))
    run("load", str(packed(tmp_path, "Loinc_2.78.zip", LOINC_FILES)), "--aside")
    assert listed() == {"2.77": True, "2.78": False}
    drugs = workbook(tmp_path / "drugs.xlsx", ["药品目录"], ["a", "b"], ["M001", "XA10"])
    systems = ("--system", "urn:map", "--maps", "urn:a", "urn:b", "--column", "source=a", "--column", "target=b")
    run("load", str(drugs), *systems)
    assert [one["total"] for one in json.loads(run("list", "--json")) if one["kind"] == "ConceptMap"] == [1]
    halves = tmp_path / "halves.ndjson"
    twice, orphan = code_system({"code": "a"}, {"code": "a"}, url="urn:twice"), diseases(version="9")
    orphan["concept"] = orphan["concept"][1:]  # without C, which is named as a parent
    halves.write_text("\n".join(map(json.dumps, [{**twice, "url": 5}, twice, orphan])))
    with pytest.raises(HubError, match="2 of 3 are refused"):
        run("load", str(halves))
    said = capsys.readouterr().err
    assert "urn:twice is refused: code a: stands twice" in said
    assert f"parents that are no codes of {DISEASES}: 2, such as C" in said
    halves.write_text('{"resourceType": "Patient"}')
    with pytest.raises(HubError, match="has no code system"):
        run("load", str(halves))
    run("built-in")
    found = listed()
    assert (len(found), found["2.77"]) == (3, True)  # what comes with the hub takes the place of nothing
    run("use", LOINC, "2.78")
    with pytest.raises(HubError) as refusal:
        run("drop", LOINC, "2.78")
    assert refusal.value.category is Category.CONFLICT
    run("drop", LOINC, "2.77")
    run("use", LOINC, "--none")
    assert "2.77" not in listed()
    assert not any(listed().values())
    deeds = [deed for deed in asyncio.run(_deeds(database_url)) if deed["url"] == [LOINC]]
    assert [(deed["terminology"][0], deed["version"][0] if "version" in deed else "") for deed in deeds] == [
        *(("load", "2.77"), ("load", "2.78"), ("load", "2026.11"), ("use", "2.78"), ("drop", "2.77"), ("withdraw", "")),
    ]


async def _deeds(url: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT query FROM audit WHERE query LIKE 'terminology=%' ORDER BY number")
        return [parse_qs(row[0]) for row in rows]
    finally:
        await connection.close()
