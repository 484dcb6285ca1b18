"""Files in a message (OBX-2 ED and RP): every file is a DocumentReference, which holds it.

The data stands within the document and not in a Binary beside it, so that who may not see the document cannot reach
its file either. An attachment tells its size and hash (R4 datatypes, Attachment: SHA-1 of the data, base64), so that a
reader can see whether it is the file that was sent.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha1
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.files import ATTACHMENT

#: Most bytes of a file that stands in the Observation too; a larger one would be read with every search of results.
INLINE: Final = 4096


def settle(attachment: Json) -> Json:
    """The attachment with size and hash, where its data is base64 as it says."""
    data = attachment.get("data")
    if not data:
        return attachment
    try:
        raw = b64decode(data, validate=True)
    except binascii.Error:
        return attachment
    return attachment | {"size": len(raw), "hash": b64encode(sha1(raw, usedforsecurity=False).digest()).decode()}


def _brief(attachment: Json) -> Json:
    """An attachment without the data of a large file, which its document holds."""
    if attachment.get("size", 0) <= INLINE:
        return attachment
    return {name: value for name, value in attachment.items() if name != "data"}


def keep_files(observed: Building, owner: Building | None, visit: Building | None, context: Context) -> None:
    """Settle the files of an Observation; they are derived from a document of their own."""
    stated = [observed.resource, *observed.resource.get("component", ())]
    files = [ext for each in stated for ext in each.get("extension", ()) if ext["url"] == ATTACHMENT]
    if not files:
        return
    document = context.draft(
        "DocumentReference", f"Observation/{observed.resource['id']}", "file", observed.patient, merge="replace"
    )
    contents = []
    for extension in files:
        attachment = settle(extension["valueAttachment"])
        contents.append({"attachment": attachment})
        extension["valueAttachment"] = _brief(attachment)
    resource = document.resource
    resource |= {"status": "current", "type": observed.resource["code"], "content": contents}
    if owner is not None:
        resource["subject"] = owner.reference
    if visit is not None:
        resource["context"] = {"encounter": [visit.reference]}
    if "valueCode" in str(resource["type"]):
        del resource["type"]
    observed.resource["derivedFrom"] = [document.reference]
