"""Request bodies: limits on the wire and unpacked."""

from __future__ import annotations

import asyncio
import gzip
import os
import zlib

import pytest
from starlette.requests import Request
from starlette.types import Message

from hub.api.body import RATIO_FREE, read_body
from hub.kernel.errors import Category, HubError

LIMIT = 4 * RATIO_FREE


def body_of(*chunks: bytes, limit: int = LIMIT, gone: bool = False, **headers: str) -> bytes:
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": sent}, receive)
    return asyncio.run(read_body(request, limit))


def refusal(*chunks: bytes, limit: int = LIMIT, gone: bool = False, **headers: str) -> HubError:
    with pytest.raises(HubError) as caught:
        body_of(*chunks, limit=limit, gone=gone, **headers)
    return caught.value


def test_a_body_in_pieces_is_put_together() -> None:
    assert body_of(b"ab", b"", b"c") == b"abc"


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    assert refusal(content_length=str(LIMIT + 1)).category is Category.TOO_LARGE


def test_a_body_that_turns_out_too_large_is_refused() -> None:
    assert refusal(b"x" * 6, b"x" * 6, limit=10).category is Category.TOO_LARGE
    assert body_of(b"x" * 10, limit=10) == b"x" * 10


def test_a_body_that_breaks_off_is_refused() -> None:
    assert refusal(b"half", gone=True).code == "incomplete"


def test_a_gzip_body_is_unpacked() -> None:
    text = b'{"resourceType":"Patient"}' * 1000
    assert body_of(gzip.compress(text), content_encoding="gzip") == text


def test_a_gzip_bomb_is_refused_by_its_ratio() -> None:
    bomb = gzip.compress(b" " * (3 * RATIO_FREE))
    assert refusal(bomb, content_encoding="gzip").category is Category.TOO_LARGE


def test_a_gzip_body_over_the_limit_is_refused_whatever_its_ratio() -> None:
    packed = gzip.compress(os.urandom(700) * 2)
    assert len(packed) < 1000
    assert refusal(packed, limit=1000, content_encoding="gzip").category is Category.TOO_LARGE


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"{}", id="not packed"),
        pytest.param(gzip.compress(b"{}")[:-4], id="cut short"),
        pytest.param(gzip.compress(b"{}") + b"x", id="followed by something"),
        pytest.param(zlib.compress(b"{}"), id="zlib"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_not_one_complete_gzip_stream_is_refused(packed: bytes) -> None:
    assert refusal(packed, content_encoding="gzip").code == "gzip"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_an_unknown_encoding_is_refused_with_415(encoding: str) -> None:
    assert refusal(b"{}", content_encoding=encoding).code == "media-type"
