"""Trials: what would become of a message, and nothing of it stored."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hub.kernel.errors import Category, HubError
from hub.kernel.types import ReportRow, State, Translation
from hub.pipeline.deeds import Kind
from hub.pipeline.engineer import Engineer
from hub.pipeline.messages import Want
from hub.pipeline.trials import Attempt
from tests.pipeline.desk import ENGINEER, Remembering, messages, repairs, trials
from tests.pipeline.fake_feed import message, translate
from tests.pipeline.hub_in_a_box import Box, box, run

SECRETS = ("沈桂兰", "7.0-x", "1958-04-12")


async def everything(hub: Box) -> list[object]:
    """All that a trial might have touched."""
    tables = ("resource", "outbox", "inbox", "conversion_delta", "member")
    async with hub.database.connection() as connection:
        return [await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_a_trial_tells_what_would_be_created_changed_and_left_and_stores_nothing(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", set={"gender": "male"}, results={"K": "1"}))
            before = await everything(hub)
            raw = message(
                "1", "A", set={"gender": "female", "birthDate": SECRETS[2]}, results={"K": "1", "L": SECRETS[1]}
            )
            told = Remembering()
            tried = await trials(hub, told).attempt(1, ENGINEER, Attempt(raw=raw))
            assert tried.state is State.DONE
            assert sorted((one.resource[:-2], one.change, one.elements) for one in tried.resources) == [
                ("Observation", "created", ()),
                ("Observation", "unchanged", ()),
                ("Patient", "changed", ("gender", "birthDate")),
            ]
            assert {(one.at, one.change) for one in tried.changes} == {("set-1", "changed"), ("results-1", "changed")}
            assert not any(secret in repr(tried) for secret in SECRETS)
            assert await everything(hub) == before
            assert [(deed.kind, deed.message) for deed in told.deeds] == [(Kind.TRY, 1)]

    run(story())


def test_a_trial_of_a_dead_letter_tells_why_it_is_one_and_whether_steps_would_help(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", trick="refuse"))
            as_it_is = await trials(hub).attempt(1, ENGINEER, Attempt())
            assert (as_it_is.state, as_it_is.reason.where, as_it_is.resources) == (State.DEAD, "PID", [])
            mended = await trials(hub).attempt(1, ENGINEER, Attempt(steps=({"drop": "trick"},)))
            assert (mended.state, [one.change for one in mended.resources]) == (State.DONE, ["created"])
            unreadable = await trials(hub).attempt(1, ENGINEER, Attempt(raw=b"junk"))
            assert (unreadable.state, unreadable.reason.category) == (State.DEAD, "unreadable")
            with pytest.raises(HubError) as refusal:
                await trials(hub).attempt(1, ENGINEER, Attempt(steps=({"burn": "all"},)))
            assert refusal.value.category is Category.INVALID

    run(story())


def test_a_candidate_for_the_profile_is_held_against_what_stands(database_url: str) -> None:
    def candidate(raw: bytes) -> Translation:
        translation = translate(raw)
        mapped = ReportRow(source="PID-8[1]", outcome="mapped", targets=("Patient.gender",))
        return replace(translation, report=(mapped,))

    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1"))
            tried = await trials(hub).attempt(1, ENGINEER, Attempt(translator=candidate))
            assert [(one.position, one.change) for one in tried.report_changes] == [
                ("PID-3", "removed"),
                ("PID-8", "added"),
            ]
            assert [one.change for one in tried.resources] == ["unchanged"]

    run(story())


def test_what_a_newer_message_settled_would_not_change(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", trick="refuse"), message("2", "A", set={"gender": "female"}))
            raw = message("1", "A", set={"gender": "male"})
            tried = await trials(hub).attempt(1, ENGINEER, Attempt(raw=raw))
            assert (tried.state, [one.change for one in tried.resources]) == (State.SUPERSEDED, ["unchanged"])

    run(story())


def test_a_message_is_not_there_for_engineers_of_others_and_nothing_is_told_when_the_audit_fails(
    database_url: str,
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1"))
            for who, witness in (
                (Engineer(name="theirs", facilities=frozenset({"F03"})), Remembering()),
                (ENGINEER, Remembering(fails=True)),
            ):
                with pytest.raises(HubError):
                    await trials(hub, witness).attempt(1, who, Attempt())

    run(story())


def test_a_message_is_shown_taken_apart_and_as_what_it_became(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", SECRETS[0], set={"gender": "female"}, results={"K": SECRETS[1]}))
            shown = await messages(hub).show(1, ENGINEER, Want(parsed=True, fhir=True))
            assert [part.at for part in shown.parsed] == ["control", "patient", "set", "results"]
            assert [one["resourceType"] for one in shown.fhir] == ["Patient", "Observation"]
            assert (shown.fhir[0]["gender"], shown.fhir[1]["subject"]["reference"]) == ("female", "Patient#1")
            assert shown.fhir[1]["valueString"] == "***"
            assert shown.resources == 2
            assert not any(secret in repr(shown) for secret in SECRETS)
            told = Remembering()
            clear = await messages(hub, told).unmask(1, ENGINEER, "ticket 7", Want(parsed=True, fhir=True))
            assert clear.fhir[1]["valueString"] == SECRETS[1]
            assert SECRETS[0] in repr(clear.parsed)
            assert told.deeds[0].patients == (clear.fhir[0]["id"],)

    run(story())


def test_a_repair_is_shown_as_what_it_changed(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", SECRETS[0], trick="refuse"))
            await repairs(hub).repair(1, message("1", "B"), ENGINEER, "another patient")
            shown = await messages(hub).show(1, ENGINEER)
            assert [(one.at, one.change, one.before, one.after) for one in shown.changes] == [
                ("patient-1", "changed", "***", "***"),
                ("trick-1", "removed", "***", ""),
            ]

    run(story())
