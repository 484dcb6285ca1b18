"""Scopes with search arguments: which there are, and what they leave of a type."""

from __future__ import annotations

import pytest

from hub.auth.granular import Argument, arguments, narrowed
from hub.auth.oauth.scope_grants import granted, registrable, resources
from hub.auth.scopes import allows, check
from hub.kernel.errors import HubError

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB = f"patient/Observation.rs?category={CATEGORY}|laboratory"
VITAL = f"patient/Observation.rs?category={CATEGORY}|vital-signs"
BOTH = f"patient/Observation.rs?category={CATEGORY}|laboratory&category={CATEGORY}|vital-signs"


def test_arguments_are_put_in_one_order() -> None:
    found = arguments("Observation", f"code=4548-4&category=b,a,{CATEGORY}|x,a")
    assert found == (
        Argument("category", ((None, "a"), (None, "b"), (CATEGORY, "x"))),
        Argument("code", ((None, "4548-4"),)),
    )
    assert str(resources("user/Observation.rs?code=b,a&category=x")) == "user/Observation.rs?category=x&code=a,b"


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.rs?",
        "patient/Observation.rs?category",
        "patient/Observation.rs?category=",
        "patient/Observation.rs?category:not=laboratory",
        "patient/Observation.rs?category=|laboratory",
        f"patient/Observation.rs?category={CATEGORY}|",
        "patient/Observation.rs?category=a|b|c",
        "patient/Observation.rs?date=gt2020",
        "patient/Observation.rs?category=a%20b",
        "patient/Observation.rs?category=a?code=b",
        "patient/Observation.rs?category=a&",
        "patient/Observation.r?category=laboratory",
        "patient/Observation.s?category=laboratory",
        "user/Observation.cruds?category=laboratory",
        "patient/Patient.rs?gender=male",
        "patient/*.rs?category=laboratory",
        "user/AuditEvent.rs?type=x",
        "patient/Observation.rs?category=" + "x" * 600,
    ],
)
def test_what_the_gate_cannot_enforce_is_no_scope(scope: str) -> None:
    assert resources(scope) is None
    with pytest.raises(HubError):
        check((scope,), "p1")
    with pytest.raises(HubError, match="search arguments"):
        registrable((scope,), ("patient", "user"))
    assert not allows((scope,), "Observation", "r")


@pytest.mark.parametrize(
    ("asked", "registered", "got"),
    [
        (LAB, ("patient/*.rs",), (LAB,)),
        (LAB, (LAB,), (LAB,)),
        ("patient/Observation.rs", (LAB,), (LAB,)),
        ("patient/*.rs", (LAB, "patient/Patient.rs"), (LAB, "patient/Patient.rs")),
        (VITAL, (LAB,), (BOTH,)),
        ("patient/Observation.rs", (LAB, VITAL), (LAB, VITAL)),
        ("patient/Observation.rs", ("patient/Observation.rs", LAB), ("patient/Observation.rs",)),
        ("patient/Observation.r", (LAB,), ()),
        (LAB, ("patient/Observation.r",), ()),
        (LAB, ("user/*.rs",), ()),
    ],
)
def test_what_is_granted_is_never_more_than_was_asked_nor_registered(
    asked: str, registered: tuple[str, ...], got: tuple[str, ...]
) -> None:
    assert granted(asked, registered) == got


def test_a_type_is_narrowed_unless_another_scope_opens_it_whole() -> None:
    assert set(narrowed((LAB, "patient/Patient.rs"))) == {"Observation"}
    assert len(narrowed((LAB, VITAL))["Observation"]) == 2
    assert narrowed(("patient/Patient.rs",)) == {}
    for whole in ("patient/Observation.rs", "patient/*.rs", "user/*.cruds", "patient/Observation.read", "system/*.*"):
        assert narrowed((LAB, whole)) == {}, whole
    for half in ("patient/Observation.r", "patient/Observation.s", "user/Observation.cud", "patient/Patient.rs"):
        assert set(narrowed((LAB, half))) == {"Observation"}, half
