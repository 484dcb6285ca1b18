"""Value sets that stand nowhere as resources: of whole code systems, of R4's bindings, of tables of HL7 v2 and v3."""

from __future__ import annotations

from hub.fhir.code_systems import mapped_to
from hub.kernel.errors import Category, HubError
from terminology.expansion import Page, Wish
from terminology.model import Coding, Stated
from tests.terminology.house import House, code_system, in_house

HL7 = "http://terminology.hl7.org"
SEX, SEVERITY, ACT = f"{HL7}/CodeSystem/v2-0001", f"{HL7}/CodeSystem/v2-0128", f"{HL7}/CodeSystem/v3-ActCode"


async def expanded(home: House, url: str) -> Page | None:
    """The expansion, or None where there is no such value set."""
    try:
        return await home.terms.expand(Wish(url=url))
    except HubError as error:
        assert error.category is Category.NOT_FOUND
        return None


def test_a_code_system_that_is_held_answers_for_the_value_set_it_names(database_url: str) -> None:
    async def visit(home: House) -> None:
        severity = mapped_to(SEVERITY)
        assert severity is not None
        await home.load(severity)
        for version in ("", "|2.9"):
            page = await expanded(home, f"{HL7}/ValueSet/v2-0128{version}")
            assert page is not None
            assert [one["code"] for one in page.contains] == ["MI", "MO", "SV", "U"]
            assert page.used == [f"{SEVERITY}|2.9"]
        assert await expanded(home, f"{HL7}/ValueSet/v2-0128|2.8") is None
        await home.load(code_system({"code": "SV"}, url=SEVERITY, version="9", valueSet=f"{HL7}/ValueSet/v2-0128"))
        for version, total in (("", 1), ("|2.9", 4), ("|9", 1)):
            page = await expanded(home, f"{HL7}/ValueSet/v2-0128{version}")
            assert page is not None
            assert page.total == total

    in_house(database_url, visit)


def test_tables_of_hl7_that_nobody_loaded_answer_for_their_value_sets(database_url: str) -> None:
    async def visit(home: House) -> None:
        for version in ("", "|2.9"):
            page = await expanded(home, f"{HL7}/ValueSet/v2-0001{version}")
            assert page is not None
            assert {"system": SEX, "version": "2.9", "code": "F", "display": "Female"} in page.contains
            assert page.used == [f"{SEX}|2.9"]
        assert await expanded(home, f"{HL7}/ValueSet/v2-0001|2.8") is None
        assert await expanded(home, f"{HL7}/ValueSet/v2-none") is None
        wish = Wish(url=f"{HL7}/ValueSet/v3-Race", text="chinese")
        assert [one["code"] for one in (await home.terms.expand(wish)).contains] == ["2034-7"]
        asked = [Stated(Coding(SEX, code), version=version) for code, version in (("F", ""), ("F", "2.8"), ("Q", ""))]
        verdicts = await home.terms.in_value_set(f"{HL7}/ValueSet/v2-0001", asked)
        assert [one.result for one in verdicts] == [True, False, False]

    in_house(database_url, visit)


def test_the_value_sets_of_r4_s_bindings_are_answered_wherever_they_stand(database_url: str) -> None:
    async def visit(home: House) -> None:
        encounter = await expanded(home, f"{HL7}/ValueSet/v3-ActEncounterCode")
        assert encounter is not None
        assert {"AMB", "IMP"} < {one["code"] for one in encounter.contains if one["system"] == ACT}
        assert await expanded(home, "http://hl7.org/fhir/ValueSet/account-status|4.0.1") is not None
        assert await expanded(home, "http://hl7.org/fhir/ValueSet/account-status|5.0.0") is None
        assert await expanded(home, "account-status") is None

    in_house(database_url, visit)
