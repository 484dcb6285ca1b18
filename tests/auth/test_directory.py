"""The directory of organisations."""

from __future__ import annotations

import pytest

from hub.auth.directory import Directory
from hub.kernel.consortium import Consortium, Facility
from hub.kernel.errors import Category, HubError
from tests.auth.consortium import CONSORTIUM

DIRECTORY = Directory(CONSORTIUM)


@pytest.mark.parametrize("text", ["F01", "Organization/F01"])
def test_an_organisation_is_found_by_code_and_by_reference(text: str) -> None:
    assert DIRECTORY.facility(text).name == "云泽县人民医院"
    assert DIRECTORY.name(text) == "云泽县人民医院"
    assert DIRECTORY.knows(text)


def test_a_stranger_is_refused_with_the_codes_there_are() -> None:
    with pytest.raises(HubError) as refusal:
        DIRECTORY.facility("F99")
    assert refusal.value.category is Category.INVALID
    assert "F01, F01-ICU, F03" in refusal.value.todo


def test_a_stranger_has_no_legal_entity_and_equals_nothing() -> None:
    assert DIRECTORY.legal_entity("F99") is None
    assert DIRECTORY.same_entity("F99") == ()
    assert DIRECTORY.same_entity("") == ()
    assert DIRECTORY.chain("F99") == ()
    assert DIRECTORY.name("F99") is None
    assert not DIRECTORY.knows("")


def test_a_ward_belongs_to_the_legal_entity_of_its_hospital() -> None:
    assert DIRECTORY.legal_entity("F01-ICU") == "F01"
    assert DIRECTORY.same_entity("Organization/F01-ICU") == ("F01", "F01-ICU")
    assert DIRECTORY.chain("F01-ICU") == ("F01-ICU", "F01", "ALLIANCE")


def test_a_hospital_is_not_the_legal_entity_of_its_alliance() -> None:
    assert DIRECTORY.same_entity("F03") == ("F03",)


def test_a_circle_of_parts_ends() -> None:
    circle = {
        "A": Facility(code="A", name="a", part_of="B", legal_entity=False),
        "B": Facility(code="B", name="b", part_of="A", legal_entity=False),
    }
    directory = Directory(Consortium(name="", facilities=circle, feeds={}))
    assert directory.chain("A") == ("A", "B")
    assert directory.legal_entity("A") == "A"


def test_a_ward_is_trusted_as_its_hospital_unless_it_says_otherwise_and_a_stranger_not_at_all() -> None:
    facilities = (
        Facility(code="H", name="H", trust=20),
        Facility(code="W", name="W", part_of="H"),
        Facility(code="V", name="V", part_of="H", trust=5),
        Facility(code="X", name="X"),
    )
    directory = Directory(Consortium(name="test", facilities={one.code: one for one in facilities}, feeds={}))
    assert [directory.trust(code) for code in ("H", "W", "V", "X", "F99", "Organization/W")] == [20, 20, 5, 0, 0, 20]
