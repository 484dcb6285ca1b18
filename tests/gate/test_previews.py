"""What a preview says equals what the gate then releases, for whatever a template can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.compiler import compile_consent
from consent.references import References
from hub.auth.actor import Actor
from hub.gate.preview_audiences import Who
from hub.gate.previews import Seen, kind_of
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_document import Giver, document
from hub.records.consent_templates import TEMPLATES, from_template
from hub.store.values import Write
from tests.auth.consortium import CONSORTIUM, NOW
from tests.gate.house import CLINICIAN, House, observation, refusal, with_house, write
from tests.gate.world import TABLES

V3: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
R: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SELF: Final = replace(CLINICIAN, role="patient", organization="", practitioner=None, patient="a", purpose=("PATRQT",))
GAO: Final = replace(CLINICIAN, role="family-doctor", organization="F05", practitioner="gao")
ORGANIZATIONS: Final = tuple(CONSORTIUM.facilities)
LABELS: Final = ((), (), (), (f"{V3}|PSY",), (f"{V3}|HIV",), (f"{R}|V",), (f"{V3}|NOPAT",))
VALUES: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "organization": st.sampled_from(["F01", "F03", "F05"]),
    "categories": st.lists(
        st.sampled_from(["glucose", "imaging", "visits", "mental-health", "sexual-health"]), min_size=1, max_size=3
    ),
    "hours": st.just(24),
    "until": st.just("2026-06-30"),
    "practitioner": st.just("gao"),
    "codes": st.just([{"system": "http://loinc.org", "code": "4548-4"}]),
    "types": st.just(["Observation", "ImagingStudy"]),
    "labels": st.just(["PSY"]),
    "only": st.booleans(),
}


@st.composite
def sayings(draw: st.DrawFn) -> Json:
    """A template with values it takes."""
    template = TEMPLATES[draw(st.sampled_from(sorted(TEMPLATES)))]
    said = [*template.needs, *(name for name in template.may if name in ("codes", "hours") or draw(st.booleans()))]
    return {"template": template.name, **{name: draw(VALUES[name]) for name in said}}


@st.composite
def records(draw: st.DrawFn, number: int) -> Write:
    """A record of one of the two registrations of the person."""
    told: dict[str, Any] = {
        "author": draw(st.sampled_from(["F01", "F01-ICU", "F03", "F05"])),
        "patient": draw(st.sampled_from(["a", "b"])),
        "labels": draw(st.sampled_from(LABELS)),
    }
    rtype = draw(st.sampled_from(["Observation", "Observation", "ImagingStudy", "Encounter", "Condition", "Basic"]))
    if rtype == "Observation":
        return observation(f"r{number}", code=draw(st.sampled_from(["4548-4", "718-7"])), **told)
    return write(rtype, f"r{number}", **told)


@dataclass(frozen=True)
class Story:
    rows: Sequence[Write]
    standing: Sequence[Json]
    said: Json
    care: Sequence[str]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    return Story(
        rows=[draw(records(number)) for number in range(draw(st.integers(2, 6)))],
        standing=draw(st.lists(sayings(), max_size=2)),
        said=draw(sayings()),
        care=draw(st.lists(st.sampled_from(["F01", "F03", "F05"]), max_size=2, unique=True)),
    )


def _consent(asked: Json, cid: str) -> Json:
    fhir = from_template(asked, NOW, lambda code: code)
    made = document(fhir, Giver(performer="Patient/a"), "a", NOW, "https://hub.example", narrative=True)
    return {**made, "id": cid, "meta": {"versionId": "1"}}


async def _furnish(house: House, story: Story) -> None:
    async with house.database.transaction() as tx:
        for table in TABLES:
            await tx.execute(f"DELETE FROM {table}")
    people = [write("Patient", one, author="F05", birthDate="1980-01-01") for one in ("a", "b")]
    await house.save(*people, *story.rows, _contract())
    await house.link("person", "a", "b")
    await house.relate("a", "Practitioner/gao", "managed", high=NOW + timedelta(days=9))
    async with house.database.transaction() as tx:  # the relation stands in the contract
        await tx.execute("UPDATE relation SET key = (SELECT key FROM resource WHERE id = 'contract')")
    for party in story.care:
        await house.relate("b", party, high=NOW + timedelta(days=9))
    for number, asked in enumerate(story.standing):
        await house.keep_consent(_consent(asked, f"s{number}"))


def _contract() -> Write:
    return write("EpisodeOfCare", "contract", author="F05", patient="a")


async def _released(house: House, actor: Actor, hidden: set[str]) -> dict[str, int]:
    """How much of each kind the gate lets out of the record, of what the patient sees herself."""
    try:
        page = await house.gate.everything(actor, "person", [])
    except HubError as refused:
        assert refused.category in {Category.NOT_FOUND, Category.FORBIDDEN}
        return {}
    # The golden record at the head is made of its sources.
    found = [(one.type, one.id) for one in page.matches if one.id != "person" and one.id not in hidden]
    async with house.database.connection() as tx:
        rows = (await house.store.load(tx, found)).values()
    return dict(Counter(kind_of(row) for row in rows))


def _told(seen: Sequence[Seen], who: Who, organization: str, *, supposed: bool = False) -> Mapping[str, int]:
    (one,) = (s for s in seen if (s.who, s.organization, s.supposed) == (who, organization, supposed))
    return one.after


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories())
def test_what_a_preview_says_is_what_the_gate_then_releases(database_url: str, story: Story) -> None:
    async def work(house: House) -> None:
        await _furnish(house, story)
        said = _consent(story.said, "new")
        told = await house.gate.preview(SELF, compile_consent(said, References()))
        assert told.whole
        await house.keep_consent(said)
        hidden = {row.id for row in story.rows if f"{V3}|NOPAT" in row.facts.labels}
        supposed = {one.organization for one in told.audiences if one.supposed}
        assert not supposed & set(story.care)
        for code in ORGANIZATIONS:
            doctor = replace(CLINICIAN, organization=code, practitioner=None)
            assert _told(told.audiences, Who.FACILITY, code) == await _released(house, doctor, hidden), code
        assert _told(told.audiences, Who.FAMILY_DOCTOR, "F05") == await _released(house, GAO, hidden)
        glass = replace(CLINICIAN, organization="", practitioner=None, purpose=("BTG",), break_glass="昏迷", issued=NOW)
        assert _told(told.audiences, Who.EMERGENCY, "") == await _released(house, glass, hidden)
        for code in sorted(supposed):
            await house.relate("b", code, high=NOW + timedelta(days=9))
            doctor = replace(CLINICIAN, organization=code, practitioner=None)
            promised = _told(told.audiences, Who.FACILITY, code, supposed=True)
            assert promised == await _released(house, doctor, hidden), code
        assert "release-check-failed" not in house.logged

    with_house(database_url, work)


def test_a_preview_replaces_withdraws_and_counts_the_secondary_uses(database_url: str) -> None:
    async def work(house: House) -> None:
        await _furnish(
            house, Story(rows=[observation("o")], standing=[{"template": "deny-all"}], said={}, care=["F03"])
        )
        agreed, opened = _consent({"template": "research-yes"}, "new"), _consent({"template": "share-all"}, "new")
        beside = (await house.gate.preview(SELF, compile_consent(agreed, References()))).audiences
        secondary = {one.who: (one.before, one.after.get("measurements")) for one in beside}
        assert secondary[Who.RESEARCH] == ({}, 1)
        assert secondary[Who.ENTERPRISE] == secondary[Who.QUALITY] == ({}, None)
        instead = (await house.gate.preview(SELF, compile_consent(opened, References()), replaces="s0")).audiences
        (laboratory,) = (one for one in instead if (one.who, one.organization) == (Who.FACILITY, "F03"))
        assert (laboratory.treats, laboratory.supposed) == (True, False)
        assert (laboratory.before, laboratory.after["measurements"]) == ({}, 1)
        gone = (await house.gate.preview(SELF, None, replaces="s0")).audiences
        assert {one.who for one in gone if one.after} == {Who.FACILITY, Who.FAMILY_DOCTOR, Who.EMERGENCY}
        entry = (await house.entries())[0]
        assert (entry.resource_type, entry.query, sorted(entry.patients)) == ("Consent", "%24preview=", ["a", "b"])
        assert entry.epoch is not None

    with_house(database_url, work)


@pytest.mark.parametrize("who", [CLINICIAN, GAO, replace(CLINICIAN, role="consent-reviewer")])
def test_nobody_previews_for_another(database_url: str, who: Actor) -> None:
    async def work(house: House) -> None:
        await _furnish(house, Story(rows=[observation("o")], standing=[], said={}, care=[]))
        refused = await refusal(house.gate.preview(who, None))
        assert refused.category is Category.FORBIDDEN

    with_house(database_url, work)
