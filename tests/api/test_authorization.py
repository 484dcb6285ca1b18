"""Who may ask, and how they must say it (attacks 32, 37, 39)."""

from __future__ import annotations

import pytest

from tests.api.house import House, code, in_house, patient


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer ", "clinic", "Token clinic"])
def test_a_request_without_a_bearer_token_is_challenged(database_url: str, header: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", "/Patient", who="", **({"authorization": header} if header else {}))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith('Bearer realm="yilian"')
        assert "error=" not in answer.headers["www-authenticate"]

    in_house(database_url, visit)


def test_a_token_that_is_not_valid_is_refused_as_such(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", "/Patient", who="forged")
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]

    in_house(database_url, visit)


@pytest.mark.parametrize("who", ["", "clinic"])
def test_a_token_in_the_url_is_refused_even_beside_a_good_one(database_url: str, who: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", "/Patient?access_token=clinic", who=who)
        assert (answer.status_code, code(answer)) == (401, "token-in-url")
        assert "clinic" not in answer.text

    in_house(database_url, visit)


def test_a_token_in_a_form_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        form = {"content_type": "application/x-www-form-urlencoded"}
        answer = await home.ask("POST", "/Patient/_search", b"name=a&access_token=clinic", **form)
        assert (answer.status_code, code(answer)) == (401, "token-in-url")

    in_house(database_url, visit)


def test_role_organisation_and_purpose_come_from_the_token_alone(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(), who="hospital")
        smuggled = {"x_organization": "F01", "x_role": "administrator", "x_purpose": "BTG", "x_user": "fang"}
        answer = await home.ask("GET", f"/Patient/{made['id']}", **smuggled)
        assert answer.status_code == 404

    in_house(database_url, visit)


@pytest.mark.parametrize("who", ["auditor", "feed"])
def test_a_role_without_clinical_read_reads_nothing(database_url: str, who: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        for path in (f"/Patient/{made['id']}", "/Patient", f"/Patient/{made['id']}/_history", "/Patient/absent"):
            assert (await home.ask("GET", path, who=who)).status_code == 403

    in_house(database_url, visit)


@pytest.mark.parametrize("who", ["auditor", "reader", "stranger"])
def test_a_token_that_may_not_write_writes_nothing(database_url: str, who: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        for method, where, sent in (
            ("POST", "/Patient", patient()),
            ("PUT", path, {**made, "gender": "other"}),
            ("DELETE", path, None),
        ):
            assert (await home.ask(method, where, sent, who=who)).status_code == 403
        assert (await home.ask("GET", path)).headers["etag"] == 'W/"1"'

    in_house(database_url, visit)


@pytest.mark.parametrize("kind", ["Consent", "AuditEvent", "Provenance", "Person"])
def test_types_with_a_door_of_their_own_are_not_written_here(database_url: str, kind: str) -> None:
    async def visit(home: House) -> None:
        resource = {"resourceType": kind}
        assert (await home.ask("POST", f"/{kind}", resource)).status_code == 403
        assert (await home.ask("PUT", f"/{kind}/F05-1", {**resource, "id": "F05-1"})).status_code == 403
        assert (await home.ask("DELETE", f"/{kind}/F05-1")).status_code == 403

    in_house(database_url, visit)


def test_the_capability_statement_and_health_need_no_token(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("GET", "/metadata", who="")).status_code == 200
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await home.http.get(f"http://hub.test{path}")).status_code == 200

    in_house(database_url, visit)
