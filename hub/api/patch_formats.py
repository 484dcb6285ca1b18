"""The forms a patch comes in: by media type over HTTP, as a Binary or Parameters resource in a Bundle.

https://hl7.org/fhir/R4/http.html#patch. JSON Patch, XML Patch, and FHIRPath Patch in JSON and in XML.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Final

from hub.api.json_limits import parse
from hub.api.negotiation import check_content_type, is_json_body, media_type
from hub.fhir.patch.change import Change
from hub.fhir.patch.fhirpath_patch import read_fhirpath_patch
from hub.fhir.patch.json_patch import read_json_patch
from hub.fhir.patch.xml_patch import read_xml_patch
from hub.fhir.xml import read_xml
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

JSON_PATCH: Final = "application/json-patch+json"
XML_PATCH: Final = "application/xml-patch+xml"
FHIR_XML: Final = "application/fhir+xml"

#: Documents by their media type; a Parameters resource in JSON has several.
_DOCUMENTS: Final[Mapping[str, Callable[[bytes], Change]]] = {
    JSON_PATCH: lambda content: read_json_patch(parse(content)),
    XML_PATCH: read_xml_patch,
    FHIR_XML: lambda content: read_fhirpath_patch(read_xml(content)),
}
#: What the capability statement announces (`patchFormat`) and `Accept-Patch` would say.
PATCH_FORMATS: Final = (*_DOCUMENTS, "application/fhir+json")


def check_patch_type(content_type: str) -> None:
    """Raises HubError UNSUPPORTED (415) unless the body is said to be a patch of a form the hub reads."""
    if media_type(content_type) not in _DOCUMENTS and not is_json_body(content_type):
        raise _unsupported("Content-Type")


def read_patch(content_type: str, content: bytes) -> Change:
    """The change a body asks for. Raises HubError UNSUPPORTED (415), UNREADABLE (400), TOO_LARGE."""
    check_patch_type(content_type)
    read = _DOCUMENTS.get(media_type(content_type))
    if read is not None:
        return read(content)
    check_content_type(content_type)
    return read_fhirpath_patch(parse(content))


def read_patch_resource(resource: Json) -> Change:
    """The change an entry of a Bundle asks for: Parameters, or a Binary that holds a document.

    Raises HubError UNSUPPORTED (415), UNREADABLE (400), TOO_LARGE.
    """
    if resource.get("resourceType") != "Binary":
        return read_fhirpath_patch(resource)
    read = _DOCUMENTS.get(media_type(str(resource.get("contentType"))))
    if read is None:
        raise _unsupported("resource.contentType")
    try:
        return read(b64decode("".join(str(resource.get("data", "")).split()), validate=True))
    except (binascii.Error, ValueError):
        raise HubError(Category.UNREADABLE, "is not base64", where="resource.data", code="patch") from None


def _unsupported(where: str) -> HubError:
    return HubError(
        Category.UNSUPPORTED,
        "is no form of patch the hub reads",
        where=where,
        todo=f"send {' or '.join(PATCH_FORMATS)}",
        code="media-type",
    )
