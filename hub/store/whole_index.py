"""Everything the index holds of one resource, and the columns of its row that are part of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from hub.fhir.clinical_codes import clinical_codes
from hub.fhir.custom import Custom
from hub.fhir.extract import extract
from hub.kernel.types import Json
from hub.store.body_rows import add_members, add_texts
from hub.store.coded import digest
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


def whole_index(
    resource: Json, patient: str | None, body: bytes, *, custom: Custom, full_text: bool, trimmed: bool
) -> IndexRows:
    """The index of a resource led by `patient` and stored as `body`; `trimmed` as in `add_texts`.

    Raises HubError INVALID if it names another patient as its own.
    """
    rtype = resource["resourceType"]
    values = extract(resource)
    custom.add(rtype, resource, values)
    rows = index_rows(rtype, patient, values)
    add_composites(rows, rtype, values)
    codes = clinical_codes(resource)
    add_clinical_codes(rows, codes)
    add_all_references(rows, body)
    rows.coded = digest(codes, resource)
    if full_text:
        add_texts(rows, resource, body, trimmed=trimmed)
    if rtype == "List":
        add_members(rows, resource)
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
