import asyncio
from typing import Any

import pytest

from hub.demo.ask import Client
from hub.demo.feeding import hand_over
from hub.demo.parcels import Parcel
from hub.kernel.errors import Category, HubError
from tests.demo.a_hub import Asked, Hub, a_hub

PARCELS = [Parcel("a", "F1", b'{"n": 1}'), Parcel("b", "F2", b'{"n": 2}'), Parcel("a", "F1", b'{"n": 3}')]


def hand(hub: Hub) -> dict[str, int]:
    def client(facility: str) -> Client:
        return hub.clients("feed", facility)

    return asyncio.run(hand_over(PARCELS, client))


def test_files_of_a_feed_go_in_their_order_with_a_token_of_its_facility() -> None:
    def take(asked: Asked) -> tuple[int, Any]:
        return 201, {"messages": [{}, {}]}

    with a_hub(take) as hub:
        assert hand(hub) == {"a": 4, "b": 2}
    told = [(asked.path, hub.issued[int(asked.token)]["organization"], asked.body["n"]) for asked in hub.asked]
    assert [each for each in told if each[1] == "F1"] == [("/api/feeds/a", "F1", 1), ("/api/feeds/a", "F1", 3)]
    assert ("/api/feeds/b", "F2", 2) in told


def test_a_file_the_hub_refuses_stops_the_demo_and_says_whose() -> None:
    with a_hub(lambda _: (422, {})) as hub, pytest.raises(HubError) as caught:
        hand(hub)
    assert caught.value.category is Category.INVALID
    assert caught.value.where in {"a", "b"}
