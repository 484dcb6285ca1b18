"""Resources from files that are none of their kind, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.value_sets import codes
from hub.kernel.errors import Category, HubError
from terminology.built_in import built_in
from terminology.model import CODE_SYSTEM, CONCEPT_MAP, VALUE_SET
from terminology.soundness import refuse_unsound
from tests.terminology.house import code_system, diseases, of, value_set


def mapped(target: dict[str, Any], **group: Any) -> dict[str, Any]:
    groups = [{"element": [{"code": "a", "target": [target]}], **group}]
    return {"resourceType": CONCEPT_MAP, "url": "urn:map", "group": groups}


SOUND = [
    *(diseases(), code_system({"code": "a", "display": "写作 \\\\u0000"}), value_set("urn:set", of())),
    mapped({"code": "b", "equivalence": "equal"}, unmapped={"mode": "fixed", "code": "x"}),
]
UNSOUND: list[tuple[dict[str, Any], str]] = [
    (code_system() | {"version": 1}, r"\$\.version"),
    (code_system({"display": "x"}), r"code"),
    (
        code_system({"code": "a", "concept": [{"code": 5}]}),
        r"\$\.concept\[0\]\.concept\[0\]\.code",
    ),
    (code_system({"code": "a", "designation": [{"language": "en"}]}), "value"),
    (code_system({"code": "a", "property": [{"valueCode": "x"}]}), "code"),
    (code_system({"code": "a\0"}), r"U\+0000"),
    ({"resourceType": CODE_SYSTEM, "url": ["urn:x"]}, r"\$\.url"),
    ({"resourceType": CODE_SYSTEM, "url": "urn:x", "concept": "x"}, r"\$\.concept"),
    ({"resourceType": VALUE_SET, "url": "urn:x", "compose": {"include": {}}}, r"\$\.compose\.include"),
    (value_set("urn:x", {"filter": [{"property": "a", "op": "="}]}), "value"),
    (mapped({"code": "b"}), "equivalence"),
    (mapped({"code": "b", "equivalence": "related-to"}), "equivalence|enum"),
    (mapped({"code": "b\0", "equivalence": "equal"}), r"U\+0000"),
    ({"resourceType": CONCEPT_MAP, "url": "urn:x", "group": {}}, r"\$\.group"),
]


@pytest.mark.parametrize("resource", SOUND)
def test_what_is_read_as_it_stands_is_taken(resource: dict[str, Any]) -> None:
    refuse_unsound(resource)


def test_what_comes_with_the_hub_is_taken() -> None:
    for resource in built_in():
        refuse_unsound(resource)


def test_every_equivalence_of_r4_is_one() -> None:
    equivalences = codes("concept-map-equivalence")
    assert isinstance(equivalences, frozenset)
    for equivalence in equivalences:
        refuse_unsound(mapped({"code": "b", "equivalence": equivalence}))


@pytest.mark.parametrize(("resource", "said"), UNSOUND)
def test_what_is_none_is_refused_with_the_place(resource: dict[str, Any], said: str) -> None:
    with pytest.raises(HubError, match=said) as refusal:
        refuse_unsound(resource)
    assert refusal.value.category is Category.INVALID
    assert refusal.value.where.startswith(resource["resourceType"])
