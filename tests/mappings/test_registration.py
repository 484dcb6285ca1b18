"""One registration for a facility, an assigning authority and a number, whichever format brought it."""

from __future__ import annotations

from typing import Final

import pytest

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Draft, Json
from mappings.cda import feed as cda
from mappings.devices.subject import stated
from mappings.devices.vendormap import vendor
from mappings.dicom.case import Case, Sender
from mappings.dicom.identity import attach
from mappings.forms.convert import convert
from mappings.hl7v2.profile import DEFAULT, IdentifierRule, Profile
from mappings.registration import registration
from tests.mappings.cda.documents import BASE, document
from tests.mappings.engine import draft, translate
from tests.mappings.family.test_family import MEASUREMENT, said

IDS: Final = keyed_ids(PUBLIC_KEY)
CITIZEN: Final = "99012219770707608x"
OID: Final = "2.16.156.990122.7"
RULE: Final = IdentifierRule(system=f"urn:oid:{OID}", kind="BLH", type="MR", patient_key=True)


def by_message(number: str, profile: Profile = DEFAULT) -> Draft:
    return draft(translate(f"PID|1||{number}||程霁月", profile=profile), "Patient")


def by_document(root: str, number: str) -> Draft:
    header = (
        f'<recordTarget><patientRole><id root="{root}" extension="{number}"/>'
        "<patient><name>程霁月</name></patient></patientRole></recordTarget>"
    )
    return draft(cda.translator("F01", IDS, BASE, "+08:00")(document(header=header).encode()), "Patient")


def by_image(issuer: str, number: str) -> Draft:
    case = Case(Sender(facility="F01", ids=IDS), "+08:00")
    attach((issuer, number), ("dicom-study", "1.2.3"), [], {}, case)
    (made,) = case.drafts.values()
    return made


def id_of(made: Draft | None) -> str:
    assert made is not None
    return str(made.resource["id"])


def form_of(column: str, number: str) -> str:
    text = f"姓名\t{column}\t随访日期\t收缩压\t舒张压\n程霁月\t{number}\t2026-03-05\t130\t80\n"
    (line,) = convert("form.csv", text.encode())
    (found,) = [each["resource"] for each in line["bundle"]["entry"] if each["resource"]["resourceType"] == "Patient"]
    return str(found["id"])


def test_a_citizen_id_is_one_registration_in_every_format() -> None:
    record: Json = {**MEASUREMENT, "patient": {"citizenId": CITIZEN}}
    expected = ("Patient", *registration("urn:oid:2.16.156.10011.1.3", CITIZEN))
    assert {
        id_of(by_message(f"{CITIZEN}^^^^SFZH")),
        id_of(by_message(f"{CITIZEN}^^^&2.16.156.10011.1.3&ISO")),
        id_of(by_document("2.16.156.10011.1.3", CITIZEN)),
        id_of(stated({"user": {"idCard": CITIZEN}}, vendor("health-kiosk"), "F01", IDS)),
    } == {IDS("F01", *expected)}
    assert form_of("身份证号", CITIZEN) == IDS("unknown", *expected)
    assert id_of(draft(said(record), "Patient")) == IDS("F05", *expected)


@pytest.mark.parametrize(
    ("column", "kind", "root", "number"),
    [
        ("健康档案编号", "健康档案编号", "2.16.156.10011.1.2", "99012200310300152"),
        ("健康卡号", "JKKH", "2.16.156.10011.1.19", "9901000118104152"),
    ],
)
def test_national_numbers_are_one_registration_in_every_format(column: str, kind: str, root: str, number: str) -> None:
    expected = ("Patient", *registration(f"urn:oid:{root}", number))
    assert {id_of(by_message(f"{number}^^^^{kind}")), id_of(by_document(root, number))} == {IDS("F01", *expected)}
    assert form_of(column, number) == IDS("unknown", *expected)


def test_a_number_under_an_oid_is_one_registration_in_messages_documents_and_images() -> None:
    profile = Profile(identifier_rules=(RULE,))
    assert (
        len(
            {
                id_of(by_message(f"A1^^^&{OID}&ISO^PI")),
                id_of(by_message(f"A1^^^&{OID}&ISO")),
                id_of(by_message("A1^^^^BLH", profile)),
                id_of(by_document(OID, "A1")),
                id_of(by_image(f"urn:oid:{OID}", "A1")),
            }
        )
        == 1
    )


def test_spaces_of_numbers_stay_apart() -> None:
    """Two systems of a facility count their patients each for itself: the same digits name two people."""
    both = Profile(identifier_rules=(RULE, IdentifierRule(system=RULE.system, kind="MZH", type="PI", patient_key=True)))
    numbers = [
        by_message(f"1001^^^&{OID}&ISO^PI"),
        by_message(f"1001^^^&{OID}&ISO^MR"),
        by_message("1001^^^LIS^PI"),
        by_message("1001^^^HIS^PI"),
        by_message("1001^^^HIS"),
        by_message("1001^^^^PI"),
        by_message("1001^^^^BLH", both),
        by_document(f"{OID}.1", "1001"),
        by_image(f"{BASE}/sid/F01/HIS", "1001"),
    ]
    assert len({id_of(made) for made in numbers}) == len(numbers) - 1, "an OID's MR is what a rule calls its MR"
    assert id_of(by_document(OID, "a1")) != id_of(by_document(OID, "A1"))


@pytest.mark.parametrize("word", ["无", "不详", "-", "0", "0000000", "UNKNOWN", "*" * 18, "9" * 18])
def test_a_word_where_a_number_belongs_makes_no_two_patients_one(word: str) -> None:
    """A document or a message with it is of a patient of its own; of an image see its own tests."""
    header = (
        f'<recordTarget><patientRole><id root="2.16.156.10011.1.3" extension="{word}"/>'
        f'<id root="{OID}" extension="A1"/>'
        "<patient><name>程霁月</name></patient></patientRole></recordTarget>"
    )
    translated = cda.translator("F01", IDS, BASE, "+08:00")
    assert id_of(draft(translated(document(header=header).encode()), "Patient")) == id_of(by_document(OID, "A1"))
    for root in ("2.16.156.10011.1.3", OID, ""):
        made = by_document(root, word)
        assert made is not None and made.authority.startswith("document|")
    assert by_message(f"{word}^^^^PI").authority == "message"


def test_a_registration_tells_the_id_it_had_before() -> None:
    assert by_message("A1^^^HIS^PI").formerly == ()
    assert by_message(f"{CITIZEN.upper()}^^^^SFZH").formerly == ()
    assert by_message(f"{CITIZEN}^^^^SFZH").formerly == (IDS("F01", "Patient", "|NNCHN", CITIZEN),)
    before = IDS("F01", "Patient", "urn:oid:2.16.156.10011.1.3", CITIZEN.upper())
    assert by_document("2.16.156.10011.1.3", CITIZEN).formerly == (before,)
    assert by_image(f"urn:oid:{OID}", "A1").formerly == (IDS("F01", "Patient", f"urn:oid:{OID}", "A1"),)
