"""Encapsulated files (PDF, CDA, STL; PS3.3 A.45) as DocumentReference, which holds the file.

The data stands within the document, so that who may not see the document cannot reach its file either.
"""

from __future__ import annotations

import re
from typing import Final

from hub.kernel.types import Json
from mappings.attachment import attachment
from mappings.dicom.case import UNKNOWN, Case, oid
from mappings.dicom.coded import concept
from mappings.dicom.content import moment
from mappings.dicom.item import Item
from mappings.dicom.times import at, instant

_MIME: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;.*)?\Z")


def encapsulated(item: Item, case: Case) -> None:
    """The DocumentReference of an encapsulated file; one that is too large stays in the archive."""
    data = item.raw("EncapsulatedDocument")
    length = item.whole("EncapsulatedDocumentLength")
    data = data[:length] if length else data.removesuffix(b"\0")
    stated = item.text("MIMETypeOfEncapsulatedDocument")
    kind = stated if _MIME.match(stated) else "application/octet-stream"
    if not data:
        where = "(0042,0011) EncapsulatedDocument"
        case.issue("document-left", "the file is empty or too large to carry; it stays in the archive", where)
    when = at(item, "AcquisitionDate", "AcquisitionTime", case.zone) or moment(item, case.zone)
    title = item.text("DocumentTitle")
    document(item, attachment(data, kind, when, title) if data else {"contentType": kind, "title": title}, case)


def document(item: Item, kept: Json, case: Case, more: tuple[Json, ...] = ()) -> Json:
    """The DocumentReference of an object whose content is kept; a reference to it."""
    uid = item.uid("SOPInstanceUID")
    when = moment(item, case.zone) or instant(item.text("AcquisitionDateTime"), case.zone)
    return case.draft(
        "DocumentReference",
        "urn:dicom:uid",
        uid,
        {
            "masterIdentifier": oid(uid),
            "status": "current",
            "type": concept(item.first("ConceptNameCodeSequence"), case) or _kind(item),
            "subject": case.patient,
            "date": when if "T" in when else "",
            "content": [{"attachment": each} for each in (kept, *more)],
            "context": {"related": [case.study]} if case.study else {},
        },
    )


def _kind(item: Item) -> Json:
    title = item.text("DocumentTitle") or item.text("SeriesDescription")
    return {"text": title} if title else dict(UNKNOWN)
