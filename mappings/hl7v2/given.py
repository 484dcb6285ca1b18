"""What the mapping itself puts into resources, whatever a message says: the codings and URIs of its tables and rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from mappings.hl7v2.codetables import table, table_names
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.rowfile import row_files

_CODE_SYSTEMS: Final = "coding-systems"


@dataclass(frozen=True, slots=True)
class Given:
    """Codes by system, and URIs of systems and extensions."""

    codes: Mapping[str, frozenset[str]]
    uris: frozenset[str]


def given(profile: Profile, canonical_base: str) -> Given:
    """What a message of a feed cannot have brought in, because it was known before."""
    codes, uris = _shipped()
    own = [rule.system for rule in profile.identifier_rules]
    maps = (*profile.codes.values(), *profile.code_systems.values())
    own += [coding.system for codes_of in maps for codings in codes_of.values() for coding in codings]
    return Given(codes, frozenset(uri.replace("{base}", canonical_base) for uri in (*uris, *own)))


@cache
def _shipped() -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
    codes: dict[str, set[str]] = {}
    for system, code in (*_of_tables(), *_of_rows()):
        codes.setdefault(system, set()).add(code)
    uris = {entry.code for entry in table(_CODE_SYSTEMS).entries.values()}
    urls = {member["url"] for member in _members() if isinstance(member.get("url"), str)}
    return {system: frozenset(each) for system, each in codes.items()}, frozenset({*codes, *uris, *urls})


def _of_tables() -> Iterator[tuple[str, str]]:
    for name in table_names():
        yield from ((entry.system, entry.code) for entry in table(name).entries.values() if entry.system)


def _of_rows() -> Iterator[tuple[str, str]]:
    for member in _members():
        if isinstance(member.get("system"), str) and isinstance(member.get("code"), str):
            yield member["system"], member["code"]


def _members() -> Iterator[Mapping[str, Any]]:
    """Every object among the constants of the rows."""
    for file in row_files():
        for row in file.rows:
            yield from _objects([row.members, row.outer, row.value])


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)
