"""What is told of the server is what the server does (SMART App Launch 2.2 conformance.html; RFC 8414)."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.routing import Route

from hub.auth.oauth.discovery import CAPABILITIES, IMAGING, smart_configuration
from tests.auth.oauth.house import FHIR, ISSUER, House, Visiting


def test_every_address_that_is_told_answers(visiting: Visiting) -> None:
    async def visit(home: House) -> None:
        smart = await home.http.get("/fhir/.well-known/smart-configuration")
        assert smart.headers["content-type"] == "application/json"
        told = smart.json()
        assert (told["issuer"], told["capabilities"]) == (ISSUER, list(CAPABILITIES))
        openid = (await home.http.get("/auth/.well-known/openid-configuration")).json()
        assert openid == {name: value for name, value in told.items() if name != "capabilities"}
        paths = {route.path for route in home.app.router.routes if isinstance(route, Route)}
        addresses = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
        assert {urlsplit(address).path for address in addresses} <= paths
        stated = (await home.http.get("/fhir/metadata")).json()["rest"][0]["security"]
        uris = {one["url"]: one["valueUri"] for one in stated["extension"][0]["extension"]}
        assert uris["authorize"] == told["authorization_endpoint"]
        assert uris["token"] == told["token_endpoint"]
        assert stated["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert FHIR.startswith(ISSUER.removesuffix("/auth"))

    visiting(visit)


def test_images_are_told_of_where_there_are_any() -> None:
    assert smart_configuration(ISSUER, images=True)["capabilities"] == [*CAPABILITIES, IMAGING]
