"""Bulk exports tell nothing of what is hidden, to nobody but who asked, and nothing of what was withdrawn since.

Attack 18 of an assessor: `$export` by Group and system, polling somebody else's address, guessing those of files,
files that stay after a revocation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from hub.auth.actor import Actor
from hub.auth.roles import ROLES
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.api.house import ACTORS, BASE, actor, code
from tests.bulk.house import LATER, Bulk, with_bulk
from tests.security.county import HIV, PANEL, object_to_all, observation, settle
from tests.security.watch import Watch, watched

FILTER: Final = "http://hl7.org/fhir/uv/bulkdata/StructureDefinition/member-filter"


def group(rid: str, members: str = "", *filters: str) -> Json:
    """A Group of the clinic, of members and by searches."""
    told: Json = {"resourceType": "Group", "id": f"F05-{rid}", "type": "person", "actual": bool(members)}
    if members:
        told["member"] = [{"entity": {"reference": f"Patient/F01-{who}"}} for who in members]
    if filters:
        told["modifierExtension"] = [
            {"url": FILTER, "valueExpression": {"language": "application/x-fhir-query", "expression": one}}
            for one in filters
        ]
    return told


GROUPS: Final = (
    group("all", "abcd"),
    group("hidden", "bd"),
    group("load", "", "Observation?code=20447-9"),
    group("high", "abcd", "Observation?value-quantity=gt100"),
    group("every", "", "Patient?gender=male,female", "Observation?code=4548-4"),
)
EXPORTS: Final = (
    "/$export",
    "/Patient/$export",
    "/$export?_type=Observation,Patient,ServiceRequest",
    "/$export?_typeFilter=Observation%3Fcode%3D20447-9",
    "/$export?_typeFilter=Patient%3F_has:Observation:patient:code%3D20447-9",
    "/$export?_typeFilter=Observation%3Fhas-member.code%3D20447-9",
    "/$export?_since=2020-01-01T00:00:00Z",
    *(f"/Group/{one['id']}/$export" for one in GROUPS),
    "/Group/F05-nothing/$export",
)


def plain(value: Any) -> Any:
    """Without what differs between any two runs."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if name not in {"lastUpdated", "transactionTime"}}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.rpartition("/")[2] if isinstance(value, str) and "/$jobs/" in value else value


async def fetched(bulk: Bulk, path: str) -> Any:
    """All that an export tells: what it is answered, its manifest, its lines in their order."""
    started = await bulk.home.ask("GET", path, **LATER)
    if started.status_code != 202:
        return started.status_code, started.content
    where = started.headers["content-location"].removeprefix(BASE)
    waiting = dict((await bulk.ask(where)).headers)
    await bulk.worker.drain()
    manifest = (await bulk.ask(where)).json()
    files = [await bulk.lines(item) for item in [*manifest["output"], *manifest["deleted"]]]
    await bulk.ask(where, method="DELETE")
    return plain([waiting.get("x-progress"), manifest, files])


async def grouped(bulk: Bulk) -> None:
    for one in GROUPS:
        answer = await bulk.home.ask("PUT", f"/Group/{one['id']}", one)
        assert answer.status_code == 201, answer.text


def test_an_export_tells_nothing_of_what_is_hidden(fresh: Callable[[], str]) -> None:
    answers = []
    for hidden in (True, False):

        async def visit(bulk: Bulk, hidden: bool = hidden) -> Any:
            await settle(bulk.home, hidden=hidden)
            await grouped(bulk)
            return [(path, await fetched(bulk, path)) for path in EXPORTS]

        answers.append(with_bulk(fresh(), visit))
    for with_hidden, without in zip(*answers, strict=True):
        assert with_hidden == without
    told = dict(answers[0])
    assert [len(files) for files in told["/$export"][2]] == [2, 1, len(GROUPS), 4, 2, 2]
    assert told["/Group/F05-hidden/$export"][1]["output"] == []
    assert told["/Group/F05-load/$export"][1]["output"] == []
    assert len(told["/Group/F05-every/$export"][2]) == 5


def test_what_a_patient_refuses_after_the_export_does_not_leave_with_its_files(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await settle(bulk.home, hidden=False)
        manifest = await bulk.done("/$export?_type=Patient,Observation")
        before = [await bulk.lines(item) for item in manifest["output"]]
        assert {line["id"] for line in before[1]} == {"F01-a", "F01-c"}
        await object_to_all(bulk.home, "c")
        after = [await bulk.lines(item) for item in manifest["output"]]
        assert {line["id"] for line in after[1]} == {"F01-a"}
        assert {line["subject"]["reference"] for line in after[0]} == {"Patient/F01-a"}
        await object_to_all(bulk.home, "a")
        assert [await bulk.lines(item) for item in manifest["output"]] == [[], []]

    with_bulk(database_url, visit)


def test_what_became_restricted_after_the_export_does_not_leave_with_its_files(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await settle(bulk.home, hidden=False)
        manifest = await bulk.done("/$export?_type=Observation")
        (item,) = manifest["output"]
        assert len(await bulk.lines(item)) == 4
        labelled = observation("c", "hba1c", 6.5, meta={"security": [HIV]})
        await bulk.home.ask("PUT", "/Observation/F01-c-hba1c", labelled, who="hospital")
        assert {line["id"] for line in await bulk.lines(item)} == {"F01-a-hba1c", "F01-a-panel", "F01-a-holder"}

    with_bulk(database_url, visit)


def test_a_line_repeats_nothing_of_what_is_hidden_when_it_leaves(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await settle(bulk.home, hidden=True)
        (item,) = (await bulk.done("/$export?_type=Observation"))["output"]
        lines = {line["id"]: line for line in await bulk.lines(item)}
        panel = lines[PANEL["id"]]
        assert "text" not in panel
        assert [("display" in member) for member in panel["hasMember"]] == [True, False, False]

    with_bulk(database_url, visit)


WHOSE: Final = {
    "own": ACTORS["clinic"],
    "another client": replace(ACTORS["clinic"], client="other"),
    "another person": replace(ACTORS["clinic"], practitioner="other"),
    "another organisation": actor("F01"),
    "another role": actor(role="family-doctor"),
}


def told_apart(token: str) -> Actor:
    if token not in WHOSE:
        raise HubError(Category.UNAUTHENTICATED, "not a valid token", where="Authorization")
    return WHOSE[token]


def test_a_job_is_there_for_nobody_but_who_started_it(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        where = await bulk.start("/$export", who="own")
        await bulk.home.create({"resourceType": "Practitioner"}, who="own")
        await bulk.worker.drain()
        nothing = (await bulk.ask("/$jobs/" + "a" * 26, who="own")).content
        for who in WHOSE.keys() - {"own"}:
            for path, method in ((where, "GET"), (f"{where}/1", "GET"), (where, "DELETE")):
                answer = await bulk.ask(path, who=who, method=method)
                assert (answer.status_code, answer.content) == (404, nothing), who
        assert (await bulk.ask(where, who="")).status_code == 401
        assert (await bulk.ask(f"{where}/1", who="")).status_code == 401
        assert (await bulk.ask(f"{where}/1?access_token=own", who="own")).status_code == 401
        renewed = replace(WHOSE["own"], token_id="t-9")
        WHOSE["renewed"] = renewed
        assert (await bulk.ask(f"{where}/1", who="renewed")).status_code == 200

    with_bulk(database_url, visit, verify=told_apart)


ROLE_ACTORS: Final = {
    name: replace(
        actor(role=name),
        purpose=role.purposes[:1],
        form=role.forms[0],
        patient="F01-a" if role.personal else None,
        practitioner="RelatedPerson/ma" if name == "proxy" else None if role.personal else "who",
    )
    for name, role in ROLES.items()
} | {
    "glass": replace(actor(), purpose=("BTG",), break_glass="过敏性休克", issued=ACTORS["clinic"].expires),
    "narrow": actor(scopes=("user/Observation.rs",)),
    "confined": replace(actor(scopes=("patient/*.rs",)), patient="F01-a"),
    "clinic": ACTORS["clinic"],
    "hospital": ACTORS["hospital"],
}


@pytest.mark.parametrize(
    ("role", "told"),
    [
        *((name, "form-not-available") for name in ("researcher", "enterprise")),
        *((name, "role-not-allowed") for name, role in ROLES.items() if not role.in_consent_rules),
        ("glass", "break-glass-one-patient"),
    ],
)
def test_who_reads_no_identified_records_exports_none(database_url: str, role: str, told: str) -> None:
    async def visit(bulk: Bulk) -> None:
        for path in ("/$export", "/Patient/$export", "/Group/F05-x/$export"):
            answer = await bulk.home.ask("GET", path, who=role, **LATER)
            assert (answer.status_code, code(answer)) == (403, told)
        async with bulk.home.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM audit WHERE outcome = 'refused'") == 3

    with_bulk(database_url, visit, verify=ROLE_ACTORS.__getitem__)


@pytest.mark.parametrize("role", ["patient", "confined"])
def test_a_token_of_one_person_exports_that_person(database_url: str, role: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await settle(bulk.home, hidden=True)
        found = await bulk.exported("/$export", who=role)
        assert "Patient/F01-a" in found
        assert {reference for reference in found if "F01-a" not in reference} == set()
        assert "Patient/F01-a" in await bulk.exported("/Patient/$export", who=role)

    with_bulk(database_url, visit, verify=ROLE_ACTORS.__getitem__)


def test_scopes_are_a_ceiling_for_exports(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await settle(bulk.home, hidden=False)
        found = await bulk.exported("/$export", who="narrow")
        assert {reference.partition("/")[0] for reference in found} == {"Observation"}
        for query in ("_type=Patient", "_typeFilter=Observation%3Fsubject:Patient.name%3D沈"):
            answer = await bulk.home.ask("GET", f"/$export?{query}", who="narrow", **LATER)
            assert (answer.status_code, code(answer)) == (403, "scope-not-allowed")

    with_bulk(database_url, visit, verify=ROLE_ACTORS.__getitem__)


def test_files_lie_sealed_and_nothing_is_logged_of_anybody(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await settle(bulk.home, hidden=False)
        await bulk.done("/$export")
        folder = bulk.home.folder / "bulk"
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))
        for secret in ("沈桂兰", "Observation", "F01-a", "resourceType"):
            assert all(secret.encode() not in path.read_bytes() for path in files)
        assert "F01-a" not in bulk.home.log.getvalue()

    with_bulk(database_url, visit)


def test_exports_and_imports_go_through_the_doors(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(bulk: Bulk) -> Watch:
        await settle(bulk.home, hidden=False)
        await grouped(bulk)
        folder = bulk.home.folder / "import" / "F05"
        folder.mkdir(parents=True)
        line = {"resourceType": "Patient", "id": "1"}
        (folder / "a.ndjson").write_text(json.dumps(line), encoding="utf-8")
        given = [{"name": "type", "valueCode": "Patient"}, {"name": "url", "valueUri": "a.ndjson"}]
        asked = {"resourceType": "Parameters", "parameter": [{"name": "input", "part": given}]}
        with watched(monkeypatch) as watch:
            assert await bulk.exported("/Group/F05-every/$export")
            manifest = await bulk.done("/$import", asked, who="feed")
        assert [output["count"] for output in manifest["output"]] == [1]
        return watch

    watch = with_bulk(database_url, visit)
    assert watch.through["hub.gate"] > 0
    assert watch.through["hub.records"] > 0
