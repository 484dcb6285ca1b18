"""The instances of one study put together: whose it is, the study, and what its objects say beside their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Translation
from mappings.dicom.case import Case, Sender
from mappings.dicom.document import encapsulated
from mappings.dicom.header import Header
from mappings.dicom.identity import number, patient
from mappings.dicom.item import Item
from mappings.dicom.report import report
from mappings.dicom.structured import structured_report
from mappings.dicom.study import gone, imaging_study, is_gone
from mappings.dicom.times import offset
from mappings.dicom.waveform import waveform

#: Modalities of objects that say something about other objects (PS3.3 C.7.3.1.1.1), and what that is.
_ABOUT: Final = {
    "PR": "a presentation state: how images are to be shown; listed in the study, its content stays in the archive",
    "KO": "a selection of key objects; listed in the study, its content stays in the archive",
    "RTPLAN": "a plan of a radiation; listed in the study, its content stays in the archive",
    "RTDOSE": "the dose of a radiation; listed in the study, its content stays in the archive",
    "RTSTRUCT": "structures for a radiation; listed in the study, its content stays in the archive",
    "SEG": "a segmentation; listed in the study, its content stays in the archive",
}
_CHARSET: Final = {
    "charset-mismatch": "(0008,0005) names another character set than the texts are written in",
    "charset-absent": "no character set is named; the texts were recognised by their bytes",
    "charset-unknown": "(0008,0005) names a character set that is none",
}
_CHARSET_AT: Final = "(0008,0005) SpecificCharacterSet"
#: Key object selections are content trees too, but they state nothing of the patient.
_NO_REPORT: Final = frozenset({"KO"})


@dataclass(frozen=True, slots=True)
class Instance:
    """One object as it came: its header, and the file where its content is kept (waveforms)."""

    header: Header
    original: bytes = b""


def study_of(item: Item) -> str:
    """UID of the study an object is in. Raises HubError INVALID where there is none."""
    uid = item.uid("StudyInstanceUID")
    if uid:
        return uid
    where = "(0020,000D) StudyInstanceUID"
    what = "is no UID" if item.text("StudyInstanceUID") else "the object names no study it is in"
    raise HubError(Category.INVALID, what, where=where, code="no-study")


def of_json(sender: Sender) -> Sender:
    """The sender of metadata in JSON: all it has of a study, in UTF-8 whatever its files are written in."""
    return replace(sender, profile=replace(sender.profile, charset=None), tells_all=True)


def translate_study(sender: Sender, instances: Sequence[Instance]) -> Translation:
    """What the instances of one study say. Raises HubError CONFLICT if they are about different patients."""
    items = [Item(each.header.dataset, sender.profile.charset) for each in instances]
    case = Case(sender=sender, zone=_zone(items, sender.profile.zone))
    uid = study_of(items[0])
    if any(study_of(item) != uid for item in items):
        what = "the objects are of several studies"
        raise HubError(Category.INVALID, what, where="(0020,000D) StudyInstanceUID", code="several-studies")
    if sender.tells_all and is_gone(items):
        gone(uid, case)
        drafts = tuple(case.drafts.values())
        return Translation(drafts=drafts, report=report(items, drafts))
    speaks = _whose(items, case)
    for instance, item in zip(instances, items, strict=True):
        _noted(instance, item, case)
    patient(speaks, number(speaks, case), uid, case)
    imaging_study(uid, items, case)
    seen: set[str] = set()
    for instance, item in zip(instances, items, strict=True):
        if (sop := item.uid("SOPInstanceUID")) and sop not in seen:
            seen.add(sop)
            _content(instance, item, case)
    drafts = tuple(case.drafts.values())
    return Translation(drafts=drafts, report=report(items, drafts), issues=tuple(case.issues))


def _whose(items: list[Item], case: Case) -> Item:
    """The object that says whose study it is: the first that names a patient, if all that do name the same."""
    numbers = {number(item, case) for item in items} - {("", "")}
    if len(numbers) > 1:
        what = "the objects of one study name different patients; none is attached"
        raise HubError(Category.CONFLICT, what, where="(0010,0020) PatientID", code="patient-conflict")
    return next((item for item in items if number(item, case) in numbers), items[0])


def _zone(items: list[Item], usual: str) -> str:
    return next((zone for item in items if (zone := offset(item.text("TimezoneOffsetFromUTC")))), usual)


def _noted(instance: Instance, item: Item, case: Case) -> None:
    """What deserves a look in an object before it is mapped."""
    for issue in instance.header.issues:
        case.issue(issue.code, issue.text, issue.where, "warning")
    if item.charset.problem:
        case.issue(item.charset.problem, _CHARSET[item.charset.problem], _CHARSET_AT)
    if "\ufffd" in item.text("PatientName"):
        case.issue("charset-bytes", "the name holds bytes that are no character", "(0010,0010) PatientName", "error")
    if about := _ABOUT.get(item.text("Modality")):
        case.issue("not-read", about, "(0008,0060) Modality", "information")


def _content(instance: Instance, item: Item, case: Case) -> None:
    """What an object says beside its pixels."""
    if item.has("ContentSequence") and item.text("Modality") not in _NO_REPORT:
        structured_report(item, case)
    if item.has("EncapsulatedDocument"):
        encapsulated(item, case)
    if item.has("WaveformSequence"):
        waveform(item, instance.original, case)
