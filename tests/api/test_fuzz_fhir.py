"""Whatever is sent to `/fhir` is answered in bounded time, never with a defect, and never with what was sent.

A short form runs always; `make soak` sends 30,000 requests.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hub.fhir.validate import validate
from hub.fhir.value_sets import codes
from tests.api.hostile import CANARY, Hostile, requests
from tests.api.house import BASE, House, body, code, house, observation, patient

ROUNDS: Final = [
    pytest.param(400, id="short"),
    pytest.param(30_000, id="soak", marks=pytest.mark.soak),
]
#: CPU seconds of this process for one request; the database's time is bounded by its own timeout.
CPU_SECONDS: Final = 3.0
#: Statuses that R4 and RFC 9110 give a client's mistake.
REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422})
ISSUES: Final = codes("issue-type") or frozenset()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_no_request_is_answered_with_a_defect_or_with_what_it_sent(database_url: str, rounds: int) -> None:
    if rounds > 1000 and not os.environ.get("YILIAN_SOAK"):
        pytest.skip("long run: make soak")
    with asyncio.Runner() as runner:
        visit = house(database_url, validate=validate)
        home = runner.run(visit.__aenter__())
        try:
            runner.run(settle(home))

            @settings(
                max_examples=rounds,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.generate, Phase.shrink],
            )
            @given(requests())
            def send(asked: Hostile) -> None:
                judge(asked, *runner.run(timed(home, asked)))

            send()
            assert "failed" not in home.log.getvalue()
            assert CANARY not in home.log.getvalue()
        finally:
            runner.run(visit.__aexit__(None, None, None))


async def settle(home: House) -> None:
    for who, resource in (
        ("clinic", patient(id="F05-known")),
        ("clinic", observation("F05-known", id="F05-known")),
        ("hospital", patient(id="F01-foreign")),
    ):
        answer = await home.ask("PUT", f"/{resource['resourceType']}/{resource['id']}", resource, who=who)
        assert answer.status_code == 201, answer.text


async def timed(home: House, asked: Hostile) -> tuple[httpx.Response, float]:
    """The answer, and the CPU seconds it cost."""
    sent = {"authorization": "Bearer clinic", **asked.headers}
    begin = time.process_time()
    answer = await home.http.request(asked.method, f"{BASE}{asked.path}", content=asked.content, headers=sent)
    return answer, time.process_time() - begin


#: A refusal is told in the type of JSON that was asked for.
JSON_TYPES = {f"application/{kind}; charset=utf-8" for kind in ("fhir+json", "json")}


def judge(asked: Hostile, answer: httpx.Response, seconds: float) -> None:
    assert answer.status_code < 500, answer.text
    assert seconds < CPU_SECONDS
    if answer.status_code >= 400:
        assert answer.status_code in REFUSALS
        assert answer.headers["content-type"] in JSON_TYPES
        if asked.method != "HEAD":
            refused(body(answer))
        # What nobody knows is named, as R4 asks; what it was given is not.
        assert CANARY not in answer.text or code(answer) == "unknown-parameter"
        assert all(CANARY not in value for value in answer.headers.values())
    elif answer.content:
        released(body(answer), answer)


def refused(outcome: Any) -> None:
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]
    for issue in outcome["issue"]:
        assert issue["code"] in ISSUES
        assert issue["severity"] in {"fatal", "error", "warning"}
        where, _, what = issue["diagnostics"].rpartition(": ")
        assert what, issue
        assert where or issue["expression"], issue


def released(resource: Any, answer: httpx.Response) -> None:
    """Answers are resources; the pages of a search say what they are answers to."""
    assert resource["resourceType"]
    if resource["resourceType"] == "Bundle" and resource["type"] == "searchset" and "link" in resource:
        assert [link for link in resource["link"] if link["relation"] == "self"]
    for entry in resource.get("entry", []) if resource.get("type", "").endswith("-response") else []:
        status = int(entry["response"]["status"][:3])
        assert status < 500, entry
        if status >= 400:
            refused(entry["response"]["outcome"])
            assert CANARY not in str(entry)
