"""Compiled consents as bytes, and back exactly as they were.

What a Consent compiles to depends on this code and on the hub's own addresses. The bytes begin with a `stamp` of both,
so that those of another configuration are told apart and compiled anew, never misread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from consent.compiler import CompiledConsent
from consent.configuration import Configuration
from hub.kernel.errors import Category, HubError

#: Raised whenever compiling gives something else, or packing writes it another way.
FORM: Final = 1
STAMP_BYTES: Final = 16

#: Moments have more digits than msgpack's integers.
_MOMENTS: Final = ("period", "data_period")


def stamp(configuration: Configuration) -> bytes:
    """The bytes that all consents compiled under `configuration` begin with."""
    seen = msgspec.msgpack.encode((FORM, configuration.base_urls))
    return hashlib.blake2b(seen, digest_size=STAMP_BYTES).digest()


def pack(consent: CompiledConsent, configuration: Configuration) -> bytes:
    """The bytes of a consent compiled under `configuration`."""
    plain = msgspec.to_builtins(consent)
    _each_moment(plain, str)
    return stamp(configuration) + msgspec.msgpack.encode(plain)


def unpack(data: bytes, configuration: Configuration) -> CompiledConsent:
    """What `pack` was given. Raises HubError UNAVAILABLE for bytes of another configuration."""
    if data[:STAMP_BYTES] != stamp(configuration):
        raise HubError(
            Category.UNAVAILABLE,
            "was compiled under another configuration",
            where="consent",
            todo="start the hub again, which compiles it anew",
            code="consent-form",
        )
    plain = msgspec.msgpack.decode(data[STAMP_BYTES:])
    _each_moment(plain, int)
    return msgspec.convert(plain, CompiledConsent)


def _each_moment(plain: dict[str, Any], turn: Callable[[Any], Any]) -> None:
    if plain["given"] is not None:
        plain["given"] = turn(plain["given"])
    for rule in plain["rules"] or ():
        for name in _MOMENTS:
            if rule[name] is not None:
                rule[name] = [turn(moment) for moment in rule[name]]
