"""SCP-ECG (EN 1064): who, when, global measurements and statements; the rhythm is drawn where it is not compressed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import ReportRow
from mappings.attachment import attachment
from mappings.dicom.case import Case, texts
from mappings.dicom.charset import charset
from mappings.dicom.drawing import Lead, picture
from mappings.dicom.ecg import Measurement, Recording, keep
from mappings.dicom.holder import Holder, hold
from mappings.dicom.item import clean
from mappings.dicom.times import day

_MARK: Final = b"SCPECG"
_HEADER: Final = 16
_GENDERS: Final = {1: "male", 2: "female"}
#: Values that say that nothing was measured: of intervals, and of axes.
_UNDEFINED: Final = frozenset({29999, 19999, 65535})
_NO_AXIS: Final = 999
_LEADS: Final = ("", "I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
#: Leads by their number in EN 1064 beyond those: III, aVR, aVL, aVF.
_LIMBS: Final = {61: "III", 62: "aVR", 63: "aVL", 64: "aVF"}
_SECTIONS: Final = {
    0: ((), "where the sections are"),
    1: (("Patient.name", "DocumentReference.date"), ""),
    7: (("Observation.code",), ""),
    8: (("DiagnosticReport.conclusion",), ""),
}


def is_scp(raw: bytes) -> bool:
    """Whether a file that begins so is SCP-ECG."""
    return raw[16:22] == _MARK


def translate(raw: bytes, case: Case) -> tuple[ReportRow, ...]:
    """Add the drafts of one record to the case. Raises HubError UNREADABLE for one whose sections cannot be found."""
    try:
        sections = _sections(raw)
        tags = _tags(sections.get(1, b""))
        measured = list(_measurements(sections.get(7, b"")))
        drawn = picture(_leads(sections))
        said = texts(_statements(sections.get(8, b"")))
    except (struct.error, IndexError):
        raise HubError(Category.UNREADABLE, "the sections of the record are damaged", code="scp-damaged") from None
    when = _when(tags, case.zone)
    holder = _holder(tags)
    key = f"{raw[:2].hex()}|{len(raw)}|{when}|{holder.value}"
    hold(holder, key, case)
    kept = attachment(raw, "application/octet-stream", title="SCP-ECG")
    pictures = (attachment(drawn, "image/svg+xml", title="preview"),) if drawn else ()
    keep(
        Recording(key=key, when=when, original=kept, measurements=measured, statements=said, pictures=pictures),
        case,
        [],
    )
    return tuple(_row(number) for number in sorted(sections))


def _row(number: int) -> ReportRow:
    source = f"section {number}"
    targets, reason = _SECTIONS.get(number, (("DocumentReference.content",), ""))
    if not targets:
        return ReportRow(source=source, outcome="refused", reason=reason)
    return ReportRow(source=source, outcome="mapped" if number in _SECTIONS else "carried", targets=targets)


def _sections(raw: bytes) -> dict[int, bytes]:
    """The sections that hold something, without their headers, by number."""
    found = {}
    (length,) = struct.unpack_from("<I", raw, 10)
    for at in range(6 + _HEADER, min(6 + length, len(raw)) - 9, 10):
        number, size, index = struct.unpack_from("<HII", raw, at)
        if size > _HEADER and index > 0 and index - 1 + size <= len(raw):
            found[number] = raw[index - 1 + _HEADER : index - 1 + size]
    if 1 not in found:
        raise struct.error
    return found


def _tags(section: bytes) -> dict[int, bytes]:
    """The fields of section 1, the first of each kind."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 3 <= len(section) and section[at] != 0xFF:
        tag, size = struct.unpack_from("<BH", section, at)
        found.setdefault(tag, section[at + 3 : at + 3 + size])
        at += 3 + size
    return found


def _holder(tags: dict[int, bytes]) -> Holder:
    family, given = _text(tags.get(0, b"")), _text(tags.get(1, b""))
    born = tags.get(5, b"")
    return Holder(
        value=_text(tags.get(2, b"")),
        name=f"{family}^{given}".strip("^"),
        gender=_GENDERS.get(tags.get(8, b"\0")[0] if tags.get(8) else 0, ""),
        born="{:04}{:02}{:02}".format(*struct.unpack("<HBB", born)) if len(born) == 4 else "",
    )


def _text(raw: bytes) -> str:
    bare = raw.partition(b"\0")[0]
    return clean(charset((), bare).decode(bare))


def _when(tags: dict[int, bytes], zone: str) -> str:
    date, time = tags.get(25, b""), tags.get(26, b"")
    if len(date) != 4:
        return ""
    on = day("{:04}{:02}{:02}".format(*struct.unpack("<HBB", date)))
    if not on or len(time) != 3 or time[0] > 23 or max(time[1:]) > 59:
        return on
    return f"{on}T{time[0]:02}:{time[1]:02}:{time[2]:02}{zone}"


def _measurements(section: bytes) -> Iterator[Measurement]:
    """Section 7: the global measurements of the first reference beat."""
    if len(section) < 6:
        return
    beats, _, rr, pp = struct.unpack_from("<BBHH", section)
    yield from _one("MDC_ECG_TIME_PD_RR", rr)
    yield from _one("MDC_ECG_TIME_PD_PP", pp)
    if not beats or len(section) < 22:
        return
    p_on, p_off, qrs_on, qrs_off, t_off, p_axis, qrs_axis, t_axis = struct.unpack_from("<5H3h", section, 6)
    yield from _span("MDC_ECG_TIME_PD_P", p_on, p_off)
    yield from _span("MDC_ECG_TIME_PD_PR", p_on, qrs_on)
    yield from _span("MDC_ECG_TIME_PD_QRS", qrs_on, qrs_off)
    yield from _span("MDC_ECG_TIME_PD_QT", qrs_on, t_off)
    for name, axis in (("P", p_axis), ("QRS", qrs_axis), ("T", t_axis)):
        if axis != _NO_AXIS:
            yield Measurement(source=f"MDC_ECG_ANGLE_{name}_FRONT", coding={}, value=Decimal(axis), unit="deg")


def _span(name: str, start: int, end: int) -> Iterator[Measurement]:
    if not {start, end} & _UNDEFINED and end > start:
        yield from _one(name, end - start)


def _one(name: str, value: int) -> Iterator[Measurement]:
    if value and value not in _UNDEFINED:
        yield Measurement(source=name, coding={}, value=Decimal(value), unit="ms")


def _statements(section: bytes) -> Iterator[str]:
    """Section 8: the texts of the interpretation."""
    if len(section) < 9:
        return
    at = 9
    for _ in range(section[8]):
        _, size = struct.unpack_from("<BH", section, at)
        yield _text(section[at + 3 : at + 3 + size])
        at += 3 + size


def _leads(sections: dict[int, bytes]) -> list[Lead]:
    """The rhythm (section 6) of leads that are not Huffman coded (no section 2), with differences undone."""
    rhythm, leads = sections.get(6, b""), sections.get(3, b"")
    if 2 in sections or len(rhythm) < 6 or len(leads) < 2:
        return []
    count = leads[0]
    nanovolts, microseconds, differences, bimodal = struct.unpack_from("<HHBB", rhythm)
    if bimodal or not microseconds or len(leads) < 2 + 9 * count or len(rhythm) < 6 + 2 * count:
        return []
    sizes = struct.unpack_from(f"<{count}H", rhythm, 6)
    ends = list(accumulate(sizes, initial=6 + 2 * count))
    found = []
    for n in range(count):
        data = rhythm[ends[n] : ends[n + 1]]
        samples: list[int] = list(struct.unpack_from(f"<{len(data) // 2}h", data))
        found.append(
            Lead(_name(leads[2 + 9 * n + 8]), 1e6 / microseconds, nanovolts / 1000, _undone(samples, differences))
        )
    return found


def _undone(samples: list[int], differences: int) -> list[int]:
    for _ in range(min(differences, 2)):
        samples = list(accumulate(samples))
    return samples


def _name(number: int) -> str:
    return _LEADS[number] if number < len(_LEADS) else _LIMBS.get(number, str(number))
