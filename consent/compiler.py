"""Compiles Consent resources, whoever's they are and whatever their status: parse once, evaluate many."""

from __future__ import annotations

from typing import Final

import msgspec

from consent.configuration import DEFAULT, Configuration
from consent.provisions import read_rules
from consent.references import References
from consent.rule import Rule
from consent.shapes import Object, has_code, items, record, records, text
from consent.tables import CONSENT_SCOPE
from consent.times import moment

#: What consents share when one supersedes the other (section 4f): an identifier, or the id.
Key = tuple[str, str | None, str]

#: A `meta.versionId` as it is ordered: number of digits, then digits.
Version = tuple[int, str]

_ZERO: Final[Version] = (0, "")


class CompiledConsent(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """All the rules ask of one Consent. `given` is the first moment of `dateTime`, None if missing or malformed.

    `performers` holds one cleaned reference for each performer, None for one that cannot be told. `rules` is None when
    the consent cannot be processed (section 4h); rule 0 is the root. `id` and `version_id` are for the audit.
    """

    id: str
    version_id: str
    patient: str | None
    status: str | None
    privacy: bool
    research: bool
    given: int | None
    performers: tuple[str | None, ...]
    keys: frozenset[Key]
    version: Version
    rules: tuple[Rule, ...] | None


def compile_consents(consents: object, configuration: Configuration = DEFAULT) -> tuple[CompiledConsent, ...]:
    """Every Consent of a list, in its order. What is no object has no patient, so it is left out (section 4a)."""
    references = References(configuration.base_urls)
    return tuple(compile_consent(consent, references) for consent in records(consents))


def compile_consent(consent: Object, references: References) -> CompiledConsent:
    """One Consent. Never raises: what cannot be read is absent, or makes it unprocessable, as section 4 says."""
    version_id = record(consent.get("meta")).get("versionId")
    scope = [consent.get("scope")]
    return CompiledConsent(
        id=text(consent.get("id")) or "",
        version_id=text(version_id) or "",
        patient=references.of(consent.get("patient")),
        status=text(consent.get("status")),
        privacy=has_code(scope, CONSENT_SCOPE, "patient-privacy"),
        research=has_code(scope, CONSENT_SCOPE, "research"),
        given=moment(consent.get("dateTime")),
        performers=tuple(references.of(performer) for performer in items(consent.get("performer"))),
        keys=_keys(consent),
        version=_version(version_id),
        rules=read_rules(consent, references),
    )


def _keys(consent: Object) -> frozenset[Key]:
    identifiers = records(consent.get("identifier"))
    keys: set[Key] = {
        ("identifier", text(identifier.get("system")), value)
        for identifier in identifiers
        if (value := text(identifier.get("value"))) is not None
    }
    own_id = text(consent.get("id"))
    if own_id is not None:
        keys.add(("id", None, own_id))
    return frozenset(keys)


def _version(value: object) -> Version:
    """Missing or non-numeric counts as 0. Digits are not turned into a number: they may be very many."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(written, str) or not written.isascii() or not written.isdigit():
        return _ZERO
    digits = written.lstrip("0")
    return len(digits), digits
