"""HL7's definition files, where a developer has unpacked them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.fhir_tables import Definitions


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    """The unpacked packages the tables are made of; skips the test where they are absent."""
    folder = os.environ.get("YILIAN_FHIR_DEFINITIONS")
    if folder is None:
        pytest.skip(
            "needs npm and Maven packages of scripts/fhir_tables.py unpacked into one folder (YILIAN_FHIR_DEFINITIONS)"
        )
    return Definitions(Path(folder))
