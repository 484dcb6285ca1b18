"""From the path of a profile to the `Profile`: read its layers, check each, merge them, build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.fhir.json import dumps
from hub.kernel.yamlfile import YamlFile, check, parse, refuse
from mappings.hl7v2.charset_names import codec_named
from mappings.hl7v2.profile import IdentifierRule, Profile, Step
from mappings.hl7v2.profiles.checks import contradictions
from mappings.hl7v2.profiles.codes import map_files, maps
from mappings.hl7v2.profiles.layers import layers
from mappings.hl7v2.profiles.merge import merged, wrong_steps
from mappings.hl7v2.profiles.schema import SCHEMA
from mappings.hl7v2.rowfile import row_files


def load(path: Path) -> Profile:
    """Read and check a profile and those it extends. Raises HubError INVALID with `file:line: ...` per complaint."""
    whole: Mapping[str, Any] = {}
    for file in layers(path):
        complaints = [*contradictions(file, whole.get("rows", {})), *wrong_steps(file, whole)]
        refuse(file, sorted(complaints, key=lambda complaint: complaint.line))
        whole = merged(whole, _with_codes(file))
    return _profile(whole)


def files(path: Path) -> tuple[Path, ...]:
    """The files a profile is made of: its own, those it extends, their code maps. Raises as `load`."""
    return tuple(
        each for file in layers(path) for each in (Path(file.name), *map_files(file.data, Path(file.name).parent))
    )


def steps_of(stated: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Pre-processors as a profile writes them, without a profile. Raises HubError INVALID."""
    file = parse(dumps({"name": "steps", "steps": list(stated)}).decode(), "steps")
    refuse(file, check(file, SCHEMA) or [*contradictions(file, {}), *wrong_steps(file, {})])
    return tuple(map(_step, file.data["steps"]))


def _with_codes(file: YamlFile) -> Mapping[str, Any]:
    folder = Path(file.name).parent
    return {**file.data, **{key: maps(file.data.get(key, {}), folder) for key in ("codes", "code_systems")}}


def _profile(data: Mapping[str, Any]) -> Profile:
    nulls = dict(data["null_policy"])
    return Profile(
        name=data["name"],
        charset=codec_named(data["charset"]) if "charset" in data else None,
        zone=data.get("zone"),
        visit_key=data.get("visit_key", "number"),
        null=nulls.pop("default", "clear"),
        nulls=nulls,
        events=tuple(data["accept"].get("events", ())),
        versions=tuple(data["accept"].get("versions", ())),
        ignored_identifiers=frozenset(data["identifiers"]["ignore"]),
        identifier_rules=tuple(IdentifierRule(**rule) for rule in data["identifiers"]["rules"]),
        steps=tuple(map(_step, data["steps"])),
        codes=data["codes"],
        code_systems=data["code_systems"],
        concept_maps=data["concept_maps"],
        unmapped=data["unmapped"],
        rows=_rows(data["rows"]),
    )


def _rows(rows: Mapping[str, Mapping[str, Any] | None]) -> Mapping[str, Mapping[str, Any] | None]:
    """Without the removals of rows that an extended profile had added: nothing is left to remove."""
    base = {row.key for file in row_files() for row in file.rows}
    return {key: row for key, row in rows.items() if row is not None or key in base}


def _step(row: Mapping[str, Any]) -> Step:
    values = row.get("values", {})
    return Step(
        step=row["step"],
        name=row.get("name", ""),
        at=row["at"],
        source=row.get("from", ""),
        value=row.get("value", ""),
        pattern=row.get("pattern", ""),
        values=values if isinstance(values, dict) else dict.fromkeys(values, ""),
        events=tuple(row.get("events", ())),
        when=row.get("when", ""),
    )
