"""CodeSystem, ValueSet and ConceptMap as resources: what is written is used, what is loaded can be read (R4 http.html,
terminology-service.html).
"""

from __future__ import annotations

import asyncio
from typing import Any

from hub.kernel.types import Json
from hub.records.shelf import TerminologyShelf
from hub.store.store import Store
from terminology import catalogue
from terminology.expansion import Wish
from terminology.fhir_source import ResourceSource
from terminology.loading import Loader
from terminology.model import CODE_SYSTEM
from terminology.service import Terminology
from terminology.shelf import WHOLE
from tests.api.house import House, body, code, in_house
from tests.api.test_terminology import CIRCULATORY, MAP, VS
from tests.terminology.house import DISEASES, WHEN, code_system, diseases, of, said, value_set

ADMIN = "administrator"
#: Roles that use no identified record, and what they are told where there are some.
SECONDARY = tuple((who, "form-not-available") for who in ("centre", "researcher", "enterprise"))


async def found(home: House, query: str) -> list[str]:
    """What a search finds, by business version, as anybody sees it."""
    answer = await home.ask("GET", f"/{query}", who="clinic")
    assert answer.status_code == 200, answer.text
    return [one["resource"].get("version", "") for one in body(answer).get("entry", [])]


async def display(home: House, language: str = "zh", version: str = "") -> str | None:
    query = f"system={DISEASES}&code=I10&displayLanguage={language}" + (f"&version={version}" if version else "")
    answer = await home.ask("GET", f"/CodeSystem/$lookup?{query}")
    told = {one["name"]: one for one in body(answer).get("parameter", [])}
    text: str | None = told["display"]["valueString"] if answer.status_code == 200 else None
    return text


async def put(home: House, resource: Json, rid: str, **headers: str) -> Json:
    answer = await home.ask("PUT", f"/{resource['resourceType']}/{rid}", {**resource, "id": rid}, who=ADMIN, **headers)
    assert answer.status_code in (200, 201), answer.text
    made: Json = body(answer)
    return made


def renamed(name: str, version: str = "1", **more: Any) -> Json:
    return code_system({"code": "I10", "display": name}, version=version, **more)


def test_what_an_administrator_writes_is_used_at_once_and_nobody_else_writes_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        for who in ("clinic", "feed", "auditor", "engineer"):
            answer = await home.ask("POST", "/CodeSystem", diseases(), who=who)
            assert (answer.status_code, code(answer)) == (403, "role")
        answer = await home.ask("POST", "/Observation", {"resourceType": "Observation"}, who=ADMIN)
        assert (answer.status_code, code(answer)) == (403, "role")
        for resource in (diseases(), CIRCULATORY, MAP):
            await home.create(resource, who=ADMIN)
        assert await display(home) == "原发性高血压"
        expansion = body(await home.ask("GET", f"/ValueSet/$expand?url={VS}"))["expansion"]
        assert [one["code"] for one in expansion["contains"]] == ["C", "I10", "I15", "I10.1"]
        answer = body(await home.ask("GET", "/ConceptMap/$translate?system=urn:local&code=GXY"))
        assert answer["parameter"][0]["valueBoolean"] is True

    in_house(database_url, visit)


def test_each_version_is_a_resource_and_an_update_deletion_or_retirement_counts(database_url: str) -> None:
    async def visit(home: House) -> None:
        await put(home, renamed("一"), "d-1")
        await put(home, renamed("二", "2", status="draft"), "d-2")
        assert (await display(home), await display(home, version="2")) == ("一", "二")
        await put(home, renamed("贰", "2"), "d-2")
        assert (await display(home), await display(home, version="1")) == ("贰", "一")
        await put(home, renamed("壹"), "d-1")
        assert (await display(home), await display(home, version="1")) == ("贰", "壹")
        twin = await home.ask("POST", "/CodeSystem", renamed("另"), who=ADMIN)
        assert (twin.status_code, code(twin)) == (409, "loaded")
        assert await found(home, f"CodeSystem?url={DISEASES}&_sort=version") == ["1", "2"]
        assert len(body(await home.ask("GET", "/CodeSystem/d-2/_history"))["entry"]) == 2
        assert body(await home.ask("GET", "/CodeSystem/d-2/_history/1"))["concept"][0]["display"] == "二"
        await put(home, renamed("贰", "2", status="retired"), "d-2")
        assert (await display(home), await display(home, version="2")) == (None, "贰")
        assert (await home.ask("DELETE", "/CodeSystem/d-2", who=ADMIN)).status_code == 204
        assert await display(home, version="2") is None
        assert await found(home, f"CodeSystem?url={DISEASES}") == ["1"]

    in_house(database_url, visit)


def test_what_cannot_be_used_is_refused_and_leaves_what_stood(database_url: str) -> None:
    async def visit(home: House) -> None:
        await put(home, renamed("一"), "d-1")
        circle = [{"code": at, "property": [{"code": "parent", "valueCode": to}]} for at, to in ("ab", "ba")]
        for wrong in (code_system(*circle), code_system({"code": "a"}, {"code": "a"})):
            answer = await home.ask("PUT", "/CodeSystem/d-1", {**wrong, "id": "d-1"}, who=ADMIN)
            assert answer.status_code == 422
        assert await display(home) == "一"
        assert await found(home, "CodeSystem?code=I10") == ["1"]
        entries = [
            {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
            for one in (CIRCULATORY, renamed("重"))
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        assert (await home.ask("POST", "", bundle, who=ADMIN)).status_code == 409
        assert await found(home, "ValueSet") == []

    in_house(database_url, visit)


async def editions(home: House) -> int:
    """Of how many editions there are concepts."""
    async with home.database.connection() as connection:
        count: int = await connection.fetchval("SELECT count(DISTINCT edition) FROM term_concept")
    return count


def test_readers_see_one_content_or_the_other_while_it_is_written_and_one_writer_wins(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        await put(home, renamed("一"), "d-1")
        seen, done = set[str](), asyncio.Event()

        # Another process, which goes by what it knew up to a second ago.
        other = Terminology(home.database)

        async def read() -> None:
            while not done.is_set():
                page = await other.expand(Wish(value_set=value_set("urn:all", of())))
                seen.add("".join(one["display"] for one in page.contains))

        async def write() -> None:
            for name in "二三":
                await put(home, renamed(name), "d-1")
            done.set()

        await asyncio.gather(read(), read(), write())
        assert (seen - {"二", "三"}, await display(home)) == ({"一"}, "三")
        home.services.clock.skip(120)  # type: ignore[attr-defined]
        await put(home, renamed("四"), "d-1")
        assert await editions(home) == 2
        twins = [home.ask("POST", "/CodeSystem", renamed("新", "2"), who=ADMIN) for _ in range(4)]
        answers = [answer.status_code for answer in await asyncio.gather(*twins)]
        assert sorted(answers) == [201, 409, 409, 409]
        assert await found(home, f"CodeSystem?url={DISEASES}&version=2") == ["2"]

    in_house(database_url, visit)


def test_a_supplement_adds_names_in_another_language_as_long_as_it_is_in_force(database_url: str) -> None:
    async def visit(home: House) -> None:
        await put(home, diseases(), "d-1")
        more = {"code": "I10", "designation": [said("fr", "Hypertension essentielle")]}
        supplement = code_system(more, url="urn:fr", content="supplement", supplements=DISEASES)
        assert await display(home, "fr") == "原发性高血压"
        await put(home, supplement, "s-1")
        assert await display(home, "fr") == "Hypertension essentielle"
        assert await found(home, f"CodeSystem?supplements={DISEASES}") == ["1"]
        await put(home, supplement | {"status": "retired"}, "s-1")
        assert await display(home, "fr") == "原发性高血压"

    in_house(database_url, visit)


def test_what_is_loaded_is_read_and_searched_like_what_is_written(database_url: str) -> None:
    async def visit(home: House) -> None:
        shelf = TerminologyShelf(Store())
        loader = Loader(home.database, lambda: WHEN, shelf=shelf)
        await loader.code_system(ResourceSource(diseases(title="疾病")))
        await loader.resource(MAP)
        home.services.terminology.catalogues.forget()
        for query in ("title=疾病", "status=active", "code=I10.1", f"system={DISEASES}", "name=Disease", "version=1"):
            assert await found(home, f"CodeSystem?{query}") == ["1"], query
        for query in (f"url={MAP['url']}", "source-system=urn:local", f"target-system={DISEASES}", "source-code=GXY"):
            assert await found(home, f"ConceptMap?{query}") == ["1"], query
        (entry,) = body(await home.ask("GET", "/CodeSystem?code=E11"))["entry"]
        concepts = {one["code"]: one for one in entry["resource"]["concept"]}
        above = [one["valueCode"] for one in concepts["I15"]["property"] if one["code"] == "parent"]
        assert (entry["resource"]["count"], above) == (6, ["C", "E"])
        large = code_system(*({"code": f"c{at}"} for at in range(WHOLE + 1)), url="urn:large")
        await loader.code_system(ResourceSource(large))
        home.services.terminology.catalogues.forget()
        (entry,) = body(await home.ask("GET", "/CodeSystem?url=urn:large"))["entry"]
        part = entry["resource"]
        assert await found(home, f"CodeSystem?code=c{WHOLE}&_summary=true") == ["1"]
        assert await found(home, "CodeSystem?code=c-1") == []
        empty = {**code_system(url="urn:empty"), "content": "not-present", "id": "empty"}
        nested = code_system({"code": "top", "concept": [{"code": "inner"}]}, url="urn:nested")
        for one in ({name: value for name, value in empty.items() if name != "concept"}, nested | {"id": "nested"}):
            await put(home, one, one["id"])
        for query, count in (
            ("code=inner", 1),
            ("code:not=inner", 3),
            ("code:missing=true", 1),
            ("code:missing=false", 3),
        ):
            total = body(await home.ask("GET", f"/CodeSystem?{query}&_total=accurate"))["total"]
            assert (query, total) == (query, count)
        assert ("concept" in part, part["count"], part["meta"]["tag"][0]["code"]) == (False, WHOLE + 1, "SUBSETTED")
        refused = await home.ask("PUT", f"/CodeSystem/{part['id']}", part, who=ADMIN)
        assert (refused.status_code, code(refused)) == (422, "subsetted")
        async with home.database.transaction() as tx:
            await catalogue.withdraw(tx, CODE_SYSTEM, "urn:large")
            await catalogue.drop(tx, CODE_SYSTEM, "urn:large", "1", shelf)
        assert await found(home, "CodeSystem?url=urn:large") == []

    in_house(database_url, visit)


def test_every_role_reads_what_codes_mean_and_those_that_read_no_record_see_nothing_else_by_it(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        made = await home.create(diseases(), who=ADMIN)
        await home.create({"resourceType": "Practitioner", "id": "x"})
        about = {"status": "current", "mode": "working", "entry": [{"item": {"reference": f"CodeSystem/{made['id']}"}}]}
        await home.create({"resourceType": "List", "subject": {"reference": "Patient/p"}, **about})
        beyond = ("_has:List:item:status=current", "_revinclude=List:item", "_revinclude=Provenance:target")
        clinic = [body(await home.ask("GET", f"/CodeSystem?{query}")) for query in beyond[:2]]
        assert [len(one.get("entry", [])) for one in clinic] == [1, 2]
        for who, told in ((ADMIN, "role-not-allowed"), ("auditor", "role-not-allowed"), *SECONDARY):
            assert (await home.ask("GET", f"/CodeSystem/{made['id']}/_history", who=who)).status_code == 200
            found = [body(await home.ask("GET", f"/CodeSystem?{query}", who=who)) for query in beyond]
            assert [len(one.get("entry", [])) for one in found] == [0, 1, 1], who
            for path in ("/List", "/Practitioner", "/_history", "?_type=CodeSystem,List"):
                answer = await home.ask("GET", path, who=who)
                assert (answer.status_code, code(answer)) == (403, told), path
        for who in (ADMIN, "auditor", "engineer", "feed", *(who for who, _ in SECONDARY)):
            assert (await home.ask("GET", f"/CodeSystem/{made['id']}", who=who)).status_code == 200
            assert body(await home.ask("GET", "/CodeSystem?_total=accurate", who=who))["total"] == 1
        assert (await home.ask("GET", f"/CodeSystem/{made['id']}", who="narrow")).status_code == 403

    in_house(database_url, visit)
