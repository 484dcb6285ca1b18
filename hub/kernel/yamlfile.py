"""YAML files that people write, checked against a JSON Schema, with the line of every complaint.

They are parsed by libyaml where PyYAML has it, which takes a fourteenth of the time; what it refuses is parsed by
PyYAML itself, whose words for what is wrong are the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator, ValidationError

from hub.kernel.errors import Category, HubError

_FASTEST: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong in a file: 1-based line, path inside the document, what is wrong."""

    line: int
    path: str
    what: str


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file that was read: its data, and the line of every node by its path (tuple of keys and indexes)."""

    name: str
    data: Any
    lines: Mapping[tuple[str | int, ...], int]

    def line(self, *path: str | int) -> int:
        """Line of the node at `path`, or of its nearest ancestor."""
        return next(self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines)

    def complaint(self, what: str, *path: str | int) -> Complaint:
        return Complaint(self.line(*path), ".".join(map(str, path)), what)


def read(path: Path) -> YamlFile:
    """Read a YAML file. Raises HubError NOT_FOUND or UNREADABLE with the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
    except UnicodeDecodeError:
        raise HubError(Category.UNREADABLE, "is not UTF-8", where=str(path)) from None
    return parse(text, str(path))


def parse(text: str, name: str) -> YamlFile:
    """Parse YAML text; keys are texts, duplicate ones are refused. Raises HubError UNREADABLE with the line."""
    try:
        return _parsed(_FASTEST, text, name)
    except yaml.YAMLError:
        pass
    try:
        return _parsed(yaml.SafeLoader, text, name)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise HubError(Category.UNREADABLE, str(error.problem), where=f"{name}:{line}") from None


def _parsed(kind: type[yaml.SafeLoader | yaml.CSafeLoader], text: str, name: str) -> YamlFile:
    loader = kind(text)
    try:
        node = loader.get_single_node()
        lines: dict[tuple[str | int, ...], int] = {(): 1}
        data = None if node is None else _build(loader, node, (), lines, name)
    finally:
        loader.dispose()
    return YamlFile(name, data, lines)


def _build(
    loader: yaml.SafeLoader | yaml.CSafeLoader,
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    name: str,
) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*path, i), lines, name) for i, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, child in node.value:
            where = f"{name}:{key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                raise HubError(Category.UNREADABLE, "a key is no text", where=where)
            key = key_node.value  # as written: YAML takes 01 for a number and NO for a truth value
            if key in result:
                raise HubError(Category.UNREADABLE, f"key {key!r} stands twice", where=where)
            result[key] = _build(loader, child, (*path, key), lines, name)
        return result
    return loader.construct_object(node)


def check(file: YamlFile, schema: Mapping[str, Any]) -> list[Complaint]:
    """All complaints of a JSON Schema (2020-12) about `file`, by line."""
    found = [
        complaint
        for error in Draft202012Validator(schema).iter_errors(file.data)
        for complaint in _complaints(file, error)
    ]
    return sorted(found, key=lambda c: (c.line, c.path))


def _complaints(file: YamlFile, error: ValidationError) -> Iterator[Complaint]:
    """What the schema says, with the line of it: of keys nobody reads, those of each."""
    if error.validator != "additionalProperties" or error.validator_value is not False:
        yield file.complaint(error.message, *error.absolute_path)
        return
    known, patterns = list(error.schema.get("properties", ())), error.schema.get("patternProperties", ())
    for key in error.instance:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            meant = "".join(f"; is {close} meant?" for close in get_close_matches(key, known, 1))
            yield file.complaint(f"is not known here{meant}", *error.absolute_path, key)


def refuse(file: YamlFile, complaints: list[Complaint]) -> None:
    """Raise HubError INVALID listing every complaint with its line; nothing if there is none."""
    if complaints:
        listed = "\n".join(f"{file.name}:{c.line}: {c.path or '(top)'}: {c.what}" for c in complaints)
        raise HubError(Category.INVALID, listed, todo="mend these lines")
