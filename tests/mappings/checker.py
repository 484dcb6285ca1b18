"""A second, naive reading of HL7 v2 that shares no code with the parser: which values must be found in the output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import fhirkit

from hub.fhir.json import dumps, loads
from hub.fhir.validate import validate
from hub.kernel.types import Json

#: Fields whose every leaf must come out, and those of which the identifier itself (component 1) must.
WHOLE = {"OBX": (5,)}
NUMBERS = {"PID": (2, 3, 4)}

_ESCAPES = {"F": "|", "S": "^", "R": "~", "T": "&", "E": "\\", "H": "", "N": "", ".br": "\n"}


def expected(text: str) -> Iterator[tuple[str, str]]:
    """Position and unescaped text of every value that a message states in OBX-5, PID-2, PID-3 and PID-4."""
    lines = [line.strip(" \t\x0b\x1c\ufeff") for line in re.split(r"[\r\n]+", text)]
    header = next(line for line in lines if line[:3].upper() == "MSH")
    bar, marks = header[3], header[4:].split(header[3])[0]
    if not re.fullmatch(r"[!-/:-@\[-`{-~]{1,5}", marks) or len(set(bar + marks)) <= len(marks):
        marks = "^~\\&"
    if marks[2:] == "&":
        marks = marks[:2] + "\0&"
    marks = marks.ljust(4, "\0")
    for place, line in enumerate(lines):
        fields = line.split(bar)
        name = fields[0].upper()
        for n in WHOLE.get(name, ()) + NUMBERS.get(name, ()):
            if n < len(fields):
                for leaf in _leaves(fields[n], marks, whole=name in WHOLE):
                    yield f"line {place + 1}: {name}-{n}", leaf


def _leaves(field: str, marks: str, *, whole: bool) -> Iterator[str]:
    component, repetition, escape, subcomponent = list(marks[:4])
    for rep in field.split(repetition):
        for comp in rep.split(component)[: None if whole else 1]:
            for sub in comp.split(subcomponent):
                leaf = _unescaped(sub, escape, dict(zip("SRET", marks, strict=False))).strip()
                if leaf and leaf != '""':
                    yield leaf


def _unescaped(text: str, escape: str, marks: dict[str, str]) -> str:
    known = _ESCAPES | marks
    pattern = f"{re.escape(escape)}([FSRTEHN]|\\.br|X(?:[0-9A-F][0-9A-F])+){re.escape(escape)}"

    def meant(match: re.Match[str]) -> str:
        code = match[1]
        return bytes.fromhex(code[1:]).decode("latin-1") if code[0] == "X" else known[code]

    return re.sub(pattern, meant, text)


def lost(text: str, bundle: Json | None) -> list[tuple[str, str]]:
    """The values of a message that cannot be found in its bundle; controls and white space do not count."""
    everything = _bare("\n".join(_strings(bundle)))
    return [(at, value) for at, value in expected(text) if _bare(value) not in everything]


def _bare(text: str) -> str:
    return "".join([c for c in text if c > " " and not c.isspace()])


def _strings(node: Any) -> Iterator[str]:
    """All texts but ids and references, which could hold a value by accident only."""
    children: Any = node if isinstance(node, list) else ()
    if isinstance(node, dict):
        children = [child for name, child in node.items() if name not in {"id", "reference", "fullUrl", "request"}]
    if isinstance(node, (dict, list)):
        for child in children:
            yield from _strings(child)
    else:
        yield unescape(str(node)) if str(node).startswith("<div") else str(node)


def invalid(bundle: Json | None) -> list[str]:
    """What two validators say against the resources of a bundle."""
    faults = []
    for entry in (bundle or {}).get("entry", ()):
        body = dumps(entry["resource"])
        faults += [f"{issue.where}: {issue.text}" for issue in validate(loads(body)) if issue.severity == "error"]
        faults += [f"{issue.path}: {issue.message}" for issue in fhirkit.validate(body)]
    return faults
