"""HL7 v2 messages as F02's HIS writes them, with its habits: version 2.3.1, times without seconds, sex as M, F or 9,
marital status in the vendor's own codes."""

from __future__ import annotations

from typing import Final

from hub.demo.messages import Event, joined, optional

#: GB/T 2261.1 as this vendor writes it.
_SEXES: Final = {"1": "M", "2": "F"}
#: Digits of a time to the minute.
_MINUTE: Final = 12


def tcm_message(event: Event, number: int) -> bytes:
    """An ADT of F02's HIS, in UTF-8 and saying so."""
    at = event.at[:_MINUTE]
    begun = at if event.event == "A04" else ""
    return joined(
        [
            f"MSH|^~\\&|HIS|F02|HUB|YILIAN|{at}||ADT^{event.event}|T{number:08d}|P|2.3.1||||||UNICODE UTF-8",
            f"EVN|{event.event}|{at}",
            _patient(event),
            f"PV1|1|O|{event.clinic}||||D0301^宋柏年||||||||||||{event.visit}{'|' * 25}{begun}".rstrip("|"),
            *optional(f"DG1|1||{{}}^ICD-10||{at}|A", event.diagnosis),
        ],
        "utf-8",
    )


def _patient(event: Event) -> str:
    person = event.person
    numbers = [f"{event.mr}^^^^BLH"]
    if "citizen" not in event.without:
        numbers.append(f"{person.citizen}^^^^SFZH")
    sex = "9" if "sex" in event.without else _SEXES[person.sex]
    phone = "" if "phone" in event.without else event.phone or person.phone
    return f"PID|1||{'~'.join(numbers)}||{person.name}||{person.born}|{sex}|||||{phone}|||{event.marital}"
