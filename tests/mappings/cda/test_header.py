"""The header: who it is about, what else is numbered, who wrote and vouched, where, under which secrecy."""

from __future__ import annotations

import base64

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Part
from mappings.cda.convert import convert
from mappings.cda.feed import read_envelope, take_apart
from tests.mappings.cda.documents import BASE, PATIENT, cd, converted, document, made, observation, section

MARRIED = '<maritalStatusCode code="20" codeSystem="2.16.156.10011.2.3.3.5" displayName="已婚"/>'
SIGNED = """<author><time value="20260301"/><assignedAuthor><id root="2.16.156.10011.1.7" extension="N1"/>
<assignedPerson><name>测试乙</name></assignedPerson>
<representedOrganization><name>测试卫生院</name></representedOrganization></assignedAuthor></author>
<legalAuthenticator><time value="202603011030"/><assignedEntity>
<id root="2.16.156.10011.1.4" extension="N2"/><code displayName="审核医师"/>
<assignedPerson><name>测试丙</name></assignedPerson></assignedEntity></legalAuthenticator>"""


def test_the_patient_has_numbers_name_sex_and_birth_and_is_known_by_the_citizen_id() -> None:
    (patient,) = made(document(header=PATIENT.replace("<birthTime", f"{MARRIED}<birthTime")), "Patient")
    assert [(each["system"], each["value"]) for each in patient["identifier"]] == [
        ("urn:oid:2.16.156.10011.1.2", "99012200310300099"),
        ("urn:oid:2.16.156.10011.1.3", "99012219600101001X"),
    ]
    assert (patient["name"], patient["gender"], patient["birthDate"]) == ([{"text": "测试甲"}], "female", "1960-01-01")
    assert [each["code"] for each in patient["maritalStatus"]["coding"]] == ["M", "20"]
    other = document(header=PATIENT.replace("99012200310300099", "99012200310300098"))
    assert made(other, "Patient")[0]["id"] == patient["id"]


@pytest.mark.parametrize(
    ("sex", "expected"),
    [
        ('code="1"', "male"), ('displayName="女性"', "female"), ('code="男"', "male"), ('code="M"', "male"),
        ('code="9"', "unknown"), ('code="7"', None),
    ],
)  # fmt: skip
def test_sex_is_read_from_code_or_name_and_a_code_nobody_knows_is_kept(sex: str, expected: str | None) -> None:
    (patient,) = made(document(header=PATIENT.replace('code="2"', sex)), "Patient")
    assert patient.get("gender") == expected
    assert patient["_gender"]["extension"][0]["url"] == f"{BASE}/StructureDefinition/cda-coded-source"


def test_numbers_of_the_document_in_the_patients_place_never_find_a_person() -> None:
    number = '<id root="2.16.156.10011.1.24" extension="A77"/><id root="2.16.156.10011.1.2"'
    text = document(header=PATIENT.replace('<id root="2.16.156.10011.1.2"', number))
    (patient,) = made(text, "Patient")
    (document_reference,) = made(text, "DocumentReference")
    assert "A77" not in [each["value"] for each in patient["identifier"]]
    assert [each["value"] for each in document_reference["identifier"]] == ["A77"]


def test_a_patient_without_a_number_is_known_by_the_document_only_and_an_issue_says_so() -> None:
    text = document(
        header="<recordTarget><patientRole><patient><name>测试甲</name></patient></patientRole></recordTarget>"
    )
    row = converted(text)
    assert [issue["code"] for issue in row["issues"]] == ["patient-identity"]
    again = made(text.replace('extension="D1"', 'extension="D2"'), "Patient")
    assert again[0]["id"] != made(text, "Patient")[0]["id"]


def test_who_wrote_it_and_who_vouches_for_it_stand_in_the_composition() -> None:
    text = document(more=SIGNED)
    (composition,) = made(text, "Composition")
    assert composition["author"][0]["display"] == "测试乙"
    (attester,) = composition["attester"]
    assert (attester["mode"], attester["time"], attester["party"]["display"]) == (
        "legal",
        "2026-03-01T10:30:00+08:00",
        "测试丙",
    )
    assert composition["custodian"]["display"] == "测试卫生院"


def test_a_stay_has_its_places_and_the_number_of_the_stay() -> None:
    header = PATIENT.replace("<telecom", '<id root="2.16.156.10011.1.12" extension="ZY9"/><telecom')
    stay = """<componentOf><encompassingEncounter><effectiveTime><low value="20260201"/><high value="20260205"/>
    </effectiveTime><location><healthCareFacility><serviceProviderOrganization><asOrganizationPartOf>
    <wholeOrganization><id root="2.16.156.10011.1.22" extension="B5"/><name>5床</name><asOrganizationPartOf>
    <wholeOrganization><id root="2.16.156.10011.1.26" extension="K3"/><name>内科</name></wholeOrganization>
    </asOrganizationPartOf></wholeOrganization></asOrganizationPartOf></serviceProviderOrganization>
    </healthCareFacility></location></encompassingEncounter></componentOf>"""
    text = document(header=header, more=stay, code="C0053")
    (encounter,) = made(text, "Encounter")
    assert (encounter["class"]["code"], encounter["status"]) == ("IMP", "finished")
    assert encounter["period"] == {"start": "2026-02-01", "end": "2026-02-05"}
    assert encounter["identifier"][0]["value"] == "ZY9"
    (bed,) = made(text, "Location")
    assert (bed["name"], bed["physicalType"]["coding"][0]["code"]) == ("5床", "bd")
    ward = next(each for each in made(text, "Organization") if each["name"] == "内科")
    assert encounter["serviceProvider"] == {"reference": f"Organization/{ward['id']}"}


def test_the_original_is_kept_byte_for_byte() -> None:
    raw = document().encode("gb18030")
    (reference,) = made(raw, "DocumentReference")
    assert base64.b64decode(reference["content"][0]["attachment"]["data"]) == raw
    assert made(raw, "Binary") == []
    assert reference["content"][0]["format"]["code"] == "urn:oid:2.16.156.10011.2.1.1.12"


def test_a_new_version_of_a_set_replaces_the_old_one_under_the_same_ids() -> None:
    versions = [
        document(more=f'<setId root="1.2.3" extension="S1"/><versionNumber value="{n}"/>').replace("D1", f"D{n}")
        for n in (1, 2)
    ]
    first, second = ([each["id"] for each in made(text, "Composition", "DocumentReference")] for text in versions)
    assert first == second


@pytest.mark.parametrize("code", ["R", "V"])
def test_a_restricted_document_labels_all_it_tells_of_the_patient(code: str) -> None:
    statement = observation("DE05.01.024.00", "诊断代码", cd("F20.000", "2.16.156.10011.2.3.3.11"))
    text = document(section("29548-5", "Diagnosis", [statement])).replace('Code code="N"', f'Code code="{code}"')
    labelled = {each["resourceType"] for each in made(text) if "meta" in each}
    assert labelled == {"Composition", "Condition", "DocumentReference", "Observation"}


def test_a_template_of_another_type_is_told_and_the_code_believed() -> None:
    text = document(code="C0002", more='<templateId root="2.16.156.10011.2.1.1.21"/>')
    row = converted(text)
    assert [issue["code"] for issue in row["issues"]] == ["template-code"]
    (reference,) = made(text, "DocumentReference")
    assert reference["content"][0]["format"]["display"] == "门(急)诊病历"


def test_a_document_without_a_code_is_known_by_its_template() -> None:
    text = document(more='<templateId root="2.16.156.10011.2.1.1.24"/>').replace(
        '<code code="HSDB04.01" codeSystem="2.16.156.10011.2.4"/>', "<code/>"
    )
    (composition,) = made(text, "Composition")
    assert composition["type"]["coding"][0]["code"] == "C0004"


def test_narratives_become_xhtml_without_anything_that_acts() -> None:
    text = """<text><paragraph styleCode="Bold">血压 &lt;b&gt;<content onclick="x()">150</content></paragraph>
    <linkHtml href="javascript:x()">链</linkHtml><script>x()</script>
    <table border="1"><tr><td colspan="2">甲</td></tr></table></text>"""
    (composition,) = made(document(section("8716-3", "VITAL SIGNS", more=text)), "Composition")
    div = composition["section"][0]["text"]["div"]
    assert all(sign not in div for sign in ("script", "href", "onclick", "border"))
    assert "血压 &lt;b&gt;<span>150</span>" in div
    assert '<td colspan="2">甲</td>' in div
    assert [issue for issue in validate(composition) if issue.severity == "error"] == []


def test_the_report_has_one_row_for_every_leaf() -> None:
    (row,) = convert("a.xml", document(more=SIGNED).encode(), BASE)
    sources = [each["source"] for each in row["report"]]
    assert len(sources) == len(set(sources))
    outcome = {each["source"]: each for each in row["report"]}
    assert outcome["recordTarget/patientRole/patient/name"]["targets"] == ["Patient.name"]
    assert outcome["legalAuthenticator/time@value"]["targets"] == ["Composition.attester.time"]


def test_an_envelope_names_set_version_type_and_the_numbers_of_the_patient() -> None:
    text = document(more='<setId root="1.2.3" extension="S1"/><versionNumber value="2"/>')
    envelope = read_envelope(text.encode("gb18030"))
    assert (envelope.identity, envelope.kind) == ("1.2.3|S1|2", "HSDB04.01")
    assert envelope.lanes == ("99012200310300099", "99012219600101001X")
    assert read_envelope(b"nothing").problem is not None


def test_a_document_taken_apart_shows_every_leaf_once() -> None:
    (whole,) = take_apart(document().encode())

    def leaves(part: Part) -> list[Part]:
        return [part] if not part.parts else [leaf for each in part.parts for leaf in leaves(each)]

    found = {leaf.at: leaf.text for leaf in leaves(whole) if leaf.text}
    assert found["ClinicalDocument/title[1]/text()"] == "测试文档"
    assert found["ClinicalDocument/code[1]/@code"] == "HSDB04.01"
