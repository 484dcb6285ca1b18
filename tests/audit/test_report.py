"""The report of one patient: who did what on which basis, each line proved, nobody else named."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.audit import verify
from hub.audit.entry import Outcome
from hub.audit.report import Report, report
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.run.audit import AuditDesk
from tests.audit.entries import NOW, read, search
from tests.audit.trees import SIGNER, grown, keys_file, with_database

DAY = timedelta(days=1)


async def of_w(database: Database, **period: Any) -> Report:
    async with database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        return await report(tx, ("w",), period.get("low", NOW - DAY), period.get("high", NOW + DAY))


ENTRIES = [
    read(1),
    search(2),
    read(3, patients=("v",)),
    read(4, outcome=Outcome.REFUSED, reason="consent-deny", grounds=(), types={}),
    read(5, time=NOW - 3 * DAY),
    read(6),
]


def test_it_tells_who_did_what_on_which_basis_and_names_nobody_else(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> Report:
        await grown(database, trail, ENTRIES)
        await trail.record(read(7))
        return await of_w(database)

    made = with_database(database_url, work)
    told = sorted((share.what, share.outcome, share.basis, count) for share, count in made.shares.items())
    assert told == [
        ("read Observation", "refused", "consent-deny", 1),
        ("read Observation", "released", "author-organisation", 2),
        ("search-type Observation", "released", "author-organisation", 1),
    ]
    assert {(share.organization, share.role, share.who) for share in made.shares} == {
        ("F01", "clinician", "Practitioner/fang")
    }
    assert made.pending == 1
    lines = made.document["lines"]
    assert [line["index"] for line in lines] == [0, 1, 3, 5]
    assert all('"v"' not in (item or "") for line in lines for item in line["items"])
    assert lines[1]["items"][-1] is None


def test_the_file_is_verified_without_the_hub_and_a_change_is_found(database_url: str, tmp_path: Path) -> None:
    async def work(database: Database, trail: Trail) -> Report:
        await grown(database, trail, ENTRIES)
        return await of_w(database)

    document = with_database(database_url, work).document
    path, keys = tmp_path / "report.json", keys_file(tmp_path)
    path.write_text(json.dumps(document), encoding="utf-8")
    assert verify.verify(path, keys) == "4 lines are as the checkpoint over 6 leaves signs"
    trusted = verify.read_keys(SIGNER.verifier)
    for place, old, new in (
        ("leaf", "F01", "F02"),
        ("leaf", "released", "refused"),
        ("items", "author-organisation", "consent-permit"),
        ("index", "", ""),
        ("proof", "", ""),
    ):
        changed = json.loads(json.dumps(document))
        line = changed["lines"][0]
        match place:
            case "index":
                line["index"] = 2
            case "proof":
                line["proof"].pop()
            case "items":
                line["items"] = [item and item.replace(old, new) for item in line["items"]]
            case _:
                line["leaf"] = line["leaf"].replace(old, new)
        with pytest.raises(verify.BadLeafError):
            verify.verify_report(json.dumps(changed).encode(), trusted)
    for nothing in (b"", b"[]", b"{}", b'{"note": 1, "lines": []}'):
        with pytest.raises(verify.UnusableError):
            verify.verify_report(nothing, trusted)


def test_before_the_first_checkpoint_there_is_no_report(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        await trail.record(read(1))
        with pytest.raises(HubError) as caught:
            await of_w(database)
        assert caught.value.category is Category.NOT_FOUND

    with_database(database_url, work)


def test_a_patient_is_found_by_any_id_and_one_the_index_forgot_by_its_own(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        await grown(database, trail, ENTRIES)
        async with database.connection() as tx:
            rows = [(reference_key("Patient", one), "person", one) for one in ("w", "x")]
            await tx.executemany("INSERT INTO member (pkey, person, patient) VALUES ($1, $2, $3)", rows)
        desk = AuditDesk(database, trail, "auditor", SIGNER.verifier)
        for asked, patients, lines in (
            ("person", ["w", "x"], 4),
            ("x", ["w", "x"], 4),
            ("v", ["v"], 2),
            ("z", ["z"], 0),
        ):
            document = (await desk.report(asked, NOW - DAY, NOW + DAY)).document
            assert (document["patients"], len(document["lines"])) == (patients, lines), asked

    with_database(database_url, work)
