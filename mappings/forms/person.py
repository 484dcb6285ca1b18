"""Whom a row is about: the source Patient, and the numbers that say so.

A row without a number that identifies somebody is refused: names are shared, and a form filed under the wrong person
does harm. A citizen id is believed only with its check digit right and with the day of birth that the row states.
"""

from __future__ import annotations

import re
from typing import Final

from hub.kernel.citizen_id import is_citizen_id
from hub.kernel.types import Json
from mappings.forms.answers import Answer
from mappings.forms.building import Building, coding, stated
from mappings.forms.text import narrow
from mappings.hl7v2.datatypes.names import is_chinese, split
from mappings.registration import registration

_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_CITIZEN_15: Final = re.compile(r"\d{15}", re.ASCII)
_RECORD: Final = re.compile(r"[0-9A-Za-z]{17,18}", re.ASCII)
_CARD: Final = re.compile(r"[0-9A-Za-z-]{6,32}", re.ASCII)
#: What a spreadsheet makes of a long number: 9.90122E+17.
_ROUNDED: Final = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,2}", re.ASCII)
_GENDER: Final = {"1": "male", "2": "female"}

#: Kind of number: Identifier.system (OIDs as observed in public implementations of WS/T 483), type (table 0203).
NUMBERS: Final = {
    "citizen-id": ("urn:oid:2.16.156.10011.1.3", "NNCHN", "居民身份证号"),
    "record-number": ("urn:oid:2.16.156.10011.1.2", "PI", "城乡居民健康档案编号"),
    "health-card": ("urn:oid:2.16.156.10011.1.19", "HC", "居民健康卡号"),
}


def patient(answers: dict[str, Answer], building: Building) -> Json | None:
    """A reference to the Patient of the row; None, and a fatal complaint, if no number says who it is."""
    numbers = [(kind, value) for kind in NUMBERS if (value := _number(kind, answers, building))]
    if not numbers:
        if not building.is_refused:
            building.tell("no-number", severity="fatal")
        return None
    kind, value = numbers[0]
    known = registration(NUMBERS[kind][0], value)
    building.patient = building.habits.ids(building.habits.facility, "Patient", *known)
    content = stated(
        {
            "identifier": [identifier(kind, value) for kind, value in numbers],
            "name": _names(answers, building),
            "gender": _gender(answers, numbers, building),
            "birthDate": _birth(answers, numbers, building),
            "telecom": [{"system": "phone", "value": text} for text in _texts(answers, "phone", "telecom", building)],
            "address": [{"text": text} for text in _texts(answers, "address", "address", building)],
        }
    )
    return building.draft("Patient", *known, content, shared=True)


def _number(kind: str, answers: dict[str, Answer], building: Building) -> str:
    """The number of a kind if it can be believed; what cannot is told."""
    answer = answers.get(f"person.{kind}")
    if answer is None or answer.absent:
        return ""
    value = re.sub(r"[\s'`-]", "", narrow(answer.text)).upper() if kind != "health-card" else narrow(answer.text)
    if _ROUNDED.fullmatch(narrow(answer.text)):
        building.tell("number-lost-digits", answer.column, "fatal")
        return ""
    if kind == "citizen-id" and not (is_citizen_id(value) or _CITIZEN_15.fullmatch(value)):
        building.tell("citizen-id", answer.column, "fatal")
        return ""
    form = _CARD if kind == "health-card" else _RECORD
    if kind != "citizen-id" and not form.fullmatch(value):
        building.tell("record-number", answer.column, "error")
        return ""
    building.became(answer.column, "Patient.identifier")
    return value


def identifier(kind: str, value: str) -> Json:
    """The Identifier of a number of a kind."""
    system, code, text = NUMBERS[kind]
    return {"system": system, "value": value, "type": {"coding": [coding(_TYPES, code)], "text": text}}


def _names(answers: dict[str, Answer], building: Building) -> list[Json]:
    answer = answers.get("person.name")
    text = answer.text.strip() if answer and not answer.absent else ""
    if answer is None or not text:
        building.tell("no-name", answer.column if answer else "", "error")
        return []
    building.became(answer.column, "Patient.name")
    name: Json = {"text": text}
    parts = split(text) if is_chinese(text) else None
    return [name | {"family": parts[0], "given": [parts[1]]} if parts else name]


def _gender(answers: dict[str, Answer], numbers: list[tuple[str, str]], building: Building) -> str:
    """As stated; where nothing is, or the citizen id says otherwise, see to it that somebody looks."""
    answer = answers.get("person.sex")
    stated_as = _GENDER.get(answer.code, "unknown") if answer and answer.code else ""
    known = dict(numbers).get("citizen-id", "")
    told = ("male" if int(known[16]) % 2 else "female") if len(known) == 18 else ""
    if answer and stated_as:
        building.became(answer.column, "Patient.gender")
        if told and stated_as not in {"unknown", told}:
            building.tell("sex-differs", answer.column, "error")
    return stated_as or told


def _birth(answers: dict[str, Answer], numbers: list[tuple[str, str]], building: Building) -> str:
    answer = answers.get("person.birth")
    known = dict(numbers).get("citizen-id", "")
    told = f"{known[6:10]}-{known[10:12]}-{known[12:14]}" if len(known) == 18 else ""
    if answer is None or answer.moment is None:
        return told
    building.became(answer.column, "Patient.birthDate")
    day = answer.moment.date
    if told and not told.startswith(day):
        building.tell("birth-differs", answer.column, "fatal")
    return told if told.startswith(day) else day


def _texts(answers: dict[str, Answer], name: str, element: str, building: Building) -> list[str]:
    answer = answers.get(f"person.{name}")
    if answer is None or answer.absent or answer.text.strip() in {"", "无"}:
        return []
    building.became(answer.column, f"Patient.{element}")
    return [answer.text.strip()]
