"""What a search looks into lies under the ceiling of the scopes."""

from __future__ import annotations

import pytest

from hub.gate.reach import within
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Chain
from hub.store.query import parse_query
from hub.store.resource_types import type_name

BOTH = ("user/Patient.rs", "user/Observation.rs")


@pytest.mark.parametrize(
    ("rtype", "name", "value", "scopes"),
    [
        ("Patient", "_has:Observation:patient:code", "4548-4", ("user/Patient.rs",)),
        ("Patient", "_has:Observation:patient:code", "4548-4", ("user/Patient.rs", "user/Observation.r")),
        ("Observation", "patient.name", "x", ("user/Observation.rs",)),
        ("Observation", "has-member.patient.name", "x", ("user/Observation.rs",)),
        ("Observation", "encounter.status", "finished", ("user/Observation.rs",)),
        ("Observation", "has-member:Observation.encounter.status", "finished", ("user/Observation.rs",)),
        ("Observation", "encounter:below", "Encounter/x", ("user/Observation.rs",)),
        ("Observation", "_list", "x", ("user/Observation.rs",)),
        ("Encounter", "subject:Patient._has:Observation:patient:code", "1", ("user/Encounter.rs", "user/Patient.rs")),
    ],
)
def test_a_search_does_not_look_into_what_the_scopes_leave_out(
    rtype: str, name: str, value: str, scopes: tuple[str, ...]
) -> None:
    query = parse_query(rtype, [(name, value)], lenient=False, base_url="")
    with pytest.raises(HubError) as refused:
        within(query, scopes)
    assert (refused.value.category, refused.value.code) == (Category.FORBIDDEN, "scope-not-allowed")
    assert within(query, ()) == within(query, ("user/*.rs",)) == query


def test_a_chain_over_several_types_goes_on_over_those_that_are_left() -> None:
    query = parse_query("Observation", [("subject.identifier", "urn:x|1")], lenient=False, base_url="")
    (chain,) = within(query, BOTH).clauses
    assert isinstance(chain, Chain)
    elsewhere = [type_name(target.type.value) for target in chain.targets if not target.inside]
    assert elsewhere == ["Patient"]


def test_what_looks_into_nothing_stays_as_it_is() -> None:
    query = parse_query("Observation", [("patient", "p1"), ("code", "4548-4")], lenient=False, base_url="")
    assert within(query, BOTH) == query
