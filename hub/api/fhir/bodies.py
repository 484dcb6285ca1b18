"""Reading request bodies: which reader each media type has, for each kind of body an interaction takes."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request

from hub.api.body import read_body
from hub.api.fhir.router import Body
from hub.api.json_limits import check_shape, parse
from hub.api.negotiation import JSON_TYPES, MEDIA, XML_TYPES, media_type, unsupported_media
from hub.api.patch_formats import PATCH_DOCUMENTS
from hub.api.query import read_query_bytes
from hub.fhir.patch.fhirpath_patch import read_fhirpath_patch
from hub.fhir.xml import read_xml
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

Reader = Callable[[bytes], Any]

#: Bytes of XML that take about 10 ms to be read: larger ones are read in a thread.
_LARGE: Final = 64 * 1024


def parse_xml(content: bytes) -> Json:
    """Parse an XML body into the JSON form. Raises HubError as `read_xml`, and for what JSON may not be either."""
    resource = read_xml(content)
    check_shape(resource)
    return resource


_RESOURCE: Final[Mapping[str, Reader]] = {**dict.fromkeys(JSON_TYPES, parse), **dict.fromkeys(XML_TYPES, parse_xml)}


def _fhirpath_patch(reader: Reader) -> Reader:
    return lambda content: read_fhirpath_patch(reader(content))


_FORM: Final = "application/x-www-form-urlencoded"

#: Kind of body -> media type -> its reader. Another media type of a kind is refused (415).
READERS: Final[Mapping[Body, Mapping[str, Reader]]] = {
    "resource": _RESOURCE,
    "parameters": _RESOURCE,
    "judged": _RESOURCE,
    "form": {_FORM: read_query_bytes},
    "patch": {**PATCH_DOCUMENTS, **{media: _fhirpath_patch(reader) for media, reader in _RESOURCE.items()}},
}


#: Kinds of body that need not be there.
_OPTIONAL: Final = frozenset({"form", "parameters", "judged"})


async def read(request: Request, kind: Body, limit: int) -> Any:
    """The body as its reader gives it; None where a search or an operation is sent none.

    Raises HubError UNSUPPORTED (415) before anything is read, TOO_LARGE over `limit` bytes, and what the reader raises.
    """
    content_type = request.headers.get("content-type", "")
    reader = None
    if kind not in _OPTIONAL or content_type:
        reader = _reader(kind, content_type)
    content = await read_body(request, limit)
    if kind in _OPTIONAL and not content:
        return None
    reader = reader or _reader(kind, content_type)
    if reader is parse_xml and len(content) > _LARGE:
        return await asyncio.to_thread(reader, content)
    return reader(content)


def is_raw(request: Request) -> bool:
    """Whether a body that is written as a Binary is its content, and no resource (R4 binary.html#rest)."""
    media = request.headers.get("content-type", "").strip()
    return MEDIA.fullmatch(media) is not None and media.partition(";")[0].strip().lower() not in _RESOURCE


async def read_raw(request: Request, limit: int, rid: str) -> Json:
    """A Binary of a body that is its content; X-Security-Context names what it is judged by. Raises TOO_LARGE."""
    content = await read_body(request, limit)
    binary: Json = {"resourceType": "Binary", "contentType": request.headers["content-type"].strip()}
    if rid:
        binary["id"] = rid
    if context := request.headers.get("x-security-context", "").strip():
        binary["securityContext"] = {"reference": context}
    if content:
        binary["data"] = b64encode(content).decode()
    return binary


async def read_judged(request: Request, limit: int) -> tuple[Json | None, HubError | None]:
    """A resource, or why the body is none; neither where there is no body. Raises UNSUPPORTED (415), TOO_LARGE."""
    try:
        return await read(request, "judged", limit), None
    except HubError as error:
        if error.category is not Category.UNREADABLE:
            raise
        return None, error


def _reader(kind: Body, content_type: str) -> Reader:
    media, readers = media_type(content_type), READERS[kind]
    if media not in readers:
        raise unsupported_media("is not what this interaction takes", " or ".join(readers))
    return readers[media]
