"""Every message of the shared samples: no crash, nothing lost, every resource valid against R4."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, Final

import fhirkit
import pytest

from hub.fhir.json import dumps, loads
from hub.fhir.validate import validate
from hub.kernel.types import Json
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.charset import decode
from mappings.hl7v2.convert import convert
from mappings.hl7v2.parser import Message, parse
from tests.mappings.accounting import Bundle, sources, statements

#: The share of a report's statements that may be untrue; it only falls.
MOST_UNTRUE: Final = 0.01


@cache
def converted(shared: Path) -> list[tuple[str, bytes, Json]]:
    """File, raw message and what `convert` says of it."""
    files = sorted(path for path in (shared / "hl7v2-samples").glob("*/*.hl7") if "expected" not in path.parent.name)
    return [
        (path.name, raw, line)
        for path in files
        for raw, line in zip(split_messages(path.read_bytes()), convert(path.name, path.read_bytes()), strict=True)
    ]


@pytest.fixture
def samples(shared: Path) -> list[tuple[str, bytes, Json]]:
    return converted(shared)


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for child in node.values():
            yield from strings(child)
    elif isinstance(node, list):
        for child in node:
            yield from strings(child)
    else:
        yield unescape(str(node)) if str(node).startswith("<div") else str(node)


def readable(samples: list[tuple[str, bytes, Json]]) -> Iterator[tuple[str, Message, str]]:
    """File, parsed message and all text of its bundle, for the messages that can be read at all."""
    for name, raw, line in samples:
        if not any(issue["code"] == "delimiters" for issue in line["issues"]):
            text, charset, _ = decode(raw)
            yield name, parse(text, charset), "\n".join(strings(line["bundle"]))


def missing(message: Message, everything: str, segment: str, n: int, whole: bool) -> Iterator[str]:
    """Positions of leaves that are not in the output; `whole`: of all components, else of the first."""
    for each in message.all(segment):
        for repetition in each.repetitions(n):
            for comp in range(1, (len(repetition.components()) if whole else 1) + 1):
                for text in repetition.subcomponents(comp):
                    if text.strip() not in {"", '""'} and text.strip() not in everything:
                        yield f"{segment}[{each.ordinal}]-{n}.{comp}"


def test_no_sample_makes_the_converter_fail(samples: list[tuple[str, bytes, Json]]) -> None:
    assert len(samples) >= 678
    assert not [name for name, _, line in samples if any(issue["code"] == "fault" for issue in line["issues"])]


def test_every_sample_can_be_read(samples: list[tuple[str, bytes, Json]]) -> None:
    assert not [issue for _, _, line in samples for issue in line["issues"] if issue["severity"] == "fatal"]
    unusable = [name for name, _, line in samples if any(i["code"] == "delimiters" for i in line["issues"])]
    assert len(unusable) == 24


def test_every_value_of_an_observation_is_found_in_the_output(samples: list[tuple[str, bytes, Json]]) -> None:
    lost = [(name, at) for name, m, text in readable(samples) for at in missing(m, text, "OBX", 5, whole=True)]
    assert not lost


def test_every_patient_identifier_is_found_in_the_output(samples: list[tuple[str, bytes, Json]]) -> None:
    lost = [(name, at) for name, m, text in readable(samples) for at in missing(m, text, "PID", 3, whole=False)]
    assert not lost


def reports(samples: list[tuple[str, bytes, Json]]) -> Iterator[tuple[Message, Json]]:
    """Parsed message and what `convert` says of it, for the messages whose own delimiters can be used."""
    for _, raw, line in samples:
        if not any(issue["code"] == "delimiters" for issue in line["issues"]):
            text, charset, _ = decode(raw)
            yield parse(text, charset), line


def test_every_leaf_is_in_the_report_exactly_once(samples: list[tuple[str, bytes, Json]]) -> None:
    for message, line in reports(samples):
        assert [row["source"] for row in line["report"]] == list(sources(message))


def test_every_leaf_is_mapped_or_carried_to_a_place_or_refused_for_a_reason(
    samples: list[tuple[str, bytes, Json]],
) -> None:
    rows = [row for _, _, line in samples for row in line["report"]]
    assert {row["outcome"] for row in rows} == {"mapped", "carried", "refused"}
    assert not [row for row in rows if not (row["reason"] if row["outcome"] == "refused" else row["targets"])]


def test_what_is_said_to_be_mapped_stands_where_the_report_says(samples: list[tuple[str, bytes, Json]]) -> None:
    total, untrue = 0, Counter[tuple[str, str]]()
    for message, line in reports(samples):
        bundle = Bundle(line["bundle"])
        for said in statements(message, line["report"]):
            total += 1
            if not bundle.holds(said):
                untrue[re.sub(r"\[\d+\]", "", said.source), said.target] += 1
    assert total > 40_000
    assert untrue.total() <= MOST_UNTRUE * total, untrue.most_common(40)


def test_every_resource_is_valid_r4_by_our_validator_and_by_another(samples: list[tuple[str, bytes, Json]]) -> None:
    faults = []
    for name, _, line in samples:
        for entry in (line["bundle"] or {}).get("entry", ()):
            body = dumps(entry["resource"])
            faults += [(name, issue.where, issue.text) for issue in validate(loads(body)) if issue.severity == "error"]
            faults += [(name, issue.path, issue.message) for issue in fhirkit.validate(body)]
    assert not faults


def test_every_reference_points_into_its_bundle(samples: list[tuple[str, bytes, Json]]) -> None:
    for name, _, line in samples:
        entries = (line["bundle"] or {}).get("entry", ())
        there = {entry["request"]["url"] for entry in entries}
        for entry in entries:
            assert set(referred(entry["resource"])) <= there, name


def referred(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for child in node.values():
            yield from referred(child)
    elif isinstance(node, list):
        for child in node:
            yield from referred(child)
