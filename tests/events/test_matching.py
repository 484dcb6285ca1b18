"""Topics and filters: which changes are events for whom.

Backport 1.1.0, extension backport-filter-criteria; R5 subscriptiontopic.html#resource-trigger; R4 search.html#token,
#reference for the values of filters.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.events.filters import read_filters, values_of
from hub.events.matching import Compiled, Matcher
from hub.events.topics import TOPICS
from hub.fhir.json import dumps
from hub.gate.changes import Changed
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from hub.store.values import Outcome

BASE: Final = "https://hub.example/fhir"
LOINC: Final = "http://loinc.org"


def compiled(sid: str, topic: str, *filters: str, since: int = 0) -> Compiled:
    chosen = TOPICS[topic]
    return Compiled(id=sid, topic=chosen, filters=read_filters(filters, chosen, BASE), since=since)


def changed(before: Json | None, after: Json | None, *, xid: int = 10, **about: Any) -> Changed:
    resource = after or before or {}
    outcome: Outcome = "created" if before is None else "deleted" if after is None else "updated"
    return Changed(
        position=(xid, 1),
        type=resource["resourceType"],
        id=resource["id"],
        version=2,
        outcome=outcome,
        updated=datetime(2026, 5, 20, tzinfo=UTC),
        before=b"" if before is None else dumps(before),
        after=b"" if after is None else dumps(after),
        patient=about.get("patient"),
        person=about.get("person"),
    )


def encounter(status: str = "in-progress", kind: str = "AMB", **elements: Any) -> Json:
    return {
        "resourceType": "Encounter",
        "id": "e",
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "subject": {"reference": "Patient/a"},
        **elements,
    }


def observation(status: str = "final", **elements: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": "718-7"}]},
        "subject": {"reference": "Patient/a"},
        "performer": [{"reference": "Organization/F03"}],
        **elements,
    }


WARD: Final = [{"location": {"reference": "Location/w"}, "status": "active"}]
BED: Final = [
    {"location": {"reference": "Location/w"}, "status": "completed"},
    {"location": {"reference": "Location/b"}},
]
PATIENT: Final[Json] = {"resourceType": "Patient", "id": "a"}
REPLACED: Final = {**PATIENT, "link": [{"type": "replaced-by", "other": {"reference": "Patient/b"}}]}
REFERRAL: Final[Json] = {"resourceType": "ServiceRequest", "id": "s", "status": "active"}
DOCUMENT: Final[Json] = {"resourceType": "DocumentReference", "id": "d", "status": "current"}

EVENTS: Final = [
    ("encounter-started", None, encounter()),
    ("encounter-started", encounter("planned"), encounter()),
    ("encounter-finished", encounter(), encounter("finished")),
    ("admission", encounter("arrived", "IMP"), encounter("in-progress", "IMP")),
    ("transfer", encounter(kind="IMP", location=WARD), encounter(kind="IMP", location=BED)),
    ("transfer", encounter(kind="IMP"), encounter(kind="IMP", serviceProvider={"reference": "Organization/F02"})),
    ("discharge", encounter(kind="IMP"), encounter("finished", "IMP")),
    ("observation-final", None, observation()),
    ("observation-final", observation("preliminary"), observation()),
    ("observation-final", observation(), observation("amended")),
    ("report-final", None, {"resourceType": "DiagnosticReport", "id": "r", "status": "final"}),
    ("referral-changed", None, REFERRAL),
    ("referral-changed", REFERRAL, {**REFERRAL, "status": "completed"}),
    ("referral-changed", REFERRAL, {**REFERRAL, "performer": [{"reference": "Organization/F01"}]}),
    ("patient-replaced", PATIENT, REPLACED),
    ("document-available", None, DOCUMENT),
    ("document-available", {**DOCUMENT, "docStatus": "preliminary"}, {**DOCUMENT, "docStatus": "final"}),
    ("resource-changed", None, observation()),
    ("resource-changed", observation(), None),
]
NO_EVENTS: Final = [
    ("encounter-started", encounter(), encounter(period={"start": "2026"})),
    ("encounter-started", None, encounter("planned")),
    ("encounter-started", encounter(), None),
    ("encounter-finished", encounter("finished"), encounter("finished", "IMP")),
    ("admission", None, encounter(kind="AMB")),
    ("transfer", encounter(kind="IMP", location=WARD), encounter(kind="IMP", location=WARD, period={"start": "2026"})),
    ("transfer", encounter(kind="AMB", location=WARD), encounter(kind="AMB", location=BED)),
    ("transfer", None, encounter(kind="IMP", location=WARD)),
    ("observation-final", None, observation("preliminary")),
    ("observation-final", observation(), observation("entered-in-error")),
    ("referral-changed", REFERRAL, {**REFERRAL, "note": [{"text": "x"}]}),
    ("referral-changed", REFERRAL, None),
    ("patient-replaced", REPLACED, {**REPLACED, "active": False}),
    ("document-available", None, {**DOCUMENT, "docStatus": "preliminary"}),
    ("document-available", DOCUMENT, {**DOCUMENT, "docStatus": "amended"}),
]


@pytest.mark.parametrize(("topic", "before", "after"), EVENTS)
def test_a_change_is_an_event_of_its_topic(topic: str, before: Json | None, after: Json | None) -> None:
    assert Matcher([compiled("x", topic)]).match(changed(before, after)) == ["x"]


@pytest.mark.parametrize(("topic", "before", "after"), NO_EVENTS)
def test_a_change_is_no_event_of_a_topic_it_does_not_reach(topic: str, before: Json | None, after: Json | None) -> None:
    assert Matcher([compiled("x", topic)]).match(changed(before, after)) == []


def test_every_topic_has_an_event_here() -> None:
    assert {topic for topic, _, _ in EVENTS} == set(TOPICS)


@pytest.mark.parametrize(
    "text",
    [
        "Observation?code=718-7",
        f"Observation?code={LOINC}|718-7",
        f"Observation?code={LOINC}|",
        "Observation?code=1-1,718-7",
        "Observation?patient=a",
        "Observation?patient=Patient/a",
        f"Observation?patient={BASE}/Patient/a",
        "Observation?subject=Patient/a&status=final",
        "Observation?performer=Organization/F03",
        "Observation?_id=o",
        "?code=718-7",
        "Observation?",
        "Observation",
    ],
)
def test_a_filter_lets_pass_what_it_names(text: str) -> None:
    assert Matcher([compiled("x", "observation-final", text)]).match(changed(None, observation())) == ["x"]


@pytest.mark.parametrize(
    "text",
    [
        "Observation?code=718",
        "Observation?code=|718-7",
        "Observation?code=urn:other|718-7",
        "Observation?patient=b",
        "Observation?subject=Group/a",
        "Observation?patient=https://elsewhere.example/fhir/Patient/a",
        "Observation?patient=a&status=amended",
    ],
)
def test_a_filter_keeps_back_what_it_does_not_name(text: str) -> None:
    assert Matcher([compiled("x", "observation-final", text)]).match(changed(None, observation())) == []


@pytest.mark.parametrize(("wanted", "told"), [("https://elsewhere.example/fhir/Group/g", ["x"]), ("None", [])])
def test_a_reference_to_elsewhere_is_named_as_it_stands(wanted: str, told: list[str]) -> None:
    value = observation() | {"performer": [{"reference": "https://elsewhere.example/fhir/Group/g"}]}
    matcher = Matcher([compiled("x", "observation-final", f"Observation?performer={wanted}")])
    assert matcher.match(changed(None, value)) == told


def test_filters_on_one_type_hold_together_and_types_stand_side_by_side() -> None:
    matcher = Matcher(
        [compiled("x", "resource-changed", "Observation?patient=a", "Observation?status=final", "Encounter?")]
    )
    assert matcher.types == {"Observation", "Encounter"}
    assert matcher.match(changed(None, observation())) == ["x"]
    assert matcher.match(changed(None, observation("amended"))) == []
    assert matcher.match(changed(None, encounter())) == ["x"]
    assert matcher.match(changed(None, PATIENT)) == []


def test_a_filter_on_a_person_lets_pass_what_is_about_any_of_its_sources() -> None:
    matcher = Matcher([compiled("x", "resource-changed", "Observation?patient=golden")])
    assert matcher.match(changed(None, observation(), patient="a", person="golden")) == ["x"]
    assert matcher.match(changed(None, observation(), patient="a", person="other")) == []
    assert matcher.match(changed(None, observation(), patient="b", person="golden")) == []


def test_a_deletion_is_filtered_by_what_stood_before() -> None:
    matcher = Matcher([compiled("x", "resource-changed", "Observation?code=718-7")])
    assert matcher.match(changed(observation(), None)) == ["x"]


def test_changes_of_older_transactions_are_no_events() -> None:
    matcher = Matcher([compiled("x", "resource-changed", since=11), compiled("y", "resource-changed", since=10)])
    assert matcher.match(changed(None, observation(), xid=10)) == ["y"]


@pytest.mark.parametrize("text", ["Observation?date=2020", "Observation?code:not=x", "Observation?_text=x"])
def test_a_parameter_that_cannot_be_compared_is_refused_by_name(text: str) -> None:
    with pytest.raises(HubError) as caught:
        compiled("x", "resource-changed", text)
    assert caught.value.code == "filter-parameter"


_CODES = st.sampled_from(["718-7", "1-1", "2-2"])
_PATIENTS = st.sampled_from(["a", "b", "c"])
_FILTERS = st.builds(
    lambda code, patient: "Observation?" + "&".join([*code, *patient]),
    st.lists(_CODES.map(lambda code: f"code={code}"), max_size=1),
    st.lists(st.lists(_PATIENTS, min_size=1, max_size=2).map(lambda ids: "patient=" + ",".join(ids)), max_size=1),
)


@given(st.lists(_FILTERS, max_size=12), _CODES, _PATIENTS)
def test_the_index_finds_whom_looking_at_each_subscription_would_find(
    filters: list[str], code: str, patient: str
) -> None:
    subscriptions = [compiled(str(n), "resource-changed", text) for n, text in enumerate(filters)]
    resource = observation(code={"coding": [{"code": code}]}, subject={"reference": f"Patient/{patient}"})
    values = values_of(resource)
    expected = {one.id for one in subscriptions if values.meet(one.filters["Observation"])}
    found = Matcher(subscriptions).match(changed(None, resource))
    assert set(found) == expected
    assert len(found) == len(set(found))


def test_a_change_costs_what_it_meets_and_not_what_there_is() -> None:
    """CPU of one change with ten and with a thousand filtered subscriptions of which one is met: within a factor."""
    change = changed(None, observation())

    def cost(number: int) -> float:
        matcher = Matcher(
            [
                compiled(str(n), "observation-final", f"Observation?patient={'a' if n == 0 else f'p{n}'}")
                for n in range(number)
            ]
        )
        assert matcher.match(change) == ["0"]
        best = float("inf")
        for _ in range(5):
            begun = time.process_time()
            for _ in range(200):
                matcher.match(change)
            best = min(best, time.process_time() - begun)
        return best

    assert cost(1000) < 3 * cost(10)
