"""The demo as a new user starts it, by the installed program: played, checked by a second process, stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

from conformance_tests.running_hub import personal
from hub.db.embedded import EmbeddedPostgres

FACILITIES = {"HL7", "F02", "F04", "F05", "F06", "F07", "F08"}
PATIENTS = {f"P{number}" for number in range(1, 11)}
#: Persons of the stories (and one whom F02 knows so little that a steward must judge), and those invented beside them
#: (`hub.demo.perform.BACKGROUND`).
PERSONS = 13 + 150


def test_the_demo_holds_what_it_promises(tmp_path: Path) -> None:
    told, data = tmp_path / "demo.json", tmp_path / "data"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("yilian")), "demo", "--check", "--json", str(told), "--data", str(data)],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    EmbeddedPostgres(data / "postgres").remove()
    assert done.returncode == 0, done.stderr
    result = json.loads(told.read_text(encoding="utf-8"))
    assert [check for check in result["checks"] if not check["holds"]] == []
    assert {check["story"] for check in result["checks"]} == FACILITIES | PATIENTS
    assert result["people"]["persons"] == PERSONS
    # Every interface the demo has has spoken: messages, files, images, forms, devices, notifications, pages.
    log = data / "hub.log"
    assert '"process": "dicom"' in log.read_text(encoding="utf-8")
    assert personal(log) == []
