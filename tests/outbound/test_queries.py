"""Patient queries over MLLP (PDQ, PIX): answered through the gate, nothing stored, denied and absent alike."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from unittest.mock import Mock

import pytest
from hl7apy.parser import parse_message

from hub.audit import queries
from hub.audit.entry import Entry, Interaction, Outcome
from hub.gate.gate import Gate
from hub.kernel.consortium import Feed
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import AnswerBody
from hub.outbound.answering import Answering, feed_client
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.queries import QbpFormat
from tests.api.house import CANONICAL, House, house
from tests.connectors.harness import Peer, Running, running
from tests.mpi.people import citizen_id
from tests.outbound.house import OWNERS, patient, referral
from tests.security.county import object_to_all

T = TypeVar("T")

FEED: Final = Feed(name="clinic", facility="F05", transport="mllp", senders=("HIS|F05",), queries=60)
HEAD: Final = "MSH|^~\\&|HIS|F05|HUB|HUB|20260301101500||QBP^{event}^QBP_Q21|Q42|P|2.5|||||CHN|UNICODE UTF-8"


@dataclass
class Asking:
    """A clinic that asks, over a socket."""

    home: House
    feed: Running
    peer: Peer

    async def ask(self, event: str, qpd: str, *more: str) -> dict[str, list[list[str]]]:
        """The segments of the answer, by name, in fields; the whole message stands under ""."""
        question = "\r".join([HEAD.format(event=event), f"QPD|{qpd}", *more, ""])
        answer = (await self.peer.exchange(question.encode())).decode()
        told: dict[str, list[list[str]]] = {"": [[answer]]}
        for line in filter(None, answer.split("\r")):
            told.setdefault(line[:3], []).append(line.split("|"))
        return told

    async def find(self, *parameters: str, domains: str = "", more: str = "RCP|I|10^RD") -> dict[str, list[list[str]]]:
        return await self.ask("Q22", f"IHE PDQ Query|T1|{'~'.join(parameters)}|||||{domains}", more)

    async def others_of(self, number: str, domains: str = "") -> dict[str, list[list[str]]]:
        return await self.ask("Q23", f"IHE PIX Query|T1|{number}|{domains}", "RCP|I")

    async def put(self, resource: Any, facility: str = "F01") -> None:
        path = f"/{resource['resourceType']}/{resource['id']}"
        answer = await self.home.ask("PUT", path, resource, who=OWNERS[facility])
        assert answer.status_code in (200, 201), answer.text

    async def settle(self) -> None:
        """A is known to both and referred to the clinic; B to the hospital alone; C to both, without a relation."""
        for who in "abc":
            await self.put(patient(who))
        for who in "ac":
            await self.put(patient(who, "F05"), "F05")
        await self.put(referral("a"))

    async def entries(self) -> list[Entry]:
        async with self.home.database.connection() as tx:
            return await queries.newest(tx)


def asking(url: str, visit: Callable[[Asking], Awaitable[T]], *, per_minute: int = 60, feed: Feed = FEED) -> T:
    """Run `visit` with a feed of the clinic that answers."""

    async def run() -> T:
        async with house(url, candidate_limits={feed_client(feed.name): per_minute}) as home:
            log = Log("mllp", stream=home.log)
            answering = Answering(home.services.gate, feed, QbpFormat(DEFAULT, "F05", CANONICAL), log)
            async with running(feed, answerer=answering) as listening, listening.peer() as peer:
                return await visit(Asking(home, listening, peer))

    return asyncio.run(run())


def by_name(who: str) -> list[str]:
    person = patient(who)
    born, sex = person["birthDate"].replace("-", ""), person["gender"][:1].upper()
    return [f"@PID.5.1^{person['name'][0]['text']}", f"@PID.7^{born}", f"@PID.8^{sex}"]


def numbers(segment: list[str]) -> set[str]:
    return {each.partition("^")[0] for each in segment[3].split("~")}


def test_a_person_is_found_with_the_numbers_the_asker_may_see(database_url: str) -> None:
    async def visit(clinic: Asking) -> None:
        await clinic.settle()
        told = await clinic.find(*by_name("a"))
        assert told["MSH"][0][8] == "RSP^K22^RSP_K21"
        assert told["MSH"][0][2:6] == ["HUB", "HUB", "HIS", "F05"]
        assert told["MSA"][0][1:3] == ["AA", "Q42"]
        assert told["QAK"][0][1:] == ["T1", "OK", "IHE PDQ Query", "1"]
        (pid,) = told["PID"]
        assert numbers(pid) == {"F01-a", "F05-a", citizen_id("1958-04-12", ord("a"))}
        assert pid[7] == "19580412"
        assert 0 < float(told["QRI"][0][1]) <= 1
        # hl7apy knows no QPD of PDQ, whose third field repeats.
        parsed = parse_message(told[""][0][0].replace("~@PID.7^19580412~@PID.8^F", ""), find_groups=True)
        assert parsed.name == "RSP_K21"
        assert parsed.validate()
        unrelated = await clinic.find(*by_name("c"))
        assert numbers(unrelated["PID"][0]) == {"F05-c", citizen_id("1990-02-17", ord("c"))}
        assert clinic.feed.inbox.asked == []

    asking(database_url, visit)


def test_who_may_not_be_seen_and_who_is_not_there_are_answered_with_the_same_bytes(database_url: str) -> None:
    async def visit(clinic: Asking) -> None:
        await clinic.settle()
        hidden = await clinic.find(*by_name("b"))
        nobody = await clinic.find("@PID.5.1^赵无极", "@PID.7^19710930", "@PID.8^M")
        assert hidden["QAK"][0][2] == nobody["QAK"][0][2] == "NF"
        assert "PID" not in hidden
        assert hidden["MSA"][0][1] == "AA"
        number = "F01-b^^^&2.999.1&ISO"
        denied = await clinic.others_of(number)
        absent = await clinic.others_of("F01-z^^^&2.999.1&ISO")
        plain = [
            answer[""][0][0].replace(number, "N").replace("F01-z^^^&2.999.1&ISO", "N").split("\rMSA")[1]
            for answer in (denied, absent)
        ]
        assert plain[0] == plain[1]
        assert denied["QAK"][0][2] == "NF"

    asking(database_url, visit)


def test_the_other_numbers_of_a_person_are_given_and_nothing_else_of_her(database_url: str) -> None:
    async def visit(clinic: Asking) -> None:
        await clinic.settle()
        told = await clinic.others_of("F05-a^^^&2.999.5&ISO^MR")
        assert told["MSH"][0][8] == "RSP^K23^RSP_K23"
        (pid,) = told["PID"]
        assert numbers(pid) == {"F01-a", citizen_id("1958-04-12", ord("a"))}
        assert pid[5] == "~^^^^^^S"
        assert len(pid) == 6
        assert parse_message(told[""][0][0], find_groups=True).validate()
        one = await clinic.others_of("F05-a^^^&2.999.5&ISO", "^^^&2.999.1&ISO")
        assert numbers(one["PID"][0]) == {"F01-a"}
        assert (await clinic.others_of("F05-a^^^&2.999.5&ISO", "^^^&2.999.77&ISO"))["QAK"][0][2] == "NF"
        await object_to_all(clinic.home, "a")
        own = await clinic.others_of("F05-a^^^&2.999.5&ISO", "^^^&2.999.1&ISO")
        assert own["QAK"][0][2] == "NF"

    asking(database_url, visit)


def test_candidates_are_narrowed_by_domain_and_by_number(database_url: str) -> None:
    async def visit(clinic: Asking) -> None:
        await clinic.settle()
        told = await clinic.find(*by_name("a"), domains="^^^&2.999.1&ISO")
        assert numbers(told["PID"][0]) == {"F01-a"}
        assert (await clinic.find(*by_name("c"), domains="^^^&2.999.1&ISO"))["QAK"][0][2] == "NF"
        citizen = await clinic.find(f"@PID.3.1^{citizen_id('1958-04-12', ord('a'))}", "@PID.3.5^NNCHN", *by_name("a"))
        assert "F05-a" in numbers(citizen["PID"][0])

    asking(database_url, visit)


def test_each_answer_is_on_record_as_the_clinics_before_it_leaves(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(clinic: Asking) -> None:
        await clinic.settle()
        await clinic.find(*by_name("a"))
        found = (await clinic.entries())[0]
        assert (found.outcome, found.interaction, found.requester.organization) == (
            Outcome.RELEASED,
            Interaction.OPERATION,
            "F05",
        )
        assert (found.requester.client, found.requester.purpose) == ("feed:clinic", ("TREAT",))
        assert found.origin.address == "127.0.0.1"
        assert set(found.patients) == {"F01-a", "F05-a"}
        assert "沈" not in (found.query or "")
        await clinic.find(*by_name("b"))
        assert (await clinic.entries())[0].patients == ()

        async def away(_: Entry) -> None:
            raise HubError(Category.UNAVAILABLE, "away", where="audit")

        monkeypatch.setattr(clinic.home.services.gate._door.recorder._trail, "record", away)
        told = await clinic.find(*by_name("a"))
        assert (told["MSA"][0][1], told["QAK"][0][2]) == ("AE", "AE")
        assert "PID" not in told

    asking(database_url, visit)


def test_a_feed_that_asks_too_much_is_told_so(database_url: str) -> None:
    async def visit(clinic: Asking) -> None:
        await clinic.settle()
        answers = [await clinic.find(*by_name("a")) for _ in range(3)]
        assert [one["MSA"][0][1] for one in answers] == ["AA", "AA", "AE"]
        assert answers[2]["ERR"][0][5] == "too-many-candidate-searches"
        assert "PID" not in answers[2]

    asking(database_url, visit, per_minute=2)


@pytest.mark.parametrize(
    ("event", "qpd", "more", "code", "where", "error"),
    [
        ("ZV1", "Q|T1|x", "RCP|I", "AR", "MSH^1^9", "query"),
        ("Q21", "Q|T1|x", "RCP|I", "AR", "MSH^1^9", "query"),
        ("Q22", "Q|T1|", "RCP|I", "AE", "QPD^1^3", "required-field"),
        ("Q22", "Q|T1|@PID.5.1^", "RCP|I", "AE", "QPD^1^3", "required-field"),
        ("Q22", "Q|T1|@PID.5.1^沈*", "RCP|I", "AR", "QPD^1^3^1", "wildcard"),
        ("Q22", "Q|T1|@PID.18.1^77", "RCP|I", "AR", "QPD^1^3^1", "parameter"),
        ("Q22", "Q|T1|@PID.5.1^沈桂兰", "RCP|I|many", "AE", "RCP^1^2", "limit"),
        ("Q22", "Q|T1|@PID.5.1^沈桂兰", "DSC|77", "AR", "DSC^1^1", "continuation"),
        ("Q23", "Q|T1|^^^HIS", "RCP|I", "AE", "QPD^1^3", "identifier"),
    ],
)
def test_what_cannot_be_answered_says_where_and_why(
    event: str, qpd: str, more: str, code: str, where: str, error: str
) -> None:
    async def run() -> None:
        gate, log = Mock(spec=Gate), Log("mllp", stream=io.StringIO())
        answering = Answering(gate, FEED, QbpFormat(DEFAULT, "F05", CANONICAL), log)
        async with running(FEED, answerer=answering) as listening, listening.peer() as peer:
            told = await Asking(Mock(), listening, peer).ask(event, qpd, more)
            assert told["MSA"][0][1] == code
            assert (told["ERR"][0][2], told["ERR"][0][5]) == (where, error)
            assert "沈" not in "|".join(told["ERR"][0])
            assert listening.inbox.asked == []
            gate.match.assert_not_called()
            gate.corresponding.assert_not_called()

    asyncio.run(run())


def test_a_feed_without_leave_and_a_sender_it_does_not_know_get_no_answer() -> None:
    async def run() -> None:
        question = HEAD.format(event="Q22").encode() + b"\rQPD|Q|T1|@PID.5.1^x\rRCP|I\r"
        async with running(Feed(name="plain", facility="F05", transport="mllp")) as feed, feed.peer() as peer:
            told = (await peer.exchange(question)).decode()
            assert "MSA|AR|Q42" in told
            assert "queries_per_minute" in told
            assert feed.inbox.asked == []

        async def never(raw: bytes, peer: str) -> AnswerBody:
            raise AssertionError(len(raw), peer)

        async with running(FEED, answerer=never) as feed, feed.peer() as peer:
            other = question.replace(b"HIS|F05", b"LIS|F03")
            assert "MSA|AR|Q42" in (await peer.exchange(other)).decode()
            assert "MSA|AE|Q42" in (await peer.exchange(question)).decode()

    asyncio.run(run())
