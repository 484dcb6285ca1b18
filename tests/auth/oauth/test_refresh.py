"""Refresh tokens that are used once, and what ends a grant (RFC 6749 section 6, RFC 9700 section 4.14)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.auth.oauth.house import APP, DOCTOR, PASSWORD, House, Visiting


async def opens(home: House, token: str) -> bool:
    """Whether an access token still opens the record."""
    return (await home.get(f"/fhir/Patient/{home.patient}", token)).status_code == 200


def test_each_refresh_gives_a_new_token_and_the_same_rights(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        tokens = await home.tokens()
        again = (await home.refresh(tokens["refresh_token"])).json()
        assert again["refresh_token"] != tokens["refresh_token"]
        assert (again["scope"], again["patient"]) == (tokens["scope"], home.patient)
        assert "id_token" not in again
        assert await opens(home, again["access_token"])
        third = (await home.refresh(again["refresh_token"], scope="patient/Observation.read openid")).json()
        assert third["scope"] == "patient/Observation.rs openid"
        assert not await opens(home, third["access_token"])

    visiting(visit)


def test_a_refresh_token_used_twice_ends_the_family_at_once(visiting: Visiting) -> None:
    """RFC 9700 section 4.14.2: whoever has a copy, and whoever it was copied from, are both out."""

    async def visit(home: House) -> None:
        tokens = await home.tokens()
        again = (await home.refresh(tokens["refresh_token"])).json()
        assert await opens(home, again["access_token"])
        stolen = await home.refresh(tokens["refresh_token"])
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert (await home.entries(1))[0].reason == "refresh-reused"
        assert not await opens(home, tokens["access_token"])
        assert not await opens(home, again["access_token"])
        assert (await home.refresh(again["refresh_token"])).status_code == 400

    visiting(visit)


def test_a_refresh_never_widens_and_serves_its_own_client_only(visiting: Visiting) -> None:
    """RFC 6749 section 6; attack list, 34."""

    async def visit(home: House) -> None:
        await home.register(replace(APP, id="other"))
        tokens = await home.tokens(scope="launch/patient patient/Observation.rs offline_access")
        for scope in ("user/Observation.rs", "patient/*.rs", "patient/Observation.rs patient/Patient.rs", "openid"):
            answer = await home.refresh(tokens["refresh_token"], scope=scope)
            assert answer.json()["error"] == "invalid_scope", scope
        assert (await home.refresh(tokens["refresh_token"], client_id="other")).json()["error"] == "invalid_grant"
        assert (await home.refresh(tokens["refresh_token"])).status_code == 200

    visiting(visit)


def test_without_offline_or_online_access_there_is_nothing_to_refresh(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        assert "refresh_token" not in await home.tokens(scope="launch/patient patient/*.rs")

    visiting(visit)


def test_of_two_that_redeem_a_code_or_refresh_at_once_one_wins(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        code = await home.code()
        answers = await asyncio.gather(*(home.redeem(code) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        token = (await home.redeem(await home.code())).json()["refresh_token"]
        answers = await asyncio.gather(*(home.refresh(token) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]

    visiting(visit)


def test_an_end_of_the_client_the_account_or_the_session_is_an_end_of_the_token(visiting: Visiting) -> None:
    """At the next request: no cache outlives it, though the token was verified before."""

    async def visit(home: House) -> None:
        await home.register(replace(APP, id="online", scopes=(*APP.scopes, "online_access")))
        scope = "launch/patient patient/*.rs online_access"
        for end in (_sign_out, _disable_client, _disable_account):
            await home.sign_in()
            code = await home.code(client_id="online", scope=scope)
            tokens = (await home.redeem(code, client_id="online")).json()
            assert await opens(home, tokens["access_token"])
            await end(home)
            assert not await opens(home, tokens["access_token"]), end.__name__
            assert (await home.refresh(tokens["refresh_token"], client_id="online")).status_code == 400

    visiting(visit)


async def _sign_out(home: House) -> None:
    await home.submit(await home.http.get("/find"), "/sign-out")


async def _disable_client(home: House) -> None:
    await home.clients.set_disabled("online", True)
    # What was granted before stays ended.
    await home.clients.set_disabled("online", False)


async def _disable_account(home: House) -> None:
    await home.accounts.set_disabled(DOCTOR.name, True)


def test_a_new_password_a_forgotten_device_and_a_disabling_end_what_applications_were_granted(
    visiting: Visiting,
) -> None:
    """Also what was granted for longer than the session: whoever knew the old password granted it, perhaps."""

    async def visit(home: House) -> None:
        for change in (_new_password, _forget_device, _disable_for_a_moment):
            tokens = await home.tokens()
            assert await opens(home, tokens["access_token"])
            await change(home)
            assert not await opens(home, tokens["access_token"]), change.__name__
            assert (await home.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"

    visiting(visit)


async def _new_password(home: House) -> None:
    await home.accounts.set_password(DOCTOR.name, PASSWORD)


async def _forget_device(home: House) -> None:
    await home.accounts.forget_device(DOCTOR.name)


async def _disable_for_a_moment(home: House) -> None:
    await home.accounts.set_disabled(DOCTOR.name, True)
    await home.accounts.set_disabled(DOCTOR.name, False)


def test_online_access_ends_when_the_session_has_idled_out_or_is_too_old(visiting: Visiting) -> None:
    """For its access token too, not at its next refresh only; the row of the session is swept later."""

    async def visit(home: House) -> None:
        await home.register(replace(APP, id="online", scopes=(*APP.scopes, "online_access")))
        for column in ("seen", "created"):
            await home.sign_in()
            code = await home.code(client_id="online", scope="launch/patient patient/*.rs online_access")
            tokens = (await home.redeem(code, client_id="online")).json()
            assert await opens(home, tokens["access_token"])
            async with home.database.connection() as tx:
                await tx.execute(f"UPDATE web_session SET {column} = {column} - interval '30 days'")
            assert not await opens(home, tokens["access_token"]), column

    visiting(visit)


def test_a_refresh_never_leaves_out_what_confines_the_token_to_one_patient(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        tokens = await home.tokens(scope="launch/patient patient/*.rs user/Observation.rs openid offline_access")
        for scope in ("user/Observation.rs", "openid"):
            assert (await home.refresh(tokens["refresh_token"], scope=scope)).json()["error"] == "invalid_scope", scope
        narrowed = await home.refresh(tokens["refresh_token"], scope="patient/Observation.rs user/Observation.rs")
        assert narrowed.json()["scope"] == "patient/Observation.rs user/Observation.rs"

    visiting(visit)


def test_a_token_for_one_patients_record_opens_no_door_of_a_clinician(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        door = "subscription-topics"
        await home.register(replace(APP, id="doors", scopes=(*APP.scopes, f"api/{door}")))
        for scope, status in (("launch/patient patient/*.rs", 403), ("user/Observation.rs", 200)):
            await home.sign_in()
            code = await home.code(client_id="doors", scope=f"{scope} api/{door}")
            tokens = (await home.redeem(code, client_id="doors")).json()
            assert (await home.get(f"/api/{door}", tokens["access_token"])).status_code == status, scope

    visiting(visit)


def test_an_application_opens_no_door_it_is_not_registered_for(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        tokens = await home.tokens()
        answer = await home.get("/api/consents", tokens["access_token"])
        assert (answer.status_code, answer.json()["issue"][0]["details"]["coding"][0]["code"]) == (403, "scope")

    visiting(visit)


def test_an_application_whose_scopes_open_nothing_reads_nothing(visiting: Visiting) -> None:
    """A token without scopes would be limited by its role alone; one of an application never is."""

    async def visit(home: House) -> None:
        tokens = await home.tokens(scope="openid fhirUser")
        assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 403

    visiting(visit)
