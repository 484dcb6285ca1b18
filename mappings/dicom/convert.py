"""`yilian convert dicom`: files to transaction Bundles with their report, one for each study, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Issue, Json
from mappings.dicom.assembly import Instance, study_of, translate_study
from mappings.dicom.case import CANONICAL_BASE, Sender
from mappings.dicom.header import read_header
from mappings.dicom.item import Item
from mappings.dicom.profile import DEFAULT, Profile
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
    refused = []
    for path, file in files:
        try:
            instance = _instance(file)
            uid = study_of(Item(instance.header.dataset, profile.charset))
        except HubError as error:
            refused.append(_line(path, _refusal(error)))
        else:
            studies.setdefault(uid, (path, []))[1].append(instance)
    for path, instances in studies.values():
        yield _line(path, _guarded(sender, instances))
    yield from refused


def _instance(file: BinaryIO) -> Instance:
    header = read_header(file)
    if "WaveformSequence" not in header.dataset:
        return Instance(header)
    file.seek(0)
    original = file.read(LARGEST + 1)
    return Instance(header, original if len(original) <= LARGEST else b"")


def _guarded(sender: Sender, instances: Sequence[Instance]) -> Json:
    try:
        found = translate_study(sender, instances)
    except HubError as error:
        return _refusal(error)
    except Exception as error:  # a defect of the mapping must not stop the other studies
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
