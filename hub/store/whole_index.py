"""Everything the index holds of one resource, and the columns of its row that are part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from hub.fhir.clinical_codes import clinical_codes
from hub.fhir.contained import add_contained
from hub.fhir.custom import Custom
from hub.fhir.extract import extract
from hub.kernel.types import Json
from hub.store.body_rows import add_members, add_texts
from hub.store.coded import digest
from hub.store.contained_rows import add_containing
from hub.store.index_composites import add_composites
from hub.store.index_rows import FIRST, IndexRows, index_rows
from hub.store.predicate_rows import add_all_references, add_clinical_codes

#: Columns of a current version that hold index values, in the order of `index_columns`.
INDEX_COLUMNS: Final = (
    "tokens",
    "refs",
    "params",
    "date_low",
    "date_high",
    "code_system",
    "code",
    "value",
    "unit",
    "sort_params",
    "sort_texts",
    "coded",
)

#: Resources that go through each step together: more gain no more, and their values are in memory at once.
_TOGETHER: Final = 128


class ToIndex(NamedTuple):
    """A resource under its key, led by `patient` and stored as `body`; `trimmed` as in `add_texts`."""

    key: UUID
    resource: Json
    patient: str | None
    body: bytes
    trimmed: bool


def whole_index(
    key: UUID, resource: Json, patient: str | None, body: bytes, *, custom: Custom, full_text: bool, trimmed: bool
) -> IndexRows:
    """The index of one resource, as `whole_indexes` gives it."""
    (rows,) = whole_indexes([ToIndex(key, resource, patient, body, trimmed)], custom=custom, full_text=full_text)
    return rows


def whole_indexes(resources: Sequence[ToIndex], *, custom: Custom, full_text: bool) -> list[IndexRows]:
    """The indexes of some resources. Raises HubError INVALID if one names another patient as its own."""
    found: list[IndexRows] = []
    for begin in range(0, len(resources), _TOGETHER):
        found += _together(resources[begin : begin + _TOGETHER], custom, full_text=full_text)
    return found


def _together(resources: Sequence[ToIndex], custom: Custom, *, full_text: bool) -> list[IndexRows]:
    """Each step for all of them before the next: its code is at hand then, which is more than the resource is."""
    types = [one.resource["resourceType"] for one in resources]
    values = [extract(one.resource) for one in resources]
    ways = [add_contained(one.resource, of) for one, of in zip(resources, values, strict=True)]
    for rtype, one, extracted in zip(types, resources, values, strict=True):
        custom.add(rtype, one.resource, extracted)
    rows = [index_rows(rtype, one.patient, of) for rtype, one, of in zip(types, resources, values, strict=True)]
    for rtype, each, extracted in zip(types, rows, values, strict=True):
        add_composites(each, rtype, extracted)
    for rtype, one, each, found in zip(types, resources, rows, ways, strict=True):
        if found:
            add_containing(each, rtype, one.key, found)
    for one, each in zip(resources, rows, strict=True):
        codes = clinical_codes(one.resource)
        add_clinical_codes(each, codes)
        add_all_references(each, one.body)
        each.coded = digest(codes, one.resource)
    if full_text:
        for one, each in zip(resources, rows, strict=True):
            add_texts(each, one.resource, one.body, trimmed=one.trimmed)
    for rtype, one, each in zip(types, resources, rows, strict=True):
        if rtype == "List":
            add_members(each, one.resource)
    return rows


def index_columns(rows: IndexRows) -> tuple[Any, ...]:
    """In the order of INDEX_COLUMNS, as COPY is told them (row_copy.py)."""
    return (
        rows.tokens.keys(),
        rows.refs.keys(),
        rows.params.keys(),
        rows.date_low if rows.date_high else FIRST,
        rows.date_high,
        rows.code_system,
        rows.code,
        rows.value,
        rows.unit,
        *sort_columns(rows),
        rows.coded,
    )


def index_arguments(rows: IndexRows) -> tuple[Any, ...]:
    """As `index_columns`, as a statement is told them."""
    tokens, refs, params, *rest = index_columns(rows)
    return (*hash_arguments(tokens, refs), list(params), *rest)


def hash_arguments(*hashes: Iterable[bytes]) -> list[list[UUID]]:
    """Hashes of the index as a statement is told them."""
    return [[UUID(bytes=one) for one in several] for several in hashes]


def sort_columns(rows: IndexRows) -> tuple[list[int], list[str]]:
    """`sort_params` and `sort_texts` of a row."""
    params: list[int] = []
    texts: list[str] = []
    for param, ends in rows.sorts.items():
        for text in dict.fromkeys(ends):
            params.append(param)
            texts.append(text)
    return params, texts
