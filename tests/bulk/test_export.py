"""Bulk Data Access 2.0: exports (https://hl7.org/fhir/uv/bulkdata/STU2/export.html) over the R4 asynchronous pattern.

R4 async.html 3.1.6. Sections of the guide are named at the tests.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.api.house import BASE, body, code, observation, patient
from tests.bulk.house import LATER, Bulk, parameters, with_bulk
from tests.bulk.test_import import asked, put, values

KICK_OFFS: Final = ("/$export", "/Patient/$export")


async def recorded(bulk: Bulk) -> dict[str, str]:
    """One patient of the clinic with two values and a Practitioner; one of the hospital."""
    home = bulk.home
    doctor = await home.create({"resourceType": "Practitioner", "name": [{"family": "方"}]})
    made = await home.create(patient())
    first = await home.create(observation(made["id"], "131.50"))
    second = await home.create(observation(made["id"], "140", status="amended"))
    other = await home.create(patient(name=[{"family": "赵"}]), who="hospital")
    await home.create(observation(other["id"], "99"), who="hospital")
    names = {"doctor": doctor, "patient": made, "first": first, "second": second}
    return {name: f"{one['resourceType']}/{one['id']}" for name, one in names.items()}


# --- Bulk Data Kick-off Request


@pytest.mark.parametrize("path", KICK_OFFS)
def test_a_kick_off_is_accepted_with_the_address_to_poll(database_url: str, path: str) -> None:
    async def visit(bulk: Bulk) -> None:
        answer = await bulk.home.ask("GET", path, **LATER)
        assert (answer.status_code, answer.content) == (202, b"")
        assert answer.headers["content-location"].startswith(f"{BASE}/$jobs/")

    with_bulk(database_url, visit)


@pytest.mark.parametrize("path", [*KICK_OFFS, "/$import"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_respond_async_it_is_refused(database_url: str, path: str, method: str) -> None:
    async def visit(bulk: Bulk) -> None:
        answer = await bulk.home.ask(method, path, None if method == "GET" else parameters())
        if (method, path) == ("GET", "/$import"):
            assert answer.status_code == 405
        else:
            assert (answer.status_code, code(answer)) == (400, "respond-async")

    with_bulk(database_url, visit)


@pytest.mark.parametrize(
    ("query", "told", "named"),
    [
        ("_elements=id", "unknown-parameter", "_elements"),
        ("includeAssociatedData=LatestProvenanceResources", "unknown-parameter", "includeAssociatedData"),
        ("organizeOutputBy=Patient", "unknown-parameter", "organizeOutputBy"),
        ("patient=Patient/a", "unknown-parameter", "patient"),
        ("_outputFormat=text/csv", "search-value", "_outputFormat"),
        ("_type=Nobody", "search-value", "_type"),
        ("_type=AuditEvent", "unsupported-type", "AuditEvent"),
        ("_since=x", "search-value", "_since"),
        ("_until=x", "search-value", "_until"),
        ("_typeFilter=Observation", "search-value", "_typeFilter"),
        ("_typeFilter=Observation%3Fnothing%3Dx", "unknown-parameter", "_typeFilter"),
        ("_typeFilter=Observation%3F_sort%3Ddate", "unknown-parameter", "_typeFilter"),
        ("_typeFilter=Observation%3F_include%3DObservation:subject", "unknown-parameter", "_typeFilter"),
        ("_typeFilter=Observation%3F_count%3D1", "unknown-parameter", "_typeFilter"),
        ("_type=Patient&_typeFilter=Observation%3Fcode%3Dx", "search-value", "_typeFilter"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(database_url: str, query: str, told: str, named: str) -> None:
    async def visit(bulk: Bulk) -> None:
        answer = await bulk.home.ask("GET", f"/$export?{query}", **LATER)
        assert (answer.status_code, code(answer)) == (400, told)
        assert named in answer.text

    with_bulk(database_url, visit)


def test_types_about_no_patient_alone_are_no_export_of_patients(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        answer = await bulk.home.ask("GET", "/Patient/$export?_type=Practitioner", **LATER)
        assert (answer.status_code, code(answer)) == (400, "search-value")
        names = await recorded(bulk)
        found = await bulk.exported("/Patient/$export?_type=Practitioner,Patient")
        assert found.keys() == {names["doctor"], names["patient"]}

    with_bulk(database_url, visit)


@pytest.mark.parametrize(
    "name", ["application/fhir%2Bndjson", "application/fhir+ndjson", "application/ndjson", "ndjson"]
)
def test_the_names_of_the_format_are_taken(database_url: str, name: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await bulk.start(f"/$export?_outputFormat={name}")

    with_bulk(database_url, visit)


def test_lenient_handling_leaves_out_what_is_unknown_and_says_so_in_a_file(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await recorded(bulk)
        manifest = await bulk.done("/$export?_elements=id", prefer="respond-async, handling=lenient")
        (item,) = manifest["error"]
        assert item["type"] == "OperationOutcome"
        (line,) = await bulk.lines(item)
        assert line["issue"][0]["expression"] == ["_elements"]

    with_bulk(database_url, visit)


# --- Endpoints: system, all patients


def test_the_system_export_is_all_that_a_search_finds_body_by_body(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        manifest = await bulk.done("/$export")
        assert sorted(item["type"] for item in manifest["output"]) == ["Observation", "Patient", "Practitioner"]
        lines: set[bytes] = set()
        for item in manifest["output"]:
            lines |= set((await bulk.ask(item["url"].removeprefix(BASE))).content.splitlines())
        read = {(await bulk.ask(f"/{reference}")).content for reference in names.values()}
        assert lines == read

    with_bulk(database_url, visit)


def test_the_export_of_patients_leaves_out_what_is_about_nobody(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        assert (await bulk.exported("/Patient/$export")).keys() == set(names.values()) - {names["doctor"]}

    with_bulk(database_url, visit)


@pytest.mark.parametrize("way", ["query", "parameters"])
def test_types_and_filters_narrow_it_by_get_and_by_post(database_url: str, way: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        filters = "Observation?status=final&code=8480-6,Observation?status=final,Observation?status=preliminary"
        if way == "query":
            encoded = filters.replace("?", "%3F").replace("&", "%26").replace("=", "%3D")
            found = await bulk.exported(f"/$export?_type=Observation&_type=Patient&_typeFilter={encoded}")
        else:
            found = await bulk.exported("/$export", parameters(_type="Observation,Patient", _typeFilter=filters))
        assert found.keys() == {names["patient"], names["first"]}

    with_bulk(database_url, visit)


def test_posted_patients_bound_it(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        more = await bulk.home.create(patient())
        found = await bulk.exported("/Patient/$export", parameters(patient=[f"Patient/{more['id']}", "Patient/nobody"]))
        assert found.keys() == {f"Patient/{more['id']}"}
        assert names["patient"] not in found
        answer = await bulk.home.ask("POST", "/$export", parameters(patient="Patient/a"), **LATER)
        assert (answer.status_code, code(answer)) == (400, "unknown-parameter")

    with_bulk(database_url, visit)


# --- Bulk Data Status Request


def test_a_job_that_waits_is_told_with_progress_and_when_to_ask_again(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        answer = await bulk.ask(await bulk.start("/$export"))
        assert answer.status_code == 202
        assert 0 < len(answer.headers["x-progress"]) < 100
        assert answer.headers["retry-after"].isdigit()

    with_bulk(database_url, visit)


def test_the_manifest_is_complete(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await recorded(bulk)
        where = await bulk.start("/$export?_type=Patient")
        await bulk.worker.drain()
        answer = await bulk.ask(where, accept="application/json")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["expires"].endswith("GMT")
        manifest = answer.json()
        assert manifest["request"] == f"{BASE}/$export?_type=Patient"
        assert manifest["requiresAccessToken"] is True
        assert manifest["transactionTime"].endswith("+00:00")
        assert manifest["output"] == [{"type": "Patient", "url": f"{BASE}{where}/1"}]
        assert (manifest["deleted"], manifest["error"]) == ([], [])

    with_bulk(database_url, visit)


def test_the_request_of_a_post_is_told_without_its_parameters(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        manifest = await bulk.done("/Patient/$export", parameters(_type="Patient"))
        assert manifest["request"] == f"{BASE}/Patient/$export"
        assert manifest["output"] == []

    with_bulk(database_url, visit)


# --- _since, _until, transactionTime, deleted


def test_an_export_since_another_gives_exactly_what_that_did_not_see(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        first = await bulk.done("/$export")
        since = first["transactionTime"].replace("+", "%2B")
        assert await bulk.exported(f"/$export?_since={since}") == {}
        pid = names["patient"].partition("/")[2]
        new = await bulk.home.create(observation(pid, "150"))
        await bulk.home.ask("DELETE", f"/{names['first']}")
        manifest = await bulk.done(f"/$export?_since={since}")
        (item,) = manifest["output"]
        assert [line["id"] for line in await bulk.lines(item)] == [new["id"]]
        (gone,) = manifest["deleted"]
        assert gone["type"] == "Bundle"
        (bundle,) = await bulk.lines(gone)
        assert bundle["type"] == "transaction"
        assert [entry["request"] for entry in bundle["entry"]] == [{"method": "DELETE", "url": names["first"]}]

    with_bulk(database_url, visit)


def test_a_late_commit_is_in_the_next_export_whatever_its_time_says(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        async with bulk.home.database.transaction() as tx:
            # Written, and not yet committed, while the first export runs: its time is before the export's.
            await tx.execute(
                "UPDATE resource SET xid = pg_current_xact_id() WHERE id = $1", names["first"].partition("/")[2]
            )
            first = await bulk.done("/$export?_type=Observation")
        since = first["transactionTime"].replace("+", "%2B")
        assert names["first"] in await bulk.exported(f"/$export?_since={since}")

    with_bulk(database_url, visit)


def test_any_other_time_is_compared_with_when_a_resource_changed(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await recorded(bulk)
        pid = (await bulk.home.create(patient()))["id"]
        last = await bulk.home.create(observation(pid, "1"))
        instant = last["meta"]["lastUpdated"]
        late = instant.replace("+", "%2B")
        assert f"Observation/{last['id']}" not in await bulk.exported(f"/$export?_since={late}")
        assert f"Observation/{last['id']}" in await bulk.exported(f"/$export?_until={late}")
        assert len(await bulk.exported("/$export?_until=2020-01-01T00:00:00Z")) == 0
        assert len(await bulk.exported("/$export?_since=2020-01-01T00:00:00Z")) == 6

    with_bulk(database_url, visit)


# --- Bulk Data Output File Request


def test_a_file_is_ndjson_and_recorded_with_its_patients_before_it_leaves(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await recorded(bulk)
        manifest = await bulk.done("/$export?_type=Observation")
        (item,) = manifest["output"]
        await bulk.lines(item)
        async with bulk.home.database.connection() as tx:
            rows = await tx.fetch("SELECT * FROM audit WHERE query LIKE '%export%' ORDER BY number")
        assert [row["outcome"] for row in rows] == ["released", "released"]
        assert [list(row["patients"]) for row in rows] == [[], [names["patient"].partition("/")[2]]]
        assert (list(rows[1]["types"]), list(rows[1]["counts"])) == (["Observation"], [2])

    with_bulk(database_url, visit)


def test_another_media_type_is_not_acceptable(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await recorded(bulk)
        (item,) = (await bulk.done("/$export?_type=Patient"))["output"]
        path = item["url"].removeprefix(BASE)
        assert (await bulk.ask(path, accept="text/csv")).status_code == 406
        assert (await bulk.ask(path, accept="application/fhir+ndjson")).status_code == 200
        assert (await bulk.ask(f"{path}0")).status_code == 404

    with_bulk(database_url, visit)


# --- Bulk Data Delete Request


def test_a_cancelled_job_is_gone_with_its_files(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await recorded(bulk)
        where = await bulk.start("/$export")
        await bulk.worker.drain()
        (item, *_) = (await bulk.ask(where)).json()["output"]
        assert list((bulk.home.folder / "bulk").iterdir())
        answer = await bulk.ask(where, method="DELETE")
        assert answer.status_code == 202
        for path in (where, item["url"].removeprefix(BASE)):
            gone = await bulk.ask(path)
            assert gone.status_code == 404
            assert body(gone)["resourceType"] == "OperationOutcome"
        assert not list((bulk.home.folder / "bulk").iterdir())
        assert (await bulk.ask(where, method="DELETE")).status_code == 404

    with_bulk(database_url, visit)


def test_other_methods_are_not_allowed(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        where = await bulk.start("/$export")
        for path, allowed in ((where, "DELETE, GET"), (f"{where}/1", "GET")):
            answer = await bulk.ask(path, method="PUT")
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert (await bulk.ask("/$jobs/nothing")).status_code == 404

    with_bulk(database_url, visit)


# --- limits


def test_a_client_has_so_many_unfinished_jobs_and_no_more(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        where = await bulk.start("/$export")
        await bulk.start("/$export")
        answer = await bulk.home.ask("GET", "/$export", **LATER)
        assert (answer.status_code, code(answer)) == (429, "bulk-jobs")
        assert answer.headers["retry-after"]
        await bulk.start("/$export", who="hospital")
        await bulk.ask(where, method="DELETE")
        await bulk.start("/$export")

    with_bulk(database_url, visit)


def test_a_client_has_so_much_space_and_no_more(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await recorded(bulk)
        where = await bulk.start("/$export")
        await bulk.worker.drain()
        answer = await bulk.ask(where)
        assert (answer.status_code, code(answer)) == (413, "bulk-space")
        assert not list((bulk.home.folder / "bulk").iterdir())

    with_bulk(database_url, visit, most_bytes=100)


def test_what_has_expired_is_removed(database_url: str) -> None:
    async def visit(bulk: Bulk) -> Any:
        await recorded(bulk)
        where = await bulk.start("/$export")
        await bulk.worker.drain()
        await bulk.worker.sweep()
        assert (await bulk.ask(where)).status_code == 200
        async with bulk.home.database.connection() as tx:
            await tx.execute("UPDATE bulk_job SET expires = created")
        assert (await bulk.ask(where, method="DELETE")).status_code == 404
        assert (await bulk.ask(where)).status_code == 404
        await bulk.worker.sweep()
        assert not list((bulk.home.folder / "bulk").iterdir())
        async with bulk.home.database.connection() as tx:
            return await tx.fetchval("SELECT count(*) FROM bulk_file")

    assert with_bulk(database_url, visit) == 0


def test_a_type_of_many_resources_is_several_files(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.bulk.exporting.FILE_LINES", 500)

    async def visit(bulk: Bulk) -> None:
        put(bulk, "a.ndjson", values(1200))
        await bulk.done("/$import", asked(("Observation", "a.ndjson")), who="feed")
        manifest = await bulk.done("/$export")
        assert [item["type"] for item in manifest["output"]] == ["Observation"] * 3
        lines = [line["id"] for item in manifest["output"] for line in await bulk.lines(item)]
        assert len(lines) == len(set(lines)) == 1200

    with_bulk(database_url, visit)
