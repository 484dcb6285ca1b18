"""Coded values (CWE, CE, CNE, CF, IS, ID) to CodeableConcept, Coding and code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from mappings.hl7v2.codetables import Entry
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import CODE, SHORT, Converter, Datatype, Options, fresh, plain
from mappings.hl7v2.datatypes.coding_systems import OID, known_system, system_uri
from mappings.hl7v2.datatypes.local_codes import local_codings, note_unmapped
from mappings.hl7v2.leaves import clean, component, leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.paths import Primitive
from mappings.hl7v2.profile import Coding
from mappings.hl7v2.separators import Separators

#: First component of the code, the text, the system, the version and the system's OID of each coding of a CWE.
_TRIPLETS: Final = ((1, 2, 3, 7, 14), (4, 5, 6, 8, 17), (10, 11, 12, 13, 20))

CONCEPT_PARTS: Final = {
    "1.*": "coding.code",
    "2.*": "coding.display",
    "3": "coding.system",
    "4.*": "coding.code",
    "5.*": "coding.display",
    "6": "coding.system",
    "7": "coding.version",
    "8": "coding.version",
    "9.*": "text",
    "10.*": "coding.code",
    "11.*": "coding.display",
    "12": "coding.system",
    "13": "coding.version",
    "14": "coding.system",
    "17": "coding.system",
    "20": "coding.system",
}


def _coding(
    rep: Repetition, triplet: tuple[int, int, int, int, int], count: int, canonical_base: str, facility: str
) -> dict[str, str]:
    code, text, system, version, oid = triplet
    result: dict[str, str] = {}
    name = leaf(rep, system) if system <= count else ""
    number = leaf(rep, oid) if oid <= count else ""
    stated_oid = OID.match(number) is not None
    if name or stated_oid:
        # An OID is the same everywhere; a name that no standard knows is not.
        told = number if stated_oid and not known_system(name) else name
        result["system"] = system_uri(told, canonical_base, facility)
    stated = leaf(rep, version) if version <= count else ""
    if stated:
        result["version"] = stated
    value = component(rep, code)
    if value and CODE.match(value):
        result["code"] = value
    display = component(rep, text) if text <= count else ""
    if display or value:
        result["display"] = display or ("" if "code" in result else value)
    return {key: value for key, value in result.items() if value}


def concept(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """CodeableConcept: up to three codings and the original text; a text without a code is the text.

    Where the original text is stated too, such a text stays the display of a coding without a code. A sender uses the
    same codes again and again: what a short one becomes is remembered.
    """
    habits = context.habits
    if len(rep.text) > SHORT:
        return _read_concept(rep, habits.canonical_base, habits.facility)
    found: dict[str, Any] | None = fresh(_remembered(rep.text, rep.separators, habits.canonical_base, habits.facility))
    return found


@lru_cache(maxsize=8192)
def _remembered(raw: str, separators: Separators, canonical_base: str, facility: str) -> dict[str, Any] | None:
    return _read_concept(Repetition(raw, separators), canonical_base, facility)


def _read_concept(rep: Repetition, canonical_base: str, facility: str) -> dict[str, Any] | None:
    count = len(rep.components())
    original = component(rep, 9) if count > 8 else ""
    codings = []
    texts = []
    for triplet in _TRIPLETS:
        if triplet[0] > count:
            break
        coding = _coding(rep, triplet, count, canonical_base, facility)
        if "code" in coding or ("display" in coding and original):
            codings.append(coding)
        elif "display" in coding:
            texts.append(coding["display"])
    return _concept(codings, [original] if original else texts)


def _concept(codings: list[dict[str, str]], texts: list[str]) -> dict[str, Any] | None:
    result: dict[str, Any] = {}
    if codings:
        result["coding"] = codings
    if texts:
        result["text"] = "; ".join(dict.fromkeys(texts))
    elif codings and "display" in codings[0]:
        result["text"] = codings[0]["display"]
    return result or None


def make_concept(options: Options) -> Converter:
    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        result = concept(rep, context)
        if result is None:
            return None
        entries = _entries(rep, context, options)
        return with_standard(result, entries) if entries else _worded(result)

    return convert


def mapped_concept(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """CodeableConcept of a value, with what the profile says of its code; it is noted only if the profile maps some."""
    result = concept(rep, context)
    if result is None:
        return None
    codings = local_codings(rep, context)
    if codings:
        return with_standard(result, _as_entries(codings))
    profile = context.habits.profile
    if context.at in {*profile.codes, *profile.concept_maps, *profile.unmapped}:
        note_unmapped(rep, context)
    return _worded(result)


def _worded(result: dict[str, Any]) -> dict[str, Any]:
    """With the words as the text too, where a sender writes words in the place of a code and says no more."""
    code = result["coding"][0].get("code", "") if "text" not in result and "coding" in result else ""
    return result | {"text": code} if " " in code or not code.isascii() else result


def with_standard(result: dict[str, Any], entries: tuple[Entry, ...]) -> dict[str, Any]:
    """The concept with the standard codings first; a code sent without its system adds nothing if it is the same.

    Words that were sent in the place of a code stay the text.
    """
    own = [sent for sent in result.get("coding", ()) if not any(_repeats(sent, entry) for entry in entries)]
    text = _worded(result).get("text") or entries[0].display
    coding = [*(entry.coding() for entry in entries), *own]
    return {"coding": coding, "text": text} if text else {"coding": coding}


def _repeats(sent: dict[str, Any], entry: Entry) -> bool:
    return bool(sent.get("code") == entry.code and sent.get("system", entry.system) == entry.system)


def _make_coding(options: Options) -> Converter:
    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        entries = _entries(rep, context, options)
        if entries:
            return entries[0].coding()
        habits = context.habits
        result = _coding(rep, _TRIPLETS[0], len(rep.components()), habits.canonical_base, habits.facility)
        return result or None

    return convert


def _entries(rep: Repetition, context: Context, options: Options) -> tuple[Entry, ...]:
    """What a code means: by the sender's profile, else by the row's table; one that neither knows is noted."""
    codings = local_codings(rep, context)
    if codings is not None:
        return _as_entries(codings)
    if options.table is not None:
        entry = options.table.get(code_of(rep)) or options.table.get(leaf(rep, 2))
        if entry is not None:
            return (entry,)
    note_unmapped(rep, context)
    return ()


def code_of(rep: Repetition) -> str:
    """The code; where only the alternate one is stated, that (CWE.4)."""
    return leaf(rep, 1) or leaf(rep, 4)


def entry(rep: Repetition, context: Context, options: Options) -> Entry | None:
    entries = _entries(rep, context, options)
    return entries[0] if entries else None


def _as_entries(codings: tuple[Coding, ...]) -> tuple[Entry, ...]:
    return tuple([Entry(coding.code, coding.display, coding.system) for coding in codings])


def make_code(options: Options) -> Converter:
    """A code of a required value set; one not in the table becomes the table's `*` or is absent, and is kept."""

    def convert(rep: Repetition, context: Context) -> Any:
        text = code_of(rep) or leaf(rep, 2)
        if not text:
            return None
        found = entry(rep, context, options)
        if found is not None:
            return found.code
        fallback = options.table.fallback if options.table else None
        kept = context.absent(text, "code not in the table", 1, code="unsupported")
        return Primitive(fallback.code, kept.extension[1:]) if fallback else kept

    return convert


def _make_listed_code(options: Options) -> Converter:
    """A code for a list: what is not in the table cannot be kept there and is refused."""

    def convert(rep: Repetition, context: Context) -> str | None:
        found = entry(rep, context, options)
        if found is None and (code_of(rep) or leaf(rep, 2)):
            context.note("refused", "code not in the table")
        return found.code if found else None

    return convert


def _make_listed_concept(options: Options) -> Converter:
    """A concept whose value set is required: one with no code of the table could not stand there and is refused."""

    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        result = concept(rep, context)
        entries = _entries(rep, context, options) if result else ()
        if result and not entries:
            context.note("refused", "code not in the table")
        return with_standard(result, entries) if result and entries else None

    return convert


def _make_flag(options: Options) -> Converter:
    def convert(rep: Repetition, context: Context) -> bool | None:
        found = entry(rep, context, options)
        if found is None:
            context.note("refused", "neither yes nor no")
            return None
        return bool(found.code == "true")

    return convert


def text(rep: Repetition, _: Context) -> str | None:
    """The whole repetition as one text."""
    return clean(rep.plain()) or None


def first_text(rep: Repetition, _: Context) -> str | None:
    """Display of a coded value: its text, else its code."""
    return leaf(rep, 9) or leaf(rep, 2) or leaf(rep, 1) or None


def component_text(rep: Repetition, _: Context) -> str | None:
    """The first component as a text."""
    return component(rep, 1) or None


def text_concept(rep: Repetition, _: Context) -> dict[str, str] | None:
    """A CodeableConcept that has only a text."""
    whole = clean(rep.plain())
    return {"text": whole} if whole else None


_ONE_CODING: Final = {"1.*": "code", "2.*": "display", "3": "system", "7": "version", "14": "system"}

DATATYPES: Final[dict[str, Datatype]] = {
    "CodeableConcept": Datatype(make_concept, CONCEPT_PARTS, repeated=True),
    "Coding": Datatype(_make_coding, _ONE_CODING, repeated=True),
    "code": Datatype(make_code, {"1": "", "2": "", "4": ""}, repeated=True),
    "listed-code": Datatype(_make_listed_code, {"1": "", "2": "", "4": ""}, repeated=True),
    "listed-concept": Datatype(_make_listed_concept, CONCEPT_PARTS, repeated=True),
    "boolean": Datatype(_make_flag, {"1": ""}, repeated=True),
    "text": plain(text, {"*": ""}),
    "display": plain(first_text, {"1": "", "2": "", "9": ""}),
    "first-text": plain(component_text, {"1.*": ""}),
    "text-concept": plain(text_concept, {"*": "text"}, repeated=True),
}
