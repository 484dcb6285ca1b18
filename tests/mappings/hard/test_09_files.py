"""9. Files in a result (ED, RP): the data once, in a document beside the result, with a hash that proves it."""

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


def test_a_large_file_stands_in_the_document_which_tells_its_size_and_hash() -> None:
    found = told("ED", f"^application^pdf^Base64^{b64encode(LARGE).decode()}")
    stated = attachment(found)
    assert b64decode(stated["data"]) == LARGE
    assert (stated["contentType"], stated["size"]) == ("application/pdf", len(LARGE))
    assert b64decode(stated["hash"]) == sha1(LARGE, usedforsecurity=False).digest()


def test_nothing_but_the_document_holds_a_large_file_so_that_no_consent_on_documents_is_passed_by() -> None:
    data = b64encode(LARGE).decode()
    found = told("ED", f"^application^pdf^Base64^{data}")
    assert [each.resource["resourceType"] for each in found.drafts if data in repr(each.resource)] == [
        "DocumentReference"
    ]
    assert not drafts(found, "Binary")


def test_the_result_refers_to_the_document_and_holds_no_data_of_it() -> None:
    found = told("ED", f"^application^pdf^Base64^{b64encode(LARGE).decode()}")
    observation = resource(found, "Observation")
    assert observation["derivedFrom"] == [
        {"reference": f"DocumentReference/{resource(found, 'DocumentReference')['id']}"}
    ]
    assert len(repr(observation)) < 2_000


def test_the_same_file_sent_again_is_the_same_document_with_the_same_hash_and_another_has_another() -> None:
    same = [told("ED", f"^application^pdf^Base64^{b64encode(LARGE).decode()}") for _ in "12"]
    other = told("ED", f"^application^pdf^Base64^{b64encode(LARGE + b'x').decode()}")
    assert len({resource(each, "DocumentReference")["id"] for each in same}) == 1
    assert attachment(same[0])["hash"] == attachment(same[1])["hash"] != attachment(other)["hash"]


def test_a_small_file_stands_in_the_result_too() -> None:
    found = told("ED", f"^text^plain^Base64^{b64encode('正常心电图'.encode()).decode()}")
    assert b64decode(attachment(found)["data"]).decode() == "正常心电图"
    extensions = resource(found, "Observation")["extension"]
    assert [each["valueAttachment"] for each in extensions if "valueAttachment" in each] == [attachment(found)]


def test_a_text_that_is_not_encoded_is_a_file_that_can_be_read_in_the_result_too() -> None:
    found = told("ED", "^TEXT^XML^A^<section>脑卒中 \\T\\ 偏瘫</section>")
    stated = attachment(found)
    assert (stated["contentType"], b64decode(stated["data"]).decode()) == (
        "text/xml",
        "<section>脑卒中 & 偏瘫</section>",
    )
    kept = [each["valueString"] for each in resource(found, "Observation")["extension"] if "valueString" in each]
    assert kept == ["^TEXT^XML^A^<section>脑卒中 & 偏瘫</section>"]


def test_a_long_text_that_is_not_encoded_stands_in_the_document_alone() -> None:
    words = "脑卒中" * 2000
    found = told("ED", f"^TEXT^PLAIN^A^{words}")
    assert b64decode(attachment(found)["data"]).decode() == words
    assert words not in str(resource(found, "Observation"))


@pytest.mark.parametrize("value", ["^application^pdf^Hex^255044462D", "^application^pdf^^JVBERi0="])
def test_a_file_in_hexadecimal_or_of_no_stated_encoding_is_a_file(value: str) -> None:
    assert b64decode(attachment(told("ED", value))["data"]) == b"%PDF-"


@pytest.mark.parametrize(
    "value",
    [
        "^application^pdf^Base64^@@@",
        "^application^pdf^A^QUJD",
        "^text^plain^^报告",
        "^application^pdf^Hex^QU",
        "报告见附件",
    ],
)
def test_what_only_claims_to_be_a_file_is_kept_as_text(value: str) -> None:
    assert resource(told("ED", value), "Observation")["valueString"] == value


def test_a_pointer_is_a_document_elsewhere() -> None:
    found = told("RP", "https://pacs.example/r/1.pdf^报告^application^pdf")
    assert (attachment(found)["url"], attachment(found)["title"]) == ("https://pacs.example/r/1.pdf", "报告")
