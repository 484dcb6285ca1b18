"""Visits and accounts that change their number, end in another or were another patient's, from HL7 v2 to the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.kernel.types import Json, Translation
from hub.records.heads import Incoming
from hub.records.ingest import Ingested
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.pipeline.fake_feed import FEED, IDS, NOON
from tests.pipeline.hub_in_a_box import Box, box, run

A, B = "PID|1||A1^^^H^MR||沈^桂兰||19580412|F", "PID|1||B2^^^H^MR||王^秀英||19620101|F"
VISIT = "PV1|1|I|内科^12^3||||||||||||||||{}^^^H^VN|||||||||||||||||||||||||202603010815"
RESULT = "OBX|1|NM|8310-5^体温^LN||36.8|Cel|||||F|||20260301090000"
DIAGNOSIS = "DG1|1||I10^高血压|||A"


def said(event: str, *segments: str, kind: str = "ADT", facility: str = "F01") -> Translation:
    header = f"MSH|^~\\&|HIS|{facility}|HUB|YUNZE|20260301083000||{kind}^{event}|M{event}|P|2.5.1"
    return translator(DEFAULT, facility, IDS)("\r".join([header, *segments]).encode())


def visit(number: str = "V1") -> str:
    return VISIT.format(number)


def mrg(patient: str = "", account: str = "", number: str = "") -> str:
    return f"MRG|{patient}||{account}||{number}"


def only(translation: Translation, rtype: str) -> str:
    """The id of the only resource of a type."""
    (found,) = {str(d.resource["id"]) for d in translation.drafts if d.resource["resourceType"] == rtype}
    return found


class Desk:
    """Messages one after the other, each under the next number unless it is given one."""

    def __init__(self, hub: Box) -> None:
        self.hub = hub
        self.number = 0

    async def tell(self, *translations: Translation, number: int = 0, again: bool = False) -> list[Ingested]:
        batch = []
        for translation in translations:
            self.number += 1
            told = number or self.number
            one = Incoming(
                message=told, feed=FEED, facility="F01", translation=translation, received_at=NOON, again=again
            )
            batch.append(one)
        async with self.hub.database.transaction() as tx:
            ingested = await self.hub.ingest.ingest(tx, batch)
        assert [each.refusal for each in ingested if each.refusal] == []
        return ingested

    async def about(self, rtype: str, rid: str) -> str | None:
        """The patient a stored resource is about, by its row."""
        async with self.hub.database.connection() as connection:
            found = await self.hub.store.load(connection, [(rtype, rid)])
        return found[rtype, rid].patient if found else None

    async def read(self, rtype: str, rid: str) -> Json:
        found = await self.hub.read(rtype, rid)
        assert found is not None
        return found

    async def count(self, rtype: str) -> int:
        async with self.hub.database.connection() as connection:
            rows = await connection.fetch("SELECT id FROM resource WHERE NOT deleted")
            found = await self.hub.store.load(connection, [(rtype, row["id"]) for row in rows])
        return len(found)


def story(url: str, tell: Callable[[Desk], Awaitable[None]]) -> None:
    async def play() -> None:
        async with box(url) as hub:
            await tell(Desk(hub))

    run(play())


ADMITTED = said("A01", A, visit(), DIAGNOSIS, RESULT)
MOVED = said("A45", B, mrg("A1^^^H^MR", number="V1^^^H^VN"), visit())
PATIENT_A, PATIENT_B = only(ADMITTED, "Patient"), only(said("A28", B), "Patient")
STAY, CONDITION, FINDING = (only(ADMITTED, rtype) for rtype in ("Encounter", "Condition", "Observation"))
ALL = (("Encounter", STAY), ("Condition", CONDITION), ("Observation", FINDING))


def test_a_visit_moves_to_its_patient_with_all_that_refers_to_it(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED, said("A28", B), MOVED)
        for rtype, rid in ALL:
            assert await desk.about(rtype, rid) == PATIENT_B
            resource = await desk.read(rtype, rid)
            assert resource["subject"]["reference"] == f"Patient/{PATIENT_B}"
            assert resource["meta"]["source"] == "urn:yilian:message:3"
        provenance = await desk.read("Provenance", IDS("F01", "Provenance", "message", "3"))
        assert {f"{rtype}/{rid}/_history/2" for rtype, rid in ALL} <= {t["reference"] for t in provenance["target"]}

    story(database_url, tell)


def test_what_was_written_before_a_move_stays_in_the_record_it_was_written_to(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED, MOVED)
        async with desk.hub.database.connection() as connection:
            rows = await connection.fetch("SELECT patient, version FROM history WHERE id = $1", STAY)
            (first,) = [one for one in await desk.hub.store.versions(connection, "Encounter", STAY) if one.version == 1]
        assert [tuple(row) for row in rows] == [(PATIENT_A, 1)]
        assert first.patient == PATIENT_A

    story(database_url, tell)


def test_a_move_that_comes_again_changes_nothing(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED, MOVED)
        await desk.tell(MOVED, number=2, again=True)
        assert (await desk.read("Encounter", STAY))["meta"]["versionId"] == "2"
        assert await desk.about("Encounter", STAY) == PATIENT_B

    story(database_url, tell)


def test_a_move_that_a_later_one_took_back_does_nothing_when_it_comes_late(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        back = said("A45", A, mrg("B2^^^H^MR", number="V1^^^H^VN"), visit())
        await desk.tell(ADMITTED)
        await desk.tell(back, number=9)
        await desk.tell(said("A45", B, mrg("A1^^^H^MR", number="V1^^^H^VN")), number=5)
        assert await desk.about("Encounter", STAY) == PATIENT_A

    story(database_url, tell)


def test_a_result_of_before_the_move_that_comes_late_is_put_with_the_visit(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        late = said("R01", A, visit(), "OBR|1|P1|F1|CBC", "OBX|1|NM|WBC||5|10*9/L|||||F", kind="ORU")
        await desk.tell(ADMITTED)
        await desk.tell(MOVED, number=8)
        await desk.tell(late, number=5)
        assert await desk.about("Observation", only(late, "Observation")) == PATIENT_B
        assert await desk.about("DiagnosticReport", only(late, "DiagnosticReport")) == PATIENT_B

    story(database_url, tell)


def test_a_move_takes_nothing_of_another_visit_and_no_allergy(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        other = said("A01", A, visit("V7"), "AL1|1|DA|PEN")
        await desk.tell(ADMITTED, other, MOVED)
        assert await desk.about("Encounter", only(other, "Encounter")) == PATIENT_A
        assert await desk.about("AllergyIntolerance", only(other, "AllergyIntolerance")) == PATIENT_A

    story(database_url, tell)


def test_an_account_moves_with_its_visits(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        with_account = said("A01", f"{A}||||||||||C1^^^H^AN", visit(), RESULT)
        await desk.tell(with_account, said("A44", f"{B}||||||||||C1^^^H^AN", mrg("A1^^^H^MR", "C1^^^H^AN")))
        for rtype in ("Account", "Encounter", "Observation"):
            assert await desk.about(rtype, only(with_account, rtype)) == PATIENT_B

    story(database_url, tell)


def test_a_corrected_visit_number_leads_to_the_visit_it_was_first_given(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED, said("A50", A, mrg(number="V1^^^H^VN"), visit("V2")))
        await desk.tell(said("A08", A, visit("V2"), DIAGNOSIS))
        assert await desk.count("Encounter") == 1
        assert await desk.count("Condition") == 1
        numbers = {each["value"] for each in (await desk.read("Encounter", STAY))["identifier"]}
        assert numbers == {"V2"}

    story(database_url, tell)


def test_a_corrected_patient_number_leads_to_the_patient_it_was_first_given(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        renamed = A.replace("A1^", "A9^")
        await desk.tell(said("A28", A, "AL1|1|DA|PEN"), said("A47", renamed, mrg("A1^^^H^MR")))
        await desk.tell(said("A31", renamed, "AL1|1|DA|PEN"))
        assert (await desk.count("Patient"), await desk.count("AllergyIntolerance")) == (1, 1)
        assert (await desk.read("Patient", PATIENT_A))["identifier"][0]["value"] == "A9"

    story(database_url, tell)


def test_a_corrected_number_that_others_use_leaves_the_old_patient_inactive_and_replaced(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(said("A28", A), said("A28", B), said("A47", B, mrg("A1^^^H^MR")))
        old, new = await desk.read("Patient", PATIENT_A), await desk.read("Patient", PATIENT_B)
        link = {"other": {"reference": f"Patient/{PATIENT_B}"}, "type": "replaced-by"}
        assert (old["active"], old["link"]) == (False, [link])
        assert new["link"] == [{"other": {"reference": f"Patient/{PATIENT_A}"}, "type": "replaces"}]
        assert new.get("active") is not False

    story(database_url, tell)


NOBODY = A.replace("A1^^^H^MR", "")


def test_a_patient_without_number_gets_it_when_the_message_comes_again_repaired(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        nameless = said("A01", NOBODY, visit(), RESULT, "AL1|1|DA|PEN")
        await desk.tell(nameless)
        first = only(nameless, "Patient")
        await desk.tell(said("A01", A, visit(), RESULT, "AL1|1|DA|PEN"), number=1, again=True)
        await desk.tell(said("A03", A, visit()))
        assert await desk.about("Encounter", STAY) == first
        assert (await desk.read("Encounter", STAY))["status"] == "finished"
        assert (await desk.read("Patient", first))["identifier"][0]["value"] == "A1"
        assert (await desk.count("Patient"), await desk.count("AllergyIntolerance")) == (1, 1)
        assert await statements(desk) == [("repair", PATIENT_A, first)]

    story(database_url, tell)


def test_a_patient_without_number_becomes_one_with_the_known_patient_the_repaired_message_names(
    database_url: str,
) -> None:
    async def tell(desk: Desk) -> None:
        nameless, repaired = said("A01", NOBODY, visit(), RESULT), said("A01", A, visit(), RESULT)
        await desk.tell(said("A28", A))
        await desk.tell(nameless, number=2)
        first = only(nameless, "Patient")
        for _ in range(2):
            await desk.tell(repaired, number=2, again=True)
        stub = await desk.read("Patient", first)
        assert (stub["active"], stub["link"][0]["other"]["reference"]) == (False, f"Patient/{PATIENT_A}")
        assert await desk.about("Encounter", STAY) == first
        assert await statements(desk) == [("repair", PATIENT_A, first)]

    story(database_url, tell)


async def statements(desk: Desk) -> list[tuple[str, str, str]]:
    """What facilities said of their numbers."""
    async with desk.hub.database.connection() as connection:
        rows = await connection.fetch("SELECT kind, survivor, loser FROM identity_event ORDER BY id")
    return [(row["kind"], row["survivor"], row["loser"]) for row in rows]


@pytest.mark.parametrize("in_use", [False, True])
def test_a_corrected_account_number_is_the_same_account_or_ends_in_the_one_that_has_it(
    *, in_use: bool, database_url: str
) -> None:
    async def tell(desk: Desk) -> None:
        one, two = (said("A01", f"{A}||||||||||{number}^^^H^AN", visit()) for number in ("C1", "C2"))
        await desk.tell(one, *([said("A28", f"{A}||||||||||C2^^^H^AN")] if in_use else []))
        await desk.tell(said("A49", f"{A}||||||||||C2^^^H^AN", mrg("A1^^^H^MR", "C1^^^H^AN")))
        old, account = await desk.read("Account", only(one, "Account")), only(two, "Account")
        if in_use:
            assert (old["status"], old["partOf"]) == ("inactive", {"reference": f"Account/{account}"})
            stay = await desk.read("Encounter", STAY)
            assert stay["account"] == [{"reference": f"Account/{account}"}]
        else:
            assert "C2" in {each["value"] for each in old["identifier"]}

    story(database_url, tell)


def test_what_a_merge_says_of_a_visit_told_under_the_other_number_is_taken(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED, said("A40", B, mrg("A1^^^H^MR"), visit()))
        assert await desk.about("Encounter", STAY) == PATIENT_A

    story(database_url, tell)


def test_a_visit_that_ends_in_another_hands_over_what_refers_to_it(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        second = said("A01", A, visit("V2"))
        merged = said("A42", A, mrg(number="V1^^^H^VN"), visit("V2"))
        await desk.tell(ADMITTED, second, merged)
        other = only(second, "Encounter")
        ended = await desk.read("Encounter", STAY)
        assert (ended["status"], ended["partOf"]) == ("entered-in-error", {"reference": f"Encounter/{other}"})
        assert (await desk.read("Observation", FINDING))["encounter"] == {"reference": f"Encounter/{other}"}
        await desk.tell(merged, number=3, again=True)
        await desk.tell(said("A08", A, visit("V1")))
        assert (await desk.read("Encounter", STAY))["meta"]["versionId"] == "2"
        assert (await desk.read("Encounter", other))["status"] == "in-progress"

    story(database_url, tell)


def test_a_visit_stays_with_the_number_it_was_told_under_when_two_numbers_become_one_patient(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED, said("A40", B, mrg("A1^^^H^MR")), said("A03", B, visit()))
        assert await desk.about("Encounter", STAY) == PATIENT_A
        assert (await desk.read("Encounter", STAY))["status"] == "finished"

    story(database_url, tell)


def test_a_visit_told_of_another_patient_without_a_move_is_refused(database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        await desk.tell(ADMITTED)
        incoming = Incoming(message=2, feed=FEED, facility="F01", translation=said("A08", B, visit()), received_at=NOON)
        async with desk.hub.database.transaction() as tx:
            (refused,) = await desk.hub.ingest.ingest(tx, [incoming])
        assert refused.refusal is not None
        assert refused.refusal.code == "subject-changed"

    story(database_url, tell)


@pytest.mark.parametrize("event", ["A44", "A45", "A50"])
def test_the_patient_index_hears_nothing_of_visits_and_accounts(event: str, database_url: str) -> None:
    async def tell(desk: Desk) -> None:
        pid = f"{B}||||||||||C1^^^H^AN"
        await desk.tell(said(event, pid, mrg("A1^^^H^MR", "C1^^^H^AN", "V0^^^H^VN"), visit()))
        async with desk.hub.database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM identity_event") > 0
            assert await connection.fetchval("SELECT count(*) FROM mpi_source") == 1

    story(database_url, tell)
