"""That a row contains something a reference of it leads to, as the inner look of a chain asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from hub.fhir.contained import step, way
from hub.store import tokens
from hub.store.index_rows import IndexRows
from hub.store.tokens import param_number


def add_containing(rows: IndexRows, rtype: str, key: UUID, ways: Iterable[tuple[str, str]]) -> None:
    """`ways`: (reference parameter, type of what is contained). The row's own key stands for what it contains."""
    for code, contained in ways:
        rows.tokens[tokens.reference(param_number(rtype, step(code)), key).bytes] = None
        rows.tokens[containing(rtype, code, contained).bytes] = None


def containing(rtype: str, code: str, contained: str) -> UUID:
    """The hash in every row of a type whose reference leads to something contained of a type."""
    return tokens.text(param_number(rtype, way(code, contained)), "")
