"""Entries of C-CDA R2.1 by their templates: what belongs to an allergy and an immunisation stands in it."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from tests.mappings.cda.documents import document, made, section

_TEMPLATES = "2.16.840.1.113883.10.20.22.4."


def sct(code: str) -> str:
    return f'<value xsi:type="CD" code="{code}" codeSystem="2.16.840.1.113883.6.96"/>'


def part(template: str, value: str, inner: str = "") -> str:
    observation = f'<templateId root="{_TEMPLATES}{template}"/><code code="ASSERTION"/>{value}{inner}'
    return f'<entryRelationship typeCode="MFST"><observation>{observation}</observation></entryRelationship>'


def allergies(*parts: str) -> tuple[Json, list[Json]]:
    """The allergy of a document, and its observations."""
    kind = f'<templateId root="{_TEMPLATES}7"/><code code="ASSERTION"/>{sct("419511003")}'
    drug = '<code code="7980" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/>'
    entity = f"<participantRole><playingEntity>{drug}</playingEntity></participantRole>"
    text = f"<observation>{kind}<participant>{entity}</participant>{''.join(parts)}</observation>"
    whole = document(section("48765-2", "Allergies", [text]), code="34133-9")
    (allergy,) = made(whole, "AllergyIntolerance")
    return allergy, made(whole, "Observation")


def test_a_reaction_with_its_severity_stands_in_its_allergy_and_nowhere_else() -> None:
    reaction = part("9", sct("56018004"), '<effectiveTime><low value="2006"/></effectiveTime>')
    severe = reaction.replace("</observation>", f"{part('8', sct('24484000'))}</observation>", 1)
    allergy, observations = allergies(severe, part("145", '<value xsi:type="CD" code="CRITH"/>'))
    (told,) = allergy["reaction"]
    assert told["manifestation"][0]["coding"][0]["code"] == "56018004"
    assert (told["severity"], told["onset"], allergy["criticality"]) == ("severe", "2006", "high")
    assert observations == []


def test_the_severity_of_an_allergy_is_that_of_its_only_reaction() -> None:
    mild, one = part("8", sct("255604002")), part("9", sct("56018004"))
    assert allergies(mild, one)[0]["reaction"][0]["severity"] == "mild"
    two, observations = allergies(mild, one, part("9", sct("422587007")))
    assert all("severity" not in each for each in two["reaction"])
    assert [each["valueCodeableConcept"]["coding"][0]["code"] for each in observations] == ["255604002"]


@pytest.mark.parametrize("denied", ["<observation", "<entryRelationship"])
def test_a_reaction_that_did_not_happen_is_no_reaction_of_the_allergy(denied: str) -> None:
    hives, mild = part("9", sct("247472004")), part("8", sct("255604002"))
    none = hives.replace(denied, f'{denied} negationInd="true"', 1)
    allergy, (observed,) = allergies(part("9", sct("56018004")), none, mild)
    (told,) = allergy["reaction"]
    assert (told["manifestation"][0]["coding"][0]["code"], told["severity"]) == ("56018004", "mild")
    assert observed["modifierExtension"][0]["valueBoolean"] is True


def test_a_severity_nobody_knows_stays_an_observation() -> None:
    allergy, observations = allergies(part("9", sct("56018004"), part("8", sct("1"))))
    assert "severity" not in allergy["reaction"][0]
    assert [each["valueCodeableConcept"]["coding"][0]["code"] for each in observations] == ["1"]


def test_a_vaccine_has_its_maker() -> None:
    product = '<manufacturedMaterial><code code="88" codeSystem="2.16.840.1.113883.12.292"/></manufacturedMaterial>'
    maker = "<manufacturerOrganization><name>某生物制品厂</name></manufacturerOrganization>"
    text = (
        f'<substanceAdministration><templateId root="{_TEMPLATES}52"/><effectiveTime value="20260301"/><consumable>'
        f"<manufacturedProduct>{product}{maker}</manufacturedProduct></consumable></substanceAdministration>"
    )
    (given,) = made(document(section("11369-6", "Immunizations", [text]), code="34133-9"), "Immunization")
    assert given["manufacturer"] == {"display": "某生物制品厂"}
