"""Heads and proofs of the tree over the trail, as the auditor, a patient and others are given them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI

from hub.api.audit import audit_doors
from hub.api.json_doors import Door, door_routes
from hub.api.openapi import document
from hub.api.services import Services
from hub.audit.verify import continues, head_of, includes, opens, read_keys
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from tests.api.house import later
from tests.audit.trees import SIGNER, sequencer
from tests.gate.house import CLINICIAN, House, absent, refusal, with_house
from tests.gate.test_looks import AUDITOR, OTHER, PATIENT, settle

KEYS = read_keys(SIGNER.verifier)


@asynccontextmanager
async def auditor(doors: Sequence[Door]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the doors with the auditor's token."""
    services = Mock(spec=Services, verify=later(lambda _: AUDITOR), max_body_bytes=10_000, log=Mock())
    services.new_id = lambda: "abcdefgh"
    app = FastAPI(openapi_url=None)
    app.router.routes += door_routes(services, doors)
    transport, headers = httpx.ASGITransport(app), {"authorization": "Bearer t"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as http:
        yield http


async def event_of(house: House, actor: Any) -> str:
    """The oldest event the actor is shown."""
    page = await house.gate.search(actor, "AuditEvent", [])
    return str(loads(page.matches[-1].body)["id"])


def proved(told: Any) -> bool:
    proof = [b64decode(one) for one in told["proof"]]
    return includes(head_of(told["note"], KEYS), told["index"], told["leaf"].encode(), proof)


def test_a_patient_has_the_proof_of_her_line_with_her_name_and_no_other(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        event = (await house.gate.search(PATIENT, "AuditEvent", [])).matches[1].id
        with pytest.raises(HubError, match="no leaf of the tree yet"):
            await house.gate.tree.inclusion(PATIENT, event)
        await sequencer(house.database).turn()
        told = await house.gate.tree.inclusion(PATIENT, event)
        assert proved(told)
        assert opens(told["leaf"], told["items"])
        assert [item.split(",", 1)[1] for item in told["items"] if item] == ['"patient","a"]']
        assert "secret" not in repr(told)
        assert await absent(house.gate.tree.inclusion(OTHER, event))
        whole = await house.gate.tree.inclusion(AUDITOR, event)
        assert whole["leaf"] == told["leaf"]
        assert None not in whole["items"]
        assert len(whole["items"]) == 3, "details, and two patients of one search"

    with_house(database_url, work)


def test_the_auditor_is_given_heads_that_continue_each_other_and_each_look_is_on_record(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert (await refusal(house.gate.tree.checkpoint(AUDITOR))).category is Category.NOT_FOUND
        await sequencer(house.database).turn()
        first = await house.gate.tree.checkpoint(AUDITOR)
        await sequencer(house.database).turn()
        second = await house.gate.tree.checkpoint(AUDITOR)
        assert second["size"] == first["size"] + 1
        told = await house.gate.tree.consistency(AUDITOR, first["size"], second["size"])
        proof = [b64decode(one) for one in told["proof"]]
        assert continues(head_of(first["note"], KEYS), head_of(told["note"], KEYS), proof)
        for actor in (PATIENT, CLINICIAN, replace(AUDITOR, role="administrator")):
            assert (await refusal(house.gate.tree.checkpoint(actor))).category is Category.FORBIDDEN
        kept = await house.entries()
        assert [(entry.query, entry.outcome.value) for entry in kept[:4]] == [
            *[("$checkpoint", "refused")] * 3,
            ("$consistency", "released"),
        ]

    with_house(database_url, work)


def test_the_doors_answer_as_their_schemas_say(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await sequencer(house.database).turn()
        event = await event_of(house, AUDITOR)
        doors = audit_doors(house.gate.tree, house.gate.alarms, house.gate.reports)
        schemas = document(doors, "1")["components"]["schemas"]
        async with auditor(doors) as http:
            head = (await http.get("/api/audit/checkpoint")).json()
            size = head["size"]
            consistent = (await http.get(f"/api/audit/proof/consistency?first=1&second={size}")).json()
            included = (await http.get(f"/api/audit/proof/inclusion?event={event}")).json()
            for body, name in ((head, "Checkpoint"), (consistent, "ConsistencyProof"), (included, "InclusionProof")):
                assert set(body) == set(schemas[name]["required"])
            for query, status in (("first=1", 400), ("first=x&second=2", 400), ("first=9&second=2", 404)):
                assert (await http.get(f"/api/audit/proof/consistency?{query}")).status_code == status
            assert (await http.get("/api/audit/proof/inclusion?event=none")).status_code == 404

    with_house(database_url, work)
