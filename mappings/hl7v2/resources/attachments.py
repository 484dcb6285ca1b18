"""Files in a message (OBX-2 ED and RP): what is large becomes a Binary, and every file is a DocumentReference too.

An attachment tells its size and hash (R4 datatypes, Attachment: SHA-1 of the data, base64), so that a reader can see
whether it is the file that was sent.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha1, sha256
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.context import Building, Context
from mappings.hl7v2.datatypes.values import ATTACHMENT

#: Most bytes of a file that stays within the resource; a larger one would be read with every search.
INLINE: Final = 4096


def settle(attachment: Json, document: Building, context: Context) -> Json:
    """The attachment of a document with size and hash; its data moves to a Binary of the document if it is large.

    The Binary is the document's own, whoever else sent the same bytes: it is to be judged as the document is
    (`securityContext`, R4 Binary).
    """
    data = attachment.get("data")
    if not data:
        return attachment
    try:
        raw = b64decode(data, validate=True)
    except binascii.Error:
        return attachment
    told = {"size": len(raw), "hash": b64encode(sha1(raw, usedforsecurity=False).digest()).decode()}
    if len(raw) <= INLINE:
        return attachment | told
    holder = f"DocumentReference/{document.resource['id']}"
    building = context.draft("Binary", holder, sha256(raw).hexdigest(), document.patient)
    kind = attachment.get("contentType", "application/octet-stream")
    building.resource |= {"contentType": kind, "securityContext": document.reference, "data": data}
    kept = {name: value for name, value in attachment.items() if name != "data"}
    return kept | {"url": building.reference["reference"]} | told


def keep_files(observed: Building, owner: Building | None, visit: Building | None, context: Context) -> None:
    """Settle the files of an Observation; they are derived from a document of their own."""
    stated = [observed.resource, *observed.resource.get("component", ())]
    files = [ext for each in stated for ext in each.get("extension", ()) if ext["url"] == ATTACHMENT]
    if not files:
        return
    document = context.draft(
        "DocumentReference", f"Observation/{observed.resource['id']}", "file", observed.patient, merge="replace"
    )
    for extension in files:
        extension["valueAttachment"] = settle(extension["valueAttachment"], document, context)
    contents = [{"attachment": extension["valueAttachment"]} for extension in files]
    resource = document.resource
    resource |= {"status": "current", "type": observed.resource["code"], "content": contents}
    if owner is not None:
        resource["subject"] = owner.reference
    if visit is not None:
        resource["context"] = {"encounter": [visit.reference]}
    if "valueCode" in str(resource["type"]):
        del resource["type"]
    observed.resource["derivedFrom"] = [document.reference]
