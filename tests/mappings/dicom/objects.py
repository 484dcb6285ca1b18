"""DICOM objects made for the tests: fictional people, issuers below division 990122."""

from __future__ import annotations

import io
import warnings
from typing import Any, BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from hub.fhir.json import dumps, loads
from hub.fhir.validate import validate
from hub.kernel.types import Json
from mappings.dicom.convert import convert
from mappings.dicom.profile import DEFAULT, Profile

STUDY = "1.2.826.0.1.3680043.8.498.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
ISSUER = "2.16.156.10011.990122.1"


def dataset(n: int = 1, series: int = 1, **elements: Any) -> Dataset:
    """An image of a study; `elements` by keyword, None leaves one out."""
    stated: dict[str, Any] = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"{STUDY}.{series}.{n}",
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": f"{STUDY}.{series}",
        "SeriesNumber": series,
        "InstanceNumber": n,
        "Modality": "CT",
        "StudyDate": "20260302",
        "StudyTime": "083015",
        "AccessionNumber": "A9901",
        "PatientID": "P7",
        "IssuerOfPatientID": ISSUER,
        "PatientName": "Ceshi^Jia",
        "PatientSex": "F",
        "PatientBirthDate": "19800101",
    } | elements
    made = Dataset()
    for keyword, value in stated.items():
        if value is not None:
            setattr(made, keyword, value)
    return made


def part_10(made: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The file of an object."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", CT)
    made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", STUDY)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()


def labelled(name: bytes, charset: bytes | None, **elements: Any) -> bytes:
    """A file whose PatientName is these bytes, under this label (None: none)."""
    made = dataset(PatientName=None, **elements)
    made.add_new(0x00100010, "UN", name)
    if charset is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.add_new(0x00080005, "UN", charset)
    raw = part_10(made)
    raw = raw.replace(b"\x10\x00\x10\x00UN\0\0" + len(name).to_bytes(4, "little"), b"\x10\x00\x10\x00PN" + _short(name))
    if charset is None:
        return raw
    label = b"\x08\x00\x05\x00UN\0\0" + len(charset).to_bytes(4, "little")
    return raw.replace(label, b"\x08\x00\x05\x00CS" + _short(charset))


def _short(value: bytes) -> bytes:
    return len(value).to_bytes(2, "little")


def code(value: str, scheme: str, meaning: str) -> Sequence:
    """A code sequence of one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def content(kind: str, relation: str, concept: Sequence, **elements: Any) -> Dataset:
    """A content item of a structured report."""
    item = Dataset()
    item.ValueType, item.RelationshipType, item.ConceptNameCodeSequence = kind, relation, concept
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def lines(*files: bytes, profile: Profile = DEFAULT) -> list[Json]:
    """What the files become; every resource is valid R4."""
    opened: list[tuple[str, BinaryIO]] = [(f"{n}.dcm", io.BytesIO(raw)) for n, raw in enumerate(files)]
    found = [loads(dumps(line)) for line in convert(opened, profile)]
    for line in found:
        for resource in resources(line):
            assert validate(resource) == []
    return found


def line(*files: bytes, profile: Profile = DEFAULT) -> Json:
    (only,) = lines(*files, profile=profile)
    return only


def resources(said: Json, kind: str = "") -> list[Json]:
    """The resources of a line, of one type if it is named."""
    entries = said["bundle"]["entry"] if said["bundle"] else []
    return [e["resource"] for e in entries if kind in {"", e["resource"]["resourceType"]}]


def resource(said: Json, kind: str) -> Json:
    (only,) = resources(said, kind)
    return only


def codes(said: Json) -> list[str]:
    return [issue["code"] for issue in said["issues"]]
