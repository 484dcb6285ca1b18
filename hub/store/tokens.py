"""The hashes the index is made of: 128 bits over parameter, kind and value, so that a collision is no concern.

One coding gives a hash for each way to ask for it (R4 search.html 3.1.1.4.10 token): `code`, `system|code`,
`system|`, and `|code` where it has no system. The type is part of the parameter's number, so a hash needs no type
beside it. A modifier that looks at other values (`code:text`, `subject:identifier`, `identifier:of-type`) is hashed
as a parameter of its own.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final
from uuid import UUID

from asyncpg.pgproto import pgproto

from hub.kernel.ids import reference_key

_CODE: Final = b"c"
_SYSTEM_AND_CODE: Final = b"f"
_SYSTEM: Final = b"s"
_NO_SYSTEM: Final = b"n"
_REFERENCE: Final = b"r"
_TEXT: Final = b"t"
_BELOW: Final = b"b"
_UNVERSIONED: Final = b"u"
_PAIR: Final = b"p"


@lru_cache(maxsize=8192)
def param_number(rtype: str, code: str) -> int:
    """Number (signed, 32 bits) of a search parameter; those of every resource (`_tag`) have one for all types."""
    base = "Resource" if code.startswith("_") else rtype
    digest = hashlib.sha256(f"{base}.{code}".encode()).digest()
    return int.from_bytes(digest[:4], "big", signed=True)


#: Stands for every code of a resource by which consents name it (hub.fhir.clinical_codes), whatever its type.
CLINICAL_CODE: Final = param_number("Resource", "_clinical-code")

#: The canonical URLs of meta.profile.
PROFILE: Final = param_number("Resource", "_profile")


def lead_number(rtype: str, code: str) -> int:
    """Stands among a row's parameters if this one names the patient whose key leads the row."""
    return param_number(rtype, code + ":leads")


def token_hashes(param: int, system: str | None, code: str | None) -> tuple[UUID, ...]:
    """Every hash a coding is found by, the one of its bare code first if it has a code."""
    hashes = []
    if code is not None:
        hashes.append(bare_code(param, code))
        hashes.append(system_and_code(param, system, code) if system else no_system(param, code))
    if system:
        hashes.append(any_code_of(param, system))
    return tuple(hashes)


def bare_code(param: int, code: str) -> UUID:
    """`code`, whatever its system."""
    return _hash(param, _CODE, code.encode())


def system_and_code(param: int, system: str, code: str) -> UUID:
    """`system|code`."""
    framed = system.encode()
    return _hash(param, _SYSTEM_AND_CODE, len(framed).to_bytes(4, "big") + framed + code.encode())


def any_code_of(param: int, system: str) -> UUID:
    """`system|`."""
    return _hash(param, _SYSTEM, system.encode())


def no_system(param: int, code: str) -> UUID:
    """`|code`."""
    return _hash(param, _NO_SYSTEM, code.encode())


def reference_prefix(param: int) -> bytes:
    """What stands before the 16 bytes of a key in the hash of a reference: SQL makes the same hash (see sql.py)."""
    return param.to_bytes(4, "big", signed=True) + _REFERENCE


def reference(param: int, pointed: UUID) -> UUID:
    """A reference to a resource of the store, by its key."""
    return _hash(param, _REFERENCE, pointed.bytes)


def target(param: int, rtype: str, rid: str) -> tuple[UUID, UUID]:
    """Key of a resource that is referred to, and the hash of the reference."""
    found = key(rtype, rid)
    return found, reference(param, found)


#: Key of a resource that is referred to.
key: Final = reference_key


def text(param: int, value: str) -> UUID:
    """A text as it stands: a uri, a reference elsewhere, the folded text of a coding."""
    return _hash(param, _TEXT, value.encode())


def below(param: int, prefix: str) -> UUID:
    """A uri that stands below `prefix` (R4 search.html 3.1.1.4.3, `:below`)."""
    return _hash(param, _BELOW, prefix.encode())


def text_prefix(param: int) -> bytes:
    """What stands before a text in its hash, which SQL makes too."""
    return param.to_bytes(4, "big", signed=True) + _TEXT


def unversioned(param: int, canonical: str) -> UUID:
    """A canonical URL that states no version, and so means any."""
    return _hash(param, _UNVERSIONED, canonical.encode())


def unversioned_prefix(param: int) -> bytes:
    """What stands before a canonical URL in the hash of one that states no version."""
    return param.to_bytes(4, "big", signed=True) + _UNVERSIONED


def version_prefixes(canonical: str) -> tuple[str, ...]:
    """What a canonical `url|1.2.3` is `:below`: url|1.2.3, url|1.2, url|1 and url; a text without version: nothing."""
    url, bar, version = canonical.partition("|")
    parts = version.split(".") if bar else []
    versions = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return (*(f"{url}|{one}" for one in versions), url) if bar else ()


def pair(param: int, parts: tuple[UUID, ...]) -> UUID:
    """Several hashes that hold of one element: a composite of tokens."""
    return _hash(param, _PAIR, b"".join(part.bytes for part in parts))


def uri_prefixes(uri: str) -> tuple[str, ...]:
    """`uri` and what it is `:below`: every part of it that ends before a "/" of its path."""
    path_start = uri.find("://") + 3
    if path_start < 3:
        return (uri,)
    return (uri, *(uri[:at] for at in range(path_start, len(uri)) if uri[at] == "/"))


def _hash(param: int, kind: bytes, value: bytes) -> UUID:
    # The driver's own UUID: it is made and sent several times faster than the standard one.
    return pgproto.UUID(hashed(param.to_bytes(4, "big", signed=True) + kind, value))


def hashed(prefix: bytes, value: bytes) -> bytes:
    """The bytes of a hash, whose parameter and kind are `prefix`."""
    return hashlib.sha256(prefix + value).digest()[:16]
