"""Every case of `cases/` proves the rows of the HL7 v2-to-FHIR guide it claims, with output that is valid R4."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.hl7v2_cases import Case, Proof, case_files, faults, resources
from scripts.hl7v2_guide import GuideRow, guide
from tests.mappings.checker import invalid

CASES = case_files(Path(__file__).parent / "cases")


@pytest.fixture
def rows(shared: Path) -> dict[str, GuideRow]:
    return {row.key: row for row in guide(shared / "v2-to-fhir" / "mappings")}


@pytest.mark.parametrize("name", CASES)
def test_the_cases_prove_the_rows_they_claim(name: str, rows: dict[str, GuideRow]) -> None:
    found = [fault for case in CASES[name] for fault in faults(case, rows)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", CASES)
def test_what_the_cases_make_is_valid_r4(name: str) -> None:
    found = [fault for case in CASES[name] for fault in invalid(bundle(case))]
    assert not found, "\n".join(found)


def bundle(case: Case) -> dict[str, object]:
    return {"entry": [{"resource": each} for each in resources(case)]}


ROW = GuideRow("segments", "PID[Patient]", "PID-7", "birthDate", "PID[Patient] PID-7 birthDate")
HEADER = "MSH|^~\\&|HIS|F01|||20260301083000+0800||ADT^A01|M1|P|2.5.1"


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        (Proof(key=ROW.key, expression="Patient.birthDate = @1958-04-12"), ""),
        (Proof(key=ROW.key, expression="Patient.birthDate = @1958-04-13"), "false"),
        (Proof(key=ROW.key, expression="Patient.identifier.exists()"), "true whatever stands in"),
        (Proof(key=ROW.key, expression="Patient.name.exists().not()"), "true whatever stands in"),
        (Proof(key=ROW.key, expression="Patient.birthDate"), "gives no truth"),
        (Proof(key=ROW.key, expression="Patient.birthDate.nothing()"), "cannot be evaluated"),
        (Proof(key=ROW.key, expression="Patient.exists()", empty=("PID-9",)), "nothing is sent in"),
        (Proof(key=ROW.key, expression="Patient.gender.empty()", put={"PID-8": "F"}), ""),
        (Proof(key=ROW.key, expression="Patient.exists()", always="for the test"), ""),
        (Proof(key="PID[Patient] PID-99 nothing", expression="true"), "no such row"),
    ],
)
def test_a_case_that_proves_nothing_is_a_fault(proof: Proof, said: str) -> None:
    case = Case((HEADER, "PID|1||1^^^H^MR||||19580412"), (proof,))
    found = list(faults(case, {ROW.key: ROW}))
    assert [said in fault for fault in found] == ([True] if said else [])
