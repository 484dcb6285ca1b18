"""The JSON doors against their own OpenAPI document, by schemathesis: right and wrong requests made from the schemas.

No answer is a defect, and each is of a status, a type and a shape that the document names. A short form runs always;
`make soak` plays every role that has a door, at length.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from conformance_tests.doctor import Doctor
from conformance_tests.running_hub import RunningHub, running_hub

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
#: Who asks, and how many requests each door is sent in each phase.
RUNS: Final = [
    pytest.param("patient", 3, id="short"),
    *(
        pytest.param(role, 300, id=f"soak-{role}", marks=pytest.mark.soak)
        for role in ("patient", "consent-reviewer", "clinician", "auditor")
    ),
]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("schema")) as started:
        doctor = Doctor(started, started.token("clinician", "F01"))
        assert doctor.ask("PUT", "/Patient/F01-me", {"resourceType": "Patient", "id": "F01-me"}).status == 201
        yield started


def _token(hub: RunningHub, role: str) -> str:
    whom = ["--patient", "F01-me"] if role == "patient" else ["--organization", "F01"]
    return hub.yilian("token", "--role", role, *whom, "--url", hub.base).stdout.strip()


@pytest.mark.parametrize(("role", "examples"), RUNS)
def test_the_doors_answer_as_their_document_says(hub: RunningHub, role: str, examples: int) -> None:
    if examples > 100 and not os.environ.get("YILIAN_SOAK"):
        pytest.skip("long run: make soak")
    program = Path(sys.executable).with_name("schemathesis")
    arguments = [
        *("run", f"{hub.base}/api/openapi.json", "--header", f"Authorization: Bearer {_token(hub, role)}"),
        *("--checks", ",".join(CHECKS), "--max-examples", str(examples)),
        *("--phases", "coverage,fuzzing" if examples < 100 else "coverage,fuzzing,stateful"),
        *("--generation-deterministic", "--no-color", "--request-timeout", "30"),
    ]
    done = subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, timeout=3600, cwd=hub.folder
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "request-failed" not in hub.log.read_text(encoding="utf-8")
