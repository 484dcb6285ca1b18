"""The operations of the terminology module over small code systems (R4 terminology-service.html)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.expansion import Wish
from terminology.model import Coding, Stated
from terminology.translation import Question
from tests.terminology.house import DISEASES, House, code_system, diseases, in_house, of, prop, said, value_set

VS = "https://example.org/vs/"


async def codes(home: House, url: str = "", inline: Json | None = None, **wish: Any) -> list[str]:
    page = await home.terms.expand(Wish(url=url, value_set=inline, **wish))
    return [one["code"] for one in page.contains]


def test_lookup_gives_a_concept_with_what_is_around_it_and_what_a_supplement_adds(database_url: str) -> None:
    async def visit(home: House) -> None:
        supplement = code_system(
            {"code": "I10", "designation": [said("ug", "بېسىم")]},
            url="https://example.org/more",
            content="supplement",
            supplements=DISEASES,
        )
        await home.load(diseases(), supplement)
        looked = await home.terms.lookup(Coding(DISEASES, "I10"), around=True)
        assert looked.concept.display == "原发性高血压"
        assert looked.concept.named("en-GB") == "Essential hypertension"
        assert looked.concept.named("ug") == "بېسىم"
        assert looked.concept.named("fr") == "原发性高血压"
        assert ([one.code for one in looked.parents], [one.code for one in looked.children]) == (["C"], ["I10.1"])
        with pytest.raises(HubError) as refusal:
            await home.terms.lookup(Coding(DISEASES, "i10"))
        assert refusal.value.category is Category.NOT_FOUND

    in_house(database_url, visit)


def test_subsumption_goes_by_all_parents(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases(), code_system({"code": "a"}, url="urn:parts", hierarchyMeaning="part-of"))
        for one, other, outcome in (
            ("I10", "I10", "equivalent"),
            ("C", "I10.1", "subsumes"),
            ("I15", "E", "subsumed-by"),
            ("I15", "C", "subsumed-by"),
            ("E11", "C", "not-subsumed"),
        ):
            assert await home.terms.subsumes(DISEASES, one, other) == outcome
        with pytest.raises(HubError, match="no kinds"):
            await home.terms.subsumes("urn:parts", "a", "a")

    in_house(database_url, visit)


def test_value_sets_are_composed_of_systems_hierarchies_properties_lists_and_other_sets(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(
            diseases(),
            value_set(VS + "all", of()),
            value_set(VS + "endocrine", of(DISEASES, ("concept", "is-a", "E"))),
            value_set(VS + "under", of(DISEASES, ("concept", "descendent-of", "C"), ("chapter", "=", "IX"))),
            value_set(VS + "less", {"valueSet": [VS + "all"]}, exclude=({"valueSet": [VS + "endocrine"]},)),
            value_set(VS + "both", of(DISEASES, ("concept", "is-a", "C"), valueSet=[VS + "endocrine"])),
            value_set(VS + "listed", of(DISEASES, concept=[{"code": "E11"}, {"code": "none"}])),
            value_set(VS + "elsewhere", of("urn:x", concept=[{"code": "1", "display": "一"}]), of(DISEASES)),
        )
        assert await codes(home, VS + "all") == ["C", "E", "I10", "I15", "E11", "I10.1"]
        assert await codes(home, VS + "endocrine") == ["E", "I15", "E11"]
        assert await codes(home, VS + "under") == ["I10", "I15"]
        assert await codes(home, VS + "less") == ["C", "I10", "I10.1"]
        assert await codes(home, VS + "both") == ["I15"]
        assert await codes(home, VS + "listed") == ["E11"]
        assert await codes(home, VS + "elsewhere", offset=5, count=5) == ["I10.1", "1"]
        inline = value_set("", of(DISEASES, ("concept", "generalizes", "I15")))
        assert await codes(home, inline=inline) == ["C", "E", "I15"]
        assert await codes(home, inline=value_set("", of(DISEASES, ("parent", "=", "C")))) == ["I10", "I15"]
        for operator, found in (("is-not-a", ["C", "I10", "I10.1"]), ("in", ["E"]), ("not-in", ["C", "I10"])):
            inline = value_set("", of(DISEASES, ("concept", operator, "E"), ("code", "in", "C, E,I10, I10.1")))
            assert (await codes(home, inline=inline))[: len(found)] == found
        for around, found in (
            (("parent", "in", "C, E"), ["I10", "I15", "E11"]),
            (("child", "=", "I15"), ["C", "E"]),
            (("child", "=", "none"), []),
            (("inactive", "=", "true"), ["I15"]),
            (("inactive", "=", "false"), ["C", "E", "I10", "E11", "I10.1"]),
            (("notSelectable", "=", "true"), []),
        ):
            assert await codes(home, inline=value_set("", of(DISEASES, around))) == found
        for undecided in (("parent", "regex", ".*"), ("parent", "exists", "false")):
            with pytest.raises(HubError, match=f"{undecided[1]} on {undecided[0]}"):
                await codes(home, inline=value_set("", of(DISEASES, undecided)))
        for missing in ("urn:nowhere", VS + "all|9"):
            with pytest.raises(HubError) as refusal:
                await codes(home, missing)
            assert refusal.value.category is Category.NOT_FOUND

    in_house(database_url, visit)


def test_a_pattern_fits_the_whole_of_a_code_a_display_or_a_property(database_url: str) -> None:
    async def visit(home: House) -> None:
        small = code_system({"code": "Ab"}, {"code": "cd"}, url="urn:folding", caseSensitive=False)
        await home.load(diseases(), small)
        for asked, found in (
            (("code", "regex", "I1[0-9]"), ["I10", "I15"]),
            (("concept", "regex", r"I\d+(\.1)?"), ["I10", "I15", "I10.1"]),
            (("code", "regex", "I10|E"), ["E", "I10"]),
            (("code", "regex", "i10"), []),
            (("display", "regex", ".*高血压(1级)?"), ["I10", "I15", "I10.1"]),
            (("chapter", "regex", "I[XV]"), ["I10", "I15", "E11"]),
            (("chapter", "regex", "I"), []),
            (("nothing", "regex", ".*"), []),
        ):
            assert await codes(home, inline=value_set("", of(DISEASES, asked))) == found, asked
        folding = value_set("", of("urn:folding", ("code", "regex", "[a-b]+")))
        assert await codes(home, inline=folding) == ["Ab"]
        for pattern in ("(a", "a**", "(a)\\1", "(?=a)", "[b-a]", "a{256}", "a" * 1001, "((a{255}){255}){255}"):
            with pytest.raises(HubError, match="regular expression") as refusal:
                await codes(home, inline=value_set("", of(DISEASES, ("code", "regex", pattern))))
            assert refusal.value.category is Category.UNSUPPORTED

    in_house(database_url, visit)


def test_a_supplement_that_compares_codes_otherwise_than_its_system_adds_to_it_all_the_same(database_url: str) -> None:
    async def visit(home: House) -> None:
        added = {"code": "LA1", "designation": [said("en", "Never")]}
        more = {"content": "supplement", "supplements": "urn:answers"}
        await home.load(
            code_system({"code": "LA1", "display": "从不"}, url="urn:answers", caseSensitive=False),
            code_system(added, url="urn:more", **more),
            value_set(VS + "answers", of("urn:answers")),
        )
        looked = await home.terms.lookup(Coding("urn:answers", "la1"), around=False)
        assert looked.concept.named("en") == "Never"
        assert await codes(home, VS + "answers", text="never") == ["LA1"]

    in_house(database_url, visit)


def test_expansions_are_filtered_paged_restricted_and_named_in_a_language(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases(), value_set(VS + "all", of()))
        assert await codes(home, VS + "all", text="高血压") == ["I10", "I15", "I10.1"]
        assert await codes(home, VS + "all", text="gxy", active_only=True) == ["I10", "I10.1"]
        assert await codes(home, VS + "all", text="diab") == ["E11"]
        page = await home.terms.expand(Wish(url=VS + "all", offset=2, count=1, language="en", designations=True))
        assert (page.total, page.used) == (6, [DISEASES + "|1"])
        assert page.contains == [
            {
                **{"system": DISEASES, "version": "1", "code": "I10", "display": "Essential hypertension"},
                "designation": [said("en", "Essential hypertension")],
            }
        ]
        page = await home.terms.expand(Wish(url=VS + "all", text="高血压", offset=1, count=1, language="en"))
        assert (page.total, [one["code"] for one in page.contains], page.used) == (3, ["I15"], [DISEASES + "|1"])
        page = await home.terms.expand(Wish(url=VS + "all", text="高血压", offset=9, count=1))
        assert (page.total, page.contains) == (3, [])
        assert await codes(home, VS + "all", count=0) == []

    in_house(database_url, visit)


def test_a_filter_finds_what_a_supplement_names_and_what_the_value_set_names_itself(database_url: str) -> None:
    async def visit(home: House) -> None:
        spoken = [said("ug", "بېسىم"), said("en", "Hypertension, ours")]
        own = [
            {"code": "E11", "display": "糖尿病,成人"},
            {"code": "I10", "display": "高血压(本院)", "designation": spoken},
        ]
        english = [{"code": "I10.1", "designation": [said("en", "Mild hypertension")]}]
        more = {"url": "https://example.org/more", "content": "supplement", "supplements": DISEASES}
        await home.load(diseases(), code_system(*english, **more), value_set(VS + "all", of()))
        assert await codes(home, VS + "all", text="mild") == ["I10.1"]
        assert await codes(home, VS + "all", text="mild", count=5) == ["I10.1"]
        assert await codes(home, VS + "all", text="1级 hypert") == ["I10.1"]
        assert await codes(home, VS + "all", text="mild diabetes") == []
        inline = value_set("", of(concept=own))
        for text, found in (
            ("", ["I10", "E11"]),
            ("bygxy", []),
            ("本院", ["I10"]),
            ("2型", ["E11"]),
            ("chengren", ["E11"]),
        ):
            assert await codes(home, inline=inline, text=text) == found
        page = await home.terms.expand(Wish(value_set=inline))
        assert [one["display"] for one in page.contains] == ["高血压(本院)", "糖尿病,成人"]
        page = await home.terms.expand(Wish(value_set=inline, language="en"))
        assert [one["display"] for one in page.contains] == ["Hypertension, ours", "Type 2 diabetes mellitus"]
        page = await home.terms.expand(Wish(value_set=inline, designations=True, text="ours", count=1))
        (entry,) = page.contains
        assert entry["designation"] == [*spoken, said("en", "Essential hypertension")]
        texts = ("高血压(本院)", "原发性高血压", "糖尿病", "hypertension, OURS")
        asked = [Stated(Coding(DISEASES, "I10"), text) for text in texts]
        verdicts = await home.terms.in_value_set("", asked, inline)
        assert [(one.result, one.display) for one in verdicts] == [
            *((True, "高血压(本院)"), (True, "高血压(本院)"), (False, "高血压(本院)"), (True, "高血压(本院)")),
        ]

    in_house(database_url, visit)


def test_codes_of_r4_have_the_names_of_a_fragment_that_is_held(database_url: str) -> None:
    async def visit(home: House) -> None:
        gender = "http://hl7.org/fhir/administrative-gender"
        await home.load(code_system({"code": "male", "display": "Male"}, url=gender, content="fragment"))
        page = await home.terms.expand(Wish(url="http://hl7.org/fhir/ValueSet/administrative-gender"))
        assert {one["code"]: one.get("display") for one in page.contains} == {
            **{"male": "Male", "female": None, "other": None, "unknown": None},
        }

    in_house(database_url, visit)


def test_codes_are_validated_in_systems_and_in_sets_with_their_displays(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases(), value_set(VS + "c", of(DISEASES, ("concept", "is-a", "C"))))
        terms, i10 = home.terms, Coding(DISEASES, "I10")
        assert (await terms.in_code_system(Stated(i10))).display == "原发性高血压"
        assert (await terms.in_code_system(Stated(i10, "essential HYPERTENSION"))).result
        assert not (await terms.in_code_system(Stated(i10, "糖尿病"))).result
        assert not (await terms.in_code_system(Stated(Coding(DISEASES, "I9")))).result
        spoken = Stated(i10, language="en")
        assert (await terms.in_code_system(spoken)).display == "Essential hypertension"
        for _ in range(2):  # the second time from memory
            asked = [Stated(i10), Stated(Coding(DISEASES, "E11")), Stated(Coding("urn:other", "I10"))]
            verdicts = await terms.in_value_set(VS + "c", asked)
            assert [one.result for one in verdicts] == [True, False, False]
            (told,) = await terms.in_value_set(VS + "c", [spoken])
            assert (told.result, told.display) == (True, "Essential hypertension")
        gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
        male = Stated(Coding("http://hl7.org/fhir/administrative-gender", "male"))
        assert [one.result for one in await terms.in_value_set(gender, [male])] == [True]

    in_house(database_url, visit)


def test_maps_translate_both_ways_and_say_what_they_do_with_the_rest(database_url: str) -> None:
    local, other = "urn:local", "urn:other"
    group = {
        **{"source": local, "target": DISEASES, "unmapped": {"mode": "fixed", "code": "C"}},
        "element": [
            {"code": "GXY", "target": [{"code": "I10", "display": "原发性高血压", "equivalence": "wider"}]},
            {"code": "?", "target": [{"equivalence": "unmatched", "comment": "nobody knows"}]},
        ],
    }
    maps = {"resourceType": "ConceptMap", "url": "urn:map", "version": "1", "status": "active", "group": [group]}

    async def visit(home: House) -> None:
        await home.load(maps)

        async def told(code: str, system: str = local, **more: Any) -> list[tuple[str | None, str]]:
            found = await home.terms.translate(Question(codings=[Coding(system, code)], **more))
            return [(one.coding.code if one.coding else None, one.equivalence) for one in found]

        assert await told("GXY") == [("I10", "wider")]
        assert await told("I10", DISEASES, reverse=True, url="urn:map") == [("GXY", "narrower")]
        assert await told("?") == [(None, "unmatched")]
        assert await told("new") == [("C", "inexact")]
        assert await told("new", other) == []
        assert await told("GXY", target_system=other) == []
        with pytest.raises(HubError):
            await told("GXY", url="urn:nowhere")

    in_house(database_url, visit)


def test_a_code_system_that_ignores_case_says_so(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(
            code_system({"code": "mg"}, {"code": "KG", "property": [prop("parent", "mg")]}, caseSensitive=False)
        )
        assert (await home.terms.lookup(Coding(DISEASES, "kG"))).concept.code == "KG"

    in_house(database_url, visit)


def test_systems_that_are_a_grammar_need_not_be_loaded(database_url: str) -> None:
    async def visit(home: House) -> None:
        for system, code, expected in (
            ("http://unitsofmeasure.org", "mg/dL", True),
            ("http://unitsofmeasure.org", "[iU]/L", True),
            ("http://unitsofmeasure.org", "{score}", True),
            ("http://unitsofmeasure.org", "Kg", False),
            ("http://unitsofmeasure.org", "mg//dL", False),
            ("urn:ietf:bcp:47", "zh-CN", True),
            ("urn:ietf:bcp:47", "z", False),
        ):
            assert (await home.terms.in_code_system(Stated(Coding(system, code)))).result is expected, code
        with pytest.raises(HubError):
            await home.terms.in_code_system(Stated(Coding("http://unitsofmeasure.org", "mg"), version="2.1"))

    in_house(database_url, visit)


def test_a_filter_of_very_many_words_is_refused_before_anybody_looks(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases(), value_set("urn:vs", of(DISEASES)))
        with pytest.raises(HubError) as caught:
            await home.terms.expand(Wish(url="urn:vs", text=" ".join(map(str, range(33_000)))))
        assert (caught.value.category, caught.value.code) == (Category.TOO_LARGE, "too-costly")
        assert (await home.terms.expand(Wish(url="urn:vs", text="高血压 " * 1000))).total == 3

    in_house(database_url, visit)


def test_value_sets_of_many_values_and_parts_are_composed_side_by_side_and_too_many_are_refused(
    database_url: str,
) -> None:
    one, under = of(DISEASES, concept=[{"code": "I10"}]), of(DISEASES, ("concept", "is-a", "C"))
    others = ",".join(map(str, range(40_000)))

    async def visit(home: House) -> None:
        await home.load(diseases(), value_set("urn:under", under))

        async def total(*include: Json, **more: Any) -> int:
            return (await home.terms.expand(Wish(value_set=value_set("urn:x", *include, **more)))).total

        assert await total(of(DISEASES, ("parent", "in", "C,E," + "C," * 40_000))) == 3
        assert await total(of(DISEASES, ("chapter", "in", f"{others},IX"))) == 2
        assert await total(*[one] * 350) == 1
        assert await total({"valueSet": ["urn:under"] * 100}) == await total(under) == 4
        assert await total(under, exclude=(one,) * 200) == 3
        filters = of(DISEASES, *[("concept", "is-a", "C")] * 1_001)
        for include in ([one] * 1_001, [filters], [{"valueSet": ["urn:under"] * 1_001}]):
            with pytest.raises(HubError) as caught:
                await total(*include)
            assert (caught.value.category, caught.value.code) == (Category.TOO_LARGE, "too-costly")

    in_house(database_url, visit)


def test_a_filter_on_the_display_takes_it_as_it_is_written(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(
            code_system(*({"code": str(n), "display": name} for n, name in enumerate(("a.b", "axb", "c, d"))))
        )
        for op, value, found in (
            ("=", "a.b", "0"),
            ("=", "c, d", "2"),
            ("in", "axb,a.b", "01"),
            ("not-in", "a.b", "12"),
        ):
            assert "".join(await codes(home, inline=value_set("urn:v", of(DISEASES, ("display", op, value))))) == found

    in_house(database_url, visit)
