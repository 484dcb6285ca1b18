"""Who is called in Chinese characters is found by what is typed in Latin letters, by `name` and `phonetic`."""

from __future__ import annotations

from urllib.parse import quote

from hub.kernel.types import Json
from tests.api.house import House, body, in_house

SHEN: Json = {"resourceType": "Patient", "id": "F05-shen", "name": [{"text": "沈桂兰"}]}
SHAN: Json = {"resourceType": "Patient", "id": "F05-shan", "name": [{"family": "单", "given": ["雄", "信"]}]}
ANNA: Json = {"resourceType": "Patient", "id": "F05-anna", "name": [{"text": "Shen Anna"}]}


async def found(home: House, query: str, who: str = "clinic") -> set[str]:
    answer = await home.ask("GET", f"/Patient?{quote(query, safe='=&:')}", who=who)
    assert answer.status_code == 200, answer.text
    return {one["resource"]["id"].partition("-")[2] for one in body(answer).get("entry", ())}


def test_pinyin_whole_begun_or_by_initials_finds_the_name_and_exact_and_contains_do_not(database_url: str) -> None:
    async def visit(home: House) -> None:
        for one in (SHEN, SHAN, ANNA):
            assert (await home.ask("PUT", f"/Patient/{one['id']}", one)).status_code == 201
        for typed in ("shenguilan", "ShenGui", "SGL", "shen guilan", "沈桂"):
            assert await found(home, f"name={typed}") == {"shen"}, typed
        assert await found(home, "name=shen") == {"shen", "anna"}
        for typed in ("danxiong", "shanxiongxin", "sxx", "xiongxin"):
            assert await found(home, f"name={typed}") == {"shan"}, typed
        assert await found(home, "phonetic=sgl") == {"shen"}
        assert await found(home, "name=sgl,dxx") == {"shen", "shan"}
        for query in ("name:exact=shenguilan", "name:contains=enguil", "family=shan", "name=guish", "name=gui lan x"):
            assert await found(home, query) == set(), query

    in_house(database_url, visit)


def test_who_may_not_be_seen_is_not_found_by_pinyin_either_nor_counted(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-shen", SHEN)
        assert await found(home, "name=sgl", who="hospital") == set()
        answer = await home.ask("GET", "/Patient?name=sgl&_summary=count", who="hospital")
        assert body(answer)["total"] == 0
        assert await found(home, "name=sgl") == {"shen"}
        changed = SHEN | {"name": [{"text": "赵平"}]}
        await home.ask("PUT", "/Patient/F05-shen", changed)
        assert await found(home, "name=sgl") == set()
        assert await found(home, "name=zp") == {"shen"}

    in_house(database_url, visit)
