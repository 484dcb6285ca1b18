"""The operations of the terminology module over HTTP (R4 terminology-service.html, terminology-module.html)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from terminology.catalogue import use
from terminology.fhir_source import ResourceSource
from terminology.loading import Loader
from terminology.model import CODE_SYSTEM
from tests.api.house import House, body, code, in_house
from tests.terminology.house import DISEASES, WHEN, diseases, of, value_set

VS = "https://example.org/vs/circulatory"
CIRCULATORY = value_set(VS, of(DISEASES, ("concept", "is-a", "C")), version="1")
MAP = {
    **{"resourceType": "ConceptMap", "url": "urn:map", "version": "1", "status": "active"},
    "group": [
        {
            **{"source": "urn:local", "target": DISEASES},
            "element": [{"code": "GXY", "target": [{"code": "I10", "display": "高血压", "equivalence": "equivalent"}]}],
        }
    ],
}

GENDERS, GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender", "http://hl7.org/fhir/administrative-gender"
VERSIONED = value_set("urn:versioned", of(DISEASES, ("concept", "is-a", "C")) | {"version": "1"})

SWITCHED = "'2026-02-02T00:00:00+08:00'"


async def loaded(home: House) -> None:
    loader = Loader(home.database, lambda: WHEN)
    await loader.code_system(ResourceSource(diseases(title="疾病")))
    for resource in (CIRCULATORY, MAP):
        await loader.resource(resource)
    home.services.terminology.catalogues.forget()


def parameters(*pairs: tuple[str, str, Any]) -> Json:
    told = [{"name": name, kind: value} for name, kind, value in pairs]
    return {"resourceType": "Parameters", "parameter": told}


async def told(home: House, path: str, sent: Json | None = None, who: str = "auditor") -> dict[str, Any]:
    """The simple parameters of an answer by name."""
    answer = await home.ask("GET" if sent is None else "POST", path, sent, who=who)
    assert answer.status_code == 200, answer.text
    found = body(answer)
    assert found["resourceType"] == "Parameters"
    return {one["name"]: value for one in found["parameter"] for name, value in one.items() if name.startswith("value")}


def test_lookup_by_url_and_by_parameters(database_url: str) -> None:
    async def visit(home: House) -> None:
        await loaded(home)
        asked = f"/CodeSystem/$lookup?system={DISEASES}&code=I10"
        assert await told(home, f"{asked}&displayLanguage=en") == {
            **{"name": "疾病", "version": "1", "display": "Essential hypertension"}
        }
        coding = parameters(("coding", "valueCoding", {"system": DISEASES, "code": "I10"}))
        answer = body(await home.ask("POST", "/CodeSystem/$lookup", coding))
        parts = [one["part"] for one in answer["parameter"] if one["name"] == "property"]
        assert parts == [
            [{"name": "code", "valueCode": name}, {"name": "value", kind: value}]
            for name, kind, value in (
                ("definition", "valueString", "没有其他病因的血压升高"),
                ("chapter", "valueCode", "IX"),
                ("parent", "valueCode", "C"),
                ("child", "valueCode", "I10.1"),
            )
        ]
        (named,) = [one["part"] for one in answer["parameter"] if one["name"] == "designation"]
        assert named[1] == {"name": "value", "valueString": "Essential hypertension"}
        for query, status in ((f"system={DISEASES}&code=none", 404), ("system=urn:x&code=1", 404), ("code=1", 400)):
            assert (await home.ask("GET", f"/CodeSystem/$lookup?{query}")).status_code == status
        answer = await home.ask("GET", f"{asked}&colour=red")
        assert (answer.status_code, code(answer)) == (400, "unknown-parameter")
        assert (await home.ask("GET", asked, who="")).status_code == 401
        assert (await home.ask("GET", "/Patient/$lookup")).status_code == 404

    in_house(database_url, visit)


def test_codes_are_validated_and_compared(database_url: str) -> None:
    async def visit(home: House) -> None:
        await loaded(home)
        in_system = f"/CodeSystem/$validate-code?url={DISEASES}"
        assert await told(home, f"{in_system}&code=I10") == {"result": True, "display": "原发性高血压"}
        wrong = await told(home, f"{in_system}&code=I10&display=x")
        assert (wrong["result"], wrong["display"]) == (False, "原发性高血压")
        english = {"result": True, "display": "Essential hypertension"}
        assert await told(home, f"{in_system}&code=I10&displayLanguage=en") == english
        codings = [{"system": "urn:else", "code": "I10"}, {"system": DISEASES, "code": "I10"}]
        for concept, result in (({"coding": codings}, True), ({"coding": codings[:1]}, False)):
            asked = parameters(("url", "valueUri", DISEASES), ("codeableConcept", "valueCodeableConcept", concept))
            assert (await told(home, "/CodeSystem/$validate-code", asked))["result"] is result
        coding = ("coding", "valueCoding", codings[1])
        for version, status in (("1", 200), ("2", 404)):
            asked = parameters(("url", "valueUri", f"{DISEASES}|{version}"), coding)
            answer = await home.ask("POST", "/CodeSystem/$validate-code", asked)
            assert answer.status_code == status, version
        concept = {"coding": [{"system": DISEASES, "code": "E11"}, {"system": DISEASES, "code": "I10"}]}
        sent = parameters(("url", "valueUri", VS), ("codeableConcept", "valueCodeableConcept", concept))
        assert (await told(home, "/ValueSet/$validate-code", sent))["result"] is True
        in_set = f"/ValueSet/$validate-code?url={VS}&system={DISEASES}"
        assert (await told(home, f"{in_set}&code=E11"))["result"] is False
        subsumes = f"/CodeSystem/$subsumes?system={DISEASES}&codeA=C&codeB=I10.1"
        assert await told(home, subsumes) == {"outcome": "subsumes"}
        sides = [("codingA", "valueCoding", {"system": DISEASES, "code": "I15"})]
        sides += [("codingB", "valueCoding", {"system": DISEASES, "code": "E"})]
        assert await told(home, "/CodeSystem/$subsumes", parameters(*sides)) == {"outcome": "subsumed-by"}
        for versions, status in ((("1", "1"), 200), (("1", "2"), 400), (("2", "2"), 404)):
            stated = [
                (name, kind, {**one, "version": at}) for (name, kind, one), at in zip(sides, versions, strict=True)
            ]
            assert (await home.ask("POST", "/CodeSystem/$subsumes", parameters(*stated))).status_code == status
        assert (await home.ask("GET", f"/CodeSystem/$subsumes?system={DISEASES}&codeA=C")).status_code == 400

    in_house(database_url, visit)


def test_a_code_of_a_version_that_is_not_the_one_asked_is_not_valid(database_url: str) -> None:
    given = ("codeSystem", "resource", diseases())
    listed = value_set("urn:listed", {"system": "urn:nowhere", "version": "1", "concept": [{"code": "a"}]})
    ours, theirs = {"system": DISEASES, "code": "I10"}, {"system": GENDER, "code": "male"}

    async def visit(home: House) -> None:
        await loaded(home)
        stored = await home.create(diseases(url="urn:stored"), who="administrator")
        for path, where, coding, version in (
            ("CodeSystem", ("url", "valueUri", f"{DISEASES}|1"), ours, "1"),
            ("CodeSystem", given, ours, "1"),
            (f"CodeSystem/{stored['id']}", None, {**ours, "system": "urn:stored"}, "1"),
            ("ValueSet", ("url", "valueUri", f"{VS}|1"), ours, "1"),
            ("ValueSet", ("url", "valueUri", GENDERS), theirs, "4.0.1"),
            ("ValueSet", ("valueSet", "resource", listed), {"system": "urn:nowhere", "code": "a"}, "1"),
            ("ValueSet", ("valueSet", "resource", VERSIONED), ours, "1"),
        ):
            for stated, result in (({}, True), ({"version": version}, True), ({"version": "999"}, False)):
                sent = parameters(*filter(None, [where]), ("coding", "valueCoding", coding | stated))
                assert (await told(home, f"/{path}/$validate-code", sent))["result"] is result, (path, coding, stated)
        asked = f"/CodeSystem/$validate-code?url={DISEASES}|1&code=I10"
        assert (await told(home, f"{asked}&version=999"))["result"] is False
        twice = ("coding", "valueCoding", {**ours, "version": "999"})
        sent = parameters(("url", "valueUri", DISEASES), ("version", "valueString", "1"), twice)
        assert (await home.ask("POST", "/CodeSystem/$validate-code", sent)).status_code == 400
        below = f"/CodeSystem/{stored['id']}/$subsumes?codeA=C&codeB=I10"
        assert [(await home.ask("GET", f"{below}{more}")).status_code for more in ("", "&version=999")] == [200, 400]

    in_house(database_url, visit)


def test_an_element_tells_the_system_of_a_code_that_stands_alone(database_url: str) -> None:
    """R4 valueset-operation-validate-code.html: with a code, a system or a context must be provided."""

    async def visit(home: House) -> None:
        asked = "/ValueSet/$validate-code?context=Patient.gender"
        for code_, result in (("male", True), ("Mann", False)):
            assert (await told(home, f"{asked}&code={code_}"))["result"] is result
        assert (
            await home.ask("GET", "/ValueSet/$validate-code?context=Observation.category&code=x")
        ).status_code == 400
        assert (await home.ask("GET", f"/ValueSet/$validate-code?url={GENDERS}&code=male")).status_code == 400

    in_house(database_url, visit)


def test_value_sets_are_expanded_by_url_brought_along_or_as_they_are_stored(database_url: str) -> None:
    async def visit(home: House) -> None:
        await loaded(home)
        answer = body(await home.ask("GET", f"/ValueSet/$expand?url={VS}|1&filter=gxy&count=2&offset=1"))
        expansion = answer["expansion"]
        assert (answer["url"], answer["version"], expansion["total"], expansion["offset"]) == (VS, "1", 3, 1)
        assert [one["code"] for one in expansion["contains"]] == ["I15", "I10.1"]
        assert {"name": "version", "valueUri": f"{DISEASES}|1"} in expansion["parameter"]
        sent = parameters(("valueSet", "resource", CIRCULATORY), ("activeOnly", "valueBoolean", True))
        answer = body(await home.ask("POST", "/ValueSet/$expand", sent))
        assert [one["code"] for one in answer["expansion"]["contains"]] == ["C", "I10", "I10.1"]
        stored = await home.create(CIRCULATORY | {"url": "urn:stored"}, who="administrator")
        answer = body(await home.ask("GET", f"/ValueSet/{stored['id']}/$expand?count=1"))
        assert (answer["id"], answer["expansion"]["total"]) == (stored["id"], 4)
        for broken in ({"resourceType": "ValueSet", "status": "active", "compose": "x"}, {"resourceType": "Patient"}):
            sent = parameters(("valueSet", "resource", broken))
            assert (await home.ask("POST", "/ValueSet/$expand", sent)).status_code == 400
        assert (await home.ask("GET", "/ValueSet/$expand?url=urn:none")).status_code == 404
        assert (await home.ask("GET", f"/ValueSet/$expand?url={VS}&count=-1")).status_code == 400
        entry = {"request": {"method": "GET", "url": f"ValueSet/$validate-code?url={VS}&system={DISEASES}&code=I10"}}
        batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry] * 2}
        answers = body(await home.ask("POST", "", batch))["entry"]
        assert [one["resource"]["parameter"][0]["valueBoolean"] for one in answers] == [True, True]

    in_house(database_url, visit)


def test_codes_are_translated_and_the_service_says_what_it_holds(database_url: str) -> None:
    async def visit(home: House) -> None:
        await loaded(home)
        answer = body(await home.ask("GET", "/ConceptMap/$translate?url=urn:map&system=urn:local&code=GXY"))
        assert answer["parameter"][0] == {"name": "result", "valueBoolean": True}
        assert [one["name"] for one in answer["parameter"][1]["part"]] == ["equivalence", "concept", "source"]
        back = f"/ConceptMap/$translate?system={DISEASES}&code=I10&reverse=true&targetsystem=urn:local"
        answer = body(await home.ask("GET", back))
        assert answer["parameter"][1]["part"][1]["valueCoding"] == {"system": "urn:local", "code": "GXY"}
        assert (await told(home, "/ConceptMap/$translate?system=urn:local&code=new"))["result"] is False
        statement = body(await home.ask("GET", "/metadata?mode=terminology", who=""))
        assert statement["resourceType"] == "TerminologyCapabilities"
        (held,) = statement["codeSystem"]
        assert (held["uri"], held["version"][0]["isDefault"], held["version"][0]["code"]) == (DISEASES, True, "1")
        assert held["version"][0]["filter"][0]["op"][3:] == ["is-a", "descendent-of", "is-not-a", "generalizes"]
        assert {"name": "check-system-version"} in statement["expansion"]["parameter"]
        statement = body(await home.ask("GET", "/metadata", who=""))
        named = {r["type"]: [o["name"] for o in r.get("operation", [])] for r in statement["rest"][0]["resource"]}
        assert {"lookup", "validate-code", "subsumes"} < set(named["CodeSystem"])
        assert {"expand", "validate-code"} < set(named["ValueSet"])
        assert "translate" in named["ConceptMap"]
        assert "closure" in [one["name"] for one in statement["rest"][0]["operation"]]

    in_house(database_url, visit)


def test_a_date_asks_for_what_was_in_force_at_its_end(database_url: str) -> None:
    async def visit(home: House) -> None:
        await loaded(home)
        await Loader(home.database, lambda: WHEN).code_system(ResourceSource(diseases("2")), current=False)
        async with home.database.transaction() as tx:
            await tx.execute("UPDATE term_force SET since = '2026-01-31T12:00:00+08:00'")
            await use(tx, CODE_SYSTEM, DISEASES, "2")
            await tx.execute(f"UPDATE term_force SET since = {SWITCHED} WHERE until IS NULL AND url = '{DISEASES}'")
            await tx.execute(f"UPDATE term_force SET until = {SWITCHED} WHERE until IS NOT NULL")
        home.services.terminology.catalogues.forget()
        asked = f"/CodeSystem/$lookup?system={DISEASES}&code=I10"
        for date, version in (
            ("2026-01", "1"),
            ("2026-02-01", "1"),
            ("2026-02-02", "2"),
            ("2026-02-01T12:00:00Z", "1"),
        ):
            assert (await told(home, f"{asked}&date={date}"))["version"] == version, date
        answer = body(await home.ask("GET", f"/ValueSet/$expand?url={VS}&date=2026-02-01"))
        assert {"name": "version", "valueUri": f"{DISEASES}|1"} in answer["expansion"]["parameter"]
        assert {"name": "date", "valueDateTime": "2026-02-01"} in answer["expansion"]["parameter"]
        for path in (
            f"/CodeSystem/$validate-code?url={DISEASES}",
            f"/ValueSet/$validate-code?url={VS}&system={DISEASES}",
        ):
            assert (await told(home, f"{path}&code=I10&date=2026-02-01"))["result"] is True
        for date, status in (("2026-01-30", 400), ("2999-01-01", 400), ("soon", 400)):
            assert (await home.ask("GET", f"{asked}&date={date}")).status_code == status
        stored = await home.create(CIRCULATORY | {"url": "urn:stored"}, who="administrator")
        assert (await home.ask("GET", f"/ValueSet/{stored['id']}/$expand?date=2026-02-01")).status_code == 400

    in_house(database_url, visit)


@pytest.mark.parametrize("sent", [{"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": [1]}])
def test_a_body_that_is_no_parameters_is_refused(database_url: str, sent: Json) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("POST", "/CodeSystem/$lookup", sent)).status_code == 400

    in_house(database_url, visit)
