"""The forms a patch comes in besides a Parameters resource, and patches as entries of a Bundle.

https://hl7.org/fhir/R4/http.html#patch. JSON Patch and XML Patch are documents of their own, which a Bundle holds in a
Binary; a FHIRPath Patch is a Parameters resource.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Final

from hub.api.json_limits import parse
from hub.fhir.patch.change import Change
from hub.fhir.patch.fhirpath_patch import read_fhirpath_patch
from hub.fhir.patch.json_patch import read_json_patch
from hub.fhir.patch.xml_patch import read_xml_patch
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

JSON_PATCH: Final = "application/json-patch+json"
XML_PATCH: Final = "application/xml-patch+xml"

#: Documents that are no FHIR resource, by their media type.
PATCH_DOCUMENTS: Final[Mapping[str, Callable[[bytes], Change]]] = {
    JSON_PATCH: lambda content: read_json_patch(parse(content)),
    XML_PATCH: read_xml_patch,
}
#: What the capability statement announces (`patchFormat`).
PATCH_FORMATS: Final = (*PATCH_DOCUMENTS, "application/fhir+json", "application/fhir+xml")


def read_patch_resource(resource: Json) -> Change:
    """The change an entry of a Bundle asks for: Parameters, or a Binary that holds a document.

    Raises HubError UNSUPPORTED (415), UNREADABLE (400), TOO_LARGE.
    """
    if resource.get("resourceType") != "Binary":
        return read_fhirpath_patch(resource)
    media = str(resource.get("contentType")).partition(";")[0].strip().lower()
    read = PATCH_DOCUMENTS.get(media)
    if read is None:
        raise HubError(
            Category.UNSUPPORTED,
            "is no form of patch",
            where="resource.contentType",
            todo=f"send {' or '.join(PATCH_DOCUMENTS)}, or Parameters",
            code="media-type",
        )
    try:
        return read(b64decode("".join(str(resource.get("data", "")).split()), validate=True))
    except (binascii.Error, ValueError):
        raise HubError(Category.UNREADABLE, "is not base64", where="resource.data", code="patch") from None
