"""Facility profile: what is peculiar to one sending system, as the mappings ask for it.

It says how the sender's identifiers are named and which of them recognise a patient, the character set and zone, what
"" means, which events are taken, what is mended before mapping (`steps`), local codes, and changes of mapping rows.
Nothing in it names the facility: one profile serves every facility that runs the same system. The files in which
engineers write profiles are read by `mappings.hl7v2.profiles.load`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

VisitKey = Literal["number", "number-and-admission"]
NullPolicy = Literal["clear", "ignore"]
UnmappedPolicy = Literal["keep", "block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRule:
    """Names the identifiers that match `kind` (CX.5), `authority` (any part of CX.4) and `at`; "" matches all.

    `system` and `type` (table 0203) are what they become; `patient_key`: a patient may be recognised by it.
    """

    system: str
    kind: str = ""
    authority: str = ""
    at: str = ""
    type: str = ""
    patient_key: bool = False

    def matches(self, at: str, authority: Sequence[str], kind: str) -> bool:
        return (
            (not self.kind or self.kind == kind)
            and (not self.authority or self.authority in authority)
            and (not self.at or self.at == at)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A standard coding that stands for a local code."""

    system: str
    code: str
    display: str = ""


#: Local code, or the text that is sent in its place, to the codings it means.
CodeMap = Mapping[str, tuple[Coding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One pre-processor: `step` of the registry in `mappings.hl7v2.steps`, where it works, and its arguments.

    `name` is how a profile that extends this one speaks of it. `when` is a condition in the language of rows.
    """

    step: str
    at: str
    name: str = ""
    source: str = ""
    value: str = ""
    pattern: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All a profile says. `charset` is a Python codec or None, `zone` an offset (`+08:00`) or None if it is not stated.

    `nulls` overrides `null` by segment or field; `codes` is by field, `code_systems` by the name of the coding system
    as sent; `concept_maps`: the ConceptMap asked after them, by field; `unmapped` is by field; `rows` is by key of a
    mapping row: another row, a new one, or None to remove it.
    """

    name: str = "default"
    charset: str | None = None
    zone: str | None = None
    visit_key: VisitKey = "number"
    null: NullPolicy = "clear"
    nulls: Mapping[str, NullPolicy] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    ignored_identifiers: frozenset[str] = frozenset()
    identifier_rules: tuple[IdentifierRule, ...] = ()
    steps: tuple[Step, ...] = ()
    codes: Mapping[str, CodeMap] = field(default_factory=dict)
    code_systems: Mapping[str, CodeMap] = field(default_factory=dict)
    concept_maps: Mapping[str, str] = field(default_factory=dict)
    unmapped: Mapping[str, UnmappedPolicy] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)

    def identifies(self, value: str) -> bool:
        """Whether a value is an identifier at all: not blank, not zeros, not listed as meaning nothing."""
        text = value.strip()
        return bool(text.strip("0")) and text != '""' and text not in self.ignored_identifiers

    def rule(self, at: str, authority: Sequence[str], kind: str) -> IdentifierRule | None:
        """The first rule for an identifier of field `at`; `authority` holds the parts of CX.4 (HD.1 to HD.3)."""
        for rule in self.identifier_rules:
            if rule.matches(at, authority, kind):
                return rule
        return None

    def rank(self, rule: IdentifierRule | None) -> int | None:
        """Place of a rule among those that recognise a patient, 0 first; None if it does not."""
        keys = [each for each in self.identifier_rules if each.patient_key]
        return keys.index(rule) if rule in keys else None

    def kind(self, rule: IdentifierRule) -> str:
        """The type of a rule where others give its system another one; "" where the system counts one kind alone."""
        types = {each.type for each in self.identifier_rules if each.system == rule.system}
        return rule.type if len(types) > 1 else ""

    def clears(self, segment: str, n: int) -> bool:
        """Whether "" in that field removes what is stored: by the field, its segment, or the profile."""
        return (self.nulls.get(f"{segment}-{n}") or self.nulls.get(segment) or self.null) == "clear"

    def codings(self, at: str, code: str, text: str = "", system: str = "") -> tuple[Coding, ...] | None:
        """The codings of a local code of field `at` (`OBX-3`), or of its text; None if the profile has none.

        Empty if code and text stand for different things: then neither is believed. Maps of the field come first.
        """
        by_code = by_text = None
        for codes in (self.codes.get(at), self.code_systems.get(system)):
            if codes:
                by_code = by_code or codes.get(code)
                by_text = by_text or codes.get(text)
        if by_code and by_text and by_code[0].code != by_text[0].code:
            return ()
        return by_code or by_text

    def takes_event(self, kind: str) -> bool:
        """Whether an event such as `ADT^A01` is taken."""
        return not self.events or kind in self.events or kind.partition("^")[0] + "^*" in self.events

    def takes_version(self, version: str) -> bool:
        return not self.versions or version in self.versions


#: What holds for a sender nobody described.
DEFAULT: Final = Profile()
