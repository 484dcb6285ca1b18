"""How a profile changes the one it extends. One rule for each key:

- `name`, `charset`, `zone`, `visit_key`: what the inner file says.
- `accept.events`, `accept.versions`: the inner list takes the place of the outer one.
- `null_policy`, `concept_maps`, `unmapped`, `rows`: by segment, field or row; the inner entry counts (null
  removes a row).
- `identifiers.ignore`: both lists together.
- `identifiers.rules`: the inner rules first, then the outer ones, without those that match the same (`kind`,
  `authority`, `at`).
- `steps`: the outer ones first, without those an inner `drop` names; an inner step with `replace` takes the place of
  the one it names; the others follow.
- `codes`, `code_systems`: by field or system, then by local code; the inner entry counts.

"Outer" is the file that is extended, "inner" the one that extends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.kernel.yamlfile import Complaint, YamlFile
from mappings.hl7v2.profile import CodeMap

Data = Mapping[str, Any]


def merged(outer: Data, inner: Data) -> Data:
    """The data of both, `codes` and `code_systems` being maps as `profiles.codes.maps` gives them."""
    return {
        **outer,
        **inner,
        "null_policy": _nulls(outer) | _nulls(inner),
        "accept": {**outer.get("accept", {}), **inner.get("accept", {})},
        "identifiers": _identifiers(outer.get("identifiers", {}), inner.get("identifiers", {})),
        "steps": _steps(outer.get("steps", []), inner.get("steps", [])),
        "codes": _codes(outer.get("codes", {}), inner.get("codes", {})),
        "code_systems": _codes(outer.get("code_systems", {}), inner.get("code_systems", {})),
        "concept_maps": _by_field(outer.get("concept_maps", {})) | _by_field(inner.get("concept_maps", {})),
        "unmapped": {**outer.get("unmapped", {}), **inner.get("unmapped", {})},
        "rows": {**outer.get("rows", {}), **inner.get("rows", {})},
    }


def _nulls(data: Data) -> dict[str, str]:
    stated = data.get("null_policy", {})
    return {"default": stated} if isinstance(stated, str) else dict(stated)


def _by_field(stated: Mapping[str, str]) -> dict[str, str]:
    """A key that lists several fields says the same of each."""
    return {field.strip(): url for fields, url in stated.items() for field in fields.split(",")}


def _identifiers(outer: Data, inner: Data) -> Data:
    rules = inner.get("rules", [])
    said = {_match(rule) for rule in rules}
    return {
        "ignore": [*outer.get("ignore", []), *inner.get("ignore", [])],
        "rules": [*rules, *(rule for rule in outer.get("rules", []) if _match(rule) not in said)],
    }


def _match(rule: Data) -> tuple[str, str, str]:
    return rule.get("kind", ""), rule.get("authority", ""), rule.get("at", "")


def _steps(outer: Sequence[Data], inner: Sequence[Data]) -> list[Data]:
    dropped = {step["drop"] for step in inner if "drop" in step}
    instead = {step["replace"]: {"name": step["replace"], **step} for step in inner if "replace" in step}
    kept = [instead.get(step.get("name", ""), step) for step in outer if step.get("name", "") not in dropped]
    return [*kept, *(step for step in inner if "drop" not in step and "replace" not in step)]


def _codes(outer: Mapping[str, CodeMap], inner: Mapping[str, CodeMap]) -> Mapping[str, CodeMap]:
    return {
        key: {**outer.get(key, {}), **inner.get(key, {})} for key in [*outer, *(k for k in inner if k not in outer)]
    }


def wrong_steps(file: YamlFile, outer: Data) -> Iterator[Complaint]:
    """Steps of `file` that speak of a step which the profile it extends has not, and names that stand twice."""
    known = {step["name"] for step in outer.get("steps", []) if "name" in step}
    own: set[str] = set()
    for i, step in enumerate(file.data.get("steps", [])):
        for key in ("drop", "replace"):
            if key in step and step[key] not in known:
                there = ", ".join(sorted(known)) or "none with a name"
                yield file.complaint(f"the extended profile has no such step (it has {there})", "steps", i, key)
        name = step.get("name")
        if name and (name in own or (name in known and step.get("replace") != name)):
            yield file.complaint("another step has this name", "steps", i, "name")
        own.add(name)
