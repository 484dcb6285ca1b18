"""The operations of R4's terminology module, statement by statement.

Each test names the page whose words it holds (https://hl7.org/fhir/R4/, 4.0.1).
"""

from __future__ import annotations

from typing import Any

from hub.kernel.types import Json
from terminology import catalogue
from terminology.fhir_source import ResourceSource
from terminology.loading import Loader
from terminology.model import CODE_SYSTEM
from tests.api.house import House, body, code, in_house
from tests.api.test_terminology import VS, parameters, told
from tests.terminology.house import DISEASES, WHEN, code_system, diseases, of, prop, said, value_set

ALL = VS + "/all"
OTHER = "https://example.org/other"
GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
DEPENDING: Json = {
    **{"resourceType": "ConceptMap", "url": "urn:depending", "version": "1", "status": "active"},
    "group": [
        {
            **{"source": "urn:local", "target": DISEASES},
            "element": [
                {
                    "code": "HTN",
                    "target": [
                        {
                            **{"code": "I15", "equivalence": "wider"},
                            "dependsOn": [{"property": "urn:cause", "system": "urn:causes", "value": "renal"}],
                            "product": [{"property": "urn:chapter", "system": "urn:chapters", "value": "IX"}],
                        },
                        {"code": "I10", "equivalence": "wider"},
                    ],
                }
            ],
        }
    ],
}


async def loaded(home: House) -> None:
    loader = Loader(home.database, lambda: WHEN)
    other = code_system({"code": "x", "display": "另"}, {"code": "y"}, url=OTHER)
    for system in (diseases(), other):
        await loader.code_system(ResourceSource(system))
    await loader.code_system(ResourceSource(code_system({"code": "I99"}, version="2")), current=False)
    await loader.resource(value_set(ALL, of(), of(OTHER)))
    await loader.resource(DEPENDING)
    home.services.terminology.catalogues.forget()


async def expanded(home: House, query: str = "", resource: Json | None = None, **more: Any) -> Json:
    if resource is None:
        answer = await home.ask("GET", f"/ValueSet/$expand?url={ALL}&{query}")
    else:
        kinds = {bool: "valueBoolean", str: "valueUri"}
        given = [(name, kinds[type(value)], value) for name, value in more.items()]
        answer = await home.ask("POST", "/ValueSet/$expand", parameters(("valueSet", "resource", resource), *given))
    assert answer.status_code == 200, answer.text
    found: Json = body(answer)["expansion"]
    return found


def codes(expansion: Json) -> list[str]:
    return [one["code"] for one in expansion.get("contains", ())]


def test_expand_takes_the_parameters_of_its_definition(database_url: str) -> None:
    """valueset-operation-expand.html"""

    async def visit(home: House) -> None:
        await loaded(home)
        both = ["C", "E", "I10", "I15", "E11", "I10.1", "x", "y"]
        assert codes(await expanded(home)) == both
        # exclude-system: "Code system, or a particular version of a code system to be excluded from the expansion."
        assert codes(await expanded(home, f"exclude-system={DISEASES}")) == ["x", "y"]
        assert codes(await expanded(home, f"exclude-system={DISEASES}|9")) == both
        # system-version: "a version to use for a system, if the value set does not specify which one to use."
        assert codes(await expanded(home, f"system-version={DISEASES}|2")) == ["I99", "x", "y"]
        stated = value_set("urn:asked", of(version="1"))
        assert len(codes(await expanded(home, resource=stated, **{"system-version": f"{DISEASES}|2"}))) == 6
        # force-system-version: "overrides any specified version in the value set"
        assert codes(await expanded(home, resource=stated, **{"force-system-version": f"{DISEASES}|2"})) == ["I99"]
        # check-system-version: "If the value set specifies a different version, an error is returned"
        assert codes(await expanded(home, f"check-system-version={DISEASES}|1")) == both
        for query in (f"check-system-version={DISEASES}|2", f"system-version={DISEASES}"):
            answer = await home.ask("GET", f"/ValueSet/$expand?url={ALL}&{query}")
            assert answer.status_code in (400, 422)
        # "used by clients to set the parameters in the expansion": each is told back
        expansion = await expanded(home, f"exclude-system={OTHER}&excludeNested=true&count=2&offset=1")
        told_back = {(one["name"], str(value)) for one in expansion["parameter"] for value in list(one.values())[1:]}
        assert {("exclude-system", OTHER), ("count", "2"), ("version", f"{DISEASES}|1")} <= told_back
        # offset and count: "paging only applies to flat expansions"; total is that of the whole expansion
        assert (codes(expansion), expansion["total"], expansion["offset"]) == (["E", "I10"], 6, 1)

    in_house(database_url, visit)


def test_expand_gives_designations_languages_and_definitions_as_they_are_asked_for(database_url: str) -> None:
    """valueset-operation-expand.html: designation, includeDesignations, displayLanguage, includeDefinition"""

    async def visit(home: House) -> None:
        names = [said("en", "Flu"), {**said("zh-CN", "流感"), "use": {"system": "urn:use", "code": "short"}}]
        await Loader(home.database, lambda: WHEN).code_system(
            ResourceSource(code_system({"code": "f", "display": "流行性感冒", "designation": names}))
        )
        stated = value_set("urn:asked", of())

        async def designations(*wanted: str, **more: Any) -> list[str]:
            asked = [("designation", "valueString", one) for one in wanted]
            kinds = [(name, "valueBoolean", value) for name, value in more.items()]
            sent = parameters(("valueSet", "resource", stated), *asked, *kinds)
            (one,) = body(await home.ask("POST", "/ValueSet/$expand", sent))["expansion"]["contains"]
            return [name["value"] for name in one.get("designation", ())]

        assert await designations() == []
        assert await designations(includeDesignations=True) == ["Flu", "流感"]
        assert await designations("urn:ietf:bcp:47|zh") == ["流感"]
        assert await designations("urn:use|short", "urn:ietf:bcp:47|en") == ["Flu", "流感"]
        expansion = await expanded(home, resource=stated, displayLanguage="en")
        assert expansion["contains"][0]["display"] == "Flu"
        sent = parameters(("valueSet", "resource", stated), ("includeDefinition", "valueBoolean", True))
        answer = body(await home.ask("POST", "/ValueSet/$expand", sent))
        assert (answer["compose"], answer["url"]) == (stated["compose"], "urn:asked")

    in_house(database_url, visit)


def test_expand_nests_and_leaves_out_what_is_not_for_people_to_choose(database_url: str) -> None:
    """valueset-operation-expand.html: excludeNested, excludeNotForUI; valueset.html#expansion: contains.contains"""

    async def visit(home: House) -> None:
        await loaded(home)
        tree = (await expanded(home, f"excludeNested=false&exclude-system={OTHER}"))["contains"]
        assert [one["code"] for one in tree] == ["C", "E"]
        (i10, i15), (e11,) = tree[0]["contains"], tree[1]["contains"]
        assert (i10["code"], i15["code"], e11["code"]) == ("I10", "I15", "E11")
        assert [one["code"] for one in i10["contains"]] == ["I10.1"]
        # What is between is not there: the closest that is holds it.
        part = value_set("urn:asked", of(concept=[{"code": "C"}, {"code": "I10.1"}]))
        (top,) = (await expanded(home, resource=part, excludeNested=False))["contains"]
        assert [one["code"] for one in top["contains"]] == ["I10.1"]
        answer = await home.ask("GET", f"/ValueSet/$expand?url={ALL}&excludeNested=false&count=1")
        assert (answer.status_code, code(answer)) == (400, "nested")
        abstract = code_system(
            {"code": "g", "property": [{"code": "notSelectable", "valueBoolean": True}]},
            {"code": "k", "property": [prop("parent", "g")]},
            url="urn:abstract",
        )
        await Loader(home.database, lambda: WHEN).code_system(ResourceSource(abstract))
        home.services.terminology.catalogues.forget()
        stated = value_set("urn:asked", of("urn:abstract"))
        assert [one.get("abstract") for one in (await expanded(home, resource=stated))["contains"]] == [True, None]
        assert codes(await expanded(home, resource=stated, excludeNotForUI=True)) == ["k"]
        # valueset-operation-validate-code.html, abstract: "If this parameter is false, abstract codes are not ..."
        asked = "/CodeSystem/$validate-code?url=urn:abstract&code=g"
        assert (await told(home, asked))["result"] is True
        assert (await told(home, f"{asked}&abstract=false"))["result"] is False

    in_house(database_url, visit)


def test_the_context_of_a_value_set_is_the_element_that_is_bound_to_it(database_url: str) -> None:
    """valueset-operation-expand.html: "The recommended format for this URI is [Structure Definition URL]#[path]" """

    async def visit(home: House) -> None:
        context = "http://hl7.org/fhir/StructureDefinition/Patient%23Patient.gender"
        answer = body(await home.ask("GET", f"/ValueSet/$expand?context={context}"))
        assert (answer["url"], sorted(codes(answer["expansion"]))) == (GENDER, ["female", "male", "other", "unknown"])
        asked = f"/ValueSet/$validate-code?context={context}&system=http://hl7.org/fhir/administrative-gender&code="
        assert [(await told(home, asked + one))["result"] for one in ("male", "m")] == [True, False]
        answer = await home.ask("GET", "/ValueSet/$expand?context=Patient.birthDate")
        assert answer.status_code == 400

    in_house(database_url, visit)


def test_translate_takes_a_map_by_url_by_id_or_with_the_question(database_url: str) -> None:
    """conceptmap-operation-translate.html: url, conceptMap, the instance; dependency, match.product"""

    async def visit(home: House) -> None:
        await loaded(home)

        async def targets(path: str, *given: tuple[str, str, Any]) -> list[str]:
            sent = parameters(("system", "valueUri", "urn:local"), ("code", "valueCode", "HTN"), *given)
            answer = await home.ask("POST", path, sent)
            assert answer.status_code == 200, answer.text
            matches = [one["part"] for one in body(answer)["parameter"] if one["name"] == "match"]
            return [p["valueCoding"]["code"] for parts in matches for p in parts if p["name"] == "concept"]

        cause = {"coding": [{"system": "urn:causes", "code": "renal"}]}
        dependency: Json = {"name": "dependency", "part": []}
        dependency["part"] = [{"name": "element", "valueUri": "urn:cause"}]
        dependency["part"] += [{"name": "concept", "valueCodeableConcept": cause}]
        assert await targets("/ConceptMap/$translate", ("url", "valueUri", "urn:depending")) == ["I10"]
        inline = {**DEPENDING, "url": "urn:brought"}
        assert await targets("/ConceptMap/$translate", ("conceptMap", "resource", inline)) == ["I10"]
        stored = await home.create(inline, who="administrator")
        assert await targets(f"/ConceptMap/{stored['id']}/$translate") == ["I10"]
        sent = parameters(("system", "valueUri", "urn:local"), ("code", "valueCode", "HTN"))
        for path in (f"/ConceptMap/{stored['id']}/$translate", "/ConceptMap/$translate"):
            asked = {**sent, "parameter": [*sent["parameter"], dependency]}
            match = next(
                one for one in body(await home.ask("POST", path, asked))["parameter"] if one["name"] == "match"
            )
            parts = {one["name"]: one for one in match["part"]}
            assert parts["concept"]["valueCoding"]["code"] == "I15"
            assert parts["product"]["part"] == [
                {"name": "element", "valueUri": "urn:chapter"},
                {"name": "concept", "valueCoding": {"code": "IX", "system": "urn:chapters"}},
            ]
        for wrong in ({"resourceType": "Patient"}, {"resourceType": "ValueSet", "status": "active"}):
            answer = await home.ask("POST", "/ConceptMap/$translate", parameters(("conceptMap", "resource", wrong)))
            assert answer.status_code == 400

    in_house(database_url, visit)


def test_operations_on_a_code_system_are_asked_of_its_resource_too(database_url: str) -> None:
    """codesystem-operation-validate-code.html, codesystem-operation-subsumes.html: the instance, codeSystem"""

    async def visit(home: House) -> None:
        await home.create(diseases(), who="administrator")
        stored = await home.create(code_system({"code": "new"}, version="2", status="draft"), who="administrator")
        (first,) = body(await home.ask("GET", "/CodeSystem?version=1"))["entry"]
        rid = first["resource"]["id"]
        assert (await told(home, f"/CodeSystem/{rid}/$validate-code?code=I10"))["result"] is True
        assert (await told(home, f"/CodeSystem/{stored['id']}/$validate-code?code=I10"))["result"] is False
        assert (await told(home, f"/CodeSystem/{rid}/$subsumes?codeA=C&codeB=I10"))["outcome"] == "subsumes"
        sent = parameters(("codeSystem", "resource", code_system({"code": "b", "display": "乙"}, url="urn:brought")))
        for asked, expected in (("b", {"result": True, "display": "乙"}), ("c", {"result": False})):
            found = await told(home, f"/CodeSystem/$validate-code?code={asked}", sent)
            assert {name: value for name, value in found.items() if name != "message"} == expected

    in_house(database_url, visit)


def test_closure_grows_with_the_codes_a_client_meets(database_url: str) -> None:
    """conceptmap-operation-closure.html, terminology-service.html#closure"""

    async def grown(home: House, *codes: str, who: str = "clinic", **more: str) -> Json:
        concepts = [("concept", "valueCoding", {"system": DISEASES, "code": code}) for code in codes]
        given = [(name, "valueString", value) for name, value in more.items()]
        answer = await home.ask(
            "POST", "/$closure", parameters(("name", "valueString", "mine"), *concepts, *given), who=who
        )
        assert answer.status_code == 200, answer.text
        found: Json = body(answer)
        return found

    def pairs(grown: Json) -> list[tuple[str, str, str]]:
        return [
            (element["code"], target["code"], target["equivalence"])
            for group in grown.get("group", ())
            for element in group["element"]
            for target in element["target"]
        ]

    async def visit(home: House) -> None:
        await loaded(home)
        asked = parameters(
            ("name", "valueString", "mine"), ("concept", "valueCoding", {"system": DISEASES, "code": "C"})
        )
        unbegun = await home.ask("POST", "/$closure", asked)
        assert (unbegun.status_code, code(unbegun)) == (404, "no-closure")
        # "the client ... calls the $closure operation with no concepts": begins it
        assert (await grown(home))["version"] == "0"
        assert pairs(await grown(home, "C", "E11")) == []
        second = await grown(home, "I10.1", "I15")
        assert (second["version"], pairs(second)) == ("2", [("I10.1", "C", "subsumes"), ("I15", "C", "subsumes")])
        # "the server returns ... new entries": between two that were there nothing is said again
        third = await grown(home, "I10", "E", "C")
        assert pairs(third) == [
            *(
                ("E11", "E", "subsumes"),
                ("I10", "C", "subsumes"),
                ("I10.1", "I10", "subsumes"),
                ("I15", "E", "subsumes"),
            )
        ]
        assert pairs(await grown(home, "I10")) == []
        # "a client can ask for a replay by specifying a version": all since then
        assert pairs(await grown(home, version="2")) == pairs(third)
        assert len(pairs(await grown(home, version="0"))) == 6
        # Another client's table of this name is another one, and so is not begun.
        assert (await home.ask("POST", "/$closure", asked, who="hospital")).status_code == 404
        # A switch of the code system may change what is a kind of what: the client begins anew.
        async with home.database.transaction() as tx:
            await catalogue.use(tx, CODE_SYSTEM, DISEASES, "2")
        home.services.terminology.catalogues.forget()
        outdated = await home.ask(
            "POST", "/$closure", parameters(("name", "valueString", "mine"), ("version", "valueId", "0"))
        )
        assert (outdated.status_code, code(outdated)) == (409, "closure-outdated")
        assert (await grown(home))["version"] == "0"
        assert pairs(await grown(home, "I99")) == []

    in_house(database_url, visit)
