"""Subsumption and expansion against a reference that walks and enumerates, with excludes, filters on properties, sets
that take in others, hierarchies told back as trees, and names that a supplement adds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.types import Json
from terminology.expansion import Wish
from tests.terminology.house import DISEASES, code_system, house, of, prop, said, value_set

_SIZE: Final = 40
_NAMES: Final = ("高血压", "糖尿病", "高血糖", "hypertension", "diabetes")
_FILTERS: Final = ("", "高血", "血", "gxy", "tnb", "tension", "diab", "高血压 hyper")
#: A supplement names every third concept in another language.
_ADDED: Final = "Bluthochdruck"


def _system() -> tuple[Json, dict[str, set[str]]]:
    """A code system of several parents a concept, and the parents of each."""
    random = Random(9)
    above = {
        str(n): {str(random.randrange(n)) for _ in range(random.randint(0, 3))} if n else set() for n in range(_SIZE)
    }
    concepts = [
        {
            **{"code": code, "display": " ".join(random.sample(_NAMES, 2))},
            "property": [
                *(prop("parent", one) for one in sorted(parents)),
                prop("kind", code[-1]),
                *([prop("even", "yes")] if int(code) % 2 == 0 else []),
            ],
        }
        for code, parents in above.items()
    ]
    return code_system(*concepts), above


SYSTEM, ABOVE = _system()
CODES: Final = tuple(ABOVE)
DISPLAYS: Final = {one["code"]: one["display"] for one in SYSTEM["concept"]}
IMPORTED: Final = {
    "urn:few": value_set("urn:few", of(DISEASES, concept=[{"code": code} for code in CODES[5:15]])),
    "urn:under": value_set("urn:under", of(DISEASES, ("concept", "is-a", "1"))),
    "urn:rest": value_set("urn:rest", of(), exclude=({"valueSet": ["urn:under"]},)),
}


def above(code: str) -> set[str]:
    return ABOVE[code].union(*(above(one) for one in ABOVE[code]))


def fits(code: str, asked: Json) -> bool:
    operator, value, named = asked["op"], asked["value"], asked["property"]
    if named == "even":
        return bool((int(code) % 2 == 0) == (value == "true"))
    if named == "parent":
        return bool(value in ABOVE[code])
    if operator == "regex":
        return re.fullmatch(value, code[-1] if named == "kind" else code) is not None
    if named == "kind":
        return bool((code[-1] in value.split(",")) != (operator == "not-in"))
    under = code == value or value in above(code)
    answers: dict[str, bool] = {
        "is-a": under,
        "descendent-of": under and code != value,
        "is-not-a": not under,
        "generalizes": code == value or code in above(value),
    }
    return answers[operator]


def part_of(part: Json) -> set[str]:
    found = set(CODES)
    if "concept" in part:
        found &= {one["code"] for one in part["concept"]}
    for asked in part.get("filter", ()):
        found = {code for code in found if fits(code, asked)}
    for name in part.get("valueSet", ()):
        found &= members(IMPORTED[name])
    return found


def members(stated: Json) -> set[str]:
    compose = stated["compose"]
    taken = set[str]().union(*map(part_of, compose["include"]))
    return taken.difference(*map(part_of, compose.get("exclude", ())))


def matches(code: str, text: str) -> bool:
    """The filters of this test, by what stands in a name."""
    spoken = {"gxy": "高血压", "tnb": "糖尿病"}
    return all(spoken.get(part, part) in DISPLAYS[code] for part in text.split())


_CODE = st.sampled_from(CODES)
_HIERARCHY = st.tuples(st.just("concept"), st.sampled_from(["is-a", "descendent-of", "is-not-a", "generalizes"]), _CODE)
_KIND = st.tuples(st.just("kind"), st.sampled_from(["in", "not-in"]), st.sampled_from(["1", "2,3", "0,9"]))
_EVEN = st.tuples(st.just("even"), st.just("exists"), st.sampled_from(["true", "false"]))
_PATTERN = st.tuples(
    st.sampled_from(["code", "kind"]),
    st.just("regex"),
    st.sampled_from(["1.*", "[0-4]", r"\d{2}", "1|2", "(3|2)?[^1]"]),
)
_PARENT = st.tuples(st.just("parent"), st.just("="), _CODE)


@st.composite
def parts(draw: st.DrawFn) -> Json:
    part = of(DISEASES, *draw(st.lists(_HIERARCHY | _KIND | _EVEN | _PARENT | _PATTERN, max_size=2)))
    if draw(st.booleans()):
        part["valueSet"] = draw(st.lists(st.sampled_from(sorted(IMPORTED)), min_size=1, max_size=2, unique=True))
    if "filter" not in part and draw(st.booleans()):
        part["concept"] = [{"code": code} for code in draw(st.lists(_CODE, min_size=1, max_size=9, unique=True))]
    return part


_SETS = st.builds(
    lambda include, exclude: value_set("", *include, exclude=tuple(exclude)),
    st.lists(parts(), min_size=1, max_size=3),
    st.lists(parts(), max_size=2),
)


def test_expansions_and_subsumption_are_those_of_the_reference(database_url: str) -> None:
    with asyncio.Runner() as runner:
        opened = house(database_url)
        home = runner.run(opened.__aenter__())
        added = [{"code": code, "designation": [said("de", f"{_ADDED} {code}")]} for code in CODES[::3]]
        supplement = code_system(*added, url="urn:de", content="supplement", supplements=DISEASES)
        runner.run(home.load(SYSTEM, supplement, *IMPORTED.values()))

        async def expanded(stated: Json, text: str, offset: int, count: int | None) -> tuple[int, list[str]]:
            page = await home.terms.expand(Wish(value_set=stated, text=text, offset=offset, count=count))
            return page.total, [one["code"] for one in page.contains]

        @settings(max_examples=60, deadline=None)
        @given(_SETS, st.sampled_from(_FILTERS), st.integers(0, 5), st.none() | st.integers(0, 9))
        def check_expansion(stated: Json, text: str, offset: int, count: int | None) -> None:
            wanted = members(stated)
            expected = [code for code in CODES if code in wanted and matches(code, text)]
            cut = expected[offset:] if count is None else expected[offset : offset + count]
            assert runner.run(expanded(stated, text, offset, count)) == (len(expected), cut)

        async def tree(stated: Json) -> list[Json]:
            return (await home.terms.expand(Wish(value_set=stated, nested=True, language="de"))).contains

        def walked(entries: list[Json], within: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...], str]]:
            for one in entries:
                yield one["code"], within, one["display"]
                yield from walked(one.get("contains", []), (*within, one["code"]))

        @settings(max_examples=25, deadline=None)
        @given(_SETS)
        def check_tree(stated: Json) -> None:
            found, wanted = list(walked(runner.run(tree(stated)))), members(stated)
            assert sorted(code for code, _, _ in found) == sorted(wanted)
            for code, within, display in found:
                named = f"{_ADDED} {code}" if code in CODES[::3] else DISPLAYS[code]
                assert display == named
                assert set(within) <= above(code) & wanted
                assert bool(within) == bool(above(code) & wanted)
                assert not within or not ABOVE[code] & wanted or within[-1] in ABOVE[code]

        @settings(max_examples=40, deadline=None)
        @given(_CODE, _CODE)
        def check_subsumption(one: str, other: str) -> None:
            expected = "subsumes" if one in above(other) else "subsumed-by" if other in above(one) else "not-subsumed"
            told = runner.run(home.terms.subsumes(DISEASES, one, other))
            assert told == ("equivalent" if one == other else expected)

        check_expansion()
        check_tree()
        check_subsumption()
        runner.run(opened.__aexit__(None, None, None))
