"""Limits of JSON bodies: ambiguous, deep, wide or absurd documents are refused, ordinary ones are read as they are."""

from __future__ import annotations

from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.api.json_limits import MAX_DEPTH, MAX_KEYS, parse
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
_TREES = st.recursive(
    st.none() | st.booleans() | _TEXTS | st.integers(-9, 9),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(_TEXTS, children, max_size=4),
    max_leaves=30,
)


def refused(data: bytes) -> str:
    with pytest.raises(HubError) as caught:
        parse(data)
    assert caught.value.category is Category.UNREADABLE
    return caught.value.code


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a" : 1, "a":1}',
        b'{"x":[{"id":"1","y":{},"id":"1"}]}',
        b'{"\\u0061":1,"a":2}',
        b'{"a":":::","a":1}',
        b'{"a":1,"a":"\\u003a"}',
        b'{"a":1,"a":"\\u003A"}',
    ],
)
def test_a_key_that_stands_twice_is_refused(data: bytes) -> None:
    assert refused(data) == "duplicate-key"


def test_a_text_that_looks_like_a_key_is_no_second_key() -> None:
    assert parse(b'{"a":"\\"a\\":1","b":"a\\\\"}') == {"a": '"a":1', "b": "a\\"}


@given(_TREES)
def test_every_document_without_twins_is_read_as_it_is(tree: Any) -> None:
    assert parse(dumps(tree)) == tree


def test_the_digits_of_decimals_are_kept() -> None:
    assert str(parse(b'{"value":1.50}')["value"]) == "1.50"
    assert parse(b"1e3") == Decimal("1e3")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_document_nested_too_deep_is_refused(depth: int, opening: bytes, closing: bytes) -> None:
    assert refused(opening * depth + b"1" * (opening != b"[") + closing * depth) in {"depth", "json"}


def test_the_deepest_document_allowed_is_read() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    inner = MAX_DEPTH - 1
    assert parse(b"[" + b"{}," * 500 + b"[" * inner + b"]" * inner + b"]")


def test_depth_is_found_behind_many_shallow_objects() -> None:
    assert refused(b"[" + b"{}," * 500 + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"]") == "depth"


def test_an_object_of_too_many_keys_is_refused() -> None:
    keys = b",".join(b'"k%d":1' % n for n in range(MAX_KEYS + 1))
    assert refused(b"{" + keys + b"}") == "keys"


def test_a_million_keys_are_refused_in_seconds() -> None:
    data = b"{" + b",".join(b'"k%d":1' % n for n in range(10**6)) + b"}"
    begin = perf_counter()
    assert refused(data) == "keys"
    assert perf_counter() - begin < 20


@pytest.mark.parametrize("number", [b"1" * 65, b"1." + b"1" * 100_000, b"1e400", b"1E-400", b"-0." + b"0" * 70])
def test_a_number_nothing_can_hold_is_refused(number: bytes) -> None:
    assert refused(b'{"value":' + number + b"}") == "number"


@pytest.mark.parametrize("data", [b"", b" ", b"{", b"[1,]", b"{}x", b"[NaN]", b"\xff", b'"\\ud800"', b"\xef\xbb\xbf{}"])
def test_what_is_not_json_in_utf_8_is_refused(data: bytes) -> None:
    assert refused(data) == "json"


def test_the_nul_character_is_refused_but_not_the_text_of_its_escape() -> None:
    assert refused(b'{"a":"x\\u0000"}') == "character"
    assert refused(b'{"a":"\\\\\\u0000"}') == "character"
    assert parse(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}
