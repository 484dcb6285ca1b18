"""Rows a profile changes or adds: do they name what there is, and does the value fit the element it goes to?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.fhir.structure import PRIMITIVES, Element, TypeRef, structure
from hub.kernel.errors import HubError
from hub.kernel.yamlfile import Complaint, YamlFile
from mappings.hl7v2.codetables import table
from mappings.hl7v2.conditions import compile_condition
from mappings.hl7v2.datatypes.registry import DATATYPES
from mappings.hl7v2.rowfile import Row, parse_key, row_files, row_of

#: What a datatype map gives, for those that give one thing; the others are not judged.
GIVES: Final[Mapping[str, frozenset[str]]] = {
    "CX": frozenset({"Identifier"}),
    "EI": frozenset({"Identifier"}),
    "XPN": frozenset({"HumanName"}),
    "XAD": frozenset({"Address"}),
    "XTN": frozenset({"ContactPoint"}),
    "CodeableConcept": frozenset({"CodeableConcept"}),
    "text-concept": frozenset({"CodeableConcept"}),
    "Coding": frozenset({"Coding"}),
    "code": frozenset({"code"}),
    "listed-code": frozenset({"code"}),
    "listed-concept": frozenset({"CodeableConcept"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "dateTime": frozenset({"dateTime"}),
    "instant": frozenset({"instant"}),
    "positiveInt": frozenset({"positiveInt", "integer", "unsignedInt"}),
    "text": frozenset({"string", "markdown", "uri", "url"}),
    "display": frozenset({"string", "markdown"}),
    "first-text": frozenset({"string", "markdown"}),
}


def wrong_rows(file: YamlFile, outer: Mapping[str, Any]) -> Iterator[Complaint]:
    """Complaints about `rows` of a file; `outer` are those of the profile it extends."""
    known = {row.key for each in row_files() for row in each.rows} | {key for key, row in outer.items() if row}
    for key, change in file.data.get("rows", {}).items():
        if change is None:
            if key not in known:
                yield file.complaint("there is no such row to remove", "rows", key)
            continue
        try:
            segment, at, resource, to = parse_key(key)
            row = row_of(segment, resource, {"at": at, "to": to, **change}, {})
        except HubError as error:
            yield file.complaint(error.what, "rows", key)
            continue
        yield from (file.complaint(what, "rows", key, *part) for what, part in faults(row))


def faults(row: Row) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is wrong with a row, and the key of the row it is wrong in (none: the row's own name)."""
    if row.value is None and row.datatype not in DATATYPES:
        yield f"no datatype map {row.datatype!r} (there are {', '.join(sorted(DATATYPES))})", ("as",)
    for name, look in (("table", table), ("when", compile_condition)):
        stated = getattr(row, name)
        if stated:
            try:
                look(stated)
            except HubError as error:
                yield error.what, (name,)
    wrong = _wrong_path(row)
    if wrong:
        yield wrong, ()


def _wrong_path(row: Row) -> str:
    """Why the target is no element of R4 that can hold the value."""
    kind = row.resource
    if structure(kind) is None:
        return f"R4 has no resource {kind}"
    parts = row.to.split(".")
    for i, part in enumerate(parts):
        name, listed = part.partition("[")[0], part.endswith("]")
        found = _property(kind, name)
        if found is None:
            return f"{kind} has no element {name}"
        element, ref = found
        if listed != (element.maximum is None):
            return f"{kind}.{name} is {'a list: write ' + name + '[]' if element.maximum is None else 'no list'}"
        kind = ref.name
        if i < len(parts) - 1 and kind in PRIMITIVES:
            return f"{name} has no parts"
    if _lacks_url(row, parts):
        return "an extension needs its url: with: {url: ...}"
    gives = GIVES.get(row.datatype)
    return "" if gives is None or kind in gives else f"{row.datatype} does not fit an element of type {kind}"


def _property(kind: str, name: str) -> tuple[Element, TypeRef] | None:
    found = structure(kind)
    elements = found.elements.values() if found else ()
    pairs = ((element, ref) for element in elements for label, ref in element.properties() if label == name)
    return next(pairs, None)


def _lacks_url(row: Row, parts: list[str]) -> bool:
    """Whether an element `extension` on the way gets no url: the last list takes `with`, the first one `outer`."""
    lists = [i for i, part in enumerate(parts) if part.endswith("]")]
    own = dict.fromkeys(lists[:1], row.outer) | dict.fromkeys(lists[-1:], row.members)
    return any(parts[i].startswith("extension[") and "url" not in (own.get(i) or {}) for i in lists)
