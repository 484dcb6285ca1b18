"""`yilian export cda`: a Bundle in a file as a document, and what cannot be one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.export import app
from hub.fhir.json import dumps
from hub.kernel.types import Json
from tests.mappings.cda.documents import document, made, observation, pq, section


def bundle() -> Json:
    measured = observation("DE04.10.174.00", "收缩压", pq("150", "mmHg"))
    found = made(document(section("8716-3", "VITAL SIGNS", [measured])))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in found]}


def test_a_bundle_is_written_as_a_document_that_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(dumps(bundle()))
    told = CliRunner().invoke(app, ["cda", str(file), "--type", "HSDB04.01", "--number", "N7"])
    assert told.exit_code == 0, told.stderr
    (composition,) = made(told.stdout_bytes, "Composition")
    assert composition["identifier"]["value"] == "N7"
    (measured,) = made(told.stdout_bytes, "Observation")
    assert measured["valueQuantity"]["value"] == 150


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"{}", "HSDB04.01", "is not a Bundle"),
        (b"<a/>", "HSDB04.01", "is not JSON"),
        (dumps(bundle()), "C0053", "not written"),
        (b'{"resourceType":"Bundle","type":"collection"}', "HSDB04.01", "one Patient"),
    ],
)
def test_what_makes_no_document_is_told_in_a_line(tmp_path: Path, content: bytes, kind: str, says: str) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(content)
    told = CliRunner().invoke(app, ["cda", str(file), "--type", kind])
    assert (told.exit_code, told.stdout) == (1, "")
    assert says in told.stderr
    missing = CliRunner().invoke(app, ["cda", str(tmp_path / "none.json"), "--type", kind])
    assert missing.exit_code == 1
