"""SMART App Launch 2.2, EHR launch: an application opened from a record knows its patient, and only for who opened it.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch; attack list, 36
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from hub.auth.accounts import Account
from tests.auth.oauth.house import APP, FHIR, PASSWORD, House, Visiting, told

CHART: Final = replace(
    APP,
    id="chart",
    name="心率图",
    launch_uri="https://chart.test/launch?v=1",
    scopes=("launch", "patient/*.rs", "openid"),
    roles=("clinician",),
)
COLLEAGUE: Final = Account(
    name="lin", role="clinician", organization="F05", practitioner="lin", patient=None, display="林知夏"
)


async def opened(home: House) -> str:
    """The launch token of an application that was opened from the record."""
    await home.register(CHART)
    page = await home.http.get(f"/record/{home.patient}")
    assert "用“心率图”打开" in page.text
    assert "form-action 'self' https://chart.test;" in page.headers["content-security-policy"]
    answer = await home.submit(page, f"/record/{home.patient}/open", client=CHART.id)
    address = urlsplit(answer.headers["location"])
    assert (answer.status_code, address.netloc, address.path) == (303, "chart.test", "/launch")
    said = dict(parse_qsl(address.query))
    assert (said["v"], said["iss"]) == ("1", FHIR)
    assert (await home.entries(1))[0].query == f"launch=opened&client=chart&person={home.patient}"
    return said["launch"]


async def asked(home: House, launch: str, scope: str = "launch patient/*.rs openid") -> httpx.Response:
    return await home.ask(client_id=CHART.id, scope=scope, launch=launch)


def test_an_application_opened_from_a_record_is_told_its_patient(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        page = await asked(home, await opened(home))
        assert 'name="patient"' not in page.text
        code = told(await home.answer(page, step="allow", patient="other"))["code"]
        tokens = (await home.redeem(code, client_id=CHART.id)).json()
        assert tokens["patient"] == home.patient
        values = await home.get(f"/fhir/Observation?patient={home.patient}", tokens["access_token"])
        assert values.json()["total"] == 1

    visiting(visit)


def test_a_launch_is_for_who_opened_it_for_its_application_and_once(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(replace(CHART, id="rival"))
        await home.sign_in()
        launch = await opened(home)
        for changes in ({"launch": "guessed"}, {"launch": ""}, {"client_id": "rival"}):
            answer = await home.ask(**({"client_id": CHART.id, "scope": "launch openid", "launch": launch} | changes))
            assert told(answer)["error"] == "invalid_request", changes
        assert told(await asked(home, launch, scope="openid"))["error"] == "invalid_request"
        page = await asked(home, launch)
        again = await asked(home, launch)
        assert "code" in told(await home.answer(page, step="allow"))
        assert told(await home.answer(again, step="allow"))["error"] == "invalid_request"
        launch = await opened(home)
        await home.accounts.add(COLLEAGUE, PASSWORD)
        await home.sign_in(COLLEAGUE)
        assert told(await asked(home, launch))["error"] == "invalid_request"

    visiting(visit)


def test_only_what_is_offered_opens_and_only_from_a_record_the_user_may_see(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        await home.register(CHART)
        page = await home.http.get(f"/record/{home.patient}")
        for path, client in ((home.patient, "growth"), (home.patient, "nobody"), ("someoneelse", CHART.id)):
            answer = await home.submit(page, f"/record/{path}/open", client=client)
            assert (answer.status_code, answer.headers.get("location")) == (404, None), (path, client)
        foreign = await home.http.post(f"/record/{home.patient}/open", data={"client": CHART.id})
        assert foreign.status_code == 403

    visiting(visit)
