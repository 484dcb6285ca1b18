"""Bodies come back byte for byte, whatever the header byte says they were stored as."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.store import codec
from scripts.train_dictionary import samples


@given(st.binary())
def test_any_body_comes_back_byte_for_byte(body: bytes) -> None:
    assert codec.decode(codec.encode(body)) == body


def test_plain_and_compressed_bodies_are_read() -> None:
    body = b'{"resourceType":"Basic"}'
    assert codec.decode(bytes([codec.PLAIN]) + body) == body
    assert codec.decode(bytes([codec.ZSTD]) + zstandard.compress(body)) == body


@pytest.mark.parametrize("kind", [codec.SEALED, 200])
def test_an_unknown_codec_is_a_fault(kind: int) -> None:
    with pytest.raises(HubError) as caught:
        codec.decode(bytes([kind]) + b"x")
    assert caught.value.category is Category.FAULT


def test_the_shipped_dictionary_makes_bodies_at_least_three_and_a_half_times_smaller() -> None:
    fresh = [bytes(body) for body in samples(200, seed=7)]
    assert sum(map(len, fresh)) > 3.5 * sum(len(codec.encode(body)) for body in fresh)
