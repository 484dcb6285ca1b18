"""The Prometheus exposition."""

from __future__ import annotations

from hub.api.metrics import Metrics
from tests.api.house import patient
from tests.events.house import Telled, in_telling


def test_requests_are_counted_by_method_route_and_status() -> None:
    metrics = Metrics()
    metrics.count("GET", "/{type}/{id}", 200, 0.002)
    metrics.count("GET", "/{type}/{id}", 200, 0.004)
    metrics.count("GET", "/{type}/{id}", 404, 0.002)
    text = metrics.text()
    assert 'yilian_http_requests_total{method="GET",route="/{type}/{id}",status="200"} 2' in text
    assert 'yilian_http_requests_total{method="GET",route="/{type}/{id}",status="404"} 1' in text


def test_durations_fall_into_cumulative_classes() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.3, 60.0):
        metrics.count("GET", "/{type}", 200, seconds)
    lines = metrics.text().splitlines()
    assert 'yilian_http_request_seconds_bucket{route="/{type}",le="0.001"} 2' in lines
    assert 'yilian_http_request_seconds_bucket{route="/{type}",le="0.25"} 2' in lines
    assert 'yilian_http_request_seconds_bucket{route="/{type}",le="0.5"} 3' in lines
    assert 'yilian_http_request_seconds_bucket{route="/{type}",le="+Inf"} 4' in lines
    assert 'yilian_http_request_seconds_count{route="/{type}"} 4' in lines
    assert 'yilian_http_request_seconds_sum{route="/{type}"} 60.301500' in lines


def test_a_method_a_client_made_up_is_not_a_label() -> None:
    metrics = Metrics()
    metrics.count('X"} 1\nleak', "(none)", 405, 0.1)
    assert 'method="other"' in metrics.text()
    assert "leak" not in metrics.text()


def test_subscriptions_are_counted_and_events_that_wait_are_not(database_url: str) -> None:
    async def visit(telled: Telled) -> str:
        await telled.subscribe(telled.wanted("resource-changed", "Patient?"))
        await telled.home.create(patient())
        await telled.tell()
        await telled.home.create(patient())
        await telled.gather()
        return (await telled.home.http.get("http://hub.test/metrics")).text

    lines = in_telling(database_url, visit).splitlines()
    assert 'yilian_subscriptions{channel="rest-hook",status="active"} 1' in lines
    assert [line for line in lines if line.startswith("yilian_subscription_events{")] == [
        'yilian_subscription_events{state="done"} 1'
    ]
