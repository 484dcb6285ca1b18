"""Attack list 40 and 44: forged forms, planted sessions, cookies, headers; nothing personal in addresses or logs."""

from __future__ import annotations

import pytest

from hub.portal.security import policy
from tests.portal.house import DOCTOR, ORIGIN, PASSWORD, PERSON, House, in_house, token_of

PAGES = (
    "/",
    "/find",
    "/record",
    f"/record/{PERSON}",
    f"/record/{PERSON}/sheet",
    "/record/nobody",
    "/looked",
)


def test_every_page_forbids_scripts_of_others_frames_and_keeping(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        for path in PAGES:
            answer = await home.get(path)
            assert answer.headers["content-security-policy"] == policy(), path
            assert answer.headers["cache-control"] == "no-store, private"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"

    in_house(database_url, visit)


def test_the_policy_has_no_loophole() -> None:
    assert "unsafe" not in policy()
    assert "*" not in policy()
    assert "data:" not in policy()
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy().split("; "))


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(database_url: str) -> None:
    async def visit(home: House) -> None:
        cookie = (await home.sign_in()).headers["set-cookie"]
        assert cookie.startswith("yilian_session=")
        for part in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert part in cookie
        assert "Secure" not in cookie
        assert "Max-Age" not in cookie

    in_house(database_url, visit)


def test_over_tls_the_cookie_never_goes_without(database_url: str) -> None:
    async def visit(home: House) -> None:
        cookie = (await home.get("/")).headers["set-cookie"]
        assert cookie.startswith("__Host-yilian_session=")
        assert "Secure" in cookie
        assert "Domain" not in cookie

    in_house(database_url, visit, secure=True, empty=True)


def test_a_session_planted_before_sign_in_is_worth_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        planted = "planted-by-somebody-else"
        home.http.cookies.set("yilian_session", planted, domain="hub.test")
        await home.submit("/", "/sign-in", name=DOCTOR.name, password=PASSWORD)
        now = home.http.cookies["yilian_session"]
        assert now != planted
        assert await home.sessions.find(planted) is None
        assert await home.sessions.find(now) is not None

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test", "sec_fetch_site": "cross-site"},
        {"origin": "https://evil.test", "sec_fetch_site": ""},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": "null", "sec_fetch_site": ""},
        {"origin": "", "sec_fetch_site": "same-site"},
        {"origin": ORIGIN, "sec_fetch_site": "none"},
        {"origin": "http://hub.test.evil.test", "sec_fetch_site": ""},
        {"origin": "http://hub.test:8080", "sec_fetch_site": ""},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_right_token(database_url: str, headers: dict[str, str]) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        token = token_of((await home.get("/find")).text)
        answer = await home.post("/sign-out", {"form_token": token}, **headers)
        assert answer.status_code == 403
        assert (await home.get("/find")).status_code == 200

    in_house(database_url, visit)


@pytest.mark.parametrize("headers", [{"origin": ORIGIN}, {"origin": ORIGIN, "sec_fetch_site": ""}, {"origin": "null"}])
def test_a_form_of_our_own_is_taken_as_browsers_send_it(database_url: str, headers: dict[str, str]) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        token = token_of((await home.get("/find")).text)
        assert (await home.post("/sign-out", {"form_token": token}, **headers)).status_code == 303
        assert (await home.get("/find")).headers["location"] == "/"

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/find", f"/record/{PERSON}/emergency", f"/record/{PERSON}/emergency/end"]
)
def test_no_form_works_without_the_token_of_its_session(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        foreign = token_of((await home.get("/find")).text)
        await home.sign_in()
        for token in ("", "x", foreign, foreign[:-1]):
            form = {"form_token": token, "name": DOCTOR.name, "password": PASSWORD, "reason": "x", "number": "1"}
            assert (await home.post(path, form)).status_code == 403, token
        assert (await home.get("/find")).status_code == 200

    in_house(database_url, visit)


def test_what_changes_something_cannot_be_asked_for_by_get(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        for path in ("/sign-out", f"/record/{PERSON}/emergency/end"):
            assert (await home.get(path)).status_code == 405
        assert (await home.get("/find")).status_code == 200

    in_house(database_url, visit)


def test_a_form_in_another_dress_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        token = token_of((await home.get("/find")).text)
        body = f"form_token={token}"
        for media in ("text/plain", "application/json", "multipart/form-data; boundary=x", ""):
            headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-type": media}
            answer = await home.http.post(f"{ORIGIN}/sign-out", content=body, headers=headers)
            assert answer.status_code == 403, media
        large = await home.post("/find", {"form_token": token, "number": "x" * 20_000})
        assert large.status_code == 413

    in_house(database_url, visit)


def test_who_is_not_signed_in_sees_no_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path in PAGES[1:]:
            answer = await home.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/"), path
            part = await home.get(path, hx_request="true")
            assert (part.status_code, part.headers["hx-redirect"]) == (204, "/")

    in_house(database_url, visit)


def test_names_and_numbers_stand_in_no_address_and_no_log(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        await home.submit("/find", "/find", number="990122195804120960", name="沈桂兰", born="1958-04-12")
        page = await home.get(f"/record/{PERSON}")
        await home.get("/record/沈桂兰")
        await home.submit(f"/record/{PERSON}", f"/record/{PERSON}/emergency", reason="沈桂兰 昏迷")
        for secret in ("990122195804120960", "沈桂兰", "沈", PASSWORD, "昏迷", "1958-04-12"):
            assert secret not in home.log.getvalue()
            assert f'href="/record/{secret}' not in page.text
        title = page.text.partition("<title>")[2].partition("</title>")[0]
        assert "沈" not in title

    in_house(database_url, visit)
