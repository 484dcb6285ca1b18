"""HL7 v2 messages as the systems of the demo write them, with their habits.

F01's HIS sends version 2.4 in GBK without saying so (MSH-18 empty) and three numbers in PID-3 without an assigning
authority. F03's LIS sends 2.5.1, sometimes UTF-8 and sometimes GB18030, with local item codes and values such as
`>16.7` typed ST.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.demo.population import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the story. `at` is YYYYMMDDHHMMSS local time; what an event does not need stays empty."""

    feed: str
    event: str
    person: Person
    mr: str
    at: str
    items: Mapping[str, Any]
    inpatient: str = ""
    visit: str = ""
    clinic: str = ""
    ward: str = ""
    left: str = ""
    diagnosis: str = ""
    phone: str = ""
    marital: str = ""
    kin: str = ""
    allergy: str = ""
    merged: str = ""
    order: str = ""
    item: str = ""
    title: str = ""
    appointment: str = ""
    begins: str = ""
    ends: str = ""
    reason: str = ""
    charset: str = "utf-8"
    status: str = "F"
    results: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    times: int = 1
    fault: str = ""


def his_message(event: Event, number: int) -> bytes:
    """A message of F01's HIS, in GBK."""
    structure = {"ORM": "ORM^O01", "S12": "SIU^S12", "S13": "SIU^S13", "S15": "SIU^S15"}
    kind = structure.get(event.event, f"ADT^{event.event}")
    segments = [f"MSH|^~\\&|HIS|F01|HUB|YILIAN|{event.at}||{kind}|H{number:08d}|P|2.4"]
    if kind.startswith("ADT"):
        segments.append(f"EVN|{event.event}|{event.at}")
    if kind.startswith("SIU"):
        segments.append(_schedule(event))
    if event.fault != "no-patient-segment":
        segments.append(_his_patient(event))
    segments += [*optional("MRG|{}^^^^PatientNO", event.merged), *_kin(event), *_visit(event)]
    segments += [*optional("AL1|1|DA|^{}|SV|皮疹", event.allergy), *_diagnosis(event), *_order(event)]
    if kind.startswith("SIU"):
        segments += ["RGS|1|A", f"AIS|1|A|{event.reason}|{event.begins}", "AIP|1|A|D0003^方知远"]
    return joined(segments, "gbk")


def lis_message(event: Event, number: int) -> bytes:
    """A message of F03's LIS: ORU^R01 or OML^O21, in the character set of the event."""
    kind = "OML^O21^OML_O21" if event.event == "OML" else "ORU^R01^ORU_R01"
    declared = "UNICODE UTF-8" if event.charset == "utf-8" else ""
    segments = [
        f"MSH|^~\\&|LIS|F03|HUB|YILIAN|{event.at}+0800||{kind}|L{number:08d}|P|2.5.1||||||{declared}",
        _lis_patient(event),
    ]
    if event.event == "OML":
        segments += [f"ORC|NW|{event.order}|||||||{event.at}", f"OBR|1|{event.order}||{event.item}^{event.title}^L"]
    else:
        segments += _report(event)
    return joined(segments, event.charset)


def joined(segments: list[str], charset: str) -> bytes:
    """The segments as a message."""
    return ("\r".join(segments) + "\r").encode(charset)


def optional(template: str, value: str) -> list[str]:
    """The template with the value, if there is one."""
    return [template.format(value)] if value else []


def _his_patient(event: Event) -> str:
    person = event.person
    numbers = [f"{event.mr}^^^^PatientNO", *optional("{}^^^^ZYH", event.inpatient)]
    if "citizen" not in event.without:
        numbers.append(f"{person.citizen}^^^^IdentifyNO")
    phone = event.phone or person.phone
    where = f"示例省云泽市云泽县{person.home}"
    return f"PID|1||{'~'.join(numbers)}||{person.name}||{person.born}|{person.sex}|||{where}||{phone}|||20||||||1"


def _lis_patient(event: Event) -> str:
    person = event.person
    numbers = f"{event.mr}^^^LIS&2.999.3&ISO^PI~{person.citizen}^^^&SFZH"
    return f"PID|1||{numbers}||{person.name}||{person.born}|{'F' if person.sex == '2' else 'M'}"


def _kin(event: Event) -> list[str]:
    if not event.kin:
        return []
    name, relation = event.kin.split("^")
    return [f"NK1|1|{name}|DAU^{relation}|||0990-5550188"]


def _visit(event: Event) -> list[str]:
    if not event.visit:
        return []
    kind, place = ("I", event.ward) if event.ward else ("O", event.clinic)
    if event.clinic == "急诊科":
        kind = "E"
    fields = [""] * 46
    fields[1:4] = ["1", kind, place]
    fields[7] = "D0003^方知远"
    fields[19] = event.visit
    fields[44] = event.at if event.event in {"A01", "A04"} else ""
    fields[45] = event.left
    return ["|".join(["PV1", *fields[1:]]).rstrip("|")]


def _diagnosis(event: Event) -> list[str]:
    return optional(f"DG1|1||{{}}^ICD-10||{event.at}|A", event.diagnosis)


def _order(event: Event) -> list[str]:
    if event.event != "ORM":
        return []
    return [f"ORC|NW|{event.order}|||||||{event.at}", f"OBR|1|{event.order}||{event.item}^{event.title}^L|||{event.at}"]


def _schedule(event: Event) -> str:
    status = {"S12": "Booked", "S13": "Booked", "S15": "Cancelled"}[event.event]
    fields = [""] * 26
    fields[1] = fields[2] = event.appointment
    fields[6] = event.event
    fields[7] = event.reason
    fields[11] = f"^^^{event.begins}^{event.ends}"
    fields[25] = status
    return "|".join(["SCH", *fields[1:]])


def _report(event: Event) -> list[str]:
    header = [
        f"ORC|RE|{event.order}|{event.order}",
        f"OBR|1|{event.order}|{event.order}|BIO^生化检验^L|||{event.at}"
        f"|||||||||D0021^洪致和||||||{event.at}||CH|{event.status}",
    ]
    return header + [_result(event, i, code, value) for i, (code, value) in enumerate(event.results.items(), 1)]


def _result(event: Event, number: int, code: str, value: str) -> str:
    item = event.items[code]
    kind = "NM" if value.replace(".", "", 1).isdigit() else "ST"
    return (
        f"OBX|{number}|{kind}|{code}^{item['title']}^L||{value}|{item['unit']}|{item['range']}"
        f"|{_flag(item['range'], value)}|||{event.status}|||{event.at}"
    )


def _flag(limits: str, value: str) -> str:
    """OBX-8 (table 0078): H, L, N, or A where a qualitative result is not the expected one."""
    try:
        low, high = (float(part) for part in limits.split("-"))
        number = float(value.lstrip("><"))
    except ValueError:
        return "N" if value == limits else "A"
    if number > high:
        return "H"
    return "L" if number < low else "N"
