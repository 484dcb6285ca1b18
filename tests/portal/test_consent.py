"""Consents and relationships as a page meets them: what opens, what closes at once, when the glass may be broken."""

from __future__ import annotations

from hub.kernel.types import Json
from tests.portal.house import PERSON, START, STRANGER, House, in_house

RECORD = f"/record/{PERSON}"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
REFUSE: Json = {"type": "deny"}
REFUSE_EVEN_IN_EMERGENCIES: Json = {"type": "deny", "purpose": [{"system": ACT_REASON, "code": "ETREAT"}]}
SECRETS = ("沈", "990122", "1958", "M100001", "青霉素", "云泽县人民医院", "mmol")


async def relate(home: House) -> None:
    """F02 treats the person: by the registration of the hospital."""
    await home.law.relate("p1-f01", "F02", low=START, high=None)


def test_a_relationship_with_one_registration_opens_the_record_of_the_person(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(STRANGER)
        assert (await home.get(RECORD)).status_code == 404
        await relate(home)
        page = await home.get(RECORD)
        assert page.status_code == 200
        assert all(part in page.text for part in ("M100001", "134/82 mmHg", "生化检验", "云泽县检验中心"))
        assert PERSON in (await home.submit("/find", "/find", number="990122195804120960")).text

    in_house(database_url, visit)


def test_a_withdrawal_closes_the_page_on_the_next_request(database_url: str) -> None:
    async def visit(home: House) -> None:
        await relate(home)
        await home.sign_in(STRANGER)
        assert (await home.get(RECORD)).status_code == 200
        await home.law.consent("p1-f05", REFUSE)
        refused = await home.get(RECORD)
        assert refused.status_code == 403
        assert not [secret for secret in SECRETS if secret in refused.text]
        assert (await home.get(RECORD + "/sheet")).text == refused.text.replace(f"{RECORD}?", f"{RECORD}/sheet?")
        assert PERSON not in (await home.submit("/find", "/find", number="990122195804120960")).text

    in_house(database_url, visit)


def test_where_it_is_possible_the_refusal_offers_to_break_the_glass(database_url: str) -> None:
    async def visit(home: House) -> None:
        await relate(home)
        await home.law.consent("p1-f05", REFUSE)
        await home.sign_in(STRANGER)
        offer = await home.get(RECORD)
        assert f'action="{RECORD}/emergency"' in offer.text
        await home.submit(RECORD, RECORD + "/emergency", reason="急诊抢救")
        opened = await home.get(RECORD)
        assert opened.status_code == 200
        assert "青霉素" in opened.text
        home.clock.move(hours=4, seconds=1)
        await home.sign_in(STRANGER)
        assert (await home.get(RECORD)).status_code == 403

    in_house(database_url, visit)


def test_where_the_patient_excluded_emergencies_there_is_no_offer(database_url: str) -> None:
    async def visit(home: House) -> None:
        await relate(home)
        await home.law.consent("p1-f05", REFUSE)
        await home.law.consent("p1-f01", REFUSE_EVEN_IN_EMERGENCIES, cid="c2")
        await home.sign_in(STRANGER)
        refused = await home.get(RECORD)
        assert refused.status_code == 403
        assert "emergency" not in refused.text

    in_house(database_url, visit)


def test_what_one_consent_hides_leaves_the_rest_without_a_gap(database_url: str) -> None:
    async def visit(home: House) -> None:
        codes = [{"coding": [{"system": "http://loinc.org", "code": code}]} for code in ("14743-9", "14771-0")]
        await relate(home)
        await home.law.consent("p1-f05", {"type": "deny", "code": codes})
        await home.sign_in(STRANGER)
        page = (await home.get(RECORD)).text
        assert "134/82 mmHg" in page
        assert "8.6 %" in page
        for hidden in ("血糖（血糖仪）", "空腹血糖", "trend-glucose", "4.4–7.0"):
            assert hidden not in page, hidden

    in_house(database_url, visit)
