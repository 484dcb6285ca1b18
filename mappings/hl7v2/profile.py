"""Facility profile: what is peculiar to one sending system, as data an engineer writes in YAML.

It says how the sender's identifiers are named and which of them recognise a patient, the character set and zone, what
"" means, which events are taken, what is mended before mapping (`steps`), local codes, and changes of mapping rows.
Nothing in it names the facility: one profile serves every facility that runs the same system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from hub.kernel.yamlfile import Complaint, YamlFile, check, read, refuse
from mappings.hl7v2.charset_names import codec_named
from mappings.hl7v2.profile_schema import SCHEMA

NullPolicy = Literal["clear", "ignore"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One pre-processor: `name` of the registry in `mappings.hl7v2.steps`, where it works, and its arguments."""

    name: str
    at: str
    source: str = ""
    value: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All a profile says. `charset` is a Python codec or None, `zone` an offset (`+08:00`) or None if it is not stated.

    `rows` is by key of a mapping row; None removes the row.
    """

    name: str = "default"
    charset: str | None = None
    zone: str | None = None
    null: NullPolicy = "clear"
    events: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    ignored_identifiers: frozenset[str] = frozenset()
    identifier_rules: tuple[IdentifierRule, ...] = ()
    steps: tuple[Step, ...] = ()
    codes: Mapping[str, Mapping[str, Coding]] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)

    def identifies(self, value: str) -> bool:
        """Whether a value is an identifier at all: not blank, not zeros, not listed as meaning nothing."""
        text = value.strip()
        return bool(text.strip("0")) and text != '""' and text not in self.ignored_identifiers

    def rule(self, at: str, authority: Sequence[str], kind: str) -> IdentifierRule | None:
        """The first rule for an identifier of field `at`; `authority` holds the parts of CX.4 (HD.1 to HD.3)."""
        return next((rule for rule in self.identifier_rules if rule.matches(at, authority, kind)), None)

    def rank(self, rule: IdentifierRule | None) -> int | None:
        """Place of a rule among those that recognise a patient, 0 first; None if it does not."""
        keys = [each for each in self.identifier_rules if each.patient_key]
        return keys.index(rule) if rule in keys else None

    def coding(self, at: str, code: str) -> Coding | None:
        """The standard coding for a local code in field `at` (`OBX-3`)."""
        return self.codes.get(at, {}).get(code)

    def takes_event(self, kind: str) -> bool:
        """Whether an event such as `ADT^A01` is taken."""
        return not self.events or kind in self.events or kind.partition("^")[0] + "^*" in self.events

    def takes_version(self, version: str) -> bool:
        return not self.versions or version in self.versions


#: What holds for a sender nobody described.
DEFAULT: Final = Profile()


def load(path: Path) -> Profile:
    """Read and check a profile. Raises HubError INVALID with one line per complaint (`file:line: ...`)."""
    file = read(path)
    refuse(file, check(file, SCHEMA) or list(_contradictions(file)))
    return _profile(file.data)


def _contradictions(file: YamlFile) -> Iterable[Complaint]:
    data = file.data
    if "charset" in data and codec_named(data["charset"]) is None:
        yield file.complaint("no character set the hub knows", "charset")
    rules = data.get("identifiers", {}).get("rules", [])
    for i, rule in enumerate(rules):
        if any(_shadows(earlier, rule) for earlier in rules[:i]):
            yield file.complaint("never reached: an earlier rule matches all of it", "identifiers", "rules", i)


def _shadows(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    return all(earlier.get(key) in (None, later.get(key)) for key in ("kind", "authority", "at"))


def _profile(data: Mapping[str, Any]) -> Profile:
    identifiers = data.get("identifiers", {})
    accept = data.get("accept", {})
    return Profile(
        name=data["name"],
        charset=codec_named(data["charset"]) if "charset" in data else None,
        zone=data.get("zone"),
        null=data.get("null_policy", "clear"),
        events=tuple(accept.get("events", ())),
        versions=tuple(accept.get("versions", ())),
        ignored_identifiers=frozenset(identifiers.get("ignore", ())),
        identifier_rules=tuple(IdentifierRule(**rule) for rule in identifiers.get("rules", ())),
        steps=tuple(map(_step, data.get("steps", ()))),
        codes={at: {c: Coding(**row) for c, row in rows.items()} for at, rows in data.get("codes", {}).items()},
        rows=data.get("rows", {}),
    )


def _step(row: Mapping[str, Any]) -> Step:
    values = row.get("values", {})
    return Step(
        name=row["step"],
        at=row["at"],
        source=row.get("from", ""),
        value=row.get("value", ""),
        values=values if isinstance(values, dict) else dict.fromkeys(values, ""),
        events=tuple(row.get("events", ())),
    )
