"""`yilian convert dicom`: files to transaction Bundles with their report, one for each study, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Issue, Json, Translation
from mappings.dicom.assembly import Instance, study_of, translate_study
from mappings.dicom.case import CANONICAL_BASE, Sender
from mappings.dicom.header import read_header
from mappings.dicom.item import Item
from mappings.dicom.profile import DEFAULT, Profile
from mappings.dicom.recordings import HEAD, Reader, reader_of, translate_recording
from mappings.dicom.waveform import LARGEST
from mappings.hl7v2.convert import bundle

#: Name of the facility where nobody says which it is.
_FACILITY: Final = "unknown"


def convert(
    files: Iterable[tuple[str, BinaryIO]], profile: Profile = DEFAULT, *, canonical_base: str = CANONICAL_BASE
) -> Iterator[Json]:
    """One object for each study of the files (path as given, open file), with the path of its first file.

    Never raises for what a file holds: one that is no object of a study has an object of its own with a fatal issue.
    """
    sender = Sender(facility=_FACILITY, ids=keyed_ids(PUBLIC_KEY), canonical_base=canonical_base, profile=profile)
    studies: dict[str, tuple[str, list[Instance]]] = {}
    apart = []
    for path, file in files:
        read = _recording_format(file)
        if read is not None:
            apart.append(_line(path, _recording(file, read, sender)))
            continue
        try:
            instance = _instance(file)
            uid = study_of(Item(instance.header.dataset, profile.charset))
        except HubError as error:
            apart.append(_line(path, _refusal(error)))
        else:
            studies.setdefault(uid, (path, []))[1].append(instance)
    for path, instances in studies.values():
        yield _line(path, _guarded(partial(translate_study, sender, instances), sender))
    yield from apart


def _instance(file: BinaryIO) -> Instance:
    header = read_header(file)
    if "WaveformSequence" not in header.dataset:
        return Instance(header)
    file.seek(0)
    original = file.read(LARGEST + 1)
    return Instance(header, original if len(original) <= LARGEST else b"")


def _recording_format(file: BinaryIO) -> Reader | None:
    """What reads an electrocardiogram that is no DICOM, if the file is one."""
    head = file.read(HEAD)
    file.seek(0)
    return reader_of(head)


def _recording(file: BinaryIO, read: Reader, sender: Sender) -> Json:
    raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        return _refusal(HubError(Category.TOO_LARGE, "the recording is too large to carry", code="too-large"))
    return _guarded(partial(translate_recording, raw, read, sender), sender)


def _guarded(translate: Callable[[], Translation], sender: Sender) -> Json:
    try:
        found = translate()
    except HubError as error:
        return _refusal(error)
    except Exception as error:  # a defect of the mapping must not stop the other files
        return _failed(Issue(severity="fatal", where="", code="fault", text=f"defect: {type(error).__name__}"))
    return {
        "bundle": bundle(found.drafts, sender.canonical_base),
        "report": [row.as_json() for row in found.report],
        "issues": [issue.as_json() for issue in found.issues],
    }


def _line(path: str, said: Json) -> Json:
    return {"source": path, "index": 0, **said}


def _refusal(error: HubError) -> Json:
    return _failed(Issue(severity="fatal", where=error.where, code=error.code, text=error.what))


def _failed(issue: Issue) -> Json:
    return {"bundle": None, "report": [], "issues": [issue.as_json()]}
