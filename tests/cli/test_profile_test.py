"""`yilian profile test`: exit codes, differences for people and programs, and writing what is expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.kernel.errors import HubError

PROFILE = 'name: h1\nextends: china-common\ncodes:\n  PV1-2: {楼上: {system: "urn:x", code: IMP}}\n'
MESSAGE = (
    "MSH|^~\\&|HIS|F01|HUB|YILIAN|20260302083000||ADT^A01|1|P|2.4\r"
    "PID|1||M1^^^^MR||测试甲||19800101|2\rPV1|1|楼上|W1||||||||||||||||V1\r"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "h1.yaml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "a01.hl7").write_text(MESSAGE, encoding="utf-8", newline="")
    return tmp_path


def run(files: Path, expected: str, *options: str, text: str | None = None) -> tuple[int, str]:
    """Exit code (2 stands for a refusal) and what was printed, or refused."""
    if text is not None:
        (files / expected).write_text(text, encoding="utf-8")
    names = [str(files / name) for name in ("h1.yaml", "a01.hl7", expected)]
    done = CliRunner().invoke(app, ["profile", "test", *names, *options])
    if isinstance(done.exception, HubError):
        return 2, str(done.exception).replace(f"{files}/", "")
    return done.exit_code, done.stdout


def test_what_was_written_is_what_is_expected_until_it_changes(files: Path) -> None:
    assert run(files, "a01.json", "--update")[0] == 0
    assert run(files, "a01.json") == (0, "as expected\n")
    expected = json.loads((files / "a01.json").read_text(encoding="utf-8"))
    next(e["resource"] for e in expected["entry"] if e["resource"]["resourceType"] == "Patient")["gender"] = "male"
    code, said = run(files, "a01.json", text=json.dumps(expected))
    assert (code, said) == (1, 'Patient.gender\n  expected  "male"\n  found     "female"\n1 differences\n')


def test_facts_are_enough(files: Path) -> None:
    facts = """\
- entry.resource.ofType(Patient).name.text = '测试甲'
- entry.resource.ofType(Encounter).class.code = 'IMP'
"""
    assert run(files, "facts.yaml", text=facts) == (0, "as expected\n")
    code, said = run(files, "facts.yaml", "--json", text=facts.replace("IMP", "AMB"))
    assert code == 1
    assert json.loads(said)["differences"] == [
        {"path": "entry.resource.ofType(Encounter).class.code = 'AMB'", "expected": "true", "found": '"IMP"'}
    ]


def test_a_message_that_is_refused_says_why(files: Path) -> None:
    (files / "a01.hl7").write_text("no message", encoding="utf-8")
    code, said = run(files, "facts.yaml", text="- entry.exists()\n")
    assert code == 1
    assert said.startswith("the message is refused: MSH: no MSH segment (no-msh)\n")


@pytest.mark.parametrize(
    ("expected", "text", "said"),
    [
        ("gone.json", None, "gone.json: cannot be read; No such file or directory"),
        ("a.json", "[]", "a.json: is neither a Bundle nor a resource"),
        ("a.json", "{", "is not JSON"),
        ("a.yaml", "x: 1\n", "a.yaml: is no list of FHIRPath expressions"),
        ("a.yaml", "- true\n- 1\n", "a.yaml:1: is no text; put an expression with a colon in quotes"),
        ("a.yaml", "- entry..x\n", ""),
    ],
)
def test_unusable_input_is_told(files: Path, expected: str, text: str | None, said: str) -> None:
    code, told = run(files, expected, text=text)
    assert code == 2
    assert said in told


def test_only_one_message_can_be_tried_and_only_json_written(files: Path) -> None:
    assert run(files, "facts.yaml", "--update")[1].startswith("facts.yaml: only JSON can be written")
    (files / "a01.hl7").write_text(MESSAGE * 2, encoding="utf-8", newline="")
    assert run(files, "facts.yaml", text="- true\n")[1].startswith("a01.hl7: holds 2 messages")
