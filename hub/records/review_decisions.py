"""What stewards decide of pairs: at once, or as a proposal that a second steward confirms; taking it back; opinions."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.db.database import Tx
from hub.kernel.consortium import ReviewPolicy
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.mpi import decisions_read, proposals, second_opinions
from hub.mpi.decision import Kind
from hub.mpi.deeds import Deed, What, do, pair_deed
from hub.mpi.index import PatientIndex
from hub.mpi.preview import effect
from hub.mpi.review_marks import refuse_claimed, refuse_patient_data
from hub.mpi.review_queue import waiting
from hub.mpi.review_words import Language
from hub.mpi.second_opinions import same_person
from hub.mpi.stewardship import Steward
from hub.records.review_json import disputed_json, opinion_json, proposal_json
from hub.records.review_ledger import Done, Reviewer, ReviewLedger


class ReviewDecisions:
    """Every decision is one of the patient index, with all it says of them: it can be taken back by its number."""

    def __init__(self, ledger: ReviewLedger, index: PatientIndex, policy: ReviewPolicy) -> None:
        self._ledger: Final = ledger
        self._steward: Final = Steward(index)
        self._policy: Final = policy

    async def decide(self, by: Reviewer, number: int, *, same: bool, reason: str, propose: bool = False) -> Json:
        """Decide a pair: `{decision}`; or `{proposal}` where `propose` is asked for or four eyes decide.

        Raises HubError NOT_FOUND; CONFLICT (`claimed`, `proposed`); INVALID for a reason that names a patient.
        """

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            pair = await waiting(tx, number, now)
            refuse_claimed(pair, by.name)
            deed = pair_deed(pair.patients, same=same)
            return await self._settle(tx, by, deed, reason, now, review=number, propose=propose)

        return await self._ledger.run(by, "review-link" if same else "review-apart", "u", work)

    async def do(self, by: Reviewer, deed: Deed, reason: str) -> Json:
        """Do what no pair was put before the steward for: `{decision}`, or `{proposal}` where four eyes decide.

        Raises what `Steward` raises; CONFLICT (`proposed`); INVALID for a reason that names a patient.
        """
        return await self._ledger.run(
            by, deed.what.value, "u", lambda tx, now: self._settle(tx, by, deed, reason, now, review=None)
        )

    async def merge(self, by: Reviewer, one: str, other: str, reason: str) -> Json:
        """Make one person of two source patients (ids) and all who are one with either: as `do`."""
        return await self.do(by, pair_deed((one, other), same=True), reason)

    async def merge_effect(self, by: Reviewer, one: str, other: str) -> tuple[tuple[str, str, str], ...]:
        """What that would move: source patient, the person it leaves, the person it goes to. Changes nothing."""

        async def work(tx: Tx, _: datetime) -> tuple[tuple[tuple[str, str, str], ...], Done]:
            deed = pair_deed((one, other), same=True)
            return (await effect(tx, self._steward, deed)).moves, Done(patients=deed.patients)

        return await self._ledger.run(by, "preview", "r", work)

    async def proposed(self, by: Reviewer) -> list[Json]:
        """What waits for a second steward, oldest first."""

        async def work(tx: Tx, _: datetime) -> tuple[list[Json], Done]:
            found = await proposals.open_proposals(tx)
            return [proposal_json(one, await proposals.stale(tx, one)) for one in found], Done()

        return await self._ledger.run(by, "proposal-list", "s", work)

    async def confirm(self, by: Reviewer, number: int) -> Json:
        """Confirm another steward's proposal, which makes it a decision of both.

        Raises HubError FORBIDDEN (`same-person`) for one's own; CONFLICT (`stale`) if a person has changed since.
        """

        async def work(tx: Tx, now: datetime) -> tuple[Json | None, Done]:
            found = await proposals.proposal(tx, number)
            if found.who == by.name:
                raise same_person()
            if await proposals.stale(tx, found):
                await proposals.close(tx, found, "stale", who=by.name)
                return None, Done(told=(("proposal", str(number)), ("outcome", "stale")))
            if found.review is not None:
                refuse_claimed(await waiting(tx, found.review, now), by.name)
            done = await do(tx, self._steward, found.deed, who=f"{found.who}, {by.name}", note=found.note)
            await proposals.close(tx, found, "confirmed", who=by.name, decision=done.number)
            told = (("proposal", str(number)), ("decision", str(done.number)))
            return {"decision": done.number}, Done(patients=done.patients, told=told)

        told = await self._ledger.run(by, "proposal-confirm", "u", work)
        if told is None:
            what, todo = "has gone stale: a person changed since", "look at the pair again"
            raise HubError(Category.CONFLICT, what, where=f"proposal {number}", todo=todo, code="stale")
        return told

    async def refuse(self, by: Reviewer, number: int) -> Json:
        """Refuse a proposal, or take one's own back: the pair waits as before. Why is said as a comment on it."""

        async def work(tx: Tx, _: datetime) -> tuple[Json, Done]:
            found = await proposals.proposal(tx, number)
            await proposals.close(tx, found, "refused", who=by.name)
            return {"proposal": number, "outcome": "refused"}, Done(told=(("proposal", str(number)),))

        return await self._ledger.run(by, "proposal-refuse", "u", work)

    async def undo(self, by: Reviewer, decision: int, reason: str) -> Json:
        """Take back a decision, the matcher's too: `{decision}`, the number of the reversal; its pair waits again.

        `{proposal}` where four eyes reverse. Raises HubError CONFLICT (`reversal`) for a reversal: that would decide
        again, so it is decided as a pair is.
        """

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            if (await decisions_read.chain(tx, decision))[0].kind is Kind.REVERSAL:
                what, todo = "is itself a reversal", "decide the pair anew"
                raise HubError(Category.CONFLICT, what, where="mpi", todo=todo, code="reversal")
            return await self._settle(tx, by, Deed(what=What.REVERSE, target=decision), reason, now, review=None)

        return await self._ledger.run(by, What.REVERSE.value, "u", work)

    async def opinions(self, by: Reviewer, language: Language) -> list[Json]:
        """Pairs put to this steward for a second opinion; the sample is drawn on as it is asked for."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            await second_opinions.draw(tx, self._policy, now)
            found = await second_opinions.opinions_for(tx, by.name)
            patients = sorted({patient for one in found for patient in one.patients})
            return [opinion_json(one, language) for one in found], Done(patients=tuple(patients))

        return await self._ledger.run(by, "opinion-list", "s", work)

    async def opinion(self, by: Reviewer, number: int, language: Language) -> Json:
        """One pair put to this steward. Raises HubError NOT_FOUND, FORBIDDEN (`same-person`)."""

        async def work(tx: Tx, _: datetime) -> tuple[Json, Done]:
            found = await second_opinions.opinion(tx, number, by.name)
            return opinion_json(found, language), Done(patients=found.patients)

        return await self._ledger.run(by, "opinion-show", "r", work)

    async def give(self, by: Reviewer, number: int, *, same: bool) -> Json:
        """Give a second opinion, which changes nothing. Raises HubError NOT_FOUND, FORBIDDEN (`same-person`)."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            found = await second_opinions.opinion(tx, number, by.name)
            await second_opinions.give(tx, found, same=same, who=by.name, now=now)
            return {"opinion": number}, Done(patients=found.patients, told=(("opinion", str(number)),))

        return await self._ledger.run(by, "opinion-give", "u", work)

    async def disputed(self, by: Reviewer) -> list[Json]:
        """Decisions that stand against a second opinion: to be left, or undone."""

        async def work(tx: Tx, _: datetime) -> tuple[list[Json], Done]:
            found = await second_opinions.disputed(tx)
            patients = sorted({patient for one in found for patient in one.patients})
            return [disputed_json(one) for one in found], Done(patients=tuple(patients))

        return await self._ledger.run(by, "opinion-disputed", "s", work)

    async def _settle(
        self, tx: Tx, by: Reviewer, deed: Deed, reason: str, now: datetime, *, review: int | None, propose: bool = False
    ) -> tuple[Json, Done]:
        """Do a deed, or put it to a second steward where the consortium asks for one."""
        await refuse_patient_data(tx, deed.patients, reason)
        if propose or self._policy.confirmed(await proposals.words(tx, deed)):
            number = await proposals.propose(tx, self._steward, deed, review=review, who=by.name, note=reason, now=now)
            told = (("proposal", str(number)), ("reason", reason))
            return {"proposal": number}, Done(patients=deed.patients, told=told)
        await proposals.refuse_open(tx, deed)
        done = await do(tx, self._steward, deed, who=by.name, note=reason)
        told = (("decision", str(done.number)), ("reason", reason))
        return {"decision": done.number}, Done(patients=done.patients, told=told)
