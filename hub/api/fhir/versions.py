"""FHIR operation $versions: which versions of FHIR are spoken here.

https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import refuse_all
from hub.api.services import Services
from hub.fhir.json import dumps

VERSIONS: Final = "http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions"

#: As the MIME parameter `fhirVersion` names it (R4 http.html#version-parameter).
_R4: Final = "4.0"
_TOLD: Final = dumps(
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "version", "valueCode": _R4}, {"name": "default", "valueCode": _R4}],
    }
)


async def versions(_services: Services, ask: Ask) -> Answer:
    """200 with the versions, and the one that is spoken where none is asked for."""
    refuse_all(ask)
    return Answer(status=200, body=_TOLD)
