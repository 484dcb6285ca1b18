"""Whatever is sent as a patch, over HTTP or in a Bundle, the hub does not fail and the resource stays a right one."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.fhir.json import dumps
from hub.fhir.validate import validate
from tests.api.house import House, body, in_house, patient
from tests.api.test_batch import batch, entry, statuses
from tests.api.test_patch import JSON_PATCH, XML_PATCH

_WORDS = st.sampled_from(
    ["", "/name/0", "/name/-", "/gender", "Patient.name", "Patient.name[0].given", "Patient", "f:Patient/f:name[1]",
     "descendants()", "operation", "type", "path", "value", "add", "replace", "delete", "move", "remove", "\x00",
     "'", "😀", "-1", "1e400", "Patient.name.where($this"]
)  # fmt: skip
_KEYS = st.sampled_from(
    ["op", "path", "value", "from", "resourceType", "parameter", "part", "name", "valueCode", "valueString", "resource",
     "valueInteger", "valueHumanName", "_valueString", "contentType", "data"]
)  # fmt: skip
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _WORDS | st.integers(-(2**70), 2**70) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_TAGS = st.sampled_from(
    ["<diff>", "</diff>", "<add", "<replace", "<remove", ' sel="', "f:Patient/", "f:name", '"/>', ">"]
)
_XML = st.lists(_TAGS | _WORDS, max_size=12).map("".join)
_PARTS = st.lists(
    st.tuples(st.sampled_from(["add", "insert", "replace", "delete", "move"]), _WORDS, _WORDS, _VALUES), max_size=3
)
_TYPES = st.sampled_from([JSON_PATCH, XML_PATCH, "application/fhir+json", "application/fhir+xml"])


def _parameters(parts: list[tuple[str, str, str, Any]]) -> Any:
    operations = [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": kind},
                {"name": "path", "valueString": path},
                {"name": "name", "valueString": name},
                {"name": "value", "valueHumanName": value},
            ],
        }
        for kind, path, name, value in parts
    ]
    return {"resourceType": "Parameters", "parameter": operations}


_DOCUMENTS = (_VALUES.map(dumps) | _XML.map(str.encode) | _PARTS.map(_parameters).map(dumps)) | st.binary(max_size=30)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_TYPES, _DOCUMENTS), min_size=8, max_size=12), st.lists(_VALUES, max_size=4))
def test_no_patch_makes_the_hub_fail(database_url: str, sent: list[tuple[str, bytes]], resources: list[Any]) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        for content_type, document in sent:
            answer = await home.ask("PATCH", path, document, content_type=content_type)
            assert answer.status_code in (200, 400, 413, 415, 422), answer.text
        entries = [
            entry("PATCH", path[1:], {"resourceType": "Binary", "contentType": content_type, "data": _base64(document)})
            for content_type, document in sent
        ]
        entries += [entry("PATCH", path[1:], resource) for resource in resources]
        assert "500" not in statuses(await home.ask("POST", "", batch(*entries)))
        assert validate(body(await home.ask("GET", path))) == []

    in_house(database_url, visit, validate=validate)


def _base64(document: bytes) -> str:
    return b64encode(document).decode()
