"""The doors of stewards over HTTP: worklist, evidence side by side, four eyes, second opinions, figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from hub.api import openapi
from hub.api.json_doors import door_routes
from hub.api.metrics import review_gauges
from hub.api.reviews import review_doors
from hub.api.services import Services
from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Outcome
from hub.auth.actor import Actor
from hub.fhir.json import dumps, loads
from hub.kernel.consortium import ReviewPolicy
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.mpi.deeds import Deed, What
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source
from hub.records.review_ledger import reviewer_of
from hub.records.reviews import Reviews
from tests.auth.consortium import NOW
from tests.gate.house import CLINICIAN, CLOCK, House, absent, refusal, with_house, write
from tests.mpi.people import citizen_id
from tests.mpi.registry import patient
from tests.mpi.test_index import mingyuan

STEWARD: Final = replace(CLINICIAN, role="mpi-steward", practitioner="shao", purpose=("RECORDMGT",))
ACTORS: Final = {
    "shao": STEWARD,
    "tan": replace(STEWARD, practitioner="tan"),
    "weak": replace(STEWARD, scopes=("user/Observation.rs",)),
    "doctor": CLINICIAN,
}
USUAL: Final = ReviewPolicy()
ALWAYS: Final = ReviewPolicy(four_eyes=frozenset({"all"}), second_linked=0.0, second_decided=0.0)
ALL_AGAIN: Final = ReviewPolicy(second_linked=1.0, second_decided=1.0)


async def _verify(token: str) -> Actor:
    if token not in ACTORS:
        raise HubError(Category.UNAUTHENTICATED, "not a valid token", where="Authorization")
    return ACTORS[token]


class Desk:
    """A house with the doors of stewards, and a client for them."""

    def __init__(self, house: House, http: httpx.AsyncClient, reviews: Reviews, schema: Json) -> None:
        self.house, self.reviews = house, reviews
        self._http, self._schema = http, schema

    async def ask(
        self, method: str, path: str, body: Any = None, *, who: str = "shao", language: str = ""
    ) -> tuple[int, Any]:
        """Status and JSON of an answer, which is as the OpenAPI document says."""
        sent = {"authorization": f"Bearer {who}", "content-type": "application/json", "accept-language": language}
        content = None if body is None else dumps(body)
        answer = await self._http.request(method, f"http://hub.test/api/mpi{path}", content=content, headers=sent)
        told = loads(answer.content)
        if answer.status_code == 200:
            self._check(method, path.partition("?")[0], told)
        return answer.status_code, told

    def _check(self, method: str, path: str, told: Any) -> None:
        parts = path.split("/")
        shape = "/".join(["", parts[1], *(["{id}", *parts[3:]] if len(parts) > 2 else [])])
        answer = self._schema["paths"][f"/api/mpi{shape}"][method.lower()]["responses"]["200"]
        (content,) = answer["content"].values()
        Draft202012Validator({**content["schema"], "components": self._schema["components"]}).validate(_floats(told))

    async def refused(self, *asked: Any, who: str = "shao") -> str:
        """The code of a refusal."""
        status, told = await self.ask(*asked, who=who)
        assert status >= 400, told
        issue = told["issue"][0]
        return str(issue.get("details", {}).get("coding", [{}])[0].get("code", issue["code"]))

    async def write(self, resource: Json, facility: str) -> None:
        """Store a Patient, and let the index know of it."""
        content = {name: value for name, value in resource.items() if name not in {"resourceType", "id"}}
        await self.house.save(write("Patient", resource["id"], author=facility, **content))
        async with self.house.database.transaction() as tx:
            await PatientIndex(CLOCK).register(tx, [Source(resource["id"], facility, resource)])

    async def doubtful(self) -> int:
        """Two who may be one person; the number of the pair."""
        await self.write(mingyuan("a", phone="13800990001"), "F01")
        await self.write(patient("b", "DU MINGYUAN", born="1962-01-01", gender="male", phone="13800990009"), "F05")
        _, told = await self.ask("GET", "/pairs")
        (pair,) = told["pairs"]
        return int(pair["number"])

    async def entries(self, named: str) -> list[Entry]:
        """The entries of one kind of work, oldest first."""
        return [entry for entry in reversed(await self.house.entries()) if f"mpi={named}" in (entry.query or "")]


def _floats(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _floats(value) for name, value in told.items()}
    if isinstance(told, list):
        return list(map(_floats, told))
    return told if told is None or isinstance(told, (str, bool, int)) else float(told)


def at_desk(url: str, visit: Callable[[Desk], Awaitable[None]], policy: ReviewPolicy = USUAL) -> None:
    async def story(house: House) -> None:
        reviews = Reviews(house.database, house.store, house.trail, CLOCK, policy)
        doors = review_doors(reviews, house.gate)
        services = Mock(spec=Services, verify=_verify, max_body_bytes=10_000, log=Mock())
        services.new_id = lambda: "abcdefgh"
        app = FastAPI(openapi_url=None)
        app.router.routes += door_routes(services, doors)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
            await visit(Desk(house, http, reviews, openapi.document(doors, "1")))

    with_house(url, story)


def test_a_pair_is_shown_in_words_with_both_values_until_it_is_decided(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        status, pair = await desk.ask("GET", f"/pairs/{number}")
        assert status == 200
        assert pair["reason"] == {"code": "uncertain", "text": "证据不足以自动合并"}
        name, birth, *_ = pair["evidence"]
        assert (name["text"], name["level_text"]) == ("姓名", "一方是拼音，与另一方相符")
        assert sorted((name["first"], name["second"])) == [["DU MINGYUAN"], ["杜明远"]]
        assert sorted((birth["first"], birth["second"])) == [["1962-01-01"], ["1962-06-08"]]
        _, english = await desk.ask("GET", f"/pairs/{number}", language="en-GB")
        assert english["evidence"][0]["level_text"] == "one is a Latin spelling of the other"
        shown = [entry for entry in await desk.house.entries() if "side-by-side" in (entry.query or "")]
        assert [set(entry.patients) for entry in shown] == [{"a", "b"}, {"a", "b"}]
        status, done = await desk.ask("POST", f"/pairs/{number}/decide", {"same": True, "reason": "asked the ward"})
        assert (status, list(done)) == (200, ["decision"])
        assert await desk.refused("GET", f"/pairs/{number}") == "not-found"
        assert await absent(desk.house.gate.side_by_side(STEWARD, "a", "b"))
        _, history = await desk.ask("GET", "/persons/a/history")
        assert [one["kind"] for one in history["decisions"]] == ["link"]
        assert "杜" not in str(history)
        _, undone = await desk.ask("POST", f"/decisions/{done['decision']}/undo", {"reason": "the ward erred"})
        assert (await desk.ask("GET", f"/pairs/{number}"))[0] == 200
        again = ("POST", f"/decisions/{undone['decision']}/undo", {"reason": "no"})
        assert await desk.refused(*again) == "reversal"

    at_desk(database_url, visit)


def test_only_a_steward_whose_scopes_reach_patients_has_these_doors_and_refusals_are_told(
    database_url: str,
) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        for who, code in (("doctor", "role"), ("weak", "scope")):
            assert await desk.refused("GET", "/pairs", who=who) == code
            assert await desk.refused("POST", f"/pairs/{number}/claim", who=who) == code
            assert await desk.refused("GET", "/measures", who=who) == code
            refused = await refusal(desk.house.gate.side_by_side(ACTORS[who], "a", "b"))
            assert refused.category is Category.FORBIDDEN
        (entry, _) = await desk.entries("review-claim")
        assert (entry.outcome, entry.reason, entry.requester.role) == (Outcome.REFUSED, "role", "clinician")

    at_desk(database_url, visit)


def test_two_stewards_do_not_work_on_the_same_pair_and_what_one_skips_the_other_finds(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        at = f"/pairs/{number}"
        _, claimed = await desk.ask("POST", f"{at}/claim")
        assert claimed["claim"]["who"] == "Practitioner/shao"
        decide = ("POST", f"{at}/decide", {"same": False, "reason": "two cards"})
        assert await desk.refused("POST", f"{at}/claim", who="tan") == "claimed"
        assert await desk.refused(*decide, who="tan") == "claimed"
        assert await desk.refused("POST", f"{at}/comment", {"text": "杜明远来过"}) == "patient-data"
        _, noted = await desk.ask("POST", f"{at}/comment", {"text": "等派出所回复"})
        assert [(note["kind"], note["text"]) for note in noted["notes"]] == [("comment", "等派出所回复")]
        await desk.ask("POST", f"{at}/skip", {"reason": "不认识"})
        assert (await desk.ask("GET", "/pairs"))[1]["pairs"] == []
        _, others = await desk.ask("GET", "/pairs", who="tan")
        assert [pair["claim"] for pair in others["pairs"]] == [None]
        assert (await desk.ask(*decide, who="tan"))[0] == 200
        assert not any("杜" in (entry.query or "") for entry in await desk.house.entries())

    at_desk(database_url, visit)


def test_who_is_treated_today_comes_first_and_a_preview_tells_what_would_move(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        before = (await desk.ask("GET", f"/pairs/{number}"))[1]["priority"]["points"]
        await desk.house.relate("a", "F01", low=NOW - timedelta(hours=2))
        await desk.house.consent("b", {"type": "deny"})
        priority = (await desk.ask("GET", f"/pairs/{number}"))[1]["priority"]
        assert priority["points"] == before + 100
        assert priority["why"][0] == {"code": "today", "text": "其中一人今天正在就诊", "points": 100}
        _, effect = await desk.ask("GET", f"/pairs/{number}/preview")
        assert [move["patient"] for move in effect["moves"]] == ["b"]
        assert sorted((one["sources"], one["consents"]) for one in effect["persons"]) == [(1, 0), (1, 1)]
        assert (await desk.ask("GET", f"/pairs/{number}/preview?same=false"))[1] == {"moves": [], "persons": []}
        _, history = await desk.ask("GET", "/persons/a/history")
        assert history["decisions"] == []

    at_desk(database_url, visit)


def test_under_four_eyes_a_decision_is_a_proposal_until_another_steward_confirms_it(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        decide = ("POST", f"/pairs/{number}/decide", {"same": True, "reason": "one card"})
        _, proposed = await desk.ask(*decide)
        at = f"/proposals/{proposed['proposal']}"
        assert await desk.refused(*decide, who="tan") == "proposed"
        assert await desk.refused("POST", f"{at}/confirm") == "same-person"
        assert (await desk.entries("proposal-confirm"))[-1].reason == "same-person"
        _, waiting = await desk.ask("GET", "/proposals", who="tan")
        assert [(one["pair"], one["who"], one["stale"]) for one in waiting["proposals"]] == [
            (number, "Practitioner/shao", False)
        ]
        await desk.ask("POST", f"{at}/refuse", who="tan")
        assert await desk.refused("POST", f"{at}/confirm", who="tan") == "closed"
        _, proposed = await desk.ask(*decide)
        _, done = await desk.ask("POST", f"/proposals/{proposed['proposal']}/confirm", who="tan")
        _, history = await desk.ask("GET", "/persons/a/history")
        assert [(one["number"], one["who"]) for one in history["decisions"]] == [
            (done["decision"], "Practitioner/shao, Practitioner/tan")
        ]

    at_desk(database_url, visit, ALWAYS)


def test_a_proposal_goes_stale_when_either_person_changes(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        body = {"same": True, "reason": "one card"}
        _, proposed = await desk.ask("POST", f"/pairs/{number}/propose", body)
        await desk.write(mingyuan("a", phone="09905550002"), "F01")
        at = f"/proposals/{proposed['proposal']}"
        assert (await desk.ask("GET", "/proposals"))[1]["proposals"][0]["stale"] is True
        assert await desk.refused("POST", f"{at}/confirm", who="tan") == "stale"
        assert await desk.refused("POST", f"{at}/confirm", who="tan") == "closed"
        _, history = await desk.ask("GET", "/persons/a/history")
        assert history["decisions"] == []
        _, told = await desk.ask("GET", "/pairs")
        assert (await desk.ask("POST", f"/pairs/{told['pairs'][0]['number']}/propose", body))[0] == 200

    at_desk(database_url, visit)


def test_a_second_opinion_is_asked_for_blind_of_another_steward_and_counts_in_the_figures(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        shen = citizen_id("1962-06-08", 301)
        await desk.write(mingyuan("c", citizen_id=shen), "F01")
        await desk.write(mingyuan("d", citizen_id=shen), "F05")
        _, told = await desk.ask("GET", "/second-opinions")
        (asked,) = told["opinions"]
        assert "person" not in asked["first"], "one person would tell what was decided"
        _, shown = await desk.ask("GET", f"/second-opinions/{asked['number']}")
        assert shown["evidence"][0]["first"] == ["杜明远"]
        assert (await desk.ask("POST", f"/second-opinions/{asked['number']}", {"same": False}))[0] == 200
        assert (await desk.ask("GET", "/second-opinions"))[1]["opinions"] == []
        (disputed,) = (await desk.ask("GET", "/disputed-decisions"))[1]["disputed"]
        _, measures = await desk.ask("GET", "/measures")
        assert (measures["precision"]["yes"], measures["precision"]["of"]) == (0, 1)
        assert (measures["agreement"]["of"], measures["opinions"]) == (0, {"waiting": 0, "disputed": 1})
        assert [week["psi"] for week in measures["scores"]["weeks"]] == [0.0]
        text = review_gauges(await desk.reviews.figures())
        assert 'yilian_mpi_second_opinions{of="precision",agreed="false"} 1' in text.splitlines()
        await desk.ask("POST", f"/decisions/{disputed['decision']}/undo", {"reason": "two cards"})
        assert (await desk.ask("GET", "/disputed-decisions"))[1]["disputed"] == []

    at_desk(database_url, visit, ALL_AGAIN)


def test_nobody_gives_a_second_opinion_on_a_decision_of_his_own(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        await desk.ask("POST", f"/pairs/{number}/decide", {"same": False, "reason": "two cards"})
        assert (await desk.ask("GET", "/second-opinions"))[1]["opinions"] == []
        (asked,) = (await desk.ask("GET", "/second-opinions", who="tan"))[1]["opinions"]
        at = f"/second-opinions/{asked['number']}"
        assert await desk.refused("POST", at, {"same": False}) == "same-person"
        assert (await desk.ask("POST", at, {"same": False}, who="tan"))[0] == 200
        _, measures = await desk.ask("GET", "/measures")
        assert (measures["agreement"]["yes"], measures["agreement"]["of"]) == (1, 1)
        assert [(one["kind"], one["decisions"]) for one in measures["decisions"]] == [("apart", 1)]

    at_desk(database_url, visit, ALL_AGAIN)


BY: Final = {name: reviewer_of(actor, UNKNOWN_ORIGIN) for name, actor in ACTORS.items()}


def test_under_four_eyes_every_deed_waits_and_is_tried_out_before_it_does(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        for rid, name in (("a", "赵平"), ("b", "钱立"), ("c", "孙正")):
            await desk.write(patient(rid, name, born=f"19{ord(rid)}-02-11"), "F01")

        async def persons() -> set[str]:
            async with desk.house.database.connection() as tx:
                rows = await tx.fetch(
                    "SELECT string_agg(patient, '' ORDER BY patient) AS all FROM member GROUP BY person"
                )
            return {row["all"] for row in rows}

        decisions, deeds = desk.reviews.decisions, []
        for what, patients, then in (
            (What.MERGE, ("a", "b"), {"ab", "c"}),
            (What.MOVE, ("a", "c"), {"ac", "b"}),
            (What.SPLIT, ("c",), {"a", "b", "c"}),
            (What.APART, ("a", "b"), {"a", "b", "c"}),
        ):
            before, deed = await persons(), Deed(what=what, patients=patients)
            told = await decisions.do(BY["shao"], deed, "two cards")
            assert (list(told), await persons()) == (["proposal"], before)
            again = await refusal(decisions.do(BY["tan"], deed, "two cards"))
            assert again.code == "proposed"
            deeds.append((await decisions.confirm(BY["tan"], told["proposal"]))["decision"])
            assert await persons() == then
        assert (await refusal(decisions.do(BY["shao"], Deed(what=What.UNLINK, patients=("a",)), "x"))).code == "alone"
        assert list(await decisions.undo(BY["shao"], deeds[2], "erred")) == ["proposal"]
        _, waiting = await desk.ask("GET", "/proposals")
        (one,) = waiting["proposals"]
        assert (one["deed"], one["decision"], one["pair"]) == ("reverse", deeds[2], None)
        await decisions.confirm(BY["tan"], one["number"])
        assert await persons() == {"ac", "b"}
        _, history = await desk.ask("GET", "/persons/a/history")
        assert {past["who"] for past in history["decisions"]} == {"Practitioner/shao, Practitioner/tan"}

    at_desk(database_url, visit, ALWAYS)


@pytest.mark.parametrize("word", ["uncertain", "merge"])
def test_other_registrations_of_the_two_persons_are_no_way_round_the_second_steward(
    database_url: str, word: str
) -> None:
    async def visit(desk: Desk) -> None:
        number = await desk.doubtful()
        await desk.write(mingyuan("a2", phone="13800990001"), "F03")
        around = Deed(what=What.MERGE, patients=("a2", "b"))
        told = await desk.reviews.decisions.do(BY["shao"], around, "one card")
        assert list(told) == ["proposal"]
        _, pair = await desk.ask("POST", f"/pairs/{number}/decide", {"same": True, "reason": "one card"})
        assert list(pair) == ["proposal"]
        lone = Deed(what=What.UNLINK, patients=("a2",))
        assert list(await desk.reviews.decisions.do(BY["shao"], lone, "two cards")) == ["decision"]

    at_desk(database_url, visit, ReviewPolicy(four_eyes=frozenset({word})))


def test_a_proposal_about_a_person_who_changed_is_not_carried_out(database_url: str) -> None:
    async def visit(desk: Desk) -> None:
        for rid, name in (("a", "赵平"), ("b", "钱立"), ("c", "孙正")):
            await desk.write(patient(rid, name, born=f"19{ord(rid)}-02-11"), "F01")
        told = await desk.reviews.decisions.do(BY["shao"], Deed(what=What.MERGE, patients=("a", "b")), "one card")
        other = await desk.reviews.decisions.do(BY["tan"], Deed(what=What.MERGE, patients=("b", "c")), "one card")
        await desk.reviews.decisions.confirm(BY["shao"], other["proposal"])
        assert (await refusal(desk.reviews.decisions.confirm(BY["tan"], told["proposal"]))).code == "stale"
        named = Deed(what=What.MERGE, patients=("a", "b"))
        assert (await refusal(desk.reviews.decisions.do(BY["shao"], named, "it is 赵平"))).code == "patient-data"

    at_desk(database_url, visit, ALWAYS)
