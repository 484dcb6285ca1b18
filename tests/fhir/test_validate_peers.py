"""Validation beside two other implementations: nothing they refuse passes here, nothing right is refused by them.

fhirkit-rs checks R4; fhir.resources has models of R4B, which agree with R4 on the types of these cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.fhir.json import dumps, loads
from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.fhir.cases import BROKEN, VALID, without


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


@pytest.fixture(scope="module")
def one_of_each_type(shared: Path) -> list[Json]:
    """The first Synthea resource of every type."""
    found: dict[str, Json] = {}
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json")):
        for entry in loads(path.read_bytes())["entry"]:
            found.setdefault(entry["resource"]["resourceType"], entry["resource"])
    return list(found.values())


#: What only we refuse, by issue code and the words of the text, and why the peers take it.
ONLY_HERE: dict[tuple[str, str], str] = {
    ("code-invalid", "is not a code of the required value set"): "no peer has the codes of the bindings",
    ("invariant", ""): "no peer has the invariants",
    ("structure", "must not be empty"): "both take an empty object (json.html: an object is never empty; ele-1)",
    ("structure", "must not be an empty list"): "both take one (json.html: an array is never empty)",
    ("structure", "must be a JSON string"): "fhir.resources turns numbers into texts",
    ("structure", "must be a JSON number without fraction"): "fhir.resources turns true into 1",
    ("value", "is not a id"): "fhirkit takes any text as an id",
}


def changed(resource: Json) -> Iterator[Json]:
    """A resource with one element gone, or with something odd in its place."""
    for key in resource.keys() - {"resourceType"}:
        yield without(resource, key)
        for odd in (5, True, "x y", "", [], {}, {"id": "a"}, [None]):
            yield resource | {key: odd}


@pytest.mark.parametrize("refuses", PEERS)
def test_a_peer_and_we_agree_on_broken_synthea_resources_but_for_reasons_we_know(
    refuses: Callable[[Json], bool], one_of_each_type: list[Json]
) -> None:
    both = only_here = 0
    for whole in one_of_each_type:
        assert validate(whole) == []
        assert not refuses(whole)
        for resource in changed(whole):
            issues, refused = validate(resource), refuses(resource)
            assert issues or not refused, "a peer refuses what passes here"
            both += bool(issues) and refused
            if issues and not refused:
                only_here += 1
                kinds = [kind for kind in ONLY_HERE if issues[0].code == kind[0] and issues[0].text.startswith(kind[1])]
                assert kinds, issues[0]
    assert both > 400
    assert only_here < both
