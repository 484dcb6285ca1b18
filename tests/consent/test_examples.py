"""The twelve worked examples of section 10, read where they stand."""

from __future__ import annotations

from pathlib import Path

from consent.decide import decide
from hub.fhir.json import loads


def test_every_worked_example_is_decided_as_it_says(shared: Path) -> None:
    examples = loads((shared / "consent-examples.json").read_bytes())
    assert len(examples["cases"]) == 12
    for case in examples["cases"]:
        found = decide({**examples["defaults"], **case}).as_json()
        assert {**found, "obligations": set(found["obligations"])} == {
            **case["expect"],
            "obligations": set(case["expect"]["obligations"]),
        }, case["title"]
