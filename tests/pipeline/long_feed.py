"""A feed of laboratory results whose messages have hundreds of them, read by the translator of HL7 v2."""

from __future__ import annotations

from hub.kernel.types import Received, Translation
from mappings.hl7v2.envelope import read_envelope
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS, NOON

MANY = 1500
_TRANSLATE = translator(DEFAULT, FACILITIES[FEED], IDS)


def translate(raw: bytes) -> Translation:
    """The translator; a result that says so is about nobody."""
    return _TRANSLATE(raw)


def results(
    control: str, patient: str = "000123", order: str = "1", visit: str = "", name: str = "沈桂兰", **changed: str
) -> bytes:
    """An ORU^R01 of one order with `MANY` results, some changed (by number, as in `n700`)."""
    head = [
        f"MSH|^~\\&|LIS|F01|HUB|YUNZE|20260301080000||ORU^R01^ORU_R01|{control}|P|2.5.1|||||CHN|UNICODE UTF-8",
        f"PID|1||{patient}^^^^MR||{name}||19580412|2",
        *([_visit(visit)] if visit else []),
        f"ORC|RE|P{order}^HIS|L{order}^LIS",
        f"OBR|1|P{order}^HIS|L{order}^LIS|CHEM^生化^L|||20260301073000||||||||||||||||||F",
    ]
    rows = [changed.get(f"n{n}", f"OBX|{n}|NM|T{n:04}^项目^L||{n}.50|mmol/L|||||F") for n in range(1, MANY + 1)]
    return "\r".join(head + rows).encode()


def merge(control: str, survivor: str, loser: str) -> bytes:
    """An ADT^A40: two numbers are one patient."""
    return "\r".join(
        [
            f"MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301090000||ADT^A40|{control}|P|2.5.1",
            f"PID|1||{survivor}^^^^MR||沈桂兰||19580412|2",
            f"MRG|{loser}^^^^MR",
        ]
    ).encode()


def move(control: str, survivor: str, loser: str, visit: str) -> bytes:
    """An ADT^A45: a visit is another patient's."""
    return "\r".join(
        [
            f"MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301090000||ADT^A45|{control}|P|2.5.1",
            f"PID|1||{survivor}^^^^MR||沈桂兰||19580412|2",
            f"MRG|{loser}^^^^MR||||{visit}",
            _visit(visit),
        ]
    ).encode()


def _visit(number: str) -> str:
    return f"PV1|1|I|05^0501^01^F01{'|' * 16}{number}{'|' * 25}20260301080000"


def received(raw: bytes) -> Received:
    return Received(feed=FEED, raw=raw, envelope=read_envelope(raw), received_at=NOON, peer="127.0.0.1")
