"""Health, metrics, and that nothing else is served."""

from __future__ import annotations

import httpx

from hub.kernel.errors import Category, HubError
from tests.api.house import House, in_house


async def get(home: House, path: str) -> httpx.Response:
    return await home.http.get(f"http://hub.test{path}")


def test_a_process_that_cannot_serve_says_so_without_telling_why_to_strangers(database_url: str) -> None:
    async def away() -> None:
        raise HubError(Category.UNAVAILABLE, "password of 10.0.0.7 refused", code="database-login")

    async def visit(home: House) -> None:
        assert (await get(home, "/health/live")).status_code == 200
        answer = await get(home, "/health/ready")
        assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "reason": "database-login"})

    in_house(database_url, visit, ready=away)


def test_metrics_count_by_route_template(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("GET", "/Patient/secret-id")
        text = (await get(home, "/metrics")).text
        assert 'yilian_http_requests_total{method="GET",route="/{type}/{id}",status="404"} 1' in text
        assert "secret-id" not in text

    in_house(database_url, visit)


def test_nothing_else_is_served(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path in ("/docs", "/redoc", "/openapi.json", "/fhirx", "/health", "/metrics/x", "/.env"):
            assert (await get(home, path)).status_code == 404, path

    in_house(database_url, visit)


def test_no_answer_is_for_scripts_of_another_origin_nor_follows_a_host_header(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create({"resourceType": "Patient", "gender": "female"})
        for method, path in (("GET", "/Patient"), ("OPTIONS", "/Patient"), ("GET", "/metadata"), ("GET", "/nothing")):
            answer = await home.ask(
                method, path, host="evil.test", origin="https://evil.test", x_forwarded_host="evil.test"
            )
            assert "evil.test" not in answer.text + str(answer.headers), path
            assert not [name for name in answer.headers if name.startswith("access-control-")], path

    in_house(database_url, visit)
