"""Orders, documents and prescriptions of HL7 v2 through the door in: what later messages change, and what not."""

from __future__ import annotations

from base64 import b64encode

from hub.kernel.types import Json, Received
from mappings.hl7v2.envelope import read_envelope
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS, NOON
from tests.pipeline.hub_in_a_box import Box, box, run

TRANSLATE = translator(DEFAULT, FACILITIES[FEED], IDS)
PID = "PID|1||000123^^^^MR||沈桂兰||19580412|2"
#: States of a message that became part of the record.
IN = {"done", "warnings"}


class Sender:
    """A hospital system that sends a message a minute, and remembers what its messages are about."""

    def __init__(self, hub: Box) -> None:
        self.hub = hub
        self.named: dict[tuple[str, str], None] = {}
        self.count = 0

    async def tells(self, kind: str, *segments: str, pid: str = PID) -> str:
        """Send a message; the state it reached."""
        self.count += 1
        header = f"MSH|^~\\&|HIS|F01|HUB|YUNZE|2026030108{self.count:02}00||{kind}|M{self.count}|P|2.5.1"
        raw = "\r".join([header, pid, *segments]).encode()
        for draft in TRANSLATE(raw).drafts:
            self.named[draft.resource["resourceType"], draft.resource["id"]] = None
        envelope = read_envelope(raw)
        accepted = await self.hub.inbox.accept(
            Received(feed=FEED, raw=raw, envelope=envelope, received_at=NOON, peer="127.0.0.1")
        )
        await self.hub.drain()
        (state,) = await self.hub.states([accepted.message])
        return state

    async def stored(self, rtype: str) -> list[Json]:
        """What stands of that type."""
        found = [await self.hub.read(*name) for name in self.named if name[0] == rtype]
        return [each for each in found if each is not None]


def test_a_cancelled_order_stays_cancelled_and_a_result_completes_another(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url, {FEED: TRANSLATE}) as hub:
            his = Sender(hub)
            order = ("ORC|NW|P1^HIS|||||||20260301080000|||1001^方知远", "OBR|1|P1^HIS||CT^CT头颅|||||||||头痛三日")
            assert await his.tells("ORM^O01", *order) in IN
            assert await his.tells("ORM^O01", "ORC|CA|P1^HIS", "OBR|1|P1^HIS||CT^CT头颅") in IN
            assert await his.tells("ORM^O01", "ORC|RE|P1^HIS", "OBR|1|P1^HIS||CT^CT头颅") in IN
            assert [each["status"] for each in await his.stored("ServiceRequest")] == ["revoked"]
            result = ("ORC|RE|P2^HIS|L2^LIS", "OBR|1|P2^HIS|L2^LIS|GLU^血糖" + "|" * 21 + "F", "OBX|1|NM|G||5|||||||F")
            assert await his.tells("ORM^O01", "ORC|NW|P2^HIS", "OBR|1|P2^HIS||GLU^血糖") in IN
            assert await his.tells("ORU^R01", *result) in IN
            statuses = {each["code"]["coding"][0]["code"]: each for each in await his.stored("ServiceRequest")}
            assert statuses["GLU"]["status"] == "completed"
            assert statuses["CT"]["authoredOn"] == "2026-03-01T08:00:00+08:00"
            assert any(each["url"].endswith("ServiceRequest.supportingInfo") for each in statuses["CT"]["extension"])

    run(story())


def test_a_document_keeps_its_content_through_notices_and_is_superseded_by_the_next(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url, {FEED: TRANSLATE}) as hub:
            his = Sender(hub)
            data = b64encode(bytes(9000)).decode()
            file = f"OBX|1|ED|R^报告||^AP^PDF^Base64^{data}||||||F"
            assert await his.tells("MDM^T02", "TXA|1|CN||||||||||D1^HIS|||||DI", file) in IN
            assert await his.tells("MDM^T03", "TXA|1|CN||||||||||D1^HIS|||||LA") in IN
            (document,) = await his.stored("DocumentReference")
            assert document["docStatus"] == "final"
            assert document["content"][0]["attachment"]["data"] == data
            replacing = ("TXA|1|CN||||||||||D2^HIS|D1^HIS", "OBX|1|TX|R||改正")
            assert await his.tells("MDM^T10", *replacing) in IN
            found = {each["masterIdentifier"]["value"]: each for each in await his.stored("DocumentReference")}
            assert (found["D1"]["status"], found["D2"]["status"]) == ("superseded", "current")
            assert found["D1"]["content"] == document["content"]

    run(story())


def test_messages_of_every_family_become_part_of_the_record(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url, {FEED: TRANSLATE}) as hub:
            his = Sender(hub)
            families = {
                "RDE^O11": ("ORC|NW|R1", "RXE||Y1^阿莫西林^L|1||粒|CAP^胶囊", "RXR|PO^口服"),
                "RDS^O13": ("ORC|RE|R1", "RXD|1|Y1^阿莫西林^L|20260301100000|24|粒"),
                "RAS^O17": ("ORC|RE|R1", "RXA|0|1|20260301080000||Y1^阿莫西林^L|0.5|g"),
                "VXU^V04": ("ORC|RE||V1", "RXA|0|1|20260301||08^乙肝疫苗^CVX|0.5|mL", "RXR|IM"),
                "REF^I12": ("RF1|P|R|MED^内科|||Z1^HIS|20260301", "PRD|RP|方^知远|||||1001"),
                "PPR^PC1": ("PRB|AD|20260301|I10^高血压^I10|PB1", "GOL|AD|20260301|BP^血压达标|G1"),
                "SIU^S12": ("SCH|P1|F1||||||||||^^^202603050900^202603050915", "AIL|1||门诊^3^1"),
                "OML^O33": ("SPM|1|B1||SER^血清", "ORC|NW|O1", "OBR|1|O1||GLU"),
                "OUL^R24": ("OBR|1||L7|GLU", "SPM|1|||SER^血清", "OBX|0|ST|G^糖||5.1|^mmol/L|3.9-6.1||||0"),
            }
            states = {kind: await his.tells(kind, *segments) for kind, segments in families.items()}
            assert set(states.values()) <= IN, states
            for rtype in (
                "MedicationRequest",
                "MedicationDispense",
                "MedicationAdministration",
                "Immunization",
                "Goal",
                "Appointment",
                "Specimen",
            ):
                assert await his.stored(rtype), rtype

    run(story())


def test_a_result_neither_takes_a_citizen_id_nor_brings_an_old_address_back(database_url: str) -> None:
    numbers, street = "000123^^^^MR~990122196507041232^^^^NNCHN", "|||云泽县白石镇5组1号"
    registered = f"PID|1||{numbers}||沈桂兰||19650704|F{street}"
    as_the_laboratory_knows_her = (
        "PID|1||000123^^^^MR~L7^^^LIS^PI||沈桂兰||19650704|F|||云泽县青石镇3组12号||13900990012"
    )

    async def story() -> None:
        async with box(database_url, {FEED: TRANSLATE}) as hub:
            his = Sender(hub)
            result = ("OBR|1||L1^LIS|GLU^血糖" + "|" * 21 + "F", "OBX|1|NM|G||5|||||||F")
            assert await his.tells("ADT^A04", "PV1|1|O", pid=registered) in IN
            assert await his.tells("ORU^R01", *result, pid=as_the_laboratory_knows_her) in IN
            (patient,) = await his.stored("Patient")
            assert [each["value"] for each in patient["identifier"]] == ["000123", "990122196507041232", "L7"]
            assert patient["address"] == [{"line": ["云泽县白石镇5组1号"]}]
            assert [each["value"] for each in patient["telecom"]] == ["13900990012"]
            version = patient["meta"]["versionId"]
            assert await his.tells("ADT^A08", "PV1|1|O", pid=registered) in IN
            assert await his.tells("ORU^R01", *result, pid=as_the_laboratory_knows_her) in IN
            (patient,) = await his.stored("Patient")
            assert patient["meta"]["versionId"] == version
            assert await his.tells("ADT^A08", "PV1|1|O", pid=registered.replace(numbers, "000123^^^^MR")) in IN
            (patient,) = await his.stored("Patient")
            assert [each["value"] for each in patient["identifier"]] == ["000123", "L7"]

    run(story())
