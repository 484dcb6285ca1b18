"""FHIR capabilities interaction, alone or as an entry. https://hl7.org/fhir/R4/http.html#capabilities"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.parameters import values
from hub.api.fhir.router import Interaction, Match, MethodNotAllowedError
from hub.api.fhir.shape import Shape
from hub.api.fhir.terminology.capabilities import terminology_capabilities
from hub.api.services import Services
from hub.fhir.json import dumps

METADATA: Final = "/metadata"
STATEMENT: Final = "CapabilityStatement"


async def statement(services: Services, params: Params, shape: Shape | None) -> Answer:
    """200 with the CapabilityStatement, or the TerminologyCapabilities (`mode=terminology`)."""
    if "terminology" in values(params, "mode"):
        return Answer(status=200, body=dumps(await terminology_capabilities(services)))
    body = await services.statement()
    return Answer(status=200, body=body if shape is None else shape.of(body))


def match_metadata(method: str) -> Match:
    """The interaction of an entry that asks for it. Raises `MethodNotAllowedError`."""
    if method != "GET":
        raise MethodNotAllowedError("GET", "HEAD")
    return Match(_INTERACTION, STATEMENT)


async def _asked(services: Services, ask: Ask) -> Answer:
    return await statement(services, ask.params, ask.shape)


_INTERACTION: Final = Interaction("capabilities", "GET", METADATA, _asked)
