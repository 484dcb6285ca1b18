"""Patches as entries of a batch and of a transaction (R4 http.html#patch, #trules)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from hub.fhir.json import dumps
from hub.kernel.types import Json
from tests.api import house
from tests.api.house import ACTORS, START, House, body, code, in_house, observation, patient
from tests.api.test_batch import batch, entry, statuses
from tests.api.test_patch import JSON_PATCH, operation, parameters, put
from tests.api.test_transaction import PERSON, at, location, transaction


def binary(*operations: Json, content_type: str = JSON_PATCH) -> Json:
    data = b64encode(dumps(list(operations))).decode()
    return {"resourceType": "Binary", "contentType": content_type, "data": data}


def test_a_batch_patches_each_entry_for_itself(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        other = await home.create(observation(made["id"]))
        url = f"Patient/{made['id']}"
        sent = batch(
            entry("PATCH", url, binary(put("/gender", "other"))),
            entry("PATCH", url, parameters(operation("replace", "Patient.birthDate", valueDate="1958-04-13"))),
            entry("PATCH", f"Observation/{other['id']}", binary({"op": "test", "path": "/status", "value": "?"})),
            entry("PATCH", "Patient?identifier=urn:test:mrn|mrn-1", binary(put("/active", True))),
            entry("PATCH", url, binary(put("/gender", "male"), content_type="text/plain")),
            entry("PATCH", url, {"resourceType": "Binary", "contentType": JSON_PATCH, "data": "?"}),
            entry("PATCH", url, patient()),
            entry("PATCH", url),
            entry("PATCH", url, binary(put("/gender", "male")), ifMatch='W/"9"'),
            entry("GET", url),
        )
        answer = await home.ask("POST", "", sent)
        # `/active` is not there yet, so replacing it does not fit.
        assert statuses(answer) == ["200", "200", "422", "422", "415", "400", "400", "422", "412", "200"]
        now = body(answer)["entry"][9]["resource"]
        assert (now["gender"], now["birthDate"]) == ("other", "1958-04-13")
        assert "Bundle.entry[2].patch[0]" in str(body(answer)["entry"][2]) or "patch[0]" in answer.text

    in_house(database_url, visit)


def test_an_emergency_opens_nothing_to_be_patched_nor_looked_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    glass = replace(ACTORS["hospital"], purpose=("BTG",), break_glass="过敏性休克", issued=START)
    monkeypatch.setitem(house.ACTORS, "glass", glass)

    async def visit(home: House) -> None:
        made = await home.create(patient())
        where = f"Observation?patient={made['id']}"
        single = await home.ask("PATCH", f"/{where}", [put("/status", "x")], who="glass", content_type=JSON_PATCH)
        one = entry("PATCH", where, binary(put("/status", "x")))
        whole = await home.ask("POST", "", transaction(one), who="glass")
        alone = await home.ask("POST", "", batch(one), who="glass")
        assert (single.status_code, whole.status_code, statuses(alone)) == (403, 403, ["403"])
        assert (code(single), code(whole)) == ("break-glass", "break-glass")
        async with home.database.connection() as tx:
            rows = await tx.fetch("SELECT interaction, outcome, reason FROM audit ORDER BY number DESC LIMIT 3")
        assert {tuple(row) for row in rows} == {("update", "refused", "break-glass")}

    in_house(database_url, visit)


def test_a_transaction_patches_with_everything_else_or_not_at_all(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        url = f"Patient/{made['id']}"
        good = entry("PATCH", url, binary(put("/gender", "other")))
        refused: list[tuple[Any, int]] = [
            (entry("PATCH", f"Patient/{'a' * 26}", binary()), 404),
            (entry("PATCH", "Patient?identifier=none", binary()), 404),
            (entry("PATCH", url, binary()), 422),
            (entry("PUT", url, made), 422),
        ]
        for bad, status in refused:
            answer = await home.ask("POST", "", transaction(good, entry("POST", "Patient", patient()), bad))
            assert answer.status_code == status, answer.text
            assert "Bundle.entry[2]" in answer.text
        test = entry("PATCH", url, binary({"op": "test", "path": "/gender", "value": "male"}))
        answer = await home.ask("POST", "", transaction(entry("POST", "Patient", patient()), test))
        assert (answer.status_code, code(answer)) == (422, "patch-test")
        assert "Bundle.entry[1].patch[0]" in answer.text
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1
        assert statuses(await home.ask("POST", "", transaction(good, entry("GET", url)))) == ["200", "200"]
        assert body(await home.ask("GET", f"/{url}"))["gender"] == "other"

    in_house(database_url, visit)


def test_a_patch_in_a_transaction_refers_to_what_another_entry_makes(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        add = operation("add", "Observation", name="performer", valueReference={"reference": PERSON})
        answer = await home.ask(
            "POST",
            "",
            transaction(
                entry("PATCH", f"Observation/{made['id']}", parameters(add)),
                at(PERSON, entry("POST", "Organization", {"resourceType": "Organization", "name": "x"})),
            ),
        )
        assert statuses(answer) == ["200", "201"]
        now = body(await home.ask("GET", f"/Observation/{made['id']}"))
        assert now["performer"] == [{"reference": location(answer, 1)}]

    in_house(database_url, visit)
