"""Cases that prove rows of the HL7 v2-to-FHIR guide: YAML files read, sent through the converter, judged by FHIRPath.

A file is a list of cases:

    - send: ["PID|1||123^^^HOSP^MR||..."]   segments; a header (v2.5.1) is put before them unless the first is an MSH
      event: ADT^A01                        MSH-9 of that header
      at: PID-3                             for rows of datatypes: the place in the message that has the datatype
      proves:
        "PID[Patient] PID-3 identifier[2]": "Patient.identifier.where(value = '123').type.coding.code = 'MR'"

An expression must be true over the Bundle and its resources, and must cease to be so once the row's source is emptied:
the field, the component of `at`, or, for a row that names a segment or a message's path, every segment of that name.
Where a row says something else, its value is a mapping with `is` (the expression) and one of

    empty: PV1-44 or [PV1-44, PV1-45]       empty these instead (also with `at`, the row's own place)
    set: {MSH-24: HIS}                      a row about an absent field: with this value it must cease to be true
    always: why                             nothing in a message makes it false
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from hub.fhir.fhirpath.compiler import compiled
from hub.fhir.fhirpath.context import Context, Environment, Run
from hub.fhir.fhirpath.nodes import Item, root
from hub.fhir.fhirpath.parser import parse
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.hl7v2.convert import convert
from mappings.hl7v2.place import Place, place
from scripts.hl7v2_guide import GuideRow

HEADER: Final = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000+0800||{event}|M1|P|2.5.1"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one row of the guide is proved by. `segment` of an `empty` place without a field: the whole segment."""

    key: str
    expression: str
    at: str = ""
    empty: tuple[str, ...] = ()
    put: Mapping[str, str] = field(default_factory=dict)
    always: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One message and what it proves."""

    segments: tuple[str, ...]
    proofs: tuple[Proof, ...]


@cache
def case_files(folder: Path) -> Mapping[str, tuple[Case, ...]]:
    """The cases of every file under `folder`, by the file's name."""
    return {path.stem: tuple(map(_case, _load(path))) for path in sorted(folder.glob("*.yaml"))}


def _load(path: Path) -> list[dict[str, Any]]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or []  # noqa: S506 -- a safe loader


def _case(raw: Mapping[str, Any]) -> Case:
    unknown = set(raw) - {"send", "event", "at", "proves"}
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)} in a case that sends {raw.get('send')}")
    send = tuple(raw["send"])
    header = () if send[0].startswith("MSH") else (HEADER.format(event=raw.get("event", "ADT^A01")),)
    return Case((*header, *send), tuple(_proof(key, value, raw.get("at", "")) for key, value in raw["proves"].items()))


def _proof(key: str, value: str | Mapping[str, Any], at: str) -> Proof:
    stated: Mapping[str, Any] = {"is": value} if isinstance(value, str) else value
    unknown = set(stated) - {"is", "at", "empty", "set", "always"}
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)} at {key}")
    empty = stated.get("empty", ())
    return Proof(
        key=" ".join(key.split()),
        expression=stated["is"],
        at=stated.get("at", at),
        empty=(empty,) if isinstance(empty, str) else tuple(empty),
        put=stated.get("set", {}),
        always=stated.get("always", ""),
    )


def faults(case: Case, rows: Mapping[str, GuideRow]) -> Iterator[str]:
    """What is wrong with a case: one line for each row it claims and does not prove. `rows`: the guide, by key."""
    whole = _resources(case.segments)
    changed: dict[tuple[str, ...], list[Json]] = {}
    for proof in case.proofs:
        row = rows.get(proof.key)
        if row is None:
            yield f"{proof.key}: no such row in the guide"
            continue
        said = _verdict(whole, proof.expression)
        if said != "true":
            yield f"{proof.key}: {said}: {proof.expression}"
        elif not proof.always:
            yield from _vacuous(case, proof, row, changed)


def _vacuous(case: Case, proof: Proof, row: GuideRow, changed: dict[tuple[str, ...], list[Json]]) -> Iterator[str]:
    """Whether the expression stays true without the source, or the source is empty in the first place."""
    try:
        places = [] if proof.put else [place_of(text) for text in proof.empty or (source(row, proof.at),)]
    except (HubError, ValueError) as error:
        yield f"{proof.key}: {error}"
        return
    if places and not any(_stated(case.segments, each) for each in places):
        yield f"{proof.key}: nothing is sent in {places}"
        return
    segments = case.segments
    for each in places:
        segments = with_text(segments, each, "")
    for text, value in proof.put.items():
        segments = with_text(segments, place(text), value)
    if segments not in changed:
        changed[segments] = _resources(segments)
    if _verdict(changed[segments], proof.expression) == "true":
        yield f"{proof.key}: true whatever stands in {places or list(proof.put)}: {proof.expression}"


def source(row: GuideRow, at: str) -> str:
    """The place whose text the row maps, as a case names places: `PID-3`, `PID-3.4.1`, or `PV1` for all of it."""
    if row.part == "segments":
        return row.identifier or row.map.partition("[")[0]
    if row.part == "messages":
        return row.identifier.rpartition(".")[2]
    if not at:
        raise ValueError("a row of a datatype needs `at`")
    component = row.identifier.replace("-", ".").partition(".")[2]
    return f"{at}.{component}" if component else at


def place_of(text: str) -> Place:
    """A place, or a whole segment (field 0)."""
    return place(text) if "-" in text else Place(text, 0)


def _stated(segments: Sequence[str], where: Place) -> bool:
    return with_text(segments, where, "") != tuple(segments)


def with_text(segments: Sequence[str], where: Place, text: str) -> tuple[str, ...]:
    """The segments with another text at a place, in all repetitions unless it names one; field 0: without them."""
    if where.field == 0:
        return tuple(segment for segment in segments if not segment.startswith(where.segment))
    return tuple(_put(segment, where, text) if segment[:3] == where.segment else segment for segment in segments)


def _put(segment: str, where: Place, text: str) -> str:
    fields = segment.split("|")
    n = where.field - 1 if where.segment == "MSH" else where.field
    fields += [""] * (n + 1 - len(fields))
    if where.rep == where.comp == 0:
        fields[n] = text
    else:
        reps = fields[n].split("~")
        for i, rep in enumerate(reps):
            if where.rep in (0, i + 1):
                reps[i] = _within(rep, "^", (where.comp, where.sub), text)
        fields[n] = "~".join(reps)
    return "|".join(fields).rstrip("|") if not text else "|".join(fields)


def _within(whole: str, separator: str, way: tuple[int, int], text: str) -> str:
    """`whole` with the part at 1-based `way` (component, subcomponent; 0: all of it) replaced."""
    at, below = way
    if at == 0:
        return text
    parts = whole.split(separator)
    parts += [""] * (at - len(parts))
    parts[at - 1] = _within(parts[at - 1], "&", (below, 0), text)
    return separator.join(parts)


def _resources(segments: Sequence[str]) -> list[Json]:
    """The Bundle that `yilian convert` gives, and the resources in it."""
    (line,) = convert("case", "\r".join(segments).encode())
    bundle = line["bundle"]
    return [bundle, *(entry["resource"] for entry in bundle["entry"])] if bundle else []


def resources(case: Case) -> list[Json]:
    """What a case is converted to."""
    return _resources(case.segments)[1:]


def _verdict(found: Sequence[Json], expression: str) -> str:
    """`true`, `false`, or what else the expression says over these resources."""
    try:
        items = evaluate(found, expression)
    except HubError as error:
        return f"cannot be evaluated ({error.what})"
    return "true" if items == [True] else "false" if items in ([], [False]) else "gives no truth"


@cache
def _compiled(expression: str) -> Any:
    return compiled(parse(expression))


def evaluate(found: Sequence[Json], expression: str) -> list[Item]:
    """What an expression answers whose focus is all these resources: `Patient.name` selects by type."""
    if not found:
        return []
    known = {f"{each['resourceType']}/{each['id']}": each for each in found if "id" in each}
    nodes: list[Item] = [root(each) for each in found]
    run = Run(Environment(resolve=known.get), {}, root(found[0]))
    answer: list[Item] = _compiled(expression)(Context(run, nodes))
    return answer
