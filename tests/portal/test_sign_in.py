from __future__ import annotations

import httpx

from hub.auth.turnstile import REFUSALS
from hub.portal.pages.sign_in import PLACES
from hub.portal.texts import texts_of
from tests.portal.house import DOCTOR, PASSWORD, PATIENT, PERSON, House, in_house, token_of


def test_signing_in_leads_each_role_to_its_first_page_and_out_again(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.sign_in()).headers["location"] == "/"
        assert (await home.get("/")).headers["location"] == "/find"
        assert (await home.submit("/find", "/sign-out")).headers["location"] == "/"
        assert "yilian_session" not in home.http.cookies
        assert (await home.get("/")).status_code == 200
        await home.sign_in(PATIENT)
        assert (await home.get("/")).headers["location"] == "/record"
        assert (await home.get("/record")).headers["location"] == f"/record/{PERSON}"

    in_house(database_url, visit)


def test_wrong_unknown_disabled_and_resting_accounts_get_one_answer(database_url: str) -> None:
    async def visit(home: House) -> None:
        async def tried(name: str, password: str) -> tuple[int, str]:
            home.http.cookies.clear()
            answer = await home.submit("/", "/sign-in", name=name, password=password)
            assert answer.status_code == 401
            return answer.status_code, body_of(answer).replace(f'value="{name}"', "")

        wrong = await tried(DOCTOR.name, "wrong wrong wrong")
        assert await tried("nobody", PASSWORD) == wrong
        await home.accounts.set_disabled(PATIENT.name, True)
        assert await tried(PATIENT.name, PASSWORD) == wrong
        for _ in range(5):
            await tried(DOCTOR.name, "wrong wrong wrong")
        assert await tried(DOCTOR.name, PASSWORD) == wrong

    in_house(database_url, visit)


def test_who_guesses_too_often_is_told_when_to_come_again_in_chinese(database_url: str) -> None:
    async def visit(home: House) -> None:
        token = token_of((await home.get("/")).text)
        guess = {"form_token": token, "name": "nobody", "password": "wrong wrong wrong"}
        statuses = [(await home.post("/sign-in", guess)).status_code for _ in range(REFUSALS)]
        assert set(statuses) == {401}
        answer = await home.post("/sign-in", guess)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert "尝试过于频繁" in answer.text
        assert "请等待约 2 秒后再试" in answer.text
        home.clock.move(seconds=2)
        assert (await home.post("/sign-in", guess)).status_code == 401

    in_house(database_url, visit, empty=True)


def body_of(answer: httpx.Response) -> str:
    """The page without what is random in it."""
    head, _, rest = answer.text.partition('name="form_token" value="')
    return head + rest.partition('"')[2]


def test_the_page_is_chinese_first_and_english_on_request_and_remembers(database_url: str) -> None:
    async def visit(home: House) -> None:
        first = await home.get("/")
        assert '<html lang="zh-CN">' in first.text
        assert first.text.index("医联枢纽") < first.text.index("Yilian Hub")
        english = await home.get("/?lang=en")
        assert '<html lang="en">' in english.text
        assert "Sign in" in english.text
        assert '<html lang="en">' in (await home.get("/")).text
        assert '<html lang="zh-CN">' in (await home.get("/?lang=zh")).text
        assert '<html lang="zh-CN">' in (await home.get("/?lang=<script>")).text

    in_house(database_url, visit, empty=True)


def test_the_start_page_tells_engineers_what_is_where(database_url: str) -> None:
    async def visit(home: House) -> None:
        page = (await home.get("/")).text
        for address, key in PLACES:
            assert f'href="{address}"' in page
            assert texts_of("zh")(key) in page

    in_house(database_url, visit, empty=True)


def test_signing_in_and_out_and_every_refusal_is_in_the_trail_and_no_password_is(database_url: str) -> None:
    async def visit(home: House) -> None:
        async def tried(name: str, password: str) -> None:
            home.http.cookies.clear()
            await home.submit("/", "/sign-in", name=name, password=password)

        await home.sign_in()
        await home.submit("/find", "/sign-out")
        await tried("my secret passphrase", "x")
        for _ in range(5):
            await tried(DOCTOR.name, "wrong wrong wrong")
        await tried(DOCTOR.name, PASSWORD)
        await home.accounts.set_disabled(PATIENT.name, True)
        await tried(PATIENT.name, PASSWORD)
        kept = [one for one in reversed(await home.law.entries()) if (one.query or "").startswith("sign-")]
        name = f"sign-in=&account={DOCTOR.name}"
        assert [(entry.query, entry.reason) for entry in kept] == [
            ("sign-in=", None),
            ("sign-out=", None),
            ("sign-in=", "no-account"),
            *[(name, "wrong-password")] * 4,
            *[(name, "locked")] * 2,
            (f"sign-in=&account={PATIENT.name}", "disabled"),
        ]
        assert (kept[0].requester.reference, kept[2].requester.reference) == (
            f"Practitioner/{DOCTOR.practitioner}",
            None,
        )
        assert "secret" not in repr(kept)
        assert PASSWORD not in repr(kept)

    in_house(database_url, visit)
