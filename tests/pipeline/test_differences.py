"""Two readings of a message field by field, and two states of a resource element by element."""

from __future__ import annotations

from hub.pipeline.differences import Difference, changed_paths, differences
from hub.pipeline.mask import shown_text
from mappings.hl7v2.dissect import dissector
from mappings.hl7v2.profile import DEFAULT

TAKE_APART = dissector(DEFAULT)
HEADER = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||ORU^R01|7|P|2.5||||||UNICODE UTF-8"


def between(before: list[str], after: list[str], *, masked: bool = False) -> list[tuple[str, str, str, str]]:
    one, other = (TAKE_APART("\r".join([HEADER, *lines]).encode()) for lines in (before, after))
    found = differences(one, other, shown_text if masked else lambda leaf: leaf.text)
    return [(each.at, each.change, each.before, each.after) for each in found]


def test_leaves_that_differ_are_named_with_what_stood_there_and_what_stands() -> None:
    before = ["PID|1||123^^^^MR||沈^桂兰||19580412"]
    after = ["PID|1||123^^^HIS^MR||沈^桂兰||"]
    assert sorted(between(before, after)) == [
        ("PID-3[1].4", "added", "", "HIS"),
        ("PID-7[1]", "removed", "19580412", ""),
    ]


def test_a_segment_that_is_taken_out_does_not_make_those_behind_it_differ() -> None:
    lines = [f"OBX|{n}|ST|K{n}||v{n}" for n in range(1, 6)]
    found = between(lines, [*lines[:1], *lines[2:]])
    assert {(at[:6], change) for at, change, _, _ in found} == {("OBX[2]", "removed")}
    added = between(lines[:2], [lines[0], "NTE|1||text", lines[1]])
    assert {(at[:4], change) for at, change, _, _ in added} == {("NTE-", "added")}


def test_values_are_hidden_and_structure_is_shown() -> None:
    assert between(["OBX|1|NM|K||7.1|||||P"], ["OBX|1|ST|K||7.2|||||F"], masked=True) == [
        ("OBX-2[1]", "changed", "NM", "ST"),
        ("OBX-5[1]", "changed", "***", "***"),
        ("OBX-10[1]", "changed", "***", "***"),
    ]


def test_messages_alike_do_not_differ_and_long_ones_are_compared_as_they_stand() -> None:
    lines = [f"OBX|{n}|ST|K||v" for n in range(1100)]
    assert between(lines, lines) == []
    assert len(between(lines, [*lines[:-1], "OBX|1099|ST|K||w"])) == 1


def test_names_of_fields_come_with_the_difference() -> None:
    one, other = (TAKE_APART(f"{HEADER}\rPID|1||{value}^^^^MR".encode()) for value in ("1", "2"))
    assert differences(one, other, shown_text) == [
        Difference(at="PID-3[1].1", name="ID Number", change="changed", before="***", after="***")
    ]


def test_elements_are_named_by_their_path_and_never_by_their_value() -> None:
    before = {
        "resourceType": "Patient",
        "id": "a",
        "meta": {"versionId": "1"},
        "name": [{"family": "沈", "given": ["x"]}],
    }
    after = {"resourceType": "Patient", "id": "a", "name": [{"family": "方", "given": ["x", "y"]}, {}], "active": True}
    assert changed_paths(before, after) == ["name[0].family", "name[0].given[1]", "name[1]", "active"]
    assert changed_paths(before, before) == []
    assert changed_paths(None, {"id": "a", "active": True}) == ["active"]
