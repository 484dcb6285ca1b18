"""What the schema cannot say about one file of a profile: character sets, rules, patterns, conditions, rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import re2

from hub.kernel.errors import HubError
from hub.kernel.yamlfile import Complaint, YamlFile
from mappings.hl7v2.charset_names import codec_named
from mappings.hl7v2.conditions import compile_condition
from mappings.hl7v2.profiles.codes import complaints_of
from mappings.hl7v2.profiles.row_checks import wrong_rows

_GROUP: Final = re.compile(r"\\(\d+)")


def contradictions(file: YamlFile, outer_rows: Mapping[str, Any]) -> Iterator[Complaint]:
    """All that is wrong in a file the schema takes; `outer_rows` are the rows of the profile it extends."""
    if "charset" in file.data and codec_named(file.data["charset"]) is None:
        yield file.complaint("no character set the hub knows", "charset")
    yield from _shadowed(file)
    yield from _wrong_arguments(file)
    yield from complaints_of(file, "codes")
    yield from complaints_of(file, "code_systems")
    yield from wrong_rows(file, outer_rows)


def _shadowed(file: YamlFile) -> Iterator[Complaint]:
    rules = file.data.get("identifiers", {}).get("rules", [])
    for i, rule in enumerate(rules):
        if any(_shadows(earlier, rule) for earlier in rules[:i]):
            yield file.complaint("never reached: an earlier rule matches all of it", "identifiers", "rules", i)


def _shadows(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    return all(earlier.get(key) in (None, later.get(key)) for key in ("kind", "authority", "at"))


def _wrong_arguments(file: YamlFile) -> Iterator[Complaint]:
    for i, step in enumerate(file.data.get("steps", [])):
        if "when" in step:
            yield from _wrong_condition(file, step["when"], "steps", i, "when")
        if "pattern" in step:
            wrong = _wrong_pattern(step["pattern"], step["value"])
            if wrong:
                yield file.complaint(wrong, "steps", i, "pattern")


def _wrong_condition(file: YamlFile, text: str, *path: str | int) -> Iterator[Complaint]:
    try:
        compile_condition(text)
    except HubError as error:
        yield file.complaint(error.what, *path)


def _wrong_pattern(pattern: str, value: str) -> str:
    try:
        compiled = re2.compile(pattern)
    except re2.error as error:
        return f"is no pattern of RE2: {_words(error)}"
    named = (int(number) for number in _GROUP.findall(value))
    return "" if all(number <= compiled.groups for number in named) else "its value names a group it has not"


def _words(error: re2.error) -> str:
    said = error.args[0] if error.args else ""
    return said.decode() if isinstance(said, bytes) else str(said)
