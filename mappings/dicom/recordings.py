"""The formats of electrocardiograms that are no DICOM, recognised by their bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.kernel.types import ReportRow, Translation
from mappings.dicom import aecg, scp
from mappings.dicom.case import Case, Sender

#: Bytes by which a format is recognised.
HEAD: Final = 8192

#: Reads one recording, adds its drafts to the case, and tells what became of its parts.
Reader = Callable[[bytes, Case], tuple[ReportRow, ...]]
_RECORDINGS: Final[tuple[tuple[Callable[[bytes], bool], Reader], ...]] = (
    (aecg.is_aecg, aecg.translate),
    (scp.is_scp, scp.translate),
)


def reader_of(head: bytes) -> Reader | None:
    """What reads a file that begins so; None if it is no such recording."""
    return next((read for recognises, read in _RECORDINGS if recognises(head)), None)


def translate_recording(raw: bytes, read: Reader, sender: Sender) -> Translation:
    """What one recording says. Raises HubError UNREADABLE."""
    case = Case(sender=sender, zone=sender.profile.zone)
    report = read(raw, case)
    return Translation(drafts=tuple(case.drafts.values()), report=report, issues=tuple(case.issues))
