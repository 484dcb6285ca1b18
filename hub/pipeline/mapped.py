"""Gives local codes the meanings that concept maps have for them, whatever the format they came in.

A CodeableConcept of a resource is looked at as a whole: a map of the terminology that the feed names is asked by system
and code; one that nobody else would understand is asked of what engineers approved, by the element it stands in, and is
noted for them if that does not tell either; what was found (`value`) is never noted. What the sender wrote stays beside
what it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from hub.fhir.long_drafts import changed
from hub.kernel.local_codes import is_local, local_system, tellable
from hub.kernel.ports import CodeMaps, Translator
from hub.kernel.types import Coded, Draft, Json, Translation, UnmappedCode

#: Members in which no code is a statement about a patient or a service.
_PASSED_OVER: Final = frozenset({"meta", "extension", "modifierExtension", "identifier", "text", "contact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coder:
    """What is known of one feed's codes: `named` maps of the terminology, and `approved`, that of its engineers
    ("": the format asks it itself).
    """

    maps: CodeMaps
    canonical_base: str
    named: tuple[str, ...] = ()
    approved: str = ""

    def means(self, field: str, coding: Json) -> tuple[Coded, ...]:
        """What a code means by the maps."""
        system, code = str(coding.get("system", "")), str(coding.get("code", ""))
        found = [one for url in self.named for one in self.maps.targets(url, code, system)]
        if not found and self.approved and self.is_local(system):
            found = [*self.maps.targets(self.approved, code, local_system(field, system))]
        return tuple(found)

    def is_local(self, system: str) -> bool:
        """Whether a code system means something to its sender alone."""
        return is_local(system, self.canonical_base)


def with_meanings(translator: Translator, coder: Coder) -> Translator:
    """A translator whose resources say what their local codes mean, and which of them nobody knows."""

    def translate(raw: bytes) -> Translation:
        translation = translator(raw)
        unmapped: dict[UnmappedCode, None] = dict.fromkeys(translation.unmapped)
        drafts = changed(translation.drafts, lambda draft: _draft(draft, coder, unmapped))
        return replace(translation, drafts=drafts, unmapped=tuple(unmapped))

    return translate


def _draft(draft: Draft, coder: Coder, unmapped: dict[UnmappedCode, None]) -> Draft:
    coded = _coded(draft.resource, draft.resource["resourceType"], coder, unmapped)
    return draft if coded is draft.resource else replace(draft, resource=coded)


def _coded(value: Any, path: str, coder: Coder, unmapped: dict[UnmappedCode, None]) -> Any:
    """The value with its concepts coded: a new one where something was, for translators share what never changes."""
    if isinstance(value, list):
        made = [_coded(one, path, coder, unmapped) for one in value]
        return made if any(new is not old for new, old in zip(made, value, strict=True)) else value
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("coding"), list):
        return _concept(value, path, coder, unmapped)
    changed = {name: made for name, old, made in _members(value, path, coder, unmapped) if made is not old}
    return {**value, **changed} if changed else value


def _members(
    value: Json, path: str, coder: Coder, unmapped: dict[UnmappedCode, None]
) -> Iterator[tuple[str, Any, Any]]:
    for name, old in value.items():
        if name not in _PASSED_OVER and isinstance(old, dict | list):
            yield name, old, _coded(old, f"{path}.{name}", coder, unmapped)


def _concept(concept: Json, field: str, coder: Coder, unmapped: dict[UnmappedCode, None]) -> Json:
    stated = [one for one in concept["coding"] if isinstance(one, dict) and one.get("code")]
    known = {(one.get("system", ""), one["code"]) for one in stated}
    means = dict.fromkeys(meant for one in stated for meant in coder.means(field, one))
    added = [_coding(one) for one in means if one[:2] not in known]
    if added:
        return {**concept, "coding": [*added, *concept["coding"]]}
    local = [one for one in stated if coder.is_local(str(one.get("system", "")))]
    found = field.rpartition(".")[2].startswith("value")
    if coder.approved and not means and local and len(local) == len(stated) and not found:
        first = local[0]
        told = tellable(field, first["code"], first.get("system", ""), first.get("display") or concept.get("text", ""))
        if told.code:
            unmapped[told] = None
    return concept


def _coding(meant: Coded) -> Json:
    return {"system": meant.system, "code": meant.code, **({"display": meant.display} if meant.display else {})}
