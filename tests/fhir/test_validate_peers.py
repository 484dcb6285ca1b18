"""Validation beside two other implementations: nothing they refuse passes here, nothing right is refused by them.

fhirkit-rs checks R4; fhir.resources has models of R4B, which agree with R4 on the types of these cases.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.fhir.json import dumps
from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.fhir.cases import BROKEN, VALID


def fhirkit_refuses(resource: Json) -> bool:
    return any(issue.severity == "error" for issue in fhirkit.validate(dumps(resource)))


def fhir_resources_refuses(resource: Json) -> bool:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate_json(dumps(resource))
    except ValueError:
        return True
    return False


PEERS = [fhirkit_refuses, fhir_resources_refuses]


@pytest.mark.parametrize("refuses", PEERS)
def test_what_a_peer_refuses_is_refused_here(refuses: Callable[[Json], bool]) -> None:
    refused = [(name, resource) for name, resource, *_ in BROKEN if refuses(resource)]
    assert len(refused) > 20
    assert [name for name, resource in refused if not validate(resource)] == []


@pytest.mark.parametrize("refuses", PEERS)
def test_what_is_right_is_right_to_a_peer_too(refuses: Callable[[Json], bool]) -> None:
    assert [name for name, resource in VALID.items() if refuses(resource)] == []


def test_fhirkit_finds_the_synthea_patients_valid_too(shared: Path) -> None:
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json")):
        assert fhirkit.validate(path.read_bytes()) == [], path.name
