"""What comes with the hub is what its maps and the messages it was shown need; what does not has a reason."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.bootstrap.built_in import ELSEWHERE, everything_built_in
from hub.bootstrap.feeds import readings, translators
from hub.demo.calendar import Calendar
from hub.demo.parcels import parcels
from hub.demo.story import sendings
from hub.fhir.value_sets import codes_by_system
from hub.kernel.consortium import load
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.local_codes import is_local
from hub.kernel.ports import Translator
from hub.kernel.types import Json, Translation
from hub.pipeline.mapped import Coder, with_meanings
from hub.run.installation import DEMO_CONSORTIUM
from mappings.cda import feed as cda
from mappings.cda.translator import DEFAULT_ZONE
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.codetables import table
from mappings.hl7v2.habits import CANONICAL_BASE, NO_MAPS
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from terminology.built_in import VERSION
from terminology.model import CODE_SYSTEM

HL7 = "http://terminology.hl7.org"
IDS = keyed_ids(PUBLIC_KEY)
#: Codes the guide's own tables have wrongly: several in one.
WRONG = {"L,M,N"}
#: Codes of the samples that neither mean anything nor wait, by the element they stand in, and why.
LEFT = {
    "Location.type": "the kind of a place (PL.6) is no coded field of HL7 v2",
    "Medication.ingredient.itemCodeableConcept": "a component of a medicine (RXC-2) is not noted",
    "Specimen.condition": "specimens of OBR-15 are not noted",
    "Specimen.container.additiveCodeableConcept": "specimens of OBR-15 are not noted",
    "Specimen.type": "specimens of OBR-15 are not noted",
}
#: A local code that stands in the second triplet of a field alone (CWE.4), or a sub-component in the place of one.
SECOND = ("/L", "")


def held() -> dict[str, set[str]]:
    """Codes by system: what comes as code systems, and R4's lists."""
    found = {system: set(codes) for system, codes in codes_by_system().items()}
    for one in everything_built_in():
        found.setdefault(one["url"], set()).update(concept["code"] for concept in one.get("concept", ()))
    return found


def test_every_built_in_code_system_stands_once_and_names_its_source() -> None:
    systems = [one for one in everything_built_in() if one["resourceType"] == CODE_SYSTEM]
    assert len({one["url"] for one in systems}) == len(systems)
    for one in systems:
        codes = [concept["code"] for concept in one["concept"]]
        assert len(set(codes)) == len(codes) > 0
        assert len(one["copyright"]) > 10


def test_a_code_system_of_the_definitions_comes_whole_in_their_version_with_the_value_set_of_all_its_codes() -> None:
    systems = {one["url"]: one for one in everything_built_in() if one["resourceType"] == CODE_SYSTEM}
    defined = {url: one for url, one in systems.items() if one["version"] != VERSION}
    assert len(defined) > 75
    assert [url for url, one in defined.items() if "valueSet" not in one] == [f"{HL7}/CodeSystem/practitioner-role"]
    later = {url.rpartition("/")[2] for url, one in defined.items() if one["content"] == "fragment"}
    assert later == {
        "v2-0003",
        "v2-0335",
        "v2-0550",
        "v3-MaritalStatus",
    }  # codes of later releases, and the guide's slips
    severity = systems[f"{HL7}/CodeSystem/v2-0128"]
    assert (severity["version"], severity["content"], severity["valueSet"]) == (
        "2.9",
        "complete",
        f"{HL7}/ValueSet/v2-0128",
    )
    act = {one["code"]: one for one in systems[f"{HL7}/CodeSystem/v3-ActCode"]["concept"]}
    assert {"code": "notSelectable", "valueBoolean": True} in act["_ActEncounterCode"]["property"]
    assert {"code": "parent", "valueCode": "_ActEncounterCode"} in act["AMB"]["property"]


def test_every_code_the_guide_maps_hl7_v2_codes_to_is_held_or_its_system_has_a_reason(shared: Path) -> None:
    codes, missing = held(), Counter[tuple[str, str]]()
    for path in sorted((shared / "v2-to-fhir" / "mappings" / "codesystems").glob("*.csv")):
        for system, code in targets(path):
            if system not in ELSEWHERE and code not in {*codes.get(system, ()), *WRONG}:
                missing[system, code] += 1
    assert not missing
    assert all(ELSEWHERE.values())


def targets(path: Path) -> Iterator[tuple[str, str]]:
    """System and code of each row of a table of the guide."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    head = next((row for row in rows if row[:2] == ["Code", "Text"]), None)
    if head is None:
        return
    code, system = head.index("Code", 3), head.index("Code System", 3)
    for row in rows[rows.index(head) + 1 :]:
        sent = row[0].strip()
        if (
            sent
            and len(row) > system
            and row[system].startswith(("http", "urn:"))
            and row[code]
            and "<" not in row[code]
        ):
            yield row[system].strip().rstrip("/"), row[code].strip()


def test_every_code_of_the_samples_means_something_or_waits_in_the_queue(shared: Path) -> None:
    codes, states, left = held(), Counter[str](), Counter[tuple[str, Any]]()
    for translation in translations(shared):
        queued = {unmapped.code for unmapped in translation.unmapped}
        for draft in translation.drafts:
            for field, concept in concepts(draft.resource, draft.resource["resourceType"]):
                state = told(field, concept, codes, queued)
                states[state] += 1
                if state == "left":
                    left[field, tuple((one.get("system", ""), one["code"]) for one in concept)] += 1
    assert {key for key in left if not reason(*key)} == set()
    assert sum(left.values()) < states.total() / 100
    assert min(states[name] for name in ("held", "common", "queued")) > 1000


def test_every_code_the_demo_sends_means_something_or_waits_in_the_queue() -> None:
    consortium, calendar = load(DEMO_CONSORTIUM), Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
    translate, formats = translators(consortium, bytes(32), CANONICAL_BASE, lambda _: ()), readings(consortium)
    sent = [(one.feed, one.raw) for one in sendings(2, 1, calendar)]
    for parcel in parcels(2, 1, calendar):
        sent += [(parcel.feed, message) for _, message in formats[parcel.feed].messages(parcel.content)]
    codes, states = held(), Counter[str]()
    for feed, raw in sent:
        for translation in read(translate[feed], raw):
            queued = {unmapped.code for unmapped in translation.unmapped}
            for draft in translation.drafts:
                stated = concepts(draft.resource, draft.resource["resourceType"])
                states.update(told(field, concept, codes, queued) for field, concept in stated)
    assert states.keys() == {"held", "common", "queued"}
    assert states["held"] > states["queued"] > 10


def reason(field: str, codings: tuple[tuple[str, str], ...]) -> str:
    """Why a code is left as it is."""
    second = field.endswith(".code") and codings[0][0].endswith(SECOND)
    return LEFT.get(field, "it stands where a field has its second code" if second else "")


def told(field: str, concept: list[Json], codes: dict[str, set[str]], queued: set[str]) -> str:
    """What becomes of a concept: its code is held, its system has its reason (`COMMON`, or a name HL7 knows), it is a
    result, or it waits for an engineer.
    """
    systems = [one.get("system", "") for one in concept]
    if any(one["code"] in codes.get(one.get("system", ""), ()) for one in concept):
        return "held"
    if not all(is_local(system, CANONICAL_BASE) for system in systems):
        return "common"
    if any(one["code"] in queued for one in concept):
        return "queued"
    named = any(table("coding-systems").get(system.rpartition("/")[2]) for system in systems)
    # What was found is told only where a profile maps it (tests/mappings/test_local_codes.py).
    return "named" if named else "found" if field.endswith(".valueCodeableConcept") else "left"


def translations(shared: Path) -> Iterator[Translation]:
    """What the samples become, of those that can be read."""
    hl7 = translator(DEFAULT, "F01", IDS)
    coder = Coder(maps=NO_MAPS, canonical_base=CANONICAL_BASE, approved="urn:approved")
    document = with_meanings(cda.translator("F01", IDS, CANONICAL_BASE, DEFAULT_ZONE), coder)
    for path in sorted((shared / "hl7v2-samples").rglob("*.hl7")):
        for message in split_messages(path.read_bytes()):
            yield from read(hl7, message)
    for path in sorted((shared / "cda-samples").rglob("*.xml")):
        yield from read(document, path.read_bytes())


def read(translate: Translator, raw: bytes) -> Iterator[Translation]:
    try:
        yield translate(raw)
    except HubError:
        return


def concepts(value: Any, path: str) -> Iterator[tuple[str, list[Json]]]:
    """The codes of every concept that says something of a patient or a service, by its element."""
    if isinstance(value, list):
        for one in value:
            yield from concepts(one, path)
    elif isinstance(value, dict):
        stated = [one for one in value.get("coding", ()) if one.get("code")]
        if stated:
            yield path, stated
        for name, inner in value.items():
            if name not in {"meta", "extension", "modifierExtension", "identifier", "text", "contact", "coding"}:
                yield from concepts(inner, f"{path}.{name}")
