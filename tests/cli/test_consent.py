"""`yilian consent decide` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import yilian
from tests.consent import cases

DEFAULTS = {key: value for key, value in cases.case().items() if key not in {"consents", "resource"}}
SHORT = [
    {"id": "a", "consents": [], "resource": cases.resource()},
    {"id": 2, "consents": [cases.consent("deny")], "resource": cases.resource()},
    {
        "id": "c",
        "consents": [],
        "request": cases.asked("regional-centre", form="aggregate"),
        "resource": cases.resource(),
    },
    {"id": "d", "policy": {}, "consents": [], "resource": cases.resource()},
    {"id": "e"},
]


def written(folder: Path, name: str, value: Any) -> Path:
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return file


def test_each_case_is_answered_in_order_with_its_id(tmp_path: Path) -> None:
    defaults = written(tmp_path, "defaults.json", DEFAULTS)
    done = yilian("consent", "decide", written(tmp_path, "cases.json", SHORT), "--defaults", defaults)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout) == [
        {"id": "a", "decision": "permit", "reason": "default-permit", "obligations": []},
        {"id": 2, "decision": "deny", "reason": "consent-deny", "obligations": []},
        {
            "id": "c",
            "decision": "permit",
            "reason": "default-permit",
            "obligations": ["aggregate-only", "suppress-small-cells"],
        },
        {"id": "d", "decision": "deny", "reason": "no-consent", "obligations": []},
        {"id": "e", "decision": "deny", "reason": "invalid-request", "obligations": []},
    ]


def test_without_defaults_each_case_stands_for_itself(tmp_path: Path) -> None:
    done = yilian("consent", "decide", written(tmp_path, "cases.json", [{"id": "a", **cases.case()}]))
    assert [answer["reason"] for answer in json.loads(done.stdout)] == ["default-permit"]
    assert json.loads(yilian("consent", "decide", written(tmp_path, "none.json", [])).stdout) == []


def test_a_case_with_odd_contents_is_decided_beside_the_others(tmp_path: Path) -> None:
    odd = {"id": "odd", "policy": 1, "directory": [], "patient": "x", "consents": {}, "request": [], "resource": None}
    done = yilian("consent", "decide", written(tmp_path, "cases.json", [odd, {"id": "a", **cases.case()}]))
    assert [answer["reason"] for answer in json.loads(done.stdout)] == ["invalid-request", "default-permit"]


def test_the_hubs_own_base_is_stripped_from_references(tmp_path: Path) -> None:
    refusal = {**cases.consent("deny"), "patient": {"reference": "https://hub.example/fhir/Patient/chen"}}
    file = written(tmp_path, "cases.json", [{"id": "a", **cases.case(refusal)}])
    here = yilian("consent", "decide", file, YILIAN_BASE_URL="https://hub.example/fhir")
    assert [json.loads(done.stdout)[0]["reason"] for done in (here, yilian("consent", "decide", file))] == [
        "consent-deny",
        "default-permit",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[{", "is not JSON"),
        ("", "is not JSON"),
        ("{}", "is not a JSON array"),
        ('{"cases": []}', "is not a JSON array"),
        ("7", "is not a JSON array"),
        ('[{"id": "a"}, 3]', "cases.json[1]: is not a JSON object"),
        ("[[]]", "cases.json[0]: is not a JSON object"),
        ('[{"consents": []}]', "cases.json[0]: has no id"),
        ('[{"id": true}]', "cases.json[0]: has no id"),
    ],
)
def test_unusable_cases_are_refused_with_exit_2_and_their_place(tmp_path: Path, text: str, complaint: str) -> None:
    done = yilian("consent", "decide", written(tmp_path, "cases.json", text))
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["[]", "nothing", '"x"'])
def test_unusable_defaults_are_refused_with_exit_2(tmp_path: Path, text: str) -> None:
    good, bad = written(tmp_path, "cases.json", SHORT), written(tmp_path, "defaults.json", text)
    done = yilian("consent", "decide", good, "--defaults", bad)
    assert done.returncode == 2
    assert "defaults.json" in done.stderr


def test_a_missing_file_is_refused_with_exit_2(tmp_path: Path) -> None:
    done = yilian("consent", "decide", tmp_path / "none.json")
    assert done.returncode == 2
    assert "none.json: cannot be read" in done.stderr


def test_bytes_that_are_no_text_are_refused_with_exit_2(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_bytes(b'[{"id": "\xff\xfe"}]')
    done = yilian("consent", "decide", file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
