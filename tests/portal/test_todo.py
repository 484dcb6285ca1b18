from datetime import timedelta
from typing import Any

from hub.kernel.types import Json
from hub.portal.todo import MOST
from tests.portal.house import PERSON, STRANGER, House, in_house


def task(rid: str, owner: str, says: str, **elements: Any) -> Json:
    return {
        "resourceType": "Task",
        "id": rid,
        "status": "requested",
        "intent": "order",
        "description": says,
        "for": {"reference": "Patient/p1-f05"},
        "owner": {"reference": f"Practitioner/{owner}"},
        **elements,
    }


def raised(status: str) -> Json:
    return {
        "resourceType": "Flag",
        "id": f"flag-{status}",
        "status": status,
        "code": {"text": f"血压预警-{status}"},
        "subject": {"reference": "Patient/p1-f05"},
    }


def test_a_doctor_sees_what_waits_for_her_the_urgent_first_and_whose_record_it_is(database_url: str) -> None:
    async def visit(home: House) -> None:
        now = home.clock()
        ends = {"executionPeriod": {"end": (now - timedelta(minutes=1)).isoformat()}}
        await home.save(
            [
                ("F05", task("t-1", "bai", "下次随访", authoredOn=now.isoformat())),
                ("F05", task("t-2", "bai", "血压达到紧急转诊标准", priority="stat", **ends)),
                ("F05", {**task("t-3", "bai", "已经办完"), "status": "completed"}),
                ("F05", task("t-4", "gu", "别人的待办")),
            ]
        )
        await home.sign_in()
        page = (await home.get("/find")).text
        assert "2 项" in page
        assert page.index("血压达到紧急转诊标准") < page.index("下次随访")
        assert f'<a href="/record/{PERSON}" lang="zh-CN">沈桂兰</a>' in page
        assert "紧急" in page
        assert "已超过时限" in page
        assert "已经办完" not in page
        assert "别人的待办" not in page

    in_house(database_url, visit)


def test_a_fall_is_not_pushed_off_the_page_by_what_is_newer_and_the_rest_is_counted(database_url: str) -> None:
    async def visit(home: House) -> None:
        now = home.clock()
        fall = task("t-fall", "bai", "跌倒告警", priority="stat", authoredOn=(now - timedelta(hours=1)).isoformat())
        soon = task("t-soon", "bai", "血糖偏离", priority="urgent", authoredOn=now.isoformat())
        newer = [task(f"t-{at}", "bai", f"随访{at}", authoredOn=now.isoformat()) for at in range(MOST + 1)]
        await home.save([("F05", each) for each in (fall, soon, *newer)])
        await home.sign_in()
        page = (await home.get("/find")).text
        assert "跌倒告警" in page
        assert f"{MOST + 3} 项" in page
        assert "另有 3 项未显示" in page

    in_house(database_url, visit)


def test_an_end_that_is_a_leap_second_or_that_nobody_can_read_does_not_cost_the_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        ends = {"leap": "2016-12-31T23:59:60Z", "odd": "2026-05-19T25:00:00Z"}
        made = [task(f"t-{says}", "bai", says, executionPeriod={"end": end}) for says, end in ends.items()]
        await home.save([("F05", each) for each in made])
        await home.sign_in()
        page = await home.get("/find")
        assert page.status_code == 200
        assert page.text.count("已超过时限") == 1

    in_house(database_url, visit)


def test_what_waits_is_shown_only_where_the_record_is(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.save([("F05", task("t-1", STRANGER.practitioner or "", "血压达到紧急转诊标准"))])
        await home.sign_in(STRANGER)
        page = (await home.get("/find")).text
        assert "待办" not in page
        assert "沈桂兰" not in page

    in_house(database_url, visit)


def test_an_alert_stands_at_the_head_of_the_record_until_it_is_over(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.save([("F05", raised("active")), ("F05", raised("inactive"))])
        await home.sign_in()
        page = (await home.get(f"/record/{PERSON}")).text
        assert "血压预警-active" in page
        assert "血压预警-inactive" not in page
        assert page.index("血压预警-active") < page.index("过敏史")

    in_house(database_url, visit)
