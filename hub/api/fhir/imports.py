"""Operation $import: NDJSON files of the import folder into the record, as the facility that asks.

https://github.com/smart-on-fhir/bulk-import/blob/master/import-manifest.md, as far as it fits a hub without internet:
`input` names a type and the URL of a file, `inputSource` where its ids come from. Nothing is fetched from elsewhere.
"""

from __future__ import annotations

from typing import Any, Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.jobs import address, kicked_off, refuse_now
from hub.api.fhir.parameters import refuse_parameters
from hub.api.services import Services
from hub.bulk.model import Input
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

IMPORT: Final = "OperationDefinition/import"
_FORMATS: Final = frozenset({"application/fhir+ndjson", "application/ndjson", "ndjson"})
#: Inputs of one import.
_MOST: Final = 1000


async def import_files(services: Services, ask: Ask) -> Answer:
    """Start an import.

    Raises HubError UNREADABLE (400) for a body that is no Parameters with inputs, UNSUPPORTED for another format or a
    URL that is no file's, FORBIDDEN, NOT_FOUND for a file that is not there, THROTTLED.
    """
    refuse_now(ask)
    refuse_parameters(ask)
    inputs, source = read_inputs(ask.resource)
    request = address(services, "$import", ())
    return kicked_off(await services.bulk.bring(ask.actor, inputs, source=source, request=request))


def read_inputs(resource: Any) -> tuple[list[Input], str]:
    """The files of Parameters (`input` with parts `type` and `url`), and `inputSource`, "" where there is none.

    Raises HubError UNREADABLE naming what cannot be read, UNSUPPORTED for an `inputFormat` that is not NDJSON.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise _unreadable("body", "is not a Parameters resource")
    given = resource.get("parameter")
    inputs: list[Input] = []
    source = ""
    for index, parameter in enumerate(given if isinstance(given, list) else ()):
        where = f"Parameters.parameter[{index}]"
        match parameter.get("name") if isinstance(parameter, dict) else None:
            case "input":
                inputs.append(_input(parameter, where))
            case "inputSource":
                source = _text(parameter, where)
            case "inputFormat":
                _check_format(_text(parameter, where), where)
            case _:
                raise _unreadable(where, "is no parameter of this operation")
    if not 0 < len(inputs) <= _MOST:
        raise _unreadable("Parameters.parameter", f"has not 1 to {_MOST} parameters named input")
    return inputs, source


def _input(parameter: Json, where: str) -> Input:
    parts = parameter.get("part")
    told = {
        part["name"]: _text(part, f"{where}.part")
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, dict) and part.get("name") in {"type", "url"}
    }
    if told.keys() != {"type", "url"} or told["type"] not in RESOURCE_TYPES:
        raise _unreadable(where, "has no part named type with a resource type, or none named url")
    return Input(type=told["type"], url=told["url"])


def _text(parameter: Json, where: str) -> str:
    values = [value for name, value in parameter.items() if name.startswith("value") and isinstance(value, str)]
    if len(values) != 1:
        raise _unreadable(where, "has not one text as its value")
    return values[0]


def _check_format(text: str, where: str) -> None:
    if text not in _FORMATS:
        todo = "send application/fhir+ndjson"
        raise HubError(Category.UNSUPPORTED, "only NDJSON is imported", where=where, todo=todo)


def _unreadable(where: str, what: str) -> HubError:
    todo = "send Parameters with inputFormat, inputSource and input (parts type and url)"
    return HubError(Category.UNREADABLE, what, where=where, todo=todo, code="parameters")
