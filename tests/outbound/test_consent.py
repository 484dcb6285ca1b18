"""The receiver's right is judged as each message is sent; what is denied has no influence on what is sent.

Design, section 7: denied looks like absent, withdrawal takes effect at once, no byte leaves before its audit row is
durable.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from hub.audit import queries
from hub.audit.entry import Entry, Outcome
from hub.kernel.errors import Category, HubError
from tests.outbound.house import Sending, in_sending, patient, referral, report, result
from tests.security.county import HIV, object_to_all

_INSTANT: Final = re.compile(rb"\d{14}\+0800")
_CONTROL: Final = re.compile(rb"\|[A-Z2-7]{20}\|")
_PORT: Final = re.compile(rb"127\.0\.0\.1:\d+")


async def entries(sending: Sending) -> list[Entry]:
    """The audit trail, newest first."""
    async with sending.home.database.connection() as tx:
        return await queries.newest(tx)


def test_who_has_no_relation_is_sent_nothing_and_nothing_is_left_of_it(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known(referred=False)
        await sending.put(result("a", "v1", "值"))
        await sending.put(report("a", "1", "v1"))
        await sending.tell()
        assert sending.hospital.connections == 0
        assert await sending.seen() == []

    in_sending(database_url, visit)


def test_two_counties_that_differ_in_hidden_data_only_send_the_same_bytes(fresh: Any) -> None:
    sent: list[list[bytes]] = []
    for hidden in (True, False):

        async def visit(sending: Sending, hidden: bool = hidden) -> None:
            await sending.known("a")
            await sending.known("b")
            await sending.known("c", referred=False)
            await object_to_all(sending.home, "b")
            await sending.quiet()
            for name in ("1", "2"):
                if hidden:
                    await sending.put(result("a", f"s{name}", "秘", meta={"security": [HIV]}))
                    await sending.put(report("b", name))
                    await sending.put(report("c", name))
                    await sending.put(report("a", f"secret{name}", meta={"security": [HIV]}))
                await sending.put(result("a", f"v{name}", name))
                listed = [f"v{name}", *([f"s{name}"] if hidden else [])]
                await sending.put(report("a", name, *listed))
                await sending.tell()
            sent.append([_CONTROL.sub(b"|N|", _INSTANT.sub(b"NOW", raw)) for raw in sending.hospital.messages])
            assert sending.hospital.connections == 2

        in_sending(fresh(), visit)
    with_hidden, without = sent
    assert len(with_hidden) == 2
    assert with_hidden == without
    assert "秘".encode() not in b"".join(with_hidden)


def test_what_is_withdrawn_before_it_is_sent_is_not_sent(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await sending.put(report("a", "1"))
        await sending.put(report("a", "2"))
        sending.hospital.answers = ["AE"]
        await sending.tell()
        await object_to_all(sending.home, "a")
        sending.skip(11)
        await sending.deliver()
        assert len(sending.hospital.of("ORU")) == 1
        assert [state for kind, state, _ in await sending.states() if kind == "ORU^R01"] == []

    in_sending(database_url, visit)


def test_each_message_is_on_record_as_a_release_to_the_receiver_before_it_leaves(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await sending.put(result("a", "v1", "值"))
        await sending.put(report("a", "1", "v1"))
        trail = sending.home.services.gate._door.recorder._trail
        record = trail.record

        async def away(entry: Entry) -> None:
            raise HubError(Category.UNAVAILABLE, "away", where="audit")

        monkeypatch.setattr(trail, "record", away)
        await sending.tell()
        assert sending.hospital.messages == []
        assert (await sending.states())[-1] == ("ORU^R01", "waiting", "")
        monkeypatch.setattr(trail, "record", record)
        await sending.deliver()
        assert len(sending.hospital.messages) == 1
        entry = (await entries(sending))[0]
        assert (entry.outcome, entry.resource_type, entry.resource_id) == (
            Outcome.RELEASED,
            "DiagnosticReport",
            "F01-a-1",
        )
        assert (entry.requester.organization, entry.requester.role, entry.requester.purpose) == (
            "F05",
            "clinician",
            ("TREAT",),
        )
        assert entry.requester.client == "feed:clinic-his"
        assert entry.query == "%24send=clinic-his"
        assert entry.types == {"DiagnosticReport": 1, "Observation": 1, "Patient": 2}

    in_sending(database_url, visit)


def test_a_referral_to_somebody_else_is_not_for_the_receiver(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        other = referral("a", id="F01-a-other", performer=[{"reference": "Organization/F03"}])
        await sending.put(other)
        await sending.tell()
        assert sending.hospital.messages == []

    in_sending(database_url, visit)


def test_a_person_the_receiver_does_not_know_is_told_it_by_a_referral_only(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.put(patient("a"))
        await sending.put(referral("a"))
        await sending.put(report("a", "1"))
        await sending.put(patient("a", telecom=[{"system": "phone", "value": "0990-5550101"}]))
        await sending.tell()
        assert [one["MSH"][8] for one in sending.hospital.received] == ["REF^I12^REF_I12"]

    in_sending(database_url, visit)
