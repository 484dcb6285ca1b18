"""Query strings and forms."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.api.query import MAX_PARAMETERS, read_query, read_query_bytes
from hub.kernel.errors import HubError

NAMES = st.from_regex(r"[A-Za-z_][a-z-]{0,9}(?::[a-z]{1,9})?", fullmatch=True).filter(lambda name: name[0] != "_")
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))


@given(st.lists(st.tuples(NAMES, VALUES)))
def test_what_was_encoded_is_read_in_its_order(pairs: list[tuple[str, str]]) -> None:
    assert read_query(urlencode(pairs)) == pairs


@given(st.lists(st.sampled_from(["a", "b", "=", "&", "+", "%", "%2B", "%C3%A9", "%3", "é", "%FF"])).map("".join))
def test_a_query_is_read_as_the_form_encoding_of_the_web_has_it(text: str) -> None:
    try:
        found = read_query(text)
    except HubError:
        return
    assert found == parse_qsl(text, keep_blank_values=True, errors="strict")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(HubError):
        read_query(text)


@pytest.mark.parametrize(
    "text",
    [
        "_has:Observation:patient:code=x",
        "subject:Patient.name=x",
        "_sort=-date,status",
        "_include=Observation:patient:Patient,Observation:performer",
        "_include=*",
        "_revinclude:iterate=Observation:*",
        "value-quantity=gt5|http://unitsofmeasure.org|mg",
        "_type=Patient,Observation",
        "_count=",
    ],
)
def test_names_of_parameters_pass(text: str) -> None:
    assert len(read_query(text)) == 1


@pytest.mark.parametrize(
    "text", ["沈=1", "a b=1", "9=1", "name:9=1", "a..b=1", "_sort=沈", "_include=a%20b", "=1", "%22=1"]
)
def test_what_cannot_be_a_name_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(HubError) as caught:
        read_query(text)
    assert caught.value.code == "unknown-parameter"
    assert "沈" not in str(caught.value)


@pytest.mark.parametrize("text", ["_sort=-", "_sort=a,b.", "_include=a%20b", "_type=Patient%201"])
def test_a_parameter_whose_value_cannot_be_names_is_named(text: str) -> None:
    with pytest.raises(HubError) as caught:
        read_query(text)
    assert caught.value.where == text.partition("=")[0]


@pytest.mark.parametrize("text", ["a=%ff", "a=%00", "a=\x00", "&".join(["a=1"] * (MAX_PARAMETERS + 1))])
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(HubError) as caught:
        read_query(text)
    assert caught.value.code == "query"


@pytest.mark.parametrize("text", ["a" * 100_000 + "!=1", "_sort=" + "a," * 50_000 + "!", "a" + ".a" * 50_000 + "!=1"])
def test_long_names_cost_no_time(text: str) -> None:
    begin = perf_counter()
    with pytest.raises(HubError):
        read_query(text)
    assert perf_counter() - begin < 2


def test_text_that_nobody_encoded_is_what_it_says() -> None:
    assert read_query_bytes("name=沈&x=1".encode()) == [("name", "沈"), ("x", "1")]
    with pytest.raises(HubError, match="is not a query"):
        read_query_bytes(b"name=\xc9\xf2")
