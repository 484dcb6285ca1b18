"""`/api/mpi`: the review of pairs for stewards of the patient index. Words are Chinese, English by Accept-Language."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from hub.api.asked import flag, member, members_only, number, parameter
from hub.api.json_doors import Asking, Door, Handle, Told
from hub.api.languages import language_of
from hub.gate.gate import Gate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.review_json import plain
from hub.records.review_ledger import STEWARD, Reviewer, reviewer_of
from hub.records.reviews import Reviews

_PATH: Final = "/api/mpi"
#: Pairs of one list.
_MOST: Final = 500


def review_doors(reviews: Reviews, gate: Gate) -> list[Door]:
    """Every door of stewards."""
    return [*_pairs(reviews, gate), *_marks(reviews), *_decisions(reviews), *_opinions(reviews, gate), *_told(reviews)]


def _pairs(reviews: Reviews, gate: Gate) -> list[Door]:
    worklist = reviews.worklist

    async def listed(ask: Asking) -> Told:
        limit = parameter(ask, "limit", number, "a number")
        most = min(_MOST, 100 if limit is None else limit)
        return Told(body={"pairs": await worklist.listed(_by(ask), most, language_of(ask.languages))})

    async def show(ask: Asking) -> Told:
        pair = await worklist.pair(_by(ask), _number(ask), language_of(ask.languages))
        return Told(body=await _with_values(gate, ask, pair))

    async def preview(ask: Asking) -> Told:
        same = parameter(ask, "same", flag, "true or false")
        return Told(body=await worklist.preview(_by(ask), _number(ask), same=same is not False))

    same = {"same": "true (as if nothing is said): what linking would do; false: what keeping apart would"}
    return [
        _get("/pairs", "Pairs that wait, the most urgent first", listed, "Pairs", {"limit": f"At most, to {_MOST}"}),
        _get("/pairs/{id}", "One pair, its evidence side by side; audited first", show, "Pair"),
        _get("/pairs/{id}/preview", "What deciding a pair would change", preview, "Effect", same),
    ]


def _marks(reviews: Reviews) -> list[Door]:
    worklist = reviews.worklist

    async def claim(ask: Asking) -> Told:
        return Told(body=await worklist.claim(_by(ask), _number(ask)))

    async def release(ask: Asking) -> Told:
        return Told(body=await worklist.release(_by(ask), _number(ask)))

    async def comment(ask: Asking) -> Told:
        return Told(body=await worklist.comment(_by(ask), _number(ask), _text(ask, "text")))

    async def skip(ask: Asking) -> Told:
        return Told(body=await worklist.skip(_by(ask), _number(ask), _text(ask, "reason")))

    return [
        _post("/pairs/{id}/claim", "Work on a pair; others cannot decide it for half an hour", claim, "", "Claim"),
        _post("/pairs/{id}/release", "Let others work on a pair", release, "", "Claim"),
        _post("/pairs/{id}/comment", "Say something of a pair, without patient data", comment, "Comment", "Notes"),
        _post("/pairs/{id}/skip", "Leave a pair to others for a week", skip, "Why", "Claim"),
    ]


def _decisions(reviews: Reviews) -> list[Door]:
    decisions = reviews.decisions

    async def decide(ask: Asking) -> Told:
        return Told(body=await _decided(ask, propose=False))

    async def propose(ask: Asking) -> Told:
        return Told(body=await _decided(ask, propose=True))

    async def _decided(ask: Asking, *, propose: bool) -> Json:
        members_only(ask, "same", "reason")
        reason = member(ask, "reason", str, "")
        return await decisions.decide(_by(ask), _number(ask), same=_same(ask), reason=reason, propose=propose)

    async def proposals(ask: Asking) -> Told:
        return Told(body={"proposals": await decisions.proposed(_by(ask))})

    async def confirm(ask: Asking) -> Told:
        return Told(body=await decisions.confirm(_by(ask), _number(ask)))

    async def refuse(ask: Asking) -> Told:
        return Told(body=await decisions.refuse(_by(ask), _number(ask)))

    async def undo(ask: Asking) -> Told:
        return Told(body=await decisions.undo(_by(ask), _number(ask), _text(ask, "reason")))

    return [
        _post("/pairs/{id}/decide", "One person or two; a proposal if four eyes decide", decide, "Decide", "Decided"),
        _post("/pairs/{id}/propose", "Put one's decision to a second steward", propose, "Decide", "Decided"),
        _get("/proposals", "Proposals that wait for a second steward", proposals, "Proposals"),
        _post("/proposals/{id}/confirm", "Confirm another steward's proposal", confirm, "", "Decided"),
        _post("/proposals/{id}/refuse", "Refuse a proposal, or take one's own back", refuse, "", "Refused"),
        _post("/decisions/{id}/undo", "Take a decision back; its pair waits again", undo, "Why", "Decided"),
    ]


def _opinions(reviews: Reviews, gate: Gate) -> list[Door]:
    decisions = reviews.decisions

    async def listed(ask: Asking) -> Told:
        return Told(body={"opinions": await decisions.opinions(_by(ask), language_of(ask.languages))})

    async def show(ask: Asking) -> Told:
        opinion = await decisions.opinion(_by(ask), _number(ask), language_of(ask.languages))
        return Told(body=await _with_values(gate, ask, opinion))

    async def give(ask: Asking) -> Told:
        members_only(ask, "same")
        return Told(body=await decisions.give(_by(ask), _number(ask), same=_same(ask)))

    async def disputed(ask: Asking) -> Told:
        return Told(body={"disputed": await decisions.disputed(_by(ask))})

    blind = "One pair for a second opinion, side by side, without what was decided; audited first"
    return [
        _get("/second-opinions", "Pairs put to a second reviewer, blind", listed, "Opinions"),
        _get("/second-opinions/{id}", blind, show, "Opinion"),
        _post("/second-opinions/{id}", "Give an opinion; it changes nothing", give, "GiveOpinion", "OpinionGiven"),
        _get("/disputed-decisions", "Decisions that stand against a second opinion", disputed, "Disputed"),
    ]


def _told(reviews: Reviews) -> list[Door]:
    async def measures(ask: Asking) -> Told:
        return Told(body=await reviews.measures(_by(ask)))

    async def history(ask: Asking) -> Told:
        found = await reviews.worklist.history(_by(ask), ask.id)
        rows = [{name: plain(value) for name, value in dataclasses.asdict(past).items()} for past in found]
        return Told(body={"decisions": rows})

    of = "Every decision about a person or a source patient (either id)"
    return [
        _get("/measures", "The review in figures", measures, "ReviewMeasures"),
        _get("/persons/{id}/history", of, history, "PersonHistory"),
    ]


async def _with_values(gate: Gate, ask: Asking, pair: Json) -> Json:
    """The pair with what both say under each comparison; the gate records it before it is told."""
    ids = pair["first"]["patient"], pair["second"]["patient"]
    values = (await gate.side_by_side(ask.actor, *ids, origin=ask.origin)).values
    for row in pair["evidence"]:
        row["first"], row["second"] = map(list, values[row["comparison"]])
    return pair


def _by(ask: Asking) -> Reviewer:
    return reviewer_of(ask.actor, ask.origin)


def _number(ask: Asking) -> int:
    try:
        return number(ask.id)
    except ValueError:
        raise HubError(Category.NOT_FOUND, "nothing has this number", where="URL") from None


def _text(ask: Asking, name: str) -> str:
    members_only(ask, name)
    return member(ask, name, str, "")


def _same(ask: Asking) -> bool:
    if "same" not in ask.body:
        raise HubError(Category.INVALID, "is missing", where="body.same", todo="true: one person; false: two")
    return member(ask, "same", bool, False)


def _get(path: str, summary: str, handle: Handle, gives: str, query: Mapping[str, str] | None = None) -> Door:
    return _door("GET", path, summary, handle, gives=gives, query=query)


def _post(path: str, summary: str, handle: Handle, takes: str, gives: str) -> Door:
    return _door("POST", path, summary, handle, takes=takes, gives=gives)


def _door(method: str, path: str, summary: str, handle: Handle, **more: Any) -> Door:
    return Door(method=method, path=_PATH + path, summary=summary, roles=(STEWARD,), handle=handle, **more)
