"""The neutral load driver against a running hub, in short form: every answer it checks must be right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance_tests.running_hub import running_hub

PHASES = "ingest,count,create,update,read,search,everything"


def test_the_neutral_driver_finds_no_wrong_answer(tmp_path: Path, shared: Path) -> None:
    driver, bundles = shared / "bench" / "fhir_load.py", shared / "synthea-r4" / "bundles"
    if not driver.exists() or not bundles.is_dir():
        pytest.skip("the driver or its bundles are not in the shared folder")
    with running_hub(tmp_path / "hub") as hub:
        arguments = ["--bundles", str(bundles), "--max-bundles", "3", "--phases", PHASES, "--strict-text"]
        limits = ["-n", "24", "--concurrency", "1,8", "--max-seconds", "20", "--client", "httpx"]
        done = subprocess.run(
            [sys.executable, str(driver), str(hub.ready["fhir"]), *arguments, *limits],
            env={**hub.environment, "FHIR_TOKEN": hub.token("clinician", "F01")},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert ", 0 wrong or failed" in done.stdout
