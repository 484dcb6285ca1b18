"""Resource ids and the wide hashes the index is made of.

An id derived from a message is a keyed hash, so that the same source gives the same id and nobody without the
installation secret can guess it. A resource created by a client gets a random id. Both match FHIR's id pattern.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol
from uuid import UUID

from asyncpg.pgproto import pgproto

#: The key of `yilian convert`: public, so that everybody's conversion of one file gives the same ids.
PUBLIC_KEY: Final = b"yilian-convert-public-key"

#: Returns `n` random bytes.
RandomBytes = Callable[[int], bytes]


class IdMaker(Protocol):
    """Gives the id of a resource from what identifies it at its source."""

    def __call__(self, facility: str, resource_type: str, authority: str, key: str) -> str:
        """Return 26 characters [a-z2-7]."""
        ...


def keyed_ids(secret: bytes) -> IdMaker:
    """An `IdMaker` over a secret of 16 to 64 bytes; every argument is length-framed, so no two tuples collide.

    The ids of wards and doctors are asked for again and again: the last few hundred are remembered.
    """

    @lru_cache(maxsize=1024)
    def begun(facility: str, resource_type: str) -> hashlib.blake2b:
        return hashlib.blake2b(_framed(facility) + _framed(resource_type), digest_size=16, key=secret)

    @lru_cache(maxsize=256)
    def make(facility: str, resource_type: str, authority: str, key: str) -> str:
        digest = begun(facility, resource_type).copy()
        digest.update(_framed(authority) + _framed(key))
        return _base32(digest.digest())

    return make


def _framed(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def random_id(random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """A fresh id of 128 random bits."""
    return _base32(random_bytes(16))


def hash128(text: str) -> UUID:
    """128 bits of BLAKE2b over UTF-8: tokens, references and patient keys of the index; collisions are no concern."""
    # The driver's own UUID: it is made, hashed and sent several times faster than the standard one.
    return pgproto.UUID(hashlib.blake2b(text.encode(), digest_size=16).digest())


@lru_cache(maxsize=16384)
def reference_key(resource_type: str, resource_id: str) -> UUID:
    """The index key of a local reference. For a Patient it is the source-patient key that leads the tables.

    Asked for five times while a resource is written, and of few patients at a time.
    """
    return hash128(f"{resource_type}/{resource_id}")


_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
#: Two letters for every ten bits: twice as fast as the standard library's base 32, and ids are made by the million.
_PAIRS: Final = [first + second for first in _LETTERS for second in _LETTERS]
_SHIFTS: Final = range(120, -1, -10)


def _base32(data: bytes) -> str:
    """RFC 4648 base 32 of 16 bytes in lower case, without padding."""
    number = int.from_bytes(data, "big") << 2
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def control_ids(secret: bytes) -> Callable[[str, bytes], str]:
    """Gives MSH-10 of an outbound message, 20 letters and digits, from what it is about and what it says.

    The same content gives the same id whenever it is sent, other content another one; nobody without the secret can
    tell from it how many messages there are.
    """

    def make(about: str, content: bytes) -> str:
        digest = hashlib.blake2b(len(about.encode()).to_bytes(4, "big") + about.encode() + content, key=secret)
        return _base32(digest.digest()[:16])[:20].upper()

    return make
