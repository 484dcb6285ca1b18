"""Long messages keep what they repeat once, and say the same as if they did not."""

from __future__ import annotations

from copy import deepcopy

from hub.fhir.json import dumps
from hub.kernel.types import Json
from mappings.hl7v2 import sharing
from mappings.hl7v2.sharing import share
from tests.mappings.engine import drafts, translate
from tests.mappings.messages import oru


def _result(value: str) -> Json:
    return {"code": {"text": "Hb"}, "referenceRange": [{"text": "1-2"}], "valueString": value}


def test_equal_elements_become_one_and_values_stay_their_own() -> None:
    first, second, known = _result("1"), _result("1"), dict[bytes, object]()
    before = deepcopy(second)
    share(first, known)
    share(second, known)
    assert second == before
    assert second["code"] is first["code"] and second["referenceRange"] is first["referenceRange"]
    assert len(known) == 2


def test_a_long_message_says_of_each_result_what_a_short_one_says() -> None:
    long = translate(*oru(sharing.LONG + 20).split("\r"))
    found = {str(draft.resource["code"]["text"]): dumps(draft.resource) for draft in drafts(long, "Observation")}
    short = translate(*oru(20).split("\r"))
    for draft in drafts(short, "Observation"):
        assert found[draft.resource["code"]["text"]] == dumps(draft.resource)
    rows = [row.source.split("-")[0] for row in long.report if row.source.startswith("OBX")]
    assert len(set(rows)) == sharing.LONG + 20
