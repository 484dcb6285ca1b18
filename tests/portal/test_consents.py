"""A patient says, changes and takes back consents on pages, is asked and told, and objects to a look."""

from __future__ import annotations

import re
from dataclasses import replace

from hub.auth.accounts import Account
from hub.kernel.ids import reference_key
from tests.portal.house import DOCTOR, PASSWORD, PATIENT, PERSON, STRANGER, House, in_house

REVIEWER = Account(
    name="rui", role="consent-reviewer", organization="ALLIANCE", practitioner="rui", patient=None, display="芮明"
)
COLLEAGUE = replace(DOCTOR, name="mei", practitioner="mei", display="梅晓岚")


def test_a_new_consent_is_chosen_looked_at_and_confirmed(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(PATIENT)
        choose = (await home.get("/consents/new")).text
        assert "不让其他任何机构看到我的精神心理健康内容" not in choose and "/consents/new/hide-mental-health" in choose
        form = (await home.get("/consents/new/deny-all")).text
        assert "不同意任何机构查阅其他机构为我记录的内容。" in form
        look = await home.submit("/consents/new/deny-all", "/consents/look", template="deny-all", replaces="")
        assert (look.status_code, "以后看不到" in look.text) == (200, True)
        assert "您还没有说过什么。" in (await home.get("/consents")).text
        done = await home.submit("/consents/new/deny-all", "/consents/confirm", template="deny-all", replaces="")
        assert (done.status_code, done.headers["location"]) == (303, "/consents")
        mine = (await home.get("/consents")).text
        assert "不同意任何机构查阅其他机构为我记录的内容。" in mine and "登录后本人操作" in mine

    in_house(database_url, visit)


def test_what_is_said_of_a_topic_takes_the_place_of_what_stands(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(PATIENT)
        await home.submit("/consents", "/consents/confirm", template="deny-all", replaces="")
        form = (await home.get("/consents/new/share-all")).text
        (rid,) = re.findall(r'name="replaces" value="([a-z0-9]+)"', form)
        await home.submit("/consents", "/consents/confirm", template="share-all", replaces=rid)
        mine = (await home.get("/consents")).text
        assert mine.count('<article class="active">') == 1 and "敏感内容和企业用途除外" in mine
        history = (await home.get(f"/consents/{rid}")).text
        assert history.index("第 2 版") < history.index("第 1 版")
        left = (await home.get(f"/consents/{rid}/withdraw")).text
        assert "撤回，立即生效" in left and "经伦理审查的科研（汇总）" in left and "企业研发（汇总）" not in left
        await home.submit("/consents", f"/consents/{rid}/withdraw")
        assert '<article class="ended">' in (await home.get("/consents")).text

    in_house(database_url, visit)


def test_a_form_that_is_not_filled_in_says_so(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(PATIENT)
        for said in (
            {"template": "glucose-for-hours"},
            {"template": "hide"},
            {"template": "share-until", "until": "x"},
        ):
            again = await home.submit("/consents", "/consents/look", **said)
            assert (again.status_code, "填完整" in again.text) == (422, True), said
        assert (await home.get("/consents/new/hide-codes")).status_code == 404
        assert (await home.get("/consents/unknown")).status_code == 404

    in_house(database_url, visit)


def test_a_doctor_asks_the_patient_answers_and_the_record_opens(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(STRANGER)
        assert (await home.get(f"/record/{PERSON}")).status_code == 404
        sent = await home.submit("/ask", "/ask", patient=PERSON, reason="会诊", hours="24")
        assert sent.status_code == 303
        await home.submit("/ask", "/ask", patient="nobody", reason="会诊", hours="24")
        assert (await home.get("/ask")).text.count("等待答复") == 2
        assert (await home.submit("/ask", "/ask", patient=PERSON, reason=" ", hours="24")).status_code == 422
        await home.sign_in(PATIENT)
        mine = (await home.get("/consents")).text
        (request,) = re.findall(r'href="(/consents/requests/[a-z0-9]+)"', mine)
        assert "会诊" in mine and "1 条新通知" in mine
        shown = (await home.get(request)).text
        assert "云泽县中医医院" in shown and "以后" in shown
        await home.submit(request, request, answer="yes")
        assert (await home.submit("/consents", request, answer="no")).status_code == 303
        assert "有人请求您授权" in (await home.get("/notices")).text
        await home.submit("/notices", "/notices/seen")
        assert "新通知" not in (await home.get("/consents")).text
        await home.sign_in(STRANGER)
        assert "已同意" in (await home.get("/ask")).text
        assert (await home.get(f"/record/{PERSON}")).status_code == 200

    in_house(database_url, visit)


def test_broken_glass_is_told_to_the_patient_and_reviewed(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.accounts.add(REVIEWER, PASSWORD)
        await home.law.relate("p1-f01", "F02")
        await home.law.consent("p1-f05", {"type": "deny"})
        await home.sign_in(STRANGER)
        await home.submit(f"/record/{PERSON}", f"/record/{PERSON}/emergency", reason="急诊抢救")
        assert (await home.get(f"/record/{PERSON}")).status_code == 200
        assert (await home.get("/review")).status_code == 403
        await home.sign_in(REVIEWER)
        queue = (await home.get("/review")).text
        (glass,) = re.findall(r'action="(/review/glass/glass-[0-9]+)"', queue)
        assert "急诊抢救" in queue and "沈桂兰" not in queue and "青霉素" not in queue
        assert (await home.submit("/review", glass, finding="justified", text="")).status_code == 422
        assert (await home.submit("/review", glass, finding="justified", text="抢救属实")).status_code == 303
        assert (await home.submit("/review", glass, finding="unjustified", text="改判")).status_code == 422
        await home.sign_in(PATIENT)
        told = (await home.get("/notices")).text
        assert "有人紧急调阅了您的档案" in told and "急诊抢救" in told and "抢救属实" in told

    in_house(database_url, visit)


def test_an_objection_to_a_look_is_answered(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.accounts.add(REVIEWER, PASSWORD)
        await home.sign_in(DOCTOR)
        await home.get(f"/record/{PERSON}")
        await home.sign_in(PATIENT)
        looks = re.findall(r'href="(/looked/(?!report)[^"?]+)"', (await home.get("/looked")).text)
        look = (await home.get(looks[-1])).text
        assert "白若溪" in look and "几秒钟后才有证明" in look
        assert (await home.submit(looks[-1], looks[-1], reason=" ")).status_code == 422
        assert (await home.submit(looks[-1], looks[-1], reason="我没去过")).status_code == 303
        assert "等待复核" in (await home.get(looks[-1])).text
        assert (await home.submit("/looked", "/looked/nothing", reason="x")).status_code == 404
        await home.sign_in(REVIEWER)
        (case,) = re.findall(r'action="(/review/objection/[a-z0-9]+)"', (await home.get("/review")).text)
        await home.submit("/review", case, finding="unjustified", text="已提醒")
        await home.sign_in(PATIENT)
        assert "不正当" in (await home.get(looks[-1])).text and "已提醒" in (await home.get("/notices")).text

    in_house(database_url, visit)


def test_very_restricted_records_open_to_the_pair_a_second_person_approved(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.accounts.add(COLLEAGUE, PASSWORD)
        await home.accounts.add(replace(STRANGER, name="he", practitioner="he"), PASSWORD)
        await _lock_allergy(home)
        await home.sign_in(STRANGER)
        assert "青霉素" not in (await home.get(f"/record/{PERSON}")).text
        await home.submit("/second", "/second", patient=PERSON, reason="手术前核对")
        await home.sign_in(COLLEAGUE)
        assert "手术前核对" not in (await home.get("/second")).text
        await home.sign_in(replace(STRANGER, name="he"))
        (one,) = re.findall(r'action="(/second/[a-z0-9]+)"', (await home.get("/second")).text)
        await home.submit("/second", one, answer="yes")
        assert "青霉素" not in (await home.get(f"/record/{PERSON}")).text
        await home.sign_in(STRANGER)
        assert "青霉素" in (await home.get(f"/record/{PERSON}")).text
        home.clock.move(hours=4, seconds=1)
        await home.sign_in(STRANGER)
        assert "青霉素" not in (await home.get(f"/record/{PERSON}")).text

    in_house(database_url, visit)


async def _lock_allergy(home: House) -> None:
    """F02 treats the person; the allergy is very restricted, and she lets F02 see even that."""
    await home.law.relate("p1-f01", "F02")
    confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    async with home.database.transaction() as tx:
        labelled = await tx.execute("UPDATE resource SET labels = ARRAY[$1] WHERE id = 'al1'", f"{confidentiality}|V")
        assert labelled == "UPDATE 1"
    role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
    actor = [{"role": role, "reference": {"reference": "Organization/F02"}}]
    label = [{"system": confidentiality, "code": "V"}]
    await home.law.consent("p1-f05", {"type": "permit", "actor": actor, "securityLabel": label})


def test_a_delegate_is_appointed_and_dismissed(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(PATIENT)
        assert (await home.submit("/proxies", "/proxies", name=" ")).status_code == 422
        await home.submit("/proxies", "/proxies", name="沈小梅", consent="on", until="2027-01-01")
        page = (await home.get("/proxies")).text
        assert "沈小梅" in page and "可以查看并代为授权" in page and "到 2027-01-01" in page
        (end,) = re.findall(r'action="(/proxies/[a-z0-9]+/end)"', page)
        await home.submit("/proxies", end)
        assert "已结束" in (await home.get("/proxies")).text

    in_house(database_url, visit)


def test_a_patient_sees_who_looks_after_her(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.law.relate("in1", "F02")
        async with home.database.transaction() as tx:
            sql = "UPDATE relation SET pkey = $1, key = (SELECT key FROM resource WHERE id = 'in1')"
            await tx.execute(sql, reference_key("Patient", "p1-f01"))
        await home.sign_in(PATIENT)
        assert "/care" in (await home.get("/consents")).text
        page = (await home.get("/care")).text
        assert "云泽县中医医院" in page and "没有期限" in page

    in_house(database_url, visit)


def test_each_role_has_its_pages_and_no_others(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path in ("/consents", "/consents/new", "/notices", "/care", "/proxies", "/ask", "/second", "/review"):
            home.http.cookies.clear()
            assert (await home.get(path)).headers["location"] == "/", path
        await home.sign_in(DOCTOR)
        for path in ("/consents", "/consents/new", "/notices", "/care", "/proxies", "/review"):
            assert (await home.get(path)).status_code == 403, path
        await home.sign_in(PATIENT)
        for path in ("/ask", "/second", "/review"):
            assert (await home.get(path)).status_code == 403, path

    in_house(database_url, visit)
