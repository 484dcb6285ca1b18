"""Where the bytes of a document are fetched (IHE MHD ITI-68): they stand in its DocumentReference, and have an address.

`Binary/{id}.{n}`, below the base as R4 reads a relative `Attachment.url`, is the nth attachment (from 1).
"""

from __future__ import annotations

import re
from typing import Final

from hub.kernel.types import Json

_NAME: Final = re.compile(r"(.+)\.([1-9][0-9]{0,3})")


def address(document: str, number: int) -> str:
    """The address of the nth attachment of a DocumentReference, relative to the base."""
    return f"Binary/{document}.{number}"


def addressed(document: Json) -> None:
    """Give every attachment of a DocumentReference that has its bytes its address."""
    for number, content in enumerate(document.get("content", ()), 1):
        if "data" in content["attachment"]:
            content["attachment"]["url"] = address(document["id"], number)


def attachment_of(name: str) -> tuple[str, int] | None:
    """The DocumentReference and the place of an attachment, by the id in its address; None for any other id."""
    found = _NAME.fullmatch(name)
    return (found[1], int(found[2])) if found else None
