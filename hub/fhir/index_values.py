"""What a resource is found by: one row a value, each beginning with the codes of all search parameters that find it.

A value has one row however many parameters it stands for, so that whoever makes more of it does it once.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

#: Codes of search parameters of one type.
Codes = tuple[str, ...]
#: (parameters, system, code, text): from Coding, CodeableConcept, Identifier, ContactPoint, code, boolean, string, uri.
#: `text` is what `:text` searches: the display of the coding, the text of the concept or of the identifier's type.
#: A concept with text alone has neither system nor code. An element of type code
#: has the system its value set implies, if that is one. Boolean, string and uri have none.
Token = tuple[Codes, str | None, str | None, str | None]
#: (parameters, system of the type, code of the type, value): for `identifier:of-type`.
IdentifierOfType = tuple[Codes, str | None, str, str]
#: (parameters, type, id, url): type and id of a local reference (`Patient/x`, any version of it), or the text of any
#: other, a canonical included, as it stands. `#x`, of what is contained, has a row: the element is not missing.
Reference = tuple[Codes, str | None, str | None, str | None]
#: (parameters, system, value): for `:identifier`, from Reference.identifier.
ReferenceIdentifier = tuple[Codes, str | None, str]
#: (parameters, text): Reference.display, for `:text` on references.
ReferenceText = tuple[Codes, str]
#: (parameters, text) as the resource has it, not folded.
Text = tuple[Codes, str]
#: (parameters, low, high): the range [low, high), aware; None is an open end.
Date = tuple[Codes, datetime | None, datetime | None]
#: (parameters, low, high): the range [low, high]; a plain number has low = high; None is an open end.
Number = tuple[Codes, Decimal | None, Decimal | None]
#: (parameters, low, high, value, system, code, unit): [low, high] as in Number; value is None for a range. Money has
#: its currency as code, under urn:iso:std:iso:4217. A comparator opens an end.
Quantity = tuple[Codes, Decimal | None, Decimal | None, Decimal | None, str | None, str | None, str | None]
#: (kind, *the row without its parameters): kind is the component's parameter type, such as
#: ("token", system, code, text) or ("quantity", low, high, value, system, code, unit).
ComponentValue = tuple[Any, ...]
#: (parameters, one value for each component in the order of the definition), one row for each combination.
Composite = tuple[Codes, tuple[ComponentValue, ...]]
#: (parameters, latitude, longitude) in degrees, WGS84.
Position = tuple[Codes, Decimal, Decimal]


class IndexValues(Struct):
    """Every index row of one resource. `skipped` counts values of an odd shape that gave no row.

    `_id`, `_lastUpdated`, `_text`, `_content` and `_query` give no rows: the first two are columns of the store.
    """

    tokens: list[Token] = field(default_factory=list)
    identifiers_of_type: list[IdentifierOfType] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    reference_identifiers: list[ReferenceIdentifier] = field(default_factory=list)
    reference_texts: list[ReferenceText] = field(default_factory=list)
    strings: list[Text] = field(default_factory=list)
    uris: list[Text] = field(default_factory=list)
    dates: list[Date] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    composites: list[Composite] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    skipped: int = 0
