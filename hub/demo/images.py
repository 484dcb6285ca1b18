"""DICOM objects as F01's imaging department makes them: rows of `images.yaml`, written by pydicom. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from hub.demo.calendar import Calendar
from hub.demo.population import Person
from hub.demo.story import data, persons
from hub.kernel.types import Json

#: Digital X-Ray Image Storage, for presentation (PS3.4 B.5).
_DIGITAL_XRAY: Final = "1.2.840.10008.5.1.4.1.1.1.1"
#: Rows and columns of the pictures.
_SIDE: Final = 16


def objects(calendar: Calendar) -> Iterator[bytes]:
    """The files (PS3.10) of all studies."""
    known = persons()
    for row in data("images.yaml"):
        for number, view in enumerate(row["views"], 1):
            yield _file(_object(row, number, view, known[row["person"]], calendar))


def _object(row: Json, number: int, view: str, person: Person, calendar: Calendar) -> Any:
    from pydicom.dataset import Dataset

    made = Dataset()
    made.SpecificCharacterSet = "GB18030"
    made.SOPClassUID = _DIGITAL_XRAY
    made.SOPInstanceUID = _uid(row, f"object {number}")
    made.StudyInstanceUID, made.SeriesInstanceUID = _uid(row, "study"), _uid(row, "series")
    made.SeriesNumber, made.InstanceNumber = 1, number
    at = calendar.hl7(row["at"])
    made.StudyDate, made.StudyTime = at[:8], at[8:]
    made.AccessionNumber, made.Modality = row["accession"], row["modality"]
    made.StudyDescription, made.BodyPartExamined, made.ViewPosition = row["description"], row["body"], view
    made.PatientID, made.PatientName = row["mr"], f"{person.name[0]}^{person.name[1:]}"
    made.PatientSex, made.PatientBirthDate = "F" if person.sex == "2" else "M", person.born
    made.Rows = made.Columns = _SIDE
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = bytes(range(_SIDE * _SIDE))
    return made


def _uid(row: Json, what: str) -> str:
    """A UID by UUID (PS3.5 B.2), the same each time."""
    return f"2.25.{uuid5(NAMESPACE_OID, row['accession'] + ' ' + what).int}"


def _file(made: Any) -> bytes:
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import dcmwrite
    from pydicom.uid import ExplicitVRLittleEndian

    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    file = io.BytesIO()
    dcmwrite(file, made, enforce_file_format=True)
    return file.getvalue()
