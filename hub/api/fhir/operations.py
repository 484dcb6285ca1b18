"""The table of operations (R4 operations.html): POST always, GET where one changes nothing and takes primitive values.

All of them may be entries of a batch. `template` says where each may be asked: of the system, of a type, of a resource.
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.cda import CDA, cda
from hub.api.fhir.document import DOCUMENT, document
from hub.api.fhir.encounter_everything import ENCOUNTER_EVERYTHING, encounter_everything
from hub.api.fhir.everything import EVERYTHING, everything
from hub.api.fhir.ihe_pix import IHE_PIX, ihe_pix
from hub.api.fhir.lastn import LASTN, lastn
from hub.api.fhir.match import MATCH, match
from hub.api.fhir.merge import MERGE, merge
from hub.api.fhir.meta import META, META_ADD, META_DELETE, meta, meta_add, meta_delete, meta_of_many
from hub.api.fhir.router import Handler, Interaction
from hub.api.fhir.summary import SUMMARY, summary
from hub.api.fhir.terminology import closure, code_system, concept_map, value_set
from hub.api.fhir.terminology.remembering import remembering
from hub.api.fhir.versions import VERSIONS, versions
from terminology.model import CODE_SYSTEM, CONCEPT_MAP, VALUE_SET

#: What of an operation is not answered, for the capability statement.
LIMITS: Final = {
    "cda": "WS/T 483.12, .13 and .20 (type=HSDB04.01, HSDB04.02, HSDC00.05) as XML, or in a Binary.",
    "document": "Not kept (persist); of the references of the Composition alone (graph).",
    "everything": "Of a Patient; without an id: of the one the token is bound to. Of an Encounter.",
    "ihe-pix": "IHE PIXm ITI-83. A number of somebody who may not be seen is told as one that nobody has.",
    "match": "Also IHE PDQm ITI-119. At most 20 candidates, made of what the requester may see.",
    "merge": "Of a facility's own Patients; a steward of the patient index merges persons, and writes no Patient.",
    "meta": "Of one resource or version; not of a type or of the system.",
    "meta-add": "Makes a version. Adds labels, never lowers them.",
    "closure": "A table belongs to the client that began it, and begins anew when a code system in it is switched.",
    "expand": "Flat, or whole and nested (excludeNested=false). No date; post-coordinated codes are in no expansion.",
    "translate": "Targets that depend on other elements only where `dependency` has their values.",
    "process-message": "Answered at once (no async, no response-url), for the events of the flow of prescriptions.",
    "summary": "Without an id: of the patient the token is bound to. No identifier, profile or graph.",
    "meta-delete": "Makes a version. Security labels are not taken away.",
}


def _reading(code: str, template: str, handle: Handler, operation: str, only: str = "") -> tuple[Interaction, ...]:
    """An operation that changes nothing, by both methods."""
    return (
        Interaction(code, "GET", template, handle, operation=operation, only=only),
        Interaction(code, "POST", template, handle, "parameters", operation=operation, only=only),
    )


def _asking(code: str, template: str, handle: Handler, operation: str, only: str) -> tuple[Interaction, ...]:
    """An operation that changes nothing and may be sent codings and resources."""
    return (
        Interaction(code, "GET", template, handle, operation=operation, only=only),
        Interaction(code, "POST", template, handle, "resource", operation=operation, only=only),
    )


_VALID_IN_SYSTEM: Final = remembering(code_system.validate_code)
_VALID_IN_SET: Final = remembering(value_set.validate_code)

OPERATIONS: Final = (
    *_reading("everything", "/{type}/{id}/$everything", everything, EVERYTHING, "Patient"),
    *_reading("everything", "/{type}/$everything", everything, EVERYTHING, "Patient"),
    *_reading("everything", "/{type}/{id}/$everything", encounter_everything, ENCOUNTER_EVERYTHING, "Encounter"),
    Interaction("match", "POST", "/{type}/$match", match, "resource", operation=MATCH, only="Patient"),
    Interaction("merge", "POST", "/{type}/$merge", merge, "resource", operation=MERGE, only="Patient"),
    *_reading("ihe-pix", "/{type}/$ihe-pix", ihe_pix, IHE_PIX, "Patient"),
    *_reading("lastn", "/{type}/$lastn", lastn, LASTN, "Observation"),
    *_reading("document", "/{type}/{id}/$document", document, DOCUMENT, "Composition"),
    *_reading("document", "/{type}/$document", document, DOCUMENT, "Composition"),
    *_reading("summary", "/{type}/{id}/$summary", summary, SUMMARY, "Patient"),
    *_reading("summary", "/{type}/$summary", summary, SUMMARY, "Patient"),
    *_reading("cda", "/{type}/{id}/$cda", cda, CDA, "Patient"),
    *_reading("meta", "/{type}/{id}/$meta", meta, META),
    *_reading("meta", "/{type}/{id}/_history/{version}/$meta", meta, META),
    *_reading("meta", "/{type}/$meta", meta_of_many, META),
    *_reading("meta", "/$meta", meta_of_many, META),
    *_reading("versions", "/$versions", versions, VERSIONS),
    *_asking("lookup", "/{type}/$lookup", remembering(code_system.lookup), code_system.LOOKUP, CODE_SYSTEM),
    *_asking("validate-code", "/{type}/$validate-code", _VALID_IN_SYSTEM, code_system.VALIDATE, CODE_SYSTEM),
    *_asking(
        "validate-code", "/{type}/{id}/$validate-code", code_system.validate_code, code_system.VALIDATE, CODE_SYSTEM
    ),
    *_asking("subsumes", "/{type}/{id}/$subsumes", code_system.subsumes, code_system.SUBSUMES, CODE_SYSTEM),
    *_asking("subsumes", "/{type}/$subsumes", remembering(code_system.subsumes), code_system.SUBSUMES, CODE_SYSTEM),
    *_asking("expand", "/{type}/$expand", value_set.expand, value_set.EXPAND, VALUE_SET),
    *_asking("expand", "/{type}/{id}/$expand", value_set.expand, value_set.EXPAND, VALUE_SET),
    *_asking("validate-code", "/{type}/$validate-code", _VALID_IN_SET, value_set.VALIDATE, VALUE_SET),
    *_asking("validate-code", "/{type}/{id}/$validate-code", value_set.validate_code, value_set.VALIDATE, VALUE_SET),
    *_asking("translate", "/{type}/$translate", concept_map.translate, concept_map.TRANSLATE, CONCEPT_MAP),
    *_asking("translate", "/{type}/{id}/$translate", concept_map.translate, concept_map.TRANSLATE, CONCEPT_MAP),
    Interaction("closure", "POST", "/$closure", closure.closure, "resource", operation=closure.CLOSURE),
    Interaction("meta-add", "POST", "/{type}/{id}/$meta-add", meta_add, "resource", operation=META_ADD),
    Interaction("meta-delete", "POST", "/{type}/{id}/$meta-delete", meta_delete, "resource", operation=META_DELETE),
)
