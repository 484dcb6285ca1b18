"""Local codes of any format are given their meanings by maps, or noted for the engineer."""

from __future__ import annotations

from copy import deepcopy

from consent.labelling import shipped
from hub.kernel.local_codes import local_system
from hub.kernel.types import Coded, Draft, Json, Translation, UnmappedCode
from hub.pipeline.mapped import Coder, with_meanings

BASE = "https://hub.example/fhir"
LOINC = "http://loinc.org"
VENDOR = "urn:oid:1.2.156.990122.1"
GLUCOSE = Coded(LOINC, "14771-0", "Fasting glucose")


class Maps:
    """What is known by url, source and code."""

    revision = 0

    def __init__(self, known: dict[tuple[str, str, str], Coded]) -> None:
        self.known = known

    def want(self, url: str) -> None:
        """It is there."""

    def targets(self, url: str, code: str, source: str = "") -> tuple[Coded, ...]:
        """What is known."""
        found = self.known.get((url, source, code))
        return () if found is None else (found,)

    async def refresh(self) -> None:
        """Nothing changes."""


def coded(resource: Json, known: dict[tuple[str, str, str], Coded], **more: object) -> tuple[Json, list[UnmappedCode]]:
    """A resource after the maps were asked, and the codes nobody knew; what was given is as it was."""
    before = deepcopy(resource)
    draft = Draft(resource=resource, authority="a", key="k", patient=None)
    coder = Coder(maps=Maps(known), canonical_base=BASE, **{"approved": "urn:approved", **more})  # type: ignore[arg-type]
    told = with_meanings(lambda _: Translation(drafts=(draft,)), coder)(b"")
    assert resource == before
    return told.drafts[0].resource, list(told.unmapped)


def observation(*codings: Json, **more: object) -> Json:
    return {"resourceType": "Observation", "id": "o", "code": {"coding": list(codings)}, **more}


def test_a_code_that_was_approved_means_what_was_said_beside_what_was_sent() -> None:
    sent = {"system": VENDOR, "code": "FPG", "display": "空腹血糖"}
    source = local_system("Observation.code", VENDOR)
    found, unmapped = coded(observation(sent), {("urn:approved", source, "FPG"): GLUCOSE})
    assert found["code"]["coding"] == [{"system": LOINC, "code": "14771-0", "display": "Fasting glucose"}, sent]
    assert unmapped == []


def test_what_a_local_code_means_decides_on_the_labels_of_its_resource() -> None:
    sent = {"system": VENDOR, "code": "Q7", "display": "代号七"}
    source = local_system("Condition.code", VENDOR)
    resource = {"resourceType": "Condition", "code": {"coding": [sent]}}
    found, _ = coded(resource, {("urn:approved", source, "Q7"): Coded("http://hl7.org/fhir/sid/icd-10", "B20.9")})
    assert [sorted(shipped().labels(one)) for one in (resource, found)] == [[], ["HIV"]]


def test_a_local_code_nobody_knows_is_noted_with_its_element_and_no_other_is() -> None:
    resource = observation(
        {"system": VENDOR, "code": "FPG", "display": "空腹血糖"},
        category=[{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "x"}]}],
        component=[
            {"code": {"coding": [{"code": "L1"}, {"system": LOINC, "code": "8480-6"}]}},
            {"code": {"text": "t"}},
        ],
        valueCodeableConcept={"coding": [{"code": "9", "display": "某"}]},
        method={"coding": [{"system": f"{BASE}/CodeSystem/form-item", "code": "m"}]},
        interpretation=[{"coding": [{"system": f"{BASE}/CodeSystem/cda-local", "code": "偏高"}]}],
        identifier=[{"type": {"coding": [{"system": VENDOR, "code": "ID"}]}}],
    )
    found, unmapped = coded(resource, {})
    assert found is resource
    assert unmapped == [
        UnmappedCode(field="Observation.code", code="FPG", system=VENDOR, display="空腹血糖"),
        UnmappedCode(field="Observation.interpretation", code="偏高", system=f"{BASE}/CodeSystem/cda-local"),
    ]


def test_what_looks_like_a_number_of_a_person_is_told_to_nobody() -> None:
    _, unmapped = coded(observation({"code": "99012219900307123X"}), {})
    assert unmapped == []


def test_a_map_the_feed_names_is_asked_by_system_whatever_the_element_and_common_systems_too() -> None:
    de = {"system": "urn:oid:2.16.156.10011.2.2.1", "code": "DE04.50.102.00"}
    known = {("urn:de", de["system"], de["code"]): GLUCOSE}
    found, unmapped = coded(
        observation(de, component=[{"code": {"coding": [de]}}]), known, named=("urn:de",), approved=""
    )
    assert [one["code"] for one in found["code"]["coding"]] == ["14771-0", "DE04.50.102.00"]
    assert found["component"][0]["code"]["coding"] == found["code"]["coding"]
    assert unmapped == []
    again, _ = coded(found, known, named=("urn:de",))
    assert again is found
