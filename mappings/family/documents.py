"""What is attached to a referral, as DocumentReferences that hold their files."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from mappings.attachment import attachment
from mappings.family.records import Author, doctor
from mappings.forms.building import stated

#: Bytes of one file: larger ones are sent as documents of their own.
_MOST: Final = 4 * 1024 * 1024


def documents(record: Json, who: str, author: Author) -> list[Draft]:
    """A DocumentReference for each file; its id hangs on the record and the place among its files.

    Raises HubError INVALID for data that is not base64, TOO_LARGE.
    """
    found = []
    for place, each in enumerate(record.get("documents", ())):
        data = _decoded(each["data"], f"documents.{place}.data")
        content: Json = {
            "status": "current",
            "type": {"text": each["title"]},
            "subject": {"reference": f"Patient/{who}"},
            "author": [doctor(record["doctor"])],
            "custodian": {"reference": f"Organization/{author.facility}"},
            "content": [{"attachment": attachment(data, each["contentType"], each.get("date", ""), each["title"])}],
        }
        key = f"{record['key']}|{place}"
        found.append(author.draft("DocumentReference", "referral-document", key, stated(content), who))
    return found


def _decoded(text: str, where: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise HubError(Category.INVALID, "is not base64", where=where, todo="encode the file", code="base64") from None
    if len(data) > _MOST:
        todo = "send it as a document of its own, and refer to it"
        raise HubError(Category.TOO_LARGE, f"has more than {_MOST} bytes", where=where, todo=todo)
    return data
