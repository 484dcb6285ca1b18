"""The worklist of stewards: pairs that wait, soonest first; one of them; taking it, talking of it, leaving it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.auth import consent_rules, proxies
from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.mpi import lookup, review_marks
from hub.mpi.deeds import pair_deed
from hub.mpi.index import PatientIndex
from hub.mpi.preview import Effect, effect
from hub.mpi.priority import Priority, priority
from hub.mpi.review_queue import Waiting, notes, queue, waiting
from hub.mpi.review_words import Language
from hub.mpi.stewardship import Steward
from hub.records.review_json import evidence_json, note_json, pair_json, plain
from hub.records.review_ledger import Done, Reviewer, ReviewLedger
from hub.store.store import Store

#: Who came into care so lately is being treated today.
_TODAY: Final = timedelta(hours=24)


class Worklist:
    """Pairs that wait. No method gives a value of a patient: those leave through the gate.

    All raise HubError NOT_FOUND for a pair that does not wait.
    """

    def __init__(self, ledger: ReviewLedger, store: Store, index: PatientIndex) -> None:
        self._ledger: Final = ledger
        self._store: Final = store
        self._steward: Final = Steward(index)

    async def listed(self, by: Reviewer, limit: int, language: Language) -> list[Json]:
        """At most `limit` pairs, the most urgent first; not those the steward skipped lately."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            pairs = await queue(tx, by.name, now)
            today = await self._today(tx, pairs, now)
            ranked = [(pair, _priority(pair, today, now)) for pair in pairs]
            ranked.sort(key=lambda one: (-one[1].points, -one[0].score, one[0].number))
            shown = ranked[:limit]
            told = [pair_json(pair, rank, language) for pair, rank in shown]
            return told, Done(patients=_patients(pair for pair, _ in shown))

        return await self._ledger.run(by, "review-list", "s", work)

    async def pair(self, by: Reviewer, number: int, language: Language) -> Json:
        """One pair: every comparison in words, what was said of it, who works on it."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            told = pair_json(pair, _priority(pair, await self._today(tx, [pair], now), now), language)
            told["evidence"] = evidence_json(pair.evidence, language)
            told["notes"] = [note_json(note) for note in await notes(tx, pair)]
            return told, Done(patients=pair.patients)

        return await self._ledger.run(by, "review-show", "r", work)

    async def preview(self, by: Reviewer, number: int, *, same: bool) -> Json:
        """What deciding a pair would move: sources, persons, and how many consents and proxies these persons have."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            found = await effect(tx, self._steward, pair_deed(pair.patients, same=same))
            return await _effect_json(tx, found), Done(patients=pair.patients)

        return await self._ledger.run(by, "review-preview", "r", work)

    async def claim(self, by: Reviewer, number: int) -> Json:
        """Work on a pair: nobody else can decide it for half an hour. Raises HubError CONFLICT (`claimed`)."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            until = await review_marks.claim(tx, pair, by.name, now)
            return {"number": number, "claim": {"who": by.name, "until": plain(until)}}, Done(patients=pair.patients)

        return await self._ledger.run(by, "review-claim", "u", work)

    async def release(self, by: Reviewer, number: int) -> Json:
        """Let others work on a pair one had taken."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            await review_marks.release(tx, pair, by.name)
            return {"number": number, "claim": None}, Done(patients=pair.patients)

        return await self._ledger.run(by, "review-release", "u", work)

    async def comment(self, by: Reviewer, number: int, text: str) -> Json:
        """Say something of a pair. Raises HubError INVALID (`patient-data`) for what names a patient."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            await review_marks.note(tx, pair, "comment", by.name, text, now)
            return {"number": number, "notes": list(map(note_json, await notes(tx, pair)))}, Done(
                patients=pair.patients
            )

        return await self._ledger.run(by, "review-comment", "u", work)

    async def skip(self, by: Reviewer, number: int, reason: str) -> Json:
        """Leave a pair to others: it is out of one's own list for a week. The reason as `comment` takes its text."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            await review_marks.note(tx, pair, "skip", by.name, reason, now)
            await review_marks.release(tx, pair, by.name)
            return {"number": number, "claim": None}, Done(patients=pair.patients, told=(("reason", reason),))

        return await self._ledger.run(by, "review-skip", "u", work)

    async def history(self, by: Reviewer, of: str) -> list[lookup.Past]:
        """Every decision about a source patient or a person."""

        async def work(tx: Tx, _: datetime) -> tuple[list[lookup.Past], Done]:
            found = await lookup.history(tx, of)
            named = {patient for one in found for patient in (one.first, one.second) if patient}
            return found, Done(patients=tuple(sorted(named)))

        return await self._ledger.run(by, "history", "r", work)

    async def _today(self, tx: Tx, pairs: Sequence[Waiting], now: datetime) -> set[UUID]:
        keys = {key for pair in pairs for key in (pair.first_key, pair.second_key)}
        relations = await self._store.relations(tx, sorted(keys)) if keys else []
        return {
            one.pkey for one in relations if one.kind == "care" and one.low and now - _TODAY <= one.low <= now + _TODAY
        }


def _priority(pair: Waiting, today: set[UUID], now: datetime) -> Priority:
    here = not today.isdisjoint({pair.first_key, pair.second_key})
    return priority(pair.reason, pair.score, pair.at, now, today=here)


def _patients(pairs: Iterable[Waiting]) -> tuple[str, ...]:
    return tuple(sorted({patient for pair in pairs for patient in pair.patients}))


async def _effect_json(tx: Tx, found: Effect) -> Json:
    sources = await lookup.persons(tx, found.persons)
    persons = [await _person_json(tx, person, sources.get(person, ())) for person in found.persons]
    moves = [{"patient": patient, "from": origin, "to": target} for patient, origin, target in found.moves]
    return {"moves": moves, "persons": persons}


async def _person_json(tx: Tx, person: str, patients: Sequence[str]) -> Json:
    keys = [reference_key("Patient", patient) for patient in patients]
    consents, acting = await consent_rules.of_pkeys(tx, keys), await proxies.of_pkeys(tx, keys)
    return {"person": person, "sources": len(patients), "consents": len(consents), "proxies": len(acting)}
