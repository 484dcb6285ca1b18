from __future__ import annotations

import pytest

from hub.audit import queries
from tests.portal.house import PERSON, STRANGER, House, in_house


async def found(home: House, **asked: str) -> str:
    return (await home.submit("/find", "/find", **asked)).text


@pytest.mark.parametrize(
    "asked",
    [
        {"number": "990122195804120960"},
        {"number": "M100001"},
        {"number": " 9901000018648024 "},
        {"name": "沈桂兰", "born": "1958-04-12"},
        {"number": "M100001", "name": "沈", "born": "1958-04-12"},
    ],
)
def test_a_person_is_found_once_by_any_number_or_by_name_and_birth_date(
    database_url: str, asked: dict[str, str]
) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        page = await found(home, **asked)
        assert page.count(f'href="/record/{PERSON}"') == 1
        assert "沈桂兰" in page

    in_house(database_url, visit)


def test_the_registrations_of_one_person_stand_together(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        page = await found(home, number="990122195804120960")
        assert all(name in page for name in ("云泽县人民医院", "云泽县检验中心", "石桥社区卫生服务中心"))
        assert "1 人" in page

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "请至少输入号码"),
        ({"name": "沈桂兰"}, "请至少输入号码"),
        ({"number": "M100001", "born": "12.4.1958"}, "1958-04-12。"),
    ],
)
def test_too_little_is_not_asked_at_all(database_url: str, asked: dict[str, str], says: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        answer = await home.submit("/find", "/find", **asked)
        assert answer.status_code == 422
        assert says in answer.text

    in_house(database_url, visit)


@pytest.mark.parametrize("number", ["M100001,M100002", "urn:oid:2.999.1.1|M100001", "M100001\\", "$", "|", ",", "\\|"])
def test_what_is_typed_is_a_value_and_never_the_syntax_of_a_search(database_url: str, number: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        answer = await home.submit("/find", "/find", number=number)
        assert answer.status_code == 200
        assert PERSON not in answer.text

    in_house(database_url, visit)


def test_a_stranger_finds_what_somebody_would_who_asks_for_nobody(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(STRANGER)
        hidden, absent = await found(home, number="M100001"), await found(home, number="M999999")
        assert hidden.replace("M100001", "") == absent.replace("M999999", "")
        assert "没有找到您可以查阅的档案" in hidden

    in_house(database_url, visit)


def test_a_search_stands_in_the_audit_trail_with_who_asked_from_where(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        await found(home, number="M100001")
        async with home.database.connection() as tx:
            entry, *opened, signed_in = await queries.newest(tx, limit=10)
        assert signed_in.query == "sign-in="
        assert all((one.query or "").startswith("owner=Practitioner%2Fbai&") for one in opened), "what waits for her"
        assert (entry.requester.client, entry.requester.reference) == ("pages", "Practitioner/bai")
        assert entry.origin.request == "p-1"
        assert set(entry.patients) == {"p1-f01"}

    in_house(database_url, visit)
