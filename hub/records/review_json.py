"""The review as JSON, in the words of a language. Pure; no value of a patient is in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from hub.kernel.types import Json
from hub.mpi.measures import Share
from hub.mpi.measures_read import Measures
from hub.mpi.priority import Priority
from hub.mpi.proposals import Proposal
from hub.mpi.review_queue import Note, Waiting
from hub.mpi.review_words import Language, compared, said
from hub.mpi.second_opinions import Opinion


def pair_json(pair: Waiting, first: Priority, language: Language) -> Json:
    """A pair in the list."""
    claim = None if pair.claimed_by is None else {"who": pair.claimed_by, "until": plain(pair.claimed_until)}
    return {
        "number": pair.number,
        "first": {"patient": pair.first, "person": pair.first_person},
        "second": {"patient": pair.second, "person": pair.second_person},
        "reason": {"code": pair.reason, "text": said("reason", pair.reason, language)},
        "score": pair.score,
        "model": pair.model,
        "since": plain(pair.at),
        "priority": {
            "points": first.points,
            "why": [{"code": why, "text": said("why", why, language), "points": points} for why, points in first.parts],
        },
        "claim": claim,
        "proposal": pair.proposal,
    }


def evidence_json(evidence: str, language: Language) -> list[Json]:
    """Every comparison of a pair in words."""
    return [dataclasses.asdict(one) for one in compared(evidence, language)]


def note_json(note: Note) -> Json:
    """A comment, or a skip with its reason."""
    return {"kind": note.kind, "who": note.who, "text": note.text, "at": plain(note.at)}


def proposal_json(one: Proposal, stale: bool) -> Json:
    """A deed that waits for a second steward; `decision` is the one it takes back."""
    deed = {"deed": one.deed.what.value, "patients": list(one.deed.patients), "decision": one.deed.target}
    told = {"number": one.number, "pair": one.review if one.waits else None, **deed, "who": one.who, "reason": one.note}
    return {**told, "at": plain(one.at), "stale": stale}


def opinion_json(one: Opinion, language: Language) -> Json:
    """A pair put to a second reviewer: nothing tells what was decided, nor that one person was made of the two."""
    sides = {"first": {"patient": one.first}, "second": {"patient": one.second}}
    return {"number": one.number, **sides, "evidence": evidence_json(one.evidence, language)}


def disputed_json(one: Opinion) -> Json:
    """A decision that stands against a second opinion."""
    who = {"decided_by": one.author, "reviewed_by": one.who}
    return {"decision": one.decision, "first": one.first, "second": one.second, "linked": one.linked, **who}


def measures_json(found: Measures) -> Json:
    """The figures; shares with their interval of 95 %."""
    rows: Json = {
        "at": plain(found.at),
        "queue": _rows(found.queue),
        "proposals": found.proposals,
        "decisions": _rows(found.decisions),
        "opinions": {"waiting": found.opinions_waiting, "disputed": found.disputed},
        "agreement": share_json(found.agreement),
        "precision": share_json(found.precision),
        "scores": {"bounds": list(found.bounds), "weeks": _rows(found.weeks)},
    }
    return rows


def share_json(share: Share) -> Json:
    """A share with its interval."""
    return dataclasses.asdict(share)


def plain(value: Any) -> Any:
    """Instants and days as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _rows(found: Iterable[Any]) -> list[Json]:
    return [{name: plain(value) for name, value in dataclasses.asdict(one).items()} for one in found]
