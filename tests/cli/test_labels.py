"""`yilian labels try`: the list on files, as people and as programs read it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands import yilian


def test_each_file_is_told_with_its_labels(tmp_path: Path) -> None:
    sensitive, plain = tmp_path / "a.json", tmp_path / "b.json"
    coding = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}
    sensitive.write_text(json.dumps({"resourceType": "Condition", "code": {"coding": [coding]}}), "utf-8")
    plain.write_text('{"resourceType": "Condition"}', "utf-8")
    done = yilian("labels", "try", str(sensitive), str(plain))
    assert done.stdout.splitlines() == [f"{sensitive}: HIV", f"{plain}: -"]
    assert json.loads(yilian("labels", "try", "--json", str(sensitive)).stdout) == {str(sensitive): ["HIV"]}


def test_a_file_that_is_no_resource_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]", "utf-8")
    done = yilian("labels", "try", str(path))
    assert done.returncode == 2
    assert "x.json" in done.stderr


def test_a_list_of_ones_own_is_tried_before_it_is_set(tmp_path: Path) -> None:
    own, resource = tmp_path / "own.csv", tmp_path / "a.json"
    own.write_text("label,kind,system,value,what\nPSY,word,,安定医院,hospital\n", "utf-8")
    resource.write_text('{"resourceType": "Encounter", "type": [{"text": "转安定医院"}]}', "utf-8")
    assert yilian("labels", "try", str(resource), "--labels", str(own)).stdout.endswith("PSY\n")
