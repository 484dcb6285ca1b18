"""JSON that cannot be read is told by its place, and never by what it says."""

from __future__ import annotations

import pytest

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"", "end of the text"),
        (b'{"a": [1,', "end of the text"),
        (b"{}x", "byte 3"),
        (b"\xff", "byte 0"),
        (b"[" * 200_000, "text"),
        (b'"\xed\xa0\x80"', "text"),
    ],
)
def test_what_is_not_json_is_refused_at_its_place(text: bytes, where: str) -> None:
    with pytest.raises(HubError) as refused:
        loads(text)
    assert refused.value.category is Category.UNREADABLE
    assert refused.value.where == where
