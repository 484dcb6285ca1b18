"""Streams: what was written comes back whole, and nothing else is taken for it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.errors import HubError
from hub.sealing.stream import SealedWriter, opened
from hub.sealing.suites import Suite

CHUNK = 16


def sealed(parts: list[bytes], suite: Suite = Suite.AES_256_GCM) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, suite.cipher(bytes(suite.key_bytes)), chunk=CHUNK)
    for part in parts:
        writer.write(part)
    writer.close()
    return file.getvalue()


def read(data: bytes, suite: Suite = Suite.AES_256_GCM) -> bytes:
    return b"".join(opened(io.BytesIO(data), suite.cipher(bytes(suite.key_bytes)), chunk=CHUNK))


@pytest.mark.parametrize("suite", Suite)
@settings(max_examples=30)
@given(parts=st.lists(st.binary(max_size=50), max_size=5))
def test_a_stream_comes_back_whole(suite: Suite, parts: list[bytes]) -> None:
    assert read(sealed(parts, suite), suite) == b"".join(parts)


@settings(max_examples=60)
@given(data=st.data())
def test_a_stream_that_was_cut_changed_or_put_together_anew_is_refused(data: st.DataObject) -> None:
    whole = sealed([bytes(range(40))])
    chunks = _chunks(whole)
    assert len(chunks) == 3
    place = data.draw(st.integers(0, len(whole) - 1))
    forged = data.draw(
        st.sampled_from(
            [
                whole[:place],
                whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
                whole + b"x",
                b"".join(chunks[:2]),
                b"".join([chunks[1], chunks[0], chunks[2]]),
                b"".join([chunks[0], chunks[2]]),
                b"".join([*chunks, chunks[2]]),
            ]
        )
    )
    with pytest.raises(HubError, match="is not what was sealed"):
        read(forged)


def _chunks(whole: bytes) -> list[bytes]:
    chunks = []
    while whole:
        end = 4 + int.from_bytes(whole[:4])
        chunks.append(whole[:end])
        whole = whole[end:]
    return chunks
