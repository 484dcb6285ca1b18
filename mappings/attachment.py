"""Files as attachments, with size and hash (R4 datatypes, Attachment: SHA-1 of the data, base64)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1

from hub.kernel.types import Json


def attachment(data: bytes, content_type: str, created: str = "", title: str = "") -> Json:
    """The attachment that holds `data`."""
    found: Json = {
        "contentType": content_type,
        "data": b64encode(data).decode(),
        "size": len(data),
        "hash": b64encode(sha1(data, usedforsecurity=False).digest()).decode(),
    }
    # A creation time has a zone (R4 dateTime); a day alone is one too.
    return found | ({"title": title} if title else {}) | ({"creation": created} if created else {})
