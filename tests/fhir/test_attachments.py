"""The addresses under which the files of documents are fetched."""

from __future__ import annotations

import pytest

from hub.fhir.attachments import address, addressed, attachment_of
from hub.kernel.types import Json


def test_every_attachment_with_bytes_gets_the_address_it_is_found_by() -> None:
    document: Json = {
        "id": "doc.7",
        "content": [
            {"attachment": {"data": "QQ=="}},
            {"attachment": {"url": "https://archive.example/a"}},
            {"attachment": {"data": "Qg=="}},
        ],
    }
    addressed(document)
    urls = [content["attachment"]["url"] for content in document["content"]]
    assert urls == ["Binary/doc.7.1", "https://archive.example/a", "Binary/doc.7.3"]
    assert attachment_of(address("doc.7", 3).removeprefix("Binary/")) == ("doc.7", 3)


@pytest.mark.parametrize("name", ["doc", "doc.0", "doc.01", "doc.x", ".1", "doc.10000"])
def test_other_ids_are_of_no_attachment(name: str) -> None:
    assert attachment_of(name) is None
