"""9. Files in a result (ED, RP): the data once, beside the result and not in it, with a hash that proves it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha1

import pytest

from hub.kernel.types import Json, Translation
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, drafts, resource, translate

OBR = "OBR|1||L1|ECG^心电图|||||||||||||||||||||F"
LARGE = bytes(range(256)) * 64


def told(kind: str, value: str) -> Translation:
    found = translate(PID, OBR, f"OBX|1|{kind}|PDF^报告||{value}||||||F", kind="ORU", event="R01")
    assert not invalid(bundle(found.drafts))
    return found


def attachment(found: Translation) -> Json:
    (content,) = resource(found, "DocumentReference")["content"]
    stated: Json = content["attachment"]
    return stated


def test_a_large_file_is_a_binary_and_the_document_tells_its_size_and_hash() -> None:
    found = told("ED", f"^application^pdf^Base64^{b64encode(LARGE).decode()}")
    stated, binary = attachment(found), resource(found, "Binary")
    assert "data" not in stated
    assert stated["url"] == f"Binary/{binary['id']}"
    assert (stated["contentType"], stated["size"]) == ("application/pdf", len(LARGE))
    assert b64decode(stated["hash"]) == sha1(b64decode(binary["data"]), usedforsecurity=False).digest()
    assert b64decode(binary["data"]) == LARGE


def test_the_result_refers_to_the_document_and_holds_no_data_of_it() -> None:
    found = told("ED", f"^application^pdf^Base64^{b64encode(LARGE).decode()}")
    observation = resource(found, "Observation")
    assert observation["derivedFrom"] == [
        {"reference": f"DocumentReference/{resource(found, 'DocumentReference')['id']}"}
    ]
    assert len(repr(observation)) < 2_000


def test_the_same_file_sent_again_is_the_same_binary_and_another_is_another() -> None:
    same = {resource(told("ED", f"^application^pdf^Base64^{b64encode(LARGE).decode()}"), "Binary")["id"] for _ in "12"}
    other = resource(told("ED", f"^application^pdf^Base64^{b64encode(LARGE + b'x').decode()}"), "Binary")["id"]
    assert len(same) == 1
    assert other not in same


def test_a_small_file_stays_in_the_document() -> None:
    found = told("ED", f"^text^plain^Base64^{b64encode('正常心电图'.encode()).decode()}")
    assert b64decode(attachment(found)["data"]).decode() == "正常心电图"
    assert not drafts(found, "Binary")


@pytest.mark.parametrize("value", ["^application^pdf^Base64^@@@", "^application^pdf^A^QUJD", "报告见附件"])
def test_what_only_claims_to_be_a_file_is_kept_as_text(value: str) -> None:
    assert resource(told("ED", value), "Observation")["valueString"] == value


def test_a_pointer_is_a_document_elsewhere() -> None:
    found = told("RP", "https://pacs.example/r/1.pdf^报告^application^pdf")
    assert (attachment(found)["url"], attachment(found)["title"]) == ("https://pacs.example/r/1.pdf", "报告")
