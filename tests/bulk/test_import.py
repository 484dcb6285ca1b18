"""$import: NDJSON of the import folder through the records door, as the facility that asks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import actor, code, observation, patient
from tests.bulk.house import LATER, Bulk, with_bulk

SOURCE: Final = "http://emr.example/fhir"


def put(bulk: Bulk, name: str, lines: Sequence[Any], *, facility: str = "F05") -> Path:
    """A file in the import folder of a facility; lines are JSON unless they are text."""
    path = bulk.home.folder / "import" / facility / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = [line if isinstance(line, str) else json.dumps(line, default=float) for line in lines]
    path.write_text("\n".join([*text, ""]), encoding="utf-8")
    return path


def asked(*inputs: tuple[str, str], source: str = SOURCE) -> Json:
    """The Parameters of an import."""
    given = [
        {"name": "input", "part": [{"name": "type", "valueCode": rtype}, {"name": "url", "valueUri": url}]}
        for rtype, url in inputs
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "inputFormat", "valueCode": "application/fhir+ndjson"},
            {"name": "inputSource", "valueUri": source},
            *given,
        ],
    }


def people(count: int) -> list[Json]:
    return [patient(id=f"p{number}", identifier=[{"system": "urn:x", "value": str(number)}]) for number in range(count)]


def values(count: int) -> list[Json]:
    return [observation(f"p{number}", "120", id=f"o{number}") for number in range(count)]


def test_lines_become_resources_of_the_facility_that_refer_to_each_other(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        put(bulk, "people.ndjson", [*people(2), "", "  "])
        url = put(bulk, "values.ndjson", values(2)).as_uri()
        manifest = await bulk.done("/$import", asked(("Observation", url), ("Patient", "people.ndjson")), who="feed")
        assert manifest["output"] == [
            {"type": "Observation", "inputUrl": url, "count": 2},
            {"type": "Patient", "inputUrl": "people.ndjson", "count": 2},
        ]
        assert (manifest["error"], manifest["requiresAccessToken"]) == ([], True)
        found = await bulk.exported("/$export?_type=Patient,Observation")
        assert len(found) == 4
        for reference, line in found.items():
            assert reference.partition("/")[2].startswith("F05-")
            assert line["meta"]["source"].startswith("urn:yilian:import:")
            assert "subject" not in line or line["subject"]["reference"] in found

    with_bulk(database_url, visit)


def test_the_same_source_again_changes_nothing_and_another_source_is_another(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        put(bulk, "a.ndjson", people(3))
        for source, total in ((SOURCE, 3), (SOURCE, 3), ("http://other.example", 6)):
            await bulk.done("/$import", asked(("Patient", "a.ndjson"), source=source), who="feed")
            found = await bulk.exported("/$export?_type=Patient")
            assert len(found) == total
            assert {line["meta"]["versionId"] for line in found.values()} == {"1"}
        put(bulk, "a.ndjson", [{**people(1)[0], "gender": "male"}])
        await bulk.done("/$import", asked(("Patient", "a.ndjson")), who="feed")
        found = await bulk.exported("/$export?_type=Patient")
        assert sorted(line["meta"]["versionId"] for line in found.values()) == ["1"] * 5 + ["2"]

    with_bulk(database_url, visit)


def test_ids_of_the_facilitys_own_space_stay(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        put(bulk, "a.ndjson", [patient(id="F05-own", managingOrganization={"reference": "Organization/F05"})])
        await bulk.done("/$import", asked(("Patient", "a.ndjson")), who="feed")
        made = (await bulk.ask("/Patient/F05-own")).json()
        assert made["managingOrganization"] == {"reference": "Organization/F05"}

    with_bulk(database_url, visit)


def test_lines_that_are_refused_are_told_with_file_and_line_and_without_their_values(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        lines = [
            patient(id="p1"),
            "{not json",
            patient(),
            observation("p1", id="o1"),
            patient(id="p2", gender="neither"),
            patient(id="p3", generalPractitioner=[{"reference": "Practitioner?name=沈"}]),
            '{"resourceType":"Patient","id":"p4","id":"p5"}',
            json.dumps({"resourceType": "Patient", "id": "p6", "name": [{"text": "x" * 70_000}]}),
            patient(id="p7"),
        ]
        put(bulk, "a.ndjson", lines)
        put(bulk, "b.ndjson", [{"resourceType": "Consent", "id": "c", "status": "active"}])
        manifest = await bulk.done("/$import", asked(("Patient", "a.ndjson"), ("Consent", "b.ndjson")), who="feed")
        assert [output["count"] for output in manifest["output"]] == [2, 0]
        (item,) = manifest["error"]
        outcomes = await bulk.lines(item, who="feed")
        places = [outcome["issue"][0]["expression"][0].partition(":")[0] for outcome in outcomes]
        assert places == [f"input[0] line {number}" for number in range(2, 9)] + ["input[1] line 1"]
        told = json.dumps(outcomes, ensure_ascii=False)
        assert "沈" not in told
        assert "neither" not in told
        assert len(await bulk.exported("/$export?_type=Patient")) == 2

    with_bulk(database_url, visit, validate=validate)


def test_another_facilitys_resources_are_not_touched(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        theirs = await bulk.home.create(patient(), who="hospital")
        put(bulk, "a.ndjson", [patient(id=theirs["id"], gender="male"), patient(id="F01-x")])
        await bulk.done("/$import", asked(("Patient", "a.ndjson")), who="feed")
        kept = (await bulk.ask(f"/Patient/{theirs['id']}", who="hospital")).json()
        assert kept["gender"] == "female"
        assert (await bulk.ask("/Patient/F01-x", who="hospital")).status_code == 404

    with_bulk(database_url, visit)


@pytest.mark.parametrize(
    ("url", "status", "told"),
    [
        ("http://169.254.169.254/latest/meta-data", 400, "import-url"),
        ("https://example.org/a.ndjson", 400, "import-url"),
        ("ftp://example.org/a.ndjson", 400, "import-url"),
        ("file:///etc/passwd", 404, "import-file"),
        ("../F01/theirs.ndjson", 404, "import-file"),
        ("%2e%2e/F01/theirs.ndjson", 404, "import-file"),
        ("file://other-host/a.ndjson", 404, "import-file"),
        ("absent.ndjson", 404, "import-file"),
        ("a.ndjson?x=1", 404, "import-file"),
        ("link.ndjson", 404, "import-file"),
        ("fifo", 404, "import-file"),
        (".", 404, "import-file"),
        ("a%00b", 404, "import-file"),
        ("%ff", 404, "import-file"),
    ],
)
def test_only_files_of_the_facilitys_own_folder_are_read(database_url: str, url: str, status: int, told: str) -> None:
    async def visit(bulk: Bulk) -> None:
        theirs = put(bulk, "theirs.ndjson", people(1), facility="F01")
        own = put(bulk, "a.ndjson", people(1))
        (own.parent / "link.ndjson").symlink_to(theirs)
        os.mkfifo(own.parent / "fifo")
        answer = await bulk.home.ask("POST", "/$import", asked(("Patient", url)), who="feed", **LATER)
        assert (answer.status_code, code(answer)) == (status, told)
        assert "passwd" not in answer.text

    with_bulk(database_url, visit)


ACTORS: Final = {
    "administrator": replace(actor(role="administrator"), purpose=("HSYSADMIN",)),
    "nowhere": replace(actor(role="administrator"), organization=""),
    "clinician": actor(),
    "auditor": actor(role="auditor"),
    "clinic": actor(),
}


@pytest.mark.parametrize("who", ["nowhere", "clinician", "auditor"])
def test_others_import_nothing(database_url: str, who: str) -> None:
    async def visit(bulk: Bulk) -> None:
        put(bulk, "a.ndjson", people(1))
        answer = await bulk.home.ask("POST", "/$import", asked(("Patient", "a.ndjson")), who=who, **LATER)
        assert (answer.status_code, code(answer)) == (403, "role")

    with_bulk(database_url, visit, verify=ACTORS.__getitem__)


def test_an_administrator_imports_as_the_facility_of_the_token(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        put(bulk, "a.ndjson", people(1))
        await bulk.done("/$import", asked(("Patient", "a.ndjson")), who="administrator")
        (reference,) = await bulk.exported("/$export?_type=Patient")
        assert reference.startswith("Patient/F05-")

    with_bulk(database_url, visit, verify=ACTORS.__getitem__)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda body: body | {"resourceType": "Patient"}, 400),
        (lambda body: body | {"parameter": []}, 400),
        (lambda body: body | {"parameter": [{"name": "input"}]}, 400),
        (lambda body: body | {"parameter": [*body["parameter"], {"name": "mode", "valueCode": "x"}]}, 400),
        (lambda body: body | {"parameter": [{"name": "inputFormat", "valueCode": "text/csv"}]}, 400),
        (lambda _: asked(("Nobody", "a.ndjson")), 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(database_url: str, change: Callable[[Any], Any], status: int) -> None:
    async def visit(bulk: Bulk) -> None:
        body = change(asked(("Patient", "a.ndjson")))
        answer = await bulk.home.ask("POST", "/$import", body, who="feed", **LATER)
        assert answer.status_code == status

    with_bulk(database_url, visit)


def test_progress_is_told_and_an_import_can_be_cancelled(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        put(bulk, "a.ndjson", people(1))
        where = await bulk.start("/$import", asked(("Patient", "a.ndjson")), who="feed")
        assert (await bulk.ask(where, who="feed")).headers["x-progress"] == "waiting"
        assert (await bulk.ask(where, who="feed", method="DELETE")).status_code == 202
        await bulk.worker.drain()
        assert await bulk.exported("/$export?_type=Patient") == {}

    with_bulk(database_url, visit)
