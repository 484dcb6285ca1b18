"""Which rows a value gives: one table from the type of the parameter and the R4 type of the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from hub.fhir import emit_range, emit_text, emit_token
from hub.fhir.index_values import Codes, IndexValues
from hub.fhir.routes import Route
from hub.fhir.value_sets import implied_system

#: The value set of media types, by which their elements are known.
MIME_TYPES: Final = "mimetypes"

#: Appends the rows of one value for the parameter codes given. Raises one of ODD where the value has another shape.
Emit = Callable[[Any, Codes, IndexValues], None]

_code: Final = cache(emit_token.code)
_mime_type: Final = cache(emit_token.mime_type)

_TABLE: Final[Mapping[tuple[str, str], Emit]] = {
    ("date", "date"): emit_range.date,
    ("date", "dateTime"): emit_range.date,
    ("date", "instant"): emit_range.instant,
    ("date", "Period"): emit_range.date_period,
    ("date", "Timing"): emit_range.timing,
    ("number", "decimal"): emit_range.number,
    ("number", "integer"): emit_range.number,
    ("number", "positiveInt"): emit_range.number,
    ("number", "unsignedInt"): emit_range.number,
    ("number", "Range"): emit_range.number_range,
    ("quantity", "Age"): emit_range.quantity,
    ("quantity", "Duration"): emit_range.quantity,
    ("quantity", "Money"): emit_range.money,
    ("quantity", "Quantity"): emit_range.quantity,
    ("quantity", "Range"): emit_range.quantity_range,
    ("quantity", "SampledData"): emit_range.sampled_data,
    ("reference", "Reference"): emit_text.reference,
    ("reference", "Resource"): emit_text.embedded_resource,
    ("reference", "canonical"): emit_text.canonical,
    ("reference", "uri"): emit_text.canonical,
    ("special", "Location.position"): emit_range.position,
    ("string", "Address"): emit_text.address,
    ("string", "HumanName"): emit_text.human_name,
    ("string", "markdown"): emit_text.string,
    ("string", "string"): emit_text.string,
    ("token", "CodeableConcept"): emit_token.concept,
    ("token", "Coding"): emit_token.coding,
    ("token", "ContactPoint"): emit_token.contact_point,
    ("token", "Identifier"): emit_token.identifier,
    ("token", "boolean"): emit_token.boolean,
    ("token", "id"): _code(None),
    ("token", "string"): emit_token.string,
    ("token", "uri"): _code(None),
    ("uri", "canonical"): emit_text.uri,
    ("uri", "uri"): emit_text.uri,
    ("uri", "url"): emit_text.uri,
}


def emitter(parameter_type: str, route: Route) -> Emit | None:
    """How values at the end of a route are indexed; None for a choice the parameter does not search.

    Such are, for example, `occurrenceString` for a date parameter: R4 leaves them out (search.html 3.1.1.4.4).
    """
    if (parameter_type, route.type) == ("token", "code"):
        emit = _mime_type if route.binding == MIME_TYPES else _code
        return emit(implied_system(route.binding))
    return _TABLE.get((parameter_type, route.type))
