"""A facility profile that names a ConceptMap of the terminology instead of a table of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Coded, Json, UnmappedCode
from mappings.hl7v2.profile import Coding, Profile
from mappings.hl7v2.profiles.load import load
from mappings.hl7v2.translator import translator
from tests.mappings.engine import PID

URL = "urn:map"


class Maps:
    """One map that may change between two messages."""

    revision = 0

    def __init__(self) -> None:
        self.known: dict[str, tuple[Coded, ...]] = {}
        self.approved: dict[tuple[str, str], tuple[Coded, ...]] = {}

    def want(self, url: str) -> None:
        """It is there."""

    def targets(self, url: str, code: str, source: str = "") -> tuple[Coded, ...]:
        """What is known now."""
        return self.known.get(code, ()) if (url, source) == (URL, "") else self.approved.get((source, code), ())

    async def refresh(self) -> None:
        """The test changes it."""


def test_the_map_is_asked_after_the_tables_and_what_it_does_not_tell_is_unmapped() -> None:
    own = {"OBX-3": {"K": (Coding(system="http://loinc.org", code="2823-3"),)}}
    maps = Maps()
    profile = Profile(name="f", codes=own, concept_maps={"OBX-3": URL})
    translate = translator(profile, "F01", keyed_ids(PUBLIC_KEY), maps=maps)
    segments = [
        "MSH|^~\\&|LIS|F01|HUB|YUNZE|20260301083000||ORU^R01|M1|P|2.4|||||CHN",
        *(PID, "OBR|1|P1|F1|BIO^生化", "OBX|1|NM|GLU^葡萄糖^LIS||5||||||F", "OBX|2|NM|K^钾^LIS||4||||||F"),
    ]
    raw = "\r".join(segments).encode()

    def codings() -> list[list[Json]]:
        found = [one.resource for one in translate(raw).drafts if one.resource["resourceType"] == "Observation"]
        return [one["code"]["coding"] for one in found]

    maps.known = {"K": (Coded("urn:x", "wrong"),)}
    assert [one.code for one in translate(raw).unmapped if one.field == "OBX-3"] == ["GLU"]
    maps.known = {"GLU": (Coded("http://loinc.org", "2345-7", "Glucose"), Coded("urn:de", "DE04.50.102.00"))}
    maps.revision += 1
    assert UnmappedCode(field="OBX-3", code="GLU", system="LIS", display="葡萄糖") not in translate(raw).unmapped
    glucose, potassium = codings()
    assert [one["code"] for one in glucose] == ["2345-7", "DE04.50.102.00", "GLU"]
    assert glucose[0] == {"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}
    assert [one["code"] for one in potassium] == ["2823-3", "K"]


def test_what_engineers_approved_counts_last_and_by_field_and_coding_system() -> None:
    maps = Maps()
    translate = translator(Profile(name="f"), "F01", keyed_ids(PUBLIC_KEY), maps=maps, approved="urn:approved")
    raw = "\r".join(
        [
            "MSH|^~\\&|LIS|F01|HUB|YUNZE|20260301083000||ORU^R01|M1|P|2.4|||||CHN",
            *(PID, "OBR|1|P1|F1|BIO^生化", "OBX|1|NM|GLU^葡萄糖^LIS||5||||||F", "OBX|2|NM|GLU^葡萄糖||4||||||F"),
        ]
    ).encode()
    maps.approved = {("urn:yilian:field:OBX-3:LIS", "GLU"): (Coded("http://loinc.org", "2345-7"),)}
    found = [one.resource for one in translate(raw).drafts if one.resource["resourceType"] == "Observation"]
    assert [[one["code"] for one in each["code"]["coding"]] for each in found] == [["2345-7", "GLU"], ["GLU"]]


def test_a_profile_names_maps_by_field_and_one_that_extends_it_changes_them(tmp_path: Path) -> None:
    (tmp_path / "vendor.yaml").write_text("name: vendor\nconcept_maps: {'OBX-3, OBR-4': urn:a, DG1-3: urn:b}\n")
    inner = tmp_path / "own.yaml"
    inner.write_text("name: own\nextends: vendor.yaml\nconcept_maps: {OBX-3: 'urn:c|2'}\n")
    assert load(inner).concept_maps == {"OBX-3": "urn:c|2", "OBR-4": "urn:a", "DG1-3": "urn:b"}


@pytest.mark.parametrize("wrong", ["{OBX: urn:a}", "{OBX-3: no uri}", "{OBX-3: [urn:a]}"])
def test_what_names_no_map_is_told_with_its_line(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nconcept_maps: {wrong}\n")
    with pytest.raises(HubError, match=r"own\.yaml:2"):
        load(path)
