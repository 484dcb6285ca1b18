"""A digest of what consents may name in a body: its clinical codes and its profiles. Pure.

Bodies of one digest are alike in both, so that what is decided of one holds for all (hub.gate.alike). Codes are hashed
in the index anyway, and the promoted one stands in clear there: the digest gives away nothing more.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from hub.fhir.clinical_codes import clinical_codes
from hub.fhir.json import dumps
from hub.kernel.types import Json

#: Bytes: two sets of codes that share a digest would share a decision.
_WIDTH: Final = 16


def coded(resource: Json) -> bytes:
    """The digest of a resource, the same whatever the order of what is in it."""
    return digest(clinical_codes(resource), resource)


def digest(codes: frozenset[tuple[str, str]], resource: Json) -> bytes:
    """As `coded`, of a resource whose clinical codes are known."""
    return _digest(codes, tuple(resource.get("meta", {}).get("profile", ())))


@lru_cache(maxsize=65536)
def _digest(codes: frozenset[tuple[str, str]], profiles: tuple[str, ...]) -> bytes:
    said = dumps([sorted(codes), sorted(set(profiles))])
    return hashlib.blake2b(said, digest_size=_WIDTH).digest()
