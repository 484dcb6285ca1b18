"""The modality worklist (PS3.4 K): orders as scheduled procedure steps, in the JSON of DICOM (PS3.18 F).

An order is on the list while it is active and its section is one that a modality does. Matching is that of C-FIND
(PS3.4 C.2.2.2): a single value, `*` and `?` in texts, ranges of dates; a key without a value matches everything.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.dicom.tables import column

STEPS: Final = "00400100"
_STATION, _DATE, _MODALITY = "00400001", "00400002", "00080060"
_CHARACTER_SET: Final = "00080005"
_NAME: Final = "00100010"
#: Tags whose values are matched, at the top and within the step.
_MATCHED: Final = ("00080050", _NAME, "00100020", "0020000D", "00401001")
_MATCHED_IN_STEP: Final = (_STATION, _MODALITY, "00400009")
_SEXES: Final = {"male": "M", "female": "F", "other": "O"}
_PRIORITIES: Final = {"stat": "STAT", "asap": "HIGH", "urgent": "HIGH", "routine": "ROUTINE"}
_RANGE: Final = re.compile(r"(\d{8})?(-)?(\d{8})?")
#: Orders older than this are on no list.
_DAYS: Final = 30
_LONGEST: Final = {"SH": 16, "LO": 64}

_Element = tuple[str, Any]


def search(identifier: Mapping[str, Any], now: datetime) -> list[tuple[str, str]]:
    """The search for ServiceRequests that may be on the list, newest first."""
    wanted = _value(_step(identifier), _MODALITY)
    sections = column("worklist_modalities", "section", "modality")
    chosen = sorted(section for section, modality in sections.items() if wanted in {"", modality})
    return [
        ("status", "active"),
        ("category", ",".join(chosen) or "none"),
        ("authored", f"ge{now - timedelta(days=_DAYS):%Y-%m-%d}"),
        ("_include", "ServiceRequest:patient"),
        ("_sort", "-authored"),
        ("_count", "500"),
    ]


def answer(
    identifier: Mapping[str, Any], station: str, orders: Iterable[Json], patients: Mapping[str, Json]
) -> list[Json]:
    """The entries of the list that match, each with the keys that were asked for; `station` is who asks (AE title).

    `patients` are by reference. Raises HubError INVALID for a key that cannot be matched.
    """
    first, last = _days(_value(_step(identifier), _DATE))
    found = []
    for order in orders:
        patient = patients.get(order.get("subject", {}).get("reference", ""))
        entry = None if patient is None else _entry(order, patient, station)
        if entry is None or not _matches(identifier, entry):
            continue
        day = entry[STEPS][1][0][_DATE][1]
        if first <= day <= last:
            found.append(_told(entry, identifier))
    return found


def _entry(order: Json, patient: Json, station: str) -> dict[str, _Element] | None:
    """All that is known of one order; None where it has no time."""
    start = _start(order)
    if not start:
        return None
    code = order.get("code", {})
    named = code.get("text") or _first(code.get("coding", []), "display")
    number = _number(order, "FILL") or _number(order, "PLAC") or order["id"][:16]
    step = {
        _MODALITY: ("CS", _modality(order)),
        _STATION: ("AE", station),
        _DATE: ("DA", start[:10].replace("-", "")),
        "00400003": ("TM", start[11:19].replace(":", "") or "000000"),
        "00400007": ("LO", named),
        "00400009": ("SH", number),
    }
    return {
        "00080050": ("SH", _number(order, "ACSN") or number),
        "00080090": ("PN", order.get("requester", {}).get("display", "")),
        _NAME: ("PN", _name(patient)),
        "00100020": ("LO", _number(patient, "MR")),
        "00100030": ("DA", patient.get("birthDate", "").replace("-", "")[:8]),
        "00100040": ("CS", _SEXES.get(patient.get("gender", ""), "")),
        "0020000D": ("UI", study_uid(order["id"])),
        "00321032": ("PN", order.get("requester", {}).get("display", "")),
        "00321060": ("LO", named),
        STEPS: ("SQ", [step]),
        "00401001": ("SH", number),
        "00401003": ("SH", _PRIORITIES.get(order.get("priority", ""), "")),
    }


def study_uid(order: str) -> str:
    """The UID of the study that an order is for: the same order, the same study (PS3.5 B.2)."""
    digest = hashlib.blake2b(order.encode(), digest_size=16).digest()
    return f"2.25.{int.from_bytes(digest, 'big')}"


def _start(order: Json) -> str:
    period = order.get("occurrencePeriod") or order.get("occurrenceTiming", {}).get("repeat", {}).get("boundsPeriod")
    when = order.get("occurrenceDateTime") or (period or {}).get("start") or order.get("authoredOn", "")
    return when if len(when) >= 10 else ""


def _modality(order: Json) -> str:
    known = column("worklist_modalities", "section", "modality")
    codes = [one.get("code", "") for category in order.get("category", []) for one in category.get("coding", [])]
    return next((known[code] for code in codes if code in known), "OT")


def _number(resource: Json, code: str) -> str:
    for each in resource.get("identifier", []):
        if any(coding.get("code") == code for coding in each.get("type", {}).get("coding", [])):
            return str(each.get("value", ""))
    return ""


def _name(patient: Json) -> str:
    name: Json = next(iter(patient.get("name", [])), {})
    parts = [name.get("family", ""), " ".join(name.get("given", []))]
    return "^".join(parts).rstrip("^") or str(name.get("text", ""))


def _first(values: Sequence[Json], member: str) -> str:
    return next((str(each[member]) for each in values if each.get(member)), "")


def _matches(identifier: Mapping[str, Any], entry: Mapping[str, _Element]) -> bool:
    (step,) = entry[STEPS][1]
    wanted = _step(identifier)
    return all(_is_like(entry[tag][1], _value(identifier, tag)) for tag in _MATCHED) and all(
        _is_like(step[tag][1], _value(wanted, tag)) for tag in _MATCHED_IN_STEP
    )


def _is_like(value: str, pattern: str) -> bool:
    return not pattern or fnmatch.fnmatchcase(value.upper(), pattern.upper().replace("[", "[[]"))


def _days(text: str) -> tuple[str, str]:
    """First and last day of a range, both included. Raises HubError INVALID."""
    found = _RANGE.fullmatch(text)
    if found is None or text == "-":
        where = "(0040,0002) ScheduledProcedureStepStartDate"
        raise HubError(Category.INVALID, "is no date or range of dates", where=where, code="date")
    first, dash, last = found.groups()
    return first or "", last or ("99999999" if dash or not first else first)


def _step(identifier: Mapping[str, Any]) -> Mapping[str, Any]:
    items = identifier.get(STEPS, {}).get("Value") or [{}]
    return items[0] if isinstance(items[0], dict) else {}


def _value(identifier: Mapping[str, Any], tag: str) -> str:
    values = identifier.get(tag, {}).get("Value") or [""]
    value = values[0].get("Alphabetic", "") if isinstance(values[0], dict) else values[0]
    return str(value or "").strip()


def _told(entry: Mapping[str, _Element], identifier: Mapping[str, Any]) -> Json:
    """The elements that were asked for; those that are not known are empty."""
    found: Json = {_CHARACTER_SET: {"vr": "CS", "Value": ["ISO_IR 192"]}}
    for tag in sorted(identifier):
        if tag == STEPS:
            (step,) = entry[STEPS][1]
            keys = _step(identifier) or step
            found[STEPS] = {"vr": "SQ", "Value": [dict(_elements(step, keys))]}
        elif tag != _CHARACTER_SET:
            found |= dict(_elements(entry, {tag: identifier[tag]}))
    return found


def _elements(known: Mapping[str, _Element], keys: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    for tag in sorted(keys):
        stated = keys[tag].get("vr", "UN") if isinstance(keys[tag], dict) else keys[tag][0]
        vr, value = known.get(tag, (stated, ""))
        text = value[: _LONGEST.get(vr, 1024)]
        yield tag, {"vr": vr, "Value": [{"Alphabetic": text} if vr == "PN" else text]} if text else {"vr": vr}
