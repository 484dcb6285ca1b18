"""Contracts, ties and ethics approvals from the command line: under the rules of the API, and in the trail."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.auth.keys import KeyStore
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.run.installation import DEMO_CONSORTIUM, remember
from hub.store.store import Store
from tests.cli.test_audit import deeds, typed, yilian
from tests.gate.house import write
from tests.store.support import save

PERIOD = ("--from", "2026-01-01", "--to", "2099-12-31")


@pytest.fixture
def data(database_url: str, tmp_path: Path) -> Path:
    """An installation with a patient of F05."""

    async def filled() -> None:
        database = await Database.connect(database_url, size=1)
        patient = write("Patient", "F05-wei", author="F05")
        await save(database, Store(system_clock), patient)
        await database.close()

    asyncio.run(filled())
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    remember(folder, DEMO_CONSORTIUM, database_url)
    KeyStore(folder / "keys")
    return folder


def refused(*arguments: str, data: Path) -> HubError:
    error = typed(*arguments, data=data).exception
    assert isinstance(error, HubError), error
    return error


def test_a_contract_is_laid_down_listed_and_ended(data: Path, database_url: str) -> None:
    signing = ("relationships", "contract", "F05-wei", "gao")
    contract = yilian(*signing, "--facility", "F05", *PERIOD, data=data).strip()
    (tie,) = json.loads(yilian("relationships", "list", "F05-wei", "--json", data=data))
    assert (tie["kind"], tie["party"], tie["holds"]) == ("family-doctor", "Practitioner/gao", True)
    assert tie["source"] == f"EpisodeOfCare/{contract}"
    assert yilian("relationships", "end", contract, "--facility", "F05", data=data).startswith("finished ")
    assert json.loads(yilian("relationships", "list", "F05-wei", "--json", data=data)) == []
    assert len(deeds(database_url)) >= 4
    assert refused(*signing, "--facility", "F99", *PERIOD, data=data).where == "--facility"
    backwards = ("--from", "2026-02-01", "--to", "2026-01-01")
    assert refused(*signing, "--facility", "F05", *backwards, data=data).category is Category.INVALID


def test_an_ethics_approval_is_recorded_listed_and_revoked(data: Path) -> None:
    asked = ("--organization", "F08", "--project", "慢病", "--document", "伦审 2026-7", "--type", "Observation")
    approval = yilian("approvals", "record", *asked, *PERIOD, data=data).strip()
    (told,) = json.loads(yilian("approvals", "list", "--json", data=data))
    assert (told["id"], told["status"], told["organization"]) == (approval, "approved", "Organization/F08")
    assert told["resourceTypes"] == ["Observation"]
    assert yilian("approvals", "revoke", approval, data=data) == "revoked\n"
    assert refused("approvals", "revoke", "nothing", data=data).category is Category.NOT_FOUND
    unknown = ("--organization", "F99", "--project", "p", "--document", "d")
    assert refused("approvals", "record", *unknown, *PERIOD, data=data).category is Category.INVALID


def test_the_legal_entity_of_each_facility_is_told(data: Path) -> None:
    found = {row["code"]: row for row in json.loads(yilian("relationships", "entities", "--json", data=data))}
    assert (found["F06"]["part_of"], found["F06"]["legal_entity"]) == ("F04", "F04")
    assert found["F01"]["legal_entity"] == "F01"
