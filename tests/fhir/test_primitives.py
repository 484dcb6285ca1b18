"""Primitive types: what one call tells of a text is what the whole test tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.primitives import RIGHT, SHORT, TESTS

TEXTS = st.text(st.sampled_from(" \t\r\n\0\x7f\u00a0\u3000\u200b\ud800\ufffe\U0001f600aZéT中0129-+:/.#|"), min_size=1)
WRITTEN = st.sampled_from(
    ("2020-02-30", "2020-02-28T10:00:00+08:00", "2020-01-01T25:00:00Z", "urn:oid:1.2", "07:30:00")
)


@given(st.sampled_from(sorted(RIGHT)), st.one_of(TEXTS, WRITTEN))
def test_a_text_that_one_call_tells_right_is_right(name: str, text: str) -> None:
    if len(text) <= SHORT and RIGHT[name](text):
        assert TESTS[name](text) is None


def test_most_right_texts_are_told_by_one_call() -> None:
    told = {
        "string": "血糖 Glucose",
        "code": "final",
        "dateTime": "2026-03-02T08:30:00+08:00",
        "uri": "http://loinc.org",
    }
    assert all(RIGHT[name](text) for name, text in told.items())
