"""What a broker publishes is held to the limits of the doors."""

from __future__ import annotations

import asyncio

import pytest

from hub.bootstrap.brokers import limited
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Taken


@pytest.mark.parametrize("payload", [b'{"pulse": 1, "pulse": 2}', b'{"at": 1e999990}', b"[" * 200 + b"]" * 200])
def test_a_payload_beyond_the_limits_of_json_is_not_taken(payload: bytes) -> None:
    taken: list[bytes] = []

    async def take(raw: bytes, peer: str) -> Taken:
        taken.append(raw)
        return Taken(messages=())

    with pytest.raises(HubError) as refused:
        asyncio.run(limited(take)(payload, "mqtt"))
    assert refused.value.category is Category.UNREADABLE
    asyncio.run(limited(take)(b'{"pulse": 1}', "mqtt"))
    assert taken == [b'{"pulse": 1}']
