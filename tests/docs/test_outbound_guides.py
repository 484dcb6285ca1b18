"""What the how-tos of outbound feeds and queries show is right: their YAML is read, their queries are understood."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hub.kernel.consortium import load
from hub.kernel.outbound_feed import KINDS
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.queries import QbpFormat

GUIDES: Final = Path(__file__).parents[2] / "docs" / "how-to"
FACILITIES: Final = "facilities:\n  - {code: F01, name: 云泽县人民医院}\n"


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (GUIDES / name).read_text(encoding="utf-8"), re.DOTALL)


def test_the_feed_that_is_shown_is_one_the_hub_takes(tmp_path: Path) -> None:
    (shown,) = blocks("send-to-a-hospital-system.md", "yaml")
    path = tmp_path / "consortium.yaml"
    path.write_text(FACILITIES + shown, encoding="utf-8")
    feed = load(path).outbound["to-f01-his"]
    assert feed.events == KINDS
    assert (feed.version, feed.charset, feed.window) == ("2.4", "GB18030", 4)
    guide = (GUIDES / "send-to-a-hospital-system.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in guide for kind in KINDS)


def test_the_queries_that_are_shown_are_understood(tmp_path: Path) -> None:
    (shown,) = blocks("answer-patient-queries.md", "yaml")
    path = tmp_path / "consortium.yaml"
    path.write_text(FACILITIES + shown, encoding="utf-8")
    feed = load(path).feeds["f01-his"]
    assert feed.queries == 120
    find, correspond = blocks("answer-patient-queries.md", "hl7")
    read = QbpFormat(DEFAULT, feed.facility, "https://hub.example/fhir").read
    person = read(find.replace("\n", "\r").encode())
    assert (person.kind, person.limit, person.patient["birthDate"]) == ("find", 10, "1958-04-12")
    number = read(correspond.replace("\n", "\r").encode())
    assert number.patient["identifier"][0]["system"] == "https://hub.example/fhir/sid/F01/HIS"
    assert number.domains == ("urn:oid:2.16.156.10011.1.3",)
