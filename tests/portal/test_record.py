"""The record page over a real gate: what it shows, what it keeps quiet about, and breaking the glass."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from lxml import html

from hub.audit import queries
from hub.auth.accounts import Account
from hub.kernel.types import Json
from tests.portal.house import DOCTOR, PATIENT, PERSON, STRANGER, House, in_house
from tests.portal.people import condition, encounter, observation, of_message, patient

RECORD = f"/record/{PERSON}"


def parsed(page: str) -> Any:
    """A page as a tree."""
    return html.document_fromstring(page)


def within(page: Any, kind: str, tag: str = "") -> list[Any]:
    """The elements of a class, or those of a tag within them."""
    found: list[Any] = page.xpath(f".//*[@class='{kind}' or starts-with(@class, '{kind} ')]{tag and '//' + tag}")
    return found


def words(page: str) -> str:
    """What a page says, with single spaces."""
    return re.sub(r"\s+", " ", parsed(page).find("body").text_content())


async def read(home: House, path: str = RECORD, account: Account = DOCTOR) -> httpx.Response:
    await home.sign_in(account)
    return await home.get(path)


def test_one_page_shows_what_three_facilities_know(database_url: str) -> None:
    async def visit(home: House) -> None:
        said = words((await read(home)).text)
        for part in (
            "沈桂兰", "68 岁", "1958-04-12 出生", "990122195804120960", "9901000018648024",
            "青霉素", "高血压急症", "生化检验", "9.8 mmol/L", "苯磺酸氨氯地平片", "胸部正位 DR", "两肺纹理增多",
            "高血压、糖尿病随访", "134/82 mmHg", "高血压病 3 级（极高危）", "转诊", "→ 云泽县人民医院",
            "云泽县人民医院", "云泽县检验中心", "石桥社区卫生服务中心", "#33", "接口写入",
        ):  # fmt: skip
            assert part in said, part

    in_house(database_url, visit)


def test_it_explains_which_facility_knows_the_person_under_which_number_and_why_they_are_one(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        page = parsed((await read(home)).text)
        (table,) = within(page, "identities", "table")
        rows = [re.sub(r"\s+", " ", row.text_content()) for row in table.xpath(".//tbody//tr")]
        assert len(rows) == 3
        hospital = next(row for row in rows if "云泽县人民医院" in row)
        assert "病案号 M100001" in hospital
        assert "居民身份证号相同" in hospital
        assert "消息 3" in hospital

    in_house(database_url, visit)


def test_results_stand_in_their_report_and_follow_ups_hold_what_was_measured(database_url: str) -> None:
    async def visit(home: House) -> None:
        page = parsed((await read(home, RECORD + "?kind=laboratory")).text)
        entries = [re.sub(r"\s+", " ", one.text_content()) for one in within(page, "entry")]
        assert len(entries) == 2
        assert all(part in entries[1] for part in ("空腹血糖", "8.6 %", "2.9 mmol/L", "危急偏低", "(3.5–5.3)"))
        page = parsed((await read(home, RECORD + "?kind=followup")).text)
        assert [len(within(one, "measured", "li")) for one in within(page, "entry")] == [2] * 5

    in_house(database_url, visit)


def test_an_order_that_was_answered_stands_with_its_report_and_not_beside_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        page = (await read(home)).text
        assert "生化检验申请单" not in page
        assert "#33 #32" in words(page)

    in_house(database_url, visit)


def test_the_filter_is_links_that_need_no_script(database_url: str) -> None:
    async def visit(home: House) -> None:
        page = parsed((await read(home)).text)
        links = {a.get("href"): a.text_content() for a in within(page, "filter", "a")}
        assert f"{RECORD}?kind=allergy" in links
        assert f"{RECORD}?kind=nonsense" not in links
        for href, label in links.items():
            shown = within(parsed((await home.get(href)).text), "entry")
            count = re.search(r"[0-9]+", label)
            assert not count or len(shown) == int(count[0])
        assert len(within(parsed((await home.get(RECORD + "?kind=nonsense")).text), "entry")) == 18

    in_house(database_url, visit)


def test_trends_have_their_target_band_a_drawing_and_a_table(database_url: str) -> None:
    async def visit(home: House) -> None:
        page = parsed((await read(home)).text)
        pressure = page.get_element_by_id("trend-pressure").getparent()
        said = re.sub(r"\s+", " ", pressure.text_content())
        assert "134/82 mmHg" in said
        assert "<150/90 mmHg" in said
        assert "国家基本公共卫生服务规范" in said
        assert len(pressure.xpath(".//svg//circle")) == 12
        assert len(pressure.xpath(".//table//tbody//tr")) == 6
        assert "188" in said
        glucose = page.get_element_by_id("trend-glucose").getparent()
        assert "4.4–7.0 mmol/L" in glucose.text_content()
        assert len(glucose.xpath(".//svg//circle")) == 7

    in_house(database_url, visit)


def test_the_whole_page_is_there_in_english(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        await home.get("/?lang=en")
        page = parsed((await home.get(RECORD)).text)
        assert page.get("lang") == "en"
        for element in page.iter("h1", "h2", "h3", "button", "summary", "label", "dt"):
            if element.get("lang") is None and not element.xpath(".//*[@lang]"):
                assert not re.search(r"[\u4e00-\u9fff]", element.text_content()), element.text_content()

    in_house(database_url, visit)


def test_the_print_sheet_is_a_summary(database_url: str) -> None:
    async def visit(home: House) -> None:
        said = words((await read(home, RECORD + "/sheet")).text)
        for part in (
            "沈桂兰",
            "青霉素",
            "二甲双胍片",
            "134/82 mmHg",
            "2026-05-20 09:00",
            "石桥社区卫生服务中心 白若溪",
        ):
            assert part in said, part
        assert "硝普钠" not in said

    in_house(database_url, visit)


def test_another_persons_measurements_are_not_drawn_in(database_url: str) -> None:
    async def visit(home: House) -> None:
        other = patient("p6", "沈桂兰", "1958-04-12")
        value = observation("o6", "p6", "2026-05-01", "14771-0", "空腹血糖", "33.3 mmol/L")
        await home.save([("F05", other), ("F05", value)])
        assert "33.3" not in (await read(home)).text
        assert "33.3" in (await home.get("/record/p6")).text

    in_house(database_url, visit)


def test_a_stranger_is_told_the_same_of_a_record_and_of_none(database_url: str) -> None:
    async def visit(home: House) -> None:
        hidden = await read(home, RECORD, STRANGER)
        absent = await home.get("/record/p1persongoldenbbbbbbbbbbbb")
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert hidden.text.replace("aaaaaaaaaaaa", "bbbbbbbbbbbb") == absent.text

    in_house(database_url, visit)


def test_what_is_hidden_leaves_no_trace_in_a_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        # F02 wrote one visit about this registration of its own: it sees that and nothing of the others.
        await home.save([("F02", patient("p1-f02", "沈桂兰", "1958-04-12"))], {"p1-f02": PERSON})
        await home.save([("F02", encounter("e-f02", "p1-f02", "2026-01-05", "", "AMB", "针灸"))])
        page = await read(home, RECORD, STRANGER)
        assert page.status_code == 200
        said = words(page.text)
        assert "针灸" in said
        for secret in ("M100001", "糖尿病", "青霉素", "云泽县人民医院", "云泽县检验中心", "134/82", "0990-5550191"):
            assert secret not in page.text, secret
        assert "一家机构登记了此人" in said
        assert re.search(r"时间轴 1 条", said)

    in_house(database_url, visit)


def test_breaking_the_glass_needs_a_reason_lasts_four_hours_and_stands_in_the_trail(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        blank = await home.submit(RECORD, RECORD + "/emergency", reason="  ")
        assert blank.status_code == 422
        assert "请写明理由" in blank.text
        assert (await home.get(RECORD + "/emergency")).headers["location"] == RECORD
        answer = await home.submit(RECORD, RECORD + "/emergency", reason="急诊抢救")
        assert answer.headers["location"] == RECORD
        page = await home.get(RECORD)
        assert "正在紧急调阅" in page.text
        assert "2026-05-20 13:00" in page.text
        async with home.database.connection() as tx:
            newest = (await queries.newest(tx, limit=1))[0]
        assert (newest.requester.purpose, newest.requester.break_glass) == (("BTG",), "急诊抢救")
        for _ in range(9):
            home.clock.move(minutes=27)
            page = await home.get(RECORD)
        assert "正在紧急调阅" not in page.text

    in_house(database_url, visit)


def test_a_declaration_does_not_reach_another_patient_nor_the_search(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.save([("F05", patient("p6", "杜明远", "1962-06-08"))])
        await home.sign_in()
        await home.submit(RECORD, RECORD + "/emergency", reason="急诊抢救")
        await home.get("/record/p6")
        await home.submit("/find", "/find", number="M100001")
        async with home.database.connection() as tx:
            entries = await queries.newest(tx, limit=2)
        assert [entry.requester.purpose for entry in entries] == [("TREAT",), ("TREAT",)]
        ended = await home.submit(RECORD, RECORD + "/emergency/end")
        assert ended.headers["location"] == "/find"
        assert "正在紧急调阅" not in (await home.get(RECORD)).text

    in_house(database_url, visit)


def test_a_patient_reads_the_own_record_and_sees_who_looked(database_url: str) -> None:
    async def visit(home: House) -> None:
        await read(home)
        page = await read(home, RECORD, PATIENT)
        assert page.status_code == 200
        assert "紧急调阅" not in page.text
        looks = await home.get("/looked")
        said = words(looks.text)
        assert "打开档案" in said
        assert "白若溪 医务人员" in said
        assert "石桥社区卫生服务中心" in said
        assert "诊疗" in said
        # One look at a person of three registrations is one line.
        (row,) = [row for row in within(parsed(looks.text), "looks", "li") if "医务人员" in row.text_content()]
        assert "×" not in row.text_content()
        await read(home)
        await home.get(RECORD)
        await home.sign_in(PATIENT)
        assert "打开档案 ×2" in words((await home.get("/looked")).text)

    in_house(database_url, visit)


def test_a_clinician_has_no_page_of_who_looked(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await read(home, "/looked")).status_code == 403
        assert (await home.get("/record")).status_code == 403

    in_house(database_url, visit)


@pytest.mark.parametrize("path", ["/record/../../etc", "/record/a%2Fb", "/record/%00", "/record/" + "a" * 65])
def test_what_cannot_be_an_id_is_not_found(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        assert (await read(home, path)).status_code == 404

    in_house(database_url, visit)


def test_a_long_record_is_shown_page_by_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        many = [
            ("F05", condition(f"many{i}", "p7", f"2020-01-{1 + i % 28:02d}", "Z00", f"诊断{i}")) for i in range(150)
        ]
        await home.save([("F05", patient("p7", "温若水", "1989-03-21")), *many])
        first = parsed((await read(home, "/record/p7")).text)
        second = parsed((await home.get("/record/p7?kind=&page=2")).text)
        beyond = parsed((await home.get("/record/p7?page=999")).text)
        assert [len(within(page, "entry")) for page in (first, second, beyond)] == [100, 50, 50]
        assert "/record/p7?kind=&page=2" in [a.get("href") for a in within(first, "pager", "a")]

    in_house(database_url, visit)


def test_an_account_for_a_patient_who_is_not_there_finds_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        nobody = replace(PATIENT, name="nobody", patient="p404")
        await home.accounts.add(nobody, "a fine long password")
        await home.sign_in(nobody)
        answer = await home.get("/record")
        assert (await home.get(answer.headers["location"])).status_code == 404

    in_house(database_url, visit)


def test_a_document_is_one_line_with_what_it_says_and_its_measurements_beside_it(database_url: str) -> None:
    note: Json = {"system": "urn:oid:2.16.156.10011.2.4", "code": "C0053", "display": "出院小结"}
    common: Json = {"type": {"coding": [note]}, "subject": {"reference": "Patient/p1-f05"}, "date": "2026-03-09"}
    told = [
        {"resourceType": "DocumentReference", "id": "doc", "status": "current", "content": [], **common},
        {"resourceType": "Composition", "id": "comp", "status": "final", "title": "出院小结", "author": [], **common},
        observation("word", "p1-f05", "2026-03-09", "x", "出院情况", valueString="平稳"),
        observation("next", "p1-f05", "2026-03-09", "y", "下次随访日期", valueDateTime="2026-03-23T00:00:00+08:00"),
        observation("kg", "p1-f05", "2026-03-09", "29463-7", "体重", "62.5 kg"),
    ]

    async def visit(home: House) -> None:
        await home.save([("F05", of_message(one, 77)) for one in told])
        await home.sign_in()
        page = (await home.get(f"/record/{PERSON}")).text
        assert page.count("出院小结") == 1
        assert "平稳" in page
        assert "2026-03-23</" in page
        assert "62.5" in (await home.get(f"/record/{PERSON}?kind=measurement")).text

    in_house(database_url, visit)
