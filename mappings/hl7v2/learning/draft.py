"""A draft of a profile from a survey: YAML an engineer reads from top to bottom, mends, and puts to use.

It is right by the schema as it stands. What only the engineer can know stands in comments.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from hub.kernel.types import UnmappedCode
from mappings.hl7v2.charset_names import codec_named
from mappings.hl7v2.codetables import table
from mappings.hl7v2.learning.survey import Kind, Shape, Survey, kinds_of
from mappings.hl7v2.resources.patient import PREFERRED

_CITIZEN: Final = "urn:oid:2.16.156.10011.1.3"
#: Codes listed for one field; a catalogue belongs into a CSV.
_LISTED: Final = 40
#: Share of the numbers of a kind that must have a right check digit to be taken for citizen ids.
_MOSTLY: Final = 0.8


def draft(survey: Survey, name: str, extends: str) -> str:
    """The text of the draft."""
    parts = [_top(survey, name, extends), _accept(survey), _identifiers(survey), _steps(survey), _codes(survey)]
    return "\n".join(line for part in [*parts, _rows(survey), _looks(survey)] for line in part) + "\n"


def _top(survey: Survey, name: str, extends: str) -> Iterator[str]:
    unread = sum(survey.unreadable.values())
    yield f"# Draft from {survey.messages} messages. What it says was guessed from them: check it line by line."
    if unread:
        yield f"# {unread} could not be read: {_listed(survey.unreadable)}."
    yield f"name: {name}"
    if extends:
        yield f"extends: {extends}"
    yield f"# MSH-18 says: {_listed(survey.declared)}. The bytes are: {_listed(survey.charsets)}."
    charset = _lied_about(survey)
    if charset:
        yield f"charset: {charset}"
    yield f"# MSH-7: {_listed(survey.times)}. Times without a zone are taken for this one."
    yield 'zone: "+08:00"'
    if survey.nulls:
        yield f'# "" was sent in {_listed(survey.nulls)}. clear: it removes what is stored; ignore: it says nothing.'
        yield "null_policy: clear"


def _lied_about(survey: Survey) -> str:
    """The one character set the messages are in, if what they declare is another."""
    found = [charset for charset in survey.charsets if charset != "ascii"]
    declared = {codec_named(name) for name in survey.declared if name} - {None, "ascii"}
    return found[0] if len(found) == 1 and declared - {found[0]} else ""


def _accept(survey: Survey) -> Iterator[str]:
    yield f"# Versions: {_listed(survey.versions)}."
    yield f"# Events: {_listed(survey.events)}. To refuse all others:"
    events = ", ".join(_quoted(event) for event in sorted(survey.events) if "(" not in event and "^" in event)
    yield f"# accept: {{events: [{events}]}}"


def _identifiers(survey: Survey) -> Iterator[str]:
    rules = [(kind, shape) for kind, shape in kinds_of(survey) if _names_itself(kind)]
    if not rules:
        return
    best = _patient_key(rules)
    yield "identifiers:"
    yield "  # 2.999 is an arc for examples: put the OID or URI of the facility's own in its place."
    yield "  rules:"
    ordered = sorted(rules, key=lambda pair: _place(pair[0]))
    seen: set[tuple[str, str, bool]] = set()
    for n, (kind, shape) in enumerate(ordered, 1):
        yield f"    # {kind.at}: {_described(shape)}"
        match = (kind.kind, kind.authority, kind.at.startswith("PV1"))
        if match in seen:
            yield "    # named by a rule above"
            continue
        seen.add(match)
        yield "    - {" + ", ".join(_rule(kind, shape, n, best == kind)) + "}"


def _place(kind: Kind) -> tuple[bool, bool, bool]:
    """The first rule that matches wins: what says more of a number comes first, and PID-3 before MRG-1, which has its
    kinds and is where no patient is known by them.
    """
    return not kind.at.startswith("PV1"), not (kind.kind and kind.authority), kind.at != "PID-3"


def _names_itself(kind: Kind) -> bool:
    return (kind.kind or kind.authority) != "" and "(" not in kind.kind + kind.authority


def _described(shape: Shape) -> str:
    length = str(shape.shortest) if shape.shortest == shape.longest else f"{shape.shortest} to {shape.longest}"
    made = "digits" if shape.numeric == shape.count else "characters"
    checked = f"; {shape.citizens} are citizen ids by their check digit" if shape.citizens else ""
    return f"{shape.count}, of {length} {made}{checked}"


def _rule(kind: Kind, shape: Shape, n: int, is_key: bool) -> Iterator[str]:
    if kind.kind:
        yield f"kind: {_quoted(kind.kind)}"
    if kind.authority:
        yield f"authority: {_quoted(kind.authority)}"
    if kind.at.startswith("PV1"):
        yield f"at: {kind.at}"
    known = table("identifier-kinds").get(kind.kind)
    citizen = _is_citizen_id(kind, shape)
    if citizen:
        yield f"system: {_quoted(_CITIZEN)}"
        yield "type: NNCHN"
    else:
        named = known if known and known.code != "NNCHN" else None
        national = table("identifier-systems").get(kind.kind) if named else None
        yield f"system: {_quoted(national.code if national else f'urn:oid:2.999.{n}')}"
        if named and named.code:
            yield f"type: {named.code}"
    if is_key:
        yield "patient_key: true"


def _is_citizen_id(kind: Kind, shape: Shape) -> bool:
    """By the check digits; a kind whose name says so needs the length only, since feeds for tests invent numbers."""
    known = table("identifier-kinds").get(kind.kind)
    named = known is not None and known.code == "NNCHN"
    return shape.citizens >= shape.count * _MOSTLY or (named and shape.shortest >= 15 and shape.longest <= 18)


def _patient_key(rules: list[tuple[Kind, Shape]]) -> Kind | None:
    """The kind a patient is most probably known by at the facility: its own number, in PID-3, and frequent."""

    def rank(pair: tuple[Kind, Shape]) -> tuple[int, int]:
        known = table("identifier-kinds").get(pair[0].kind)
        code = known.code if known else ""
        return (PREFERRED.index(code) if code in PREFERRED else len(PREFERRED), -pair[1].count)

    own = [pair for pair in rules if pair[0].at == "PID-3" and not _is_citizen_id(*pair)]
    most = max((shape.count for _, shape in own), default=0)
    return min((pair for pair in own if pair[1].count * 2 >= most), key=rank)[0] if own else None


def _steps(survey: Survey) -> Iterator[str]:
    whole = survey.names["whole"]
    flags = ", ".join(sorted(survey.flags))
    if whole:
        yield f"# {whole} names stand whole in PID-5.1: parted where the surname is certain; split-name parts them all."
    if flags:
        yield f"# OBX-11 holds {_listed(survey.flags)}: flags where the status belongs. They count only where the"
        yield "# value and its range say the same; say what each of them means if you know."
    if whole or flags:
        yield "# steps:"
    if whole:
        yield "#   - {step: split-name, at: PID-5}"
    if flags:
        yield f'#   - {{step: move, from: OBX-11, at: OBX-8, when: "OBX-11 in ({flags})"}}'
        yield '#   - {step: map-values, at: OBX-8, values: {"0": N, "1": H}}'


def _codes(survey: Survey) -> Iterator[str]:
    if not survey.codes:
        return
    yield "# Local codes without an entry, with the messages they came in. Give each its system and code and take the #"
    yield "# away, or put the table into a CSV: OBX-3: items.csv."
    yield "# codes:"
    listed = sorted(survey.codes.items(), key=lambda pair: (pair[0].field, -pair[1], pair[0].code))
    for at, rows in groupby(listed, key=lambda pair: pair[0].field):
        entries = list(rows)
        yield f"#   {at}:  # {len(entries)} codes"
        yield from (_code(code, count) for code, count in entries[:_LISTED])
        if len(entries) > _LISTED:
            yield f"#     ... and {len(entries) - _LISTED} more"


def _code(code: UnmappedCode, count: int) -> str:
    text = f", display: {_quoted(code.display)}" if code.display else ""
    said = f" of {code.system}" if code.system else ""
    return f'#     {_quoted(code.code)}: {{system: "urn:...", code: "..."{text}}}  # {count} messages{said}'


def _rows(survey: Survey) -> Iterator[str]:
    if not survey.z_fields:
        return
    yield "# Z segments, and in how many of them a field holds something. To keep one, say where:"
    yield "# rows:"
    for at, count in sorted(survey.z_fields.items(), key=lambda pair: _ordered(pair[0])):
        yield f'#   "{at}:Patient.extension[].valueString": {{as: text, with: {{url: "urn:..."}}}}  # {count}'


def _ordered(at: str) -> tuple[str, int]:
    name, _, n = at.partition("-")
    return name, int(n)


def _looks(survey: Survey) -> Iterator[str]:
    if survey.issues:
        yield "# What the conversion remarks, by place and number of messages:"
        for (code, where), count in survey.issues.most_common(_LISTED):
            yield f"#   {where or 'message'}: {code} ({count})"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{key or 'nothing'} ({count})" for key, count in counts.most_common(_LISTED))


def _quoted(text: str) -> str:
    """A text as YAML reads it back: JSON is YAML; plain words need no quotes."""
    return (
        text
        if text.isascii() and text.isalpha() and text.lower() not in _YAML_WORDS
        else json.dumps(text, ensure_ascii=False)
    )


#: Words YAML takes for something else.
_YAML_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
