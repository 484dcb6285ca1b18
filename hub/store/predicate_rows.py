"""What the conditions of the gate's predicate look for in a row, beyond what searches do (hub.store.conditions)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from hub.fhir.structure import RESOURCE_TYPES
from hub.store import tokens
from hub.store.index_rows import IndexRows

#: A Reference.reference as it stands in a body. In a string its quotes would be escaped, so it is none of those; an id
#: has no character that might be. Looking for it is twenty times as fast as walking through the resource.
_REFERENCE: Final = re.compile(
    rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"'
)
#: Bytes of a body whose references are not in memory together: one may have a hundred thousand.
_LONG: Final = 65_536
_TYPES: Final = {name.encode(): name for name in RESOURCE_TYPES}


def add_clinical_codes(rows: IndexRows, codes: Iterable[tuple[str, str]]) -> None:
    """The hashes by which a consent's codes are looked for, whatever the type."""
    for system, code in codes:
        rows.tokens[_clinical_code(system, code)] = None


@lru_cache(maxsize=16384)
def _clinical_code(system: str, code: str) -> bytes:
    return tokens.system_and_code(tokens.CLINICAL_CODE, system, code).bytes


def add_all_references(rows: IndexRows, body: bytes) -> None:
    """The keys of every local reference, of those too that no search parameter finds. `body` has no spare blanks."""
    found = _REFERENCE.findall(body) if len(body) < _LONG else map(re.Match[bytes].groups, _REFERENCE.finditer(body))
    for rtype, rid in found:
        known = _TYPES.get(rtype)
        if known is not None:
            rows.refs[tokens.key(known, rid.decode()).bytes] = None
