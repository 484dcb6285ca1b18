"""SMART App Launch 2.2: a standalone launch from the request to the record, and everything that is refused on the way.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from hub.auth.accounts import APP_ROLES
from hub.auth.scopes import CONTEXT
from hub.portal.pages import authorize
from hub.portal.texts import CODE_FILES, merged
from hub.portal.visit import Visit
from tests.auth.oauth.house import APP, CALLBACK, DOCTOR, FHIR, ISSUER, PASSWORD, House, Visiting, asking, told


def test_a_launch_opens_the_record_of_the_chosen_patient_and_no_other(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        first = await home.ask()
        assert first.status_code == 200
        assert "请先登录" in first.text
        tokens = await home.tokens(nonce="n-1")
        assert (tokens["patient"], tokens["token_type"], tokens["expires_in"]) == (home.patient, "Bearer", 300)
        assert set(tokens["scope"].split()) == set(asking()["scope"].split())
        for path, status in ((f"/fhir/Patient/{home.patient}", 200), ("/fhir/Observation", 200)):
            assert (await home.get(path, tokens["access_token"])).status_code == status
        values = (await home.get(f"/fhir/Observation?patient={home.patient}", tokens["access_token"])).json()
        assert values["total"] == 1
        keys = KeySet.import_key_set((await home.http.get("/auth/jwks")).json())
        claims = jwt.decode(tokens["id_token"], keys, ["ES256"]).claims
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, APP.id, "n-1")
        assert claims["fhirUser"] == f"{FHIR}/Practitioner/bai"
        ours = [one for one in reversed(await home.entries(12)) if "client=growth" in (one.query or "")]
        granted, issued = ours[-2:]
        assert granted.query is not None and granted.query.startswith("authorisation=granted&client=growth&grant=")
        assert issued.query is not None and issued.query.startswith("token=issued&client=growth&grant=")
        assert (issued.requester.client, issued.requester.reference) == (APP.id, "Practitioner/bai")
        assert tokens["access_token"] not in home.log.getvalue()

    visiting(visit)


def test_the_answer_names_its_issuer_and_keeps_the_state(visiting: Visiting) -> None:
    """RFC 9207 section 2, RFC 6749 section 4.1.2; also for a refusal."""

    async def visit(home: House) -> None:
        await home.sign_in()
        page = await home.ask()
        assert "form-action 'self' https://app.test;" in page.headers["content-security-policy"]
        refused = told(await home.answer(page, step="refuse"))
        assert refused == {"error": "access_denied", "state": "s-1", "iss": ISSUER}
        agreed = told(await home.answer(page, step="allow", patient=home.patient))
        assert (agreed["state"], agreed["iss"]) == ("s-1", ISSUER)

    visiting(visit)


#: Changes of a good request, and the error the application is told.
TOLD: Final[dict[str, tuple[dict[str, str], str]]] = {
    "no challenge": ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "a challenge without its method, which would be plain": ({"code_challenge_method": ""}, "invalid_request"),
    "a token of the browser": ({"response_type": "token"}, "unsupported_response_type"),
    "another server as audience": ({"aud": "https://evil.test/fhir"}, "invalid_request"),
    "no audience": ({"aud": ""}, "invalid_request"),
    "no state": ({"state": ""}, "invalid_request"),
    "a launch nobody began": ({"scope": "launch patient/*.rs", "launch": "x"}, "invalid_request"),
    "scopes it is not registered for": ({"scope": "user/Patient.cruds system/*.rs"}, "invalid_scope"),
    "a patient scope without a patient": ({"scope": "patient/*.rs"}, "invalid_scope"),
    "an answer without a page": ({"prompt": "none"}, "interaction_required"),
}


def test_what_an_application_may_not_ask_is_told_at_its_own_address(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        for name, (changes, error) in TOLD.items():
            answer = told(await home.ask(**changes))
            assert (answer["error"], answer["iss"]) == (error, ISSUER), name

    visiting(visit)


#: Changes after which nobody may be sent anywhere (RFC 6749 section 4.1.2.1, RFC 9700 section 4.11).
UNTOLD: Final = (
    {"client_id": "nobody"},
    {"redirect_uri": ""},
    {"redirect_uri": CALLBACK + "/more"},
    {"redirect_uri": CALLBACK + "?x=1"},
    {"redirect_uri": CALLBACK.upper()},
    {"redirect_uri": "https://app.test.evil.test/callback"},
    {"redirect_uri": "https://evil.test/"},
    {"state": "s\r\nx"},
    {"state": "密"},
    {"client_id": "growth\x00"},
)


def test_an_address_that_is_not_registered_is_never_gone_to(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.sign_in()
        for changes in UNTOLD:
            answer = await home.ask(**changes)
            assert (answer.status_code, answer.headers.get("location")) == (400, None), changes
        twice = await home.http.get("/auth/authorize", params=[*asking().items(), ("scope", "user/*.rs")])
        assert twice.status_code == 400

    visiting(visit)


def test_a_code_is_bound_to_client_verifier_and_address(visiting: Visiting) -> None:
    """OAuth 2.1 section 4.1.3, RFC 7636 section 4.6."""

    async def visit(home: House) -> None:
        await home.sign_in()
        for changes in (
            {"code_verifier": "w" * 43},
            {"code_verifier": ""},
            {"code_verifier": "short"},
            {"redirect_uri": "https://app.test/other"},
            {"redirect_uri": ""},
            {"client_id": "nobody"},
            {"client_id": ""},
            {"code": "guessed"},
            {"code": ""},
        ):
            answer = await home.redeem(await home.code(), **changes)
            assert answer.status_code == 400, changes
            assert answer.json()["error"] in {"invalid_grant", "invalid_request", "invalid_client"}, changes
            assert answer.headers["cache-control"].startswith("no-store")

    visiting(visit)


def test_a_code_used_twice_ends_what_came_of_it(visiting: Visiting) -> None:
    """RFC 6749 section 4.1.2: deny, and revoke all tokens previously issued based on that code."""

    async def visit(home: House) -> None:
        await home.sign_in()
        code = await home.code()
        tokens = (await home.redeem(code)).json()
        assert (await home.redeem(code)).json()["error"] == "invalid_grant"
        assert (await home.get(f"/fhir/Patient/{home.patient}", tokens["access_token"])).status_code == 401
        assert (await home.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
        reasons = [one.reason for one in await home.entries(4)]
        assert "code-reused" in reasons

    visiting(visit)


def test_a_user_whose_role_or_organisation_an_application_is_not_for_is_refused(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        await home.register(replace(APP, id="others", roles=("patient",)))
        await home.register(replace(APP, id="elsewhere", organization="F01"))
        await home.sign_in()
        for client in ("others", "elsewhere"):
            assert told(await home.ask(client_id=client))["error"] == "access_denied"

    visiting(visit)


def test_only_a_patient_the_user_may_see_can_be_chosen(visiting: Visiting) -> None:
    """And the choice is bound to the code: nothing in the token request moves it (attack list, 36)."""

    async def visit(home: House) -> None:
        await home.sign_in()
        page = await home.ask()
        for patient in ("", "nobody", "../Patient", "x" * 65):
            again = await home.answer(page, step="allow", patient=patient)
            assert again.status_code == 422
            assert "请先查找并选择" in again.text
        found = await home.answer(page, step="find", name="沈桂兰", born="1958-04-12")
        (person,) = re.findall(r'name="patient" value="([^"]+)"', found.text)
        code = told(await home.answer(page, step="allow", patient=person))["code"]
        tokens = (await home.redeem(code, patient="other")).json()
        assert tokens["patient"] == person
        values = await home.get(f"/fhir/Observation?patient={person}", tokens["access_token"])
        assert values.json()["total"] == 1

    visiting(visit)


def test_the_answer_must_come_from_our_page_and_our_session(visiting: Visiting) -> None:
    """Attack list, 40: CSRF and fixation."""

    async def visit(home: House) -> None:
        await home.sign_in()
        page = await home.ask()
        foreign = await home.http.post(str(page.request.url), data={"step": "allow", "patient": home.patient})
        assert (foreign.status_code, foreign.headers.get("location")) == (403, None)
        await home.sign_in()
        stale = await home.answer(page, step="allow", patient=home.patient)
        assert stale.status_code == 403

    visiting(visit)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_who_comes_from_another_site_goes_on_from_a_page_of_ours(visiting: Visiting, site: str) -> None:
    """The cookie is SameSite=Strict; the page that brings it along reads without JavaScript."""

    async def visit(home: House) -> None:
        url = httpx.URL("/auth/authorize", params=asking())
        page = await home.http.get(url, headers={"sec-fetch-site": site})
        assert 'http-equiv="refresh"' in page.text
        assert "code_challenge_method=S256" in page.text

    visiting(visit)


def test_sign_in_goes_back_to_the_request_and_nowhere_else(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        page = await home.ask()
        fields = {"name": DOCTOR.name, "password": "a fine long password"}
        for onward, target in (
            (f"/auth/authorize?{httpx.QueryParams(asking())}", "/auth/authorize?"),
            ("https://evil.test/", "/"),
            ("//evil.test/auth/authorize?", "/"),
            ("/auth/authorize.evil", "/"),
        ):
            home.http.cookies.clear()
            page = await home.ask()
            answer = await home.submit(page, "/sign-in", onward=onward, **fields)
            assert answer.headers["location"].startswith(target)
            assert "evil" not in answer.headers["location"]

    visiting(visit)


def test_a_scope_without_words_is_shown_as_it_is(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        scopes = ("api/feeds", "api/approvals", "fhirUser")
        await home.register(replace(APP, id="wordless", scopes=scopes))
        await home.sign_in()
        page = (await home.ask(client_id="wordless", scope=" ".join(scopes))).text
        for line in ("api/feeds", "以您的名义作为第二人批准", "知道您在本平台的身份"):
            assert line in page

    visiting(visit)


def test_every_door_a_user_of_the_pages_may_open_has_words(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        paths = (await home.http.get("/api/openapi.json")).json()["paths"]
        doors = set()
        for path, methods in paths.items():
            roles = {role for one in methods.values() for role in _roles(one["description"])}
            doors |= {f"api/{path.split('/')[2]}"} if roles & set(APP_ROLES) else set()
        assert {"api/consents", "api/audit", "api/subscription-topics"} <= doors
        assert doors | CONTEXT <= merged(CODE_FILES)["scope"].keys()

    visiting(visit)


def _roles(description: str) -> list[str]:
    return list(APP_ROLES) if description == "Any role" else description.removeprefix("Roles: ").split(", ")


def test_who_is_signed_out_while_agreeing_grants_nothing(visiting: Visiting, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(home: House) -> None:
        async def seen(visit: Visit, patient: str) -> bool:
            await home.accounts.set_password(DOCTOR.name, PASSWORD)
            return bool(visit) and patient == home.patient

        await home.sign_in()
        page = await home.ask()
        monkeypatch.setattr(authorize, "_may_see", seen)
        assert told(await home.answer(page, step="allow", patient=home.patient))["error"] == "access_denied"

    visiting(visit)
