"""Setting up one-time codes on the pages, and signing in with them."""

from __future__ import annotations

import re

import pyotp

from tests.portal.house import DOCTOR, PASSWORD, House, in_house


def test_a_user_sets_up_codes_with_password_and_device_and_signs_in_with_them(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        page = await home.get("/second-factor")
        secret = _secret(page.text)
        assert f"secret={secret}" in page.text
        code = pyotp.TOTP(secret).at(home.clock.now)
        wrong = await home.submit("/second-factor", "/second-factor", secret=secret, code=code, password="wrong")
        assert (wrong.status_code, _secret(wrong.text) == secret) == (422, False)
        done = await home.submit("/second-factor", "/second-factor", secret=secret, code=code, password=PASSWORD)
        recovery = re.findall(r"<li><code>([a-z0-9]{12})</code></li>", done.text)
        assert len(recovery) == 10
        again = await home.get("/second-factor")
        assert "已启用动态验证码" in again.text
        assert recovery[0] not in again.text
        refused = await home.sign_in()
        assert (refused.status_code, "账号或密码不正确" in refused.text) == (401, True)
        home.clock.move(seconds=60)
        home.http.cookies.clear()
        fields = {"name": DOCTOR.name, "password": PASSWORD, "code": pyotp.TOTP(secret).at(home.clock.now)}
        assert (await home.submit("/", "/sign-in", **fields)).status_code == 303
        assert secret not in home.log.getvalue()

    in_house(database_url, visit)


def test_another_s_form_sets_up_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        secret = "A" * 32
        form = {"secret": secret, "code": pyotp.TOTP(secret).at(home.clock.now), "password": PASSWORD}
        assert (await home.post("/second-factor", form)).status_code == 403
        assert (await home.sign_in()).status_code == 303

    in_house(database_url, visit)


def _secret(html: str) -> str:
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', html)
    assert found
    return found[1]
