"""HL7 v2 messages written for the tests: fictional persons, division code 990122."""

from __future__ import annotations

from typing import Final

HEADER: Final = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260105083000||ADT^A01^ADT_A01|F01-000001|P|2.4"

ADT: Final = "\r".join(
    [
        HEADER,
        "EVN|A01|20260105083000|||0148^方^知远",
        "PID|1||00012345^^^^BLH~990122195804120960^^^^SFZH||沈^桂兰||19580412|2|||柳溪镇1号^^云泽县||^^^^^^0990-5550101",
        "NK1|1|沈^小兰|DAU^女儿",
        "PV1|1|I|05^0501^01^F01||||0148^方^知远||||||||||||ZY20260001|||||||||||||||||||||||||20260105083000",
        "AL1|1|DA|^青霉素",
        "DG1|1||I10.x00^高血压",
    ]
)


def oru(observations: int) -> str:
    """An ORU^R01 with that many numeric OBX."""
    head = [
        "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260105093000||ORU^R01^ORU_R01|F03-000001|P|2.5.1|||AL|AL|CHN|UNICODE UTF-8",
        "PID|1||00012345^^^^BLH||沈^桂兰||19580412|F",
        "ORC|RE|O1001^HIS|L2001^LIS",
        "OBR|1|O1001^HIS|L2001^LIS|CHEM^生化^L|||20260105080000",
    ]
    rows = [
        f"OBX|{i}|NM|T{i:03}^项目{i}^L||{i}.50|10\\S\\9/L^10\\S\\9/L|3.5-9.5|N|||F" for i in range(1, observations + 1)
    ]
    return "\r".join(head + rows)


def panel(results: int, order: int = 1) -> bytes:
    """An ORU^R01 of an order with that many results of a hundred tests, whose times have no seconds."""
    head = [line.replace("001", f"{order:03}") if line[:3] != "PID" else line for line in oru(1).split("\r")[:-1]]
    rows = [
        f"OBX|{i}|NM|T{i % 100:03}^Test of kind {i % 100}^L||{i % 997}.{i % 10}0|mmol/L|3.5-9.5|N|||F|||202601050830"
        for i in range(1, results + 1)
    ]
    return "\r".join(head + rows).encode()
