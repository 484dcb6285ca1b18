"""Code systems that are a grammar: value sets of them, and look-ups.

R4 valueset-operation-validate-code.html asks whether a code is in a value set, whether or not it can be expanded;
codesystem-operation-lookup.html; ucum.html.
"""

from __future__ import annotations

from typing import Final

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.expansion import Wish
from terminology.model import Coding, Stated
from tests.terminology.house import House, in_house

UCUM, BCP13, BCP47 = "http://unitsofmeasure.org", "urn:ietf:bcp:13", "urn:ietf:bcp:47"
R4: Final = "http://hl7.org/fhir/ValueSet"


def listed(*codes: str) -> Json:
    return {"system": UCUM, "concept": [{"code": code} for code in codes]}


def composed(*include: Json, exclude: list[Json] | None = None) -> Json:
    compose = {"include": list(include), **({"exclude": exclude} if exclude else {})}
    return {"resourceType": "ValueSet", "status": "draft", "compose": compose}


ALL: Final[Json] = {"system": UCUM}
TIMES: Final[Json] = {"valueSet": [f"{R4}/all-time-units"]}


@pytest.mark.parametrize(
    ("url", "system", "members", "others"),
    [
        (f"{R4}/ucum-units", UCUM, ["mg/dL", "[iU]/L", "1"], ["Kg", "foo", ""]),
        (f"{R4}/all-time-units", UCUM, ["min", "ms"], ["mg", "xs"]),
        (f"{R4}/mimetypes", BCP13, ["text/plain", "json"], ["nonsense"]),
        (f"{R4}/all-languages", BCP47, ["zh-CN", "tlh"], ["z"]),
    ],
)
def test_a_value_set_of_a_grammar_has_what_is_well_formed(
    database_url: str, url: str, system: str, members: list[str], others: list[str]
) -> None:
    async def visit(home: House) -> None:
        asked = [Stated(Coding(system, code)) for code in (*members, *others)]
        found = [one.result for one in await home.terms.in_value_set(url, asked)]
        assert found == [True] * len(members) + [False] * len(others)
        (elsewhere,) = await home.terms.in_value_set(url, [Stated(Coding("urn:x", members[0]))])
        assert not elsewhere.result

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("value_set", "members", "others"),
    [
        (composed(ALL), ["mg", "s"], ["foo"]),
        (composed(ALL, listed("foo")), ["mg", "foo"], ["nope"]),
        (composed(ALL, exclude=[listed("mg")]), ["g"], ["mg", "foo"]),
        (composed(ALL, exclude=[TIMES]), ["mg"], ["s", "foo"]),
        (composed({**ALL, **TIMES}), ["s"], ["mg"]),
        (composed({**listed("mg", "s"), **TIMES}), ["s"], ["mg", "h"]),
        (composed(listed("mg", "s"), exclude=[ALL]), [], ["mg", "s"]),
        (composed(TIMES, {"valueSet": [f"{R4}/all-distance-units"]}), ["s", "cm"], ["mg"]),
    ],
)
def test_compositions_take_grammars_as_they_take_codes(
    database_url: str, value_set: Json, members: list[str], others: list[str]
) -> None:
    async def visit(home: House) -> None:
        asked = [Stated(Coding(UCUM, code)) for code in (*members, *others)]
        found = [one.result for one in await home.terms.in_value_set("", asked, value_set)]
        assert found == [True] * len(members) + [False] * len(others)

    in_house(database_url, visit)


def test_what_cannot_be_listed_is_not_expanded(database_url: str) -> None:
    async def visit(home: House) -> None:
        for wish in (Wish(url=f"{R4}/mimetypes"), Wish(value_set=composed(ALL), text="mg", count=1)):
            with pytest.raises(HubError) as caught:
                await home.terms.expand(wish)
            assert (caught.value.category, caught.value.code) == (Category.UNSUPPORTED, "not-expandable")
        page = await home.terms.expand(Wish(value_set=composed(listed("mg", "s"), exclude=[TIMES])))
        assert [one["code"] for one in page.contains] == ["mg"]

    in_house(database_url, visit)


def test_a_code_of_a_grammar_is_looked_up_as_its_own_name(database_url: str) -> None:
    async def visit(home: House) -> None:
        looked = await home.terms.lookup(Coding(UCUM, "mg/dL"), around=True)
        assert (looked.edition.url, looked.concept.code, looked.concept.display) == (UCUM, "mg/dL", "mg/dL")
        for coding, version, told in (
            (Coding(UCUM, "foo"), "", "unknown-code"),
            (Coding(UCUM, "mg"), "2.1", "unknown-definition"),
        ):
            with pytest.raises(HubError) as caught:
                await home.terms.lookup(coding, version)
            assert (caught.value.category, caught.value.code) == (Category.NOT_FOUND, told)

    in_house(database_url, visit)
