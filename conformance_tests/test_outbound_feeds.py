"""A hospital's results come back to it, and it asks who somebody is: `yilian up`, python-hl7 at both ends."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import hl7
import hl7.client
import hl7.mllp

from conformance_tests.running_hub import RunningHub, running_hub
from tests.mpi.people import citizen_id

#: One process of each kind is enough.
FEW: Final = {"YILIAN_API_WORKERS": "1", "YILIAN_PIPELINE_WORKERS": "1"}
WHO: Final = citizen_id("1958-04-12", 96)
NOW: Final = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")

ADMITTED: Final = (
    f"MSH|^~\\&|HIS|F01|YILIAN|HUB|{NOW}||ADT^A01^ADT_A01|H1|P|2.5.1|||||CHN|UNICODE UTF-8\r"
    f"PID|1||000123^^^HIS^MR~{WHO}^^^^NNCHN||沈桂兰||19580412|F\r"
    f"PV1|1|I|W1^101^1||||||||||||||||V77^^^HIS|||||||||||||||||||||||||{NOW}\r"
)
RESULT: Final = (
    f"MSH|^~\\&|LIS|F03|YILIAN|HUB|{NOW}||ORU^R01^ORU_R01|L1|P|2.5.1|||||CHN|UNICODE UTF-8\r"
    f"PID|1||9901^^^LIS^MR~{WHO}^^^^NNCHN||沈桂兰||19580412|F\r"
    "OBR|1|P100^HIS|L200^LIS|2345-7^血糖^LN|||20260301090000|||||||||||||||20260301100000||CH|F\r"
    "OBX|1|NM|2345-7^葡萄糖^LN||7.10|mmol/L^^UCUM|3.9-6.1|H|||F|||20260301090000\r"
)
MERGED: Final = (
    f"MSH|^~\\&|LIS|F03|YILIAN|HUB|{NOW}||ADT^A40^ADT_A39|L2|P|2.5.1|||||CHN|UNICODE UTF-8\r"
    f"EVN||{NOW}\r"
    f"PID|1||9902^^^LIS^MR~{WHO}^^^^NNCHN||沈桂兰||19580412|F\r"
    "MRG|9901^^^LIS^MR\r"
)
QUERY: Final = (
    f"MSH|^~\\&|HIS|F01|YILIAN|HUB|{NOW}||QBP^Q22^QBP_Q21|Q1|P|2.5|||||CHN|UNICODE UTF-8\r"
    "QPD|IHE PDQ Query|T1|@PID.5.1^沈桂兰~@PID.7^19580412~@PID.8^F\r"
    "RCP|I|10^RD\r"
)


def field(message: Any, segment: str, number: int) -> str:
    """The text of a field as it was sent."""
    return str(message.segment(segment)[number])


class Hospital:
    """A system of python-hl7 that keeps what it is sent and answers AA."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def serve(self, reader: Any, writer: Any) -> None:
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                writer.close()
                await writer.wait_closed()
                return
            self.messages.append(message)
            writer.writemessage(message.create_ack())
            await writer.drain()

    async def told(self, kind: str, seconds: float = 60) -> Any:
        """The first message of a kind, once it came."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self.messages:
                if field(message, "MSH", 9).startswith(kind):
                    return message
            assert time.monotonic() < deadline, [field(one, "MSH", 9) for one in self.messages]
            await asyncio.sleep(0.05)


def consortium(folder: Path, port: int) -> Path:
    path = folder / "consortium.yaml"
    path.write_text(
        "facilities:\n  - {code: F01, name: 云泽县人民医院}\n  - {code: F03, name: 云泽县检验中心}\n"
        "feeds:\n"
        "  - {name: his, facility: F01, transport: mllp, senders: [HIS|F01], queries_per_minute: 60}\n"
        "  - {name: lis, facility: F03, transport: mllp}\n"
        f"  - {{name: to-his, direction: out, facility: F01, transport: mllp, host: 127.0.0.1, port: {port}, "
        "events: [ORU^R01, ADT^A40], charset: GB18030}\n",
        encoding="utf-8",
    )
    return path


def say(hub: RunningHub, feed: str, message: str) -> Any:
    with hl7.client.MLLPClient("127.0.0.1", hub.ready["mllp"][feed], encoding="utf-8") as peer:
        return hl7.parse(peer.send_message(message).decode("utf-8").strip("\x0b\x1c\r"))


def test_a_result_and_a_merge_come_back_to_the_hospital_and_its_query_is_answered(tmp_path: Path) -> None:
    async def play() -> None:
        hospital = Hospital()
        server = await hl7.mllp.start_hl7_server(hospital.serve, "127.0.0.1", 0, encoding="gb18030")
        port = server.sockets[0].getsockname()[1]
        with running_hub(tmp_path, "--config", str(consortium(tmp_path, port)), **FEW) as hub:
            for feed, message in (("his", ADMITTED), ("lis", RESULT)):
                assert field(await asyncio.to_thread(say, hub, feed, message), "MSA", 1) == "AA"
                await asyncio.to_thread(hub.settled)
            result = await hospital.told("ORU")
            assert field(result, "PID", 3).startswith("000123^^^HIS&")
            assert field(result, "PID", 5) == "沈^桂兰"
            assert field(result, "OBX", 5) == "7.10"
            assert field(result, "OBR", 2).startswith("P100^HIS^")
            answer = await asyncio.to_thread(say, hub, "his", QUERY)
            assert (field(answer, "MSA", 1), field(answer, "QAK", 2)) == ("AA", "OK")
            assert "9901^^^LIS&" in field(answer, "PID", 3)
            await asyncio.to_thread(say, hub, "lis", MERGED)
            merge = await hospital.told("ADT^A40")
            assert field(merge, "MRG", 1).startswith("9901^^^LIS&")
            assert "9902^^^LIS&" in field(merge, "PID", 3)
            listed = await asyncio.to_thread(hub.yilian, "outbound", "list", "--state", "done", "--data", str(hub.data))
            assert "ORU^R01" in listed.stdout
        server.close()
        await server.wait_closed()

    asyncio.run(play())
