"""Outbound feeds: what is sent to whom, retried, laid aside and sent again, in order, under one control id."""

from __future__ import annotations

from typing import Final

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.outbound_feed import Retry
from hub.kernel.types import Json
from tests.mpi.people import citizen_id
from tests.outbound.house import Sending, in_sending, patient, referral, report, result
from tests.outbound.house import sending as wired

PAPER: Final[Json] = {
    "resourceType": "DocumentReference",
    "id": "F01-a-d1",
    "status": "current",
    "docStatus": "final",
    "type": {"text": "出院小结"},
    "subject": {"reference": "Patient/F01-a"},
    "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0="}}],
}


async def results(sending: Sending, *names: str, who: str = "a") -> None:
    """Reports of one value each, in their order, of somebody the clinic knows; all else is told already."""
    for name in names:
        await sending.put(result(who, f"v{name}", f"值{name}"))
        await sending.put(report(who, name, f"v{name}"))


def values(sending: Sending) -> list[str]:
    return [one["OBX"][5] for one in sending.hospital.of("ORU")]


def test_a_result_arrives_with_the_receivers_own_number_first(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1")
        await sending.tell()
        (sent,) = sending.hospital.received
        assert sent["MSH"][2:6] == ["YILIAN", "HUB", "HIS", "F05"]
        assert sent["MSH"][8] == "ORU^R01^ORU_R01"
        numbers = [each.partition("^")[0] for each in sent["PID"][3].split("~")]
        assert numbers == ["F05-a", citizen_id("1958-04-12", ord("a")), "F01-a"]
        assert sent["PID"][5] == "沈桂兰"
        assert sent["OBX"][5] == "值1"
        assert (await sending.states())[-1] == ("ORU^R01", "done", "")

    in_sending(database_url, visit)


def test_a_referral_and_later_changes_of_it_reach_whom_it_names(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.put(patient("a"))
        await sending.put(referral("a"))
        await sending.tell()
        (sent,) = sending.hospital.of("REF")
        assert sent["RF1"][1] == "A"
        assert sent["PID"][3].startswith("F01-a^")
        await sending.put(referral("a", status="revoked"))
        await sending.tell()
        # The relation ended with the referral: what is judged is the moment it is sent.
        assert len(sending.hospital.of("REF")) == 1

    in_sending(database_url, visit)


def test_an_amended_value_alone_has_its_report_sent_again_and_both_together_once(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await results(sending, "1")
        await sending.quiet()
        await sending.put(result("a", "v1", "更正", status="corrected"))
        await sending.tell()
        assert values(sending) == ["更正"]
        assert sending.hospital.of("ORU")[0]["OBX"][11] == "C"
        await sending.put(report("a", "1", "v1", status="entered-in-error"))
        await sending.tell()
        assert [one["OBR"][25] for one in sending.hospital.of("ORU")] == ["F", "X"]
        assert sending.hospital.of("ORU")[1]["OBX"][11] == "D"

    in_sending(database_url, visit)


def test_a_report_that_is_deleted_is_taken_back_and_never_told_as_it_was(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await results(sending, "1")
        await sending.quiet()
        assert (await sending.home.ask("DELETE", "/DiagnosticReport/F01-a-1", who="hospital")).status_code < 300
        await sending.tell()
        assert [(one["OBR"][25], one["OBX"][11]) for one in sending.hospital.of("ORU")] == [("X", "D")]
        await results(sending, "2")
        await sending.gather()
        assert (await sending.home.ask("DELETE", "/DiagnosticReport/F01-a-2", who="hospital")).status_code < 300
        await sending.tell()
        assert {one["OBR"][25] for one in sending.hospital.of("ORU")} == {"X"}

    in_sending(database_url, visit)


def test_a_document_and_that_it_is_taken_back_reach_who_knows_the_patient(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await sending.put(PAPER)
        await sending.tell()
        await sending.put(PAPER | {"status": "entered-in-error"})
        await sending.tell()
        told, back = sending.hospital.of("MDM")
        assert (told["MSH"][8], told["OBX"][2]) == ("MDM^T02^MDM_T02", "ED")
        assert (back["MSH"][8], back["TXA"][19], "OBX" in back) == ("MDM^T11^MDM_T01", "CA", False)
        assert back["TXA"][12] == told["TXA"][12]

    in_sending(database_url, visit)


def test_what_the_receiver_answers_for_itself_is_not_told_back_to_it(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        own = report("a", "own") | {"subject": {"reference": "Patient/F05-a"}, "id": "F05-a-own"}
        await sending.put(own, "F05")
        await sending.put(patient("a", "F05", telecom=[{"system": "phone", "value": "0990-5550101"}]), "F05")
        await sending.tell()
        assert sending.hospital.received == []
        assert sending.hospital.connections == 0
        await sending.put(patient("a", telecom=[{"system": "phone", "value": "0990-5550102"}]))
        await sending.tell()
        (sent,) = sending.hospital.of("ADT^A31")
        assert sent["PID"][13] == "0990-5550102^^PH"

    in_sending(database_url, visit)


def test_a_merge_of_the_hospitals_numbers_is_told_with_both(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.put(patient("a", id="F01-new", identifier=[{"system": "urn:oid:2.999.1", "value": "F01-new"}]))
        await sending.quiet()
        link = [{"type": "replaced-by", "other": {"reference": "Patient/F01-new"}}]
        await sending.put(patient("a", link=link, active=False))
        await sending.tell()
        (told,) = sending.hospital.of("ADT^A40")
        assert told["MRG"][1].startswith("F01-a^")
        assert "F01-new" in told["PID"][3]

    in_sending(database_url, visit)


def test_an_error_is_sent_again_as_the_same_bytes_and_a_rejection_is_a_dead_letter(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1")
        sending.hospital.answers = ["AE"]
        await sending.tell()
        await sending.deliver()
        assert len(sending.hospital.messages) == 1, "not before its time"
        sending.skip(11)
        await sending.deliver()
        assert len(sending.hospital.messages) == 2
        assert sending.hospital.messages[0] == sending.hospital.messages[1]
        await results(sending, "2")
        sending.hospital.answers = ["AR"]
        await sending.tell()
        (dead,) = [one for one in await sending.seen() if one.state == "dead"]
        assert (dead.error, dead.control) == ("receiver-AR", sending.hospital.controls[-1])
        assert await sending.desk.resend([dead.number]) == 1
        await sending.deliver()
        assert values(sending)[-1] == "值2"
        assert sending.hospital.controls[-1] == dead.control
        with pytest.raises(HubError) as caught:
            await sending.desk.resend([dead.number])
        assert caught.value.category is Category.CONFLICT
        assert "王五" not in sending.home.log.getvalue()

    in_sending(database_url, visit)


def test_what_says_something_else_when_it_is_sent_again_has_another_control_id(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1")
        sending.hospital.answers = ["AE"]
        await sending.tell()
        await sending.put(result("a", "v1", "更正", status="corrected"))
        sending.skip(11)
        await sending.deliver()
        assert values(sending) == ["值1", "更正"]
        first, second = sending.hospital.controls
        assert first != second

    in_sending(database_url, visit)


def test_a_message_that_fails_holds_back_its_patient_and_nobody_else(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known("a")
        await sending.known("b")
        await sending.quiet()
        await results(sending, "1", "2", who="a")
        await results(sending, "3", who="b")
        sending.hospital.answers = ["AE"]
        await sending.tell()
        assert values(sending) == ["值1", "值3"]
        sending.skip(11)
        await sending.deliver()
        assert values(sending) == ["值1", "值3", "值1", "值2"]

    in_sending(database_url, visit)


def test_a_window_never_holds_two_messages_of_one_patient(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known("a")
        await sending.known("b")
        await sending.quiet()
        await results(sending, "1", "2", who="a")
        await results(sending, "3", who="b")
        sending.hospital.answers = ["AE"]
        await sending.tell()
        assert values(sending) == ["值1", "值3"]
        sending.skip(11)
        await sending.deliver()
        assert values(sending)[2:] == ["值1", "值2"]

    in_sending(database_url, visit, window=4)


def test_a_dead_letter_lets_its_patient_pass(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1", "2")
        sending.hospital.answers = ["AE", "AE", "AE"]
        for _ in range(3):
            await sending.tell()
            sending.skip(100)
        await sending.deliver()
        assert values(sending) == ["值1", "值1", "值1", "值2"]
        assert [row[1:] for row in await sending.states()][-2:] == [("dead", "receiver-AE"), ("done", "")]

    in_sending(database_url, visit)


def test_a_message_shows_as_many_tries_as_were_made_however_it_ended(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1", "2", "3")
        sending.hospital.answers = ["AE", None, "AE", "AR", "AE", "AA"]
        for _ in range(5):
            await sending.tell()
            sending.skip(100)
        assert [one.partition("值")[2] for one in values(sending)] == ["1", "1", "1", "2", "3", "3"]
        ended = {one.error or one.state: one.tries for one in (await sending.seen())[:3]}
        assert ended == {"receiver-AE": 3, "receiver-AR": 1, "done": 2}
        (first, *_) = [one.number for one in await sending.seen() if one.error == "receiver-AE"]
        await sending.desk.resend([first])
        assert (await sending.desk.message(first)).tries == 0
        await sending.deliver()
        assert (await sending.desk.message(first)).tries == 1

    in_sending(database_url, visit)


def test_a_receiver_that_is_away_costs_no_message_a_try_and_nobody_else_anything(database_url: str) -> None:
    async def run(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1")
        away = sending.hospital.feed("away", port=1)

        both = await wired(sending.home, sending.hospital, [sending.hospital.feed(), away])
        await results(sending, "2")
        for _ in range(5):
            await both.tell()
            both.skip(100)
        assert values(sending) == ["值1", "值2"]
        feeds = {one.name: one for one in await both.desk.feeds()}
        assert (feeds["away"].error, feeds["away"].waiting, feeds["away"].dead) == ("receiver-away", 1, 0)
        assert feeds["away"].tries == 5
        assert (feeds["clinic-his"].error, feeds["clinic-his"].waiting) == ("", 0)
        assert all(one.tries == 0 for one in await both.desk.messages(feed="away"))

    in_sending(database_url, run)


def test_no_answer_is_sent_again_and_blames_only_the_first_without_one(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known("a")
        await sending.known("b")
        await sending.quiet()
        await results(sending, "1", who="a")
        await results(sending, "2", who="b")
        sending.hospital.answers = [None]
        await sending.tell()
        feed = (await sending.desk.feeds())[0]
        assert (feed.error, feed.tries) == ("receiver-no-answer", 1)
        tries = {one.tries for one in await sending.seen() if one.state == "waiting"}
        assert tries == {0, 1}
        sending.skip(11)
        await sending.deliver()
        assert sorted(values(sending)[-2:]) == ["值1", "值2"]
        assert len(set(sending.hospital.controls)) == 2

    in_sending(database_url, visit, window=4)


@pytest.mark.parametrize(
    ("mode", "answer", "state", "error"),
    [
        ("accept", "CA", "done", ""),
        ("accept", "CR", "dead", "receiver-CR"),
        ("accept", "CE", "waiting", "receiver-CE"),
        ("application", "CA AA", "done", ""),
        ("application", "CA AE", "waiting", "receiver-AE"),
        ("application", "CA AR", "dead", "receiver-AR"),
    ],
)
def test_enhanced_mode_ends_where_the_feed_says(
    database_url: str, mode: str, answer: str, state: str, error: str
) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        sending.hospital.knows = lambda _: "CA AA"
        await sending.quiet()
        sending.hospital.knows = lambda _: answer
        await results(sending, "1")
        await sending.tell()
        assert (await sending.states())[-1] == ("ORU^R01", state, error)
        assert sending.hospital.received[0]["MSH"][14:16] == ["AL", "NE" if mode == "accept" else "AL"]

    in_sending(database_url, visit, acknowledgement=mode, retry=Retry(tries=3))


def test_an_answer_to_another_message_is_none(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await results(sending, "1")
        sending.hospital.answers = ["AA|somebody-else"]
        await sending.tell()
        assert (await sending.states())[-1][1:] == ("waiting", "receiver-answer")

    in_sending(database_url, visit)


def test_what_cannot_be_written_is_a_dead_letter_and_no_connection_is_made(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await sending.quiet()
        await sending.put(result("a", "v1", "\U00020bb7"))
        await sending.put(report("a", "1", "v1"))
        await sending.tell()
        assert (await sending.states())[-1] == ("ORU^R01", "dead", "charset")
        assert (await sending.seen())[0].tries == 0
        assert sending.hospital.connections == 0

    in_sending(database_url, visit, charset="GBK")


def test_a_feed_is_told_of_what_changes_after_it_was_configured(database_url: str) -> None:
    async def visit(sending: Sending) -> None:
        await sending.known()
        await results(sending, "1")
        await sending.quiet()

        later = await wired(sending.home, sending.hospital, [sending.hospital.feed("later")])
        await later.tell()
        assert sending.hospital.messages == []
        await results(sending, "2")
        await later.tell()
        assert values(sending) == ["值2"]

    in_sending(database_url, visit)
