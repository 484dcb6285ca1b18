"""The bytes of submitted documents: found in the Bundle, and held against the size and hash that are stated."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha1

from hub.kernel.types import Json
from mappings.mhd.submission import Entry, Submission
from mappings.mhd.words import MISSING_DOCUMENT, OTHER_HASH, wrong


def content(document: Entry, submission: Submission) -> bytes | None:
    """The bytes of a document; None for one that is kept elsewhere, under an absolute URL.

    Raises HubError INVALID where the submission says it brings them and does not, or brings others than it states.
    """
    attachment = document.resource["content"][0]["attachment"]
    at = f"{document.where}.resource.content.attachment"
    if "data" in attachment:
        data = _decoded(attachment["data"], f"{at}.data")
    else:
        url = str(attachment["url"])
        binary = submission.named.get(url)
        if binary is None:
            if url.startswith(("http://", "https://")) and "/Binary/" not in url:
                return None
            raise wrong("refers to no document of the submission", f"{at}.url", code=MISSING_DOCUMENT)
        if binary.type != "Binary":
            raise wrong("refers to what is no Binary", f"{at}.url", code=MISSING_DOCUMENT)
        data = _decoded(binary.resource.get("data", ""), f"{binary.where}.resource.data")
    _compare(attachment, data, at)
    return data


def stated(attachment: Json, data: bytes) -> Json:
    """The attachment with its bytes, their size and hash; the hub says where they are fetched."""
    kept = {name: value for name, value in attachment.items() if name != "url"}
    digest = b64encode(sha1(data, usedforsecurity=False).digest()).decode()
    return kept | {"data": b64encode(data).decode(), "size": len(data), "hash": digest}


def _decoded(text: object, where: str) -> bytes:
    try:
        data = b64decode("".join(str(text).split()), validate=True)
    except (Error, ValueError):
        raise wrong("is not base64", where, code=MISSING_DOCUMENT) from None
    if not data:
        raise wrong("is empty", where, code=MISSING_DOCUMENT)
    return data


def _compare(attachment: Json, data: bytes, at: str) -> None:
    """The hash is SHA-1 of the document; some send its hexadecimal form in base64, as XDS has it."""
    size, digest = attachment.get("size"), attachment.get("hash")
    if size is not None and int(size) != len(data):
        raise wrong("is not the size of the document", f"{at}.size", code=OTHER_HASH)
    if digest is None:
        return
    made = sha1(data, usedforsecurity=False)
    if _decoded(digest, f"{at}.hash").lower() not in (made.digest().lower(), made.hexdigest().encode()):
        raise wrong("is not the hash of the document", f"{at}.hash", code=OTHER_HASH)
