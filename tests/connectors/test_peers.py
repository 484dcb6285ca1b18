"""Who may connect: the networks of the feed, else this machine alone."""

from __future__ import annotations

import pytest

from connectors.mllp.peers import allowed, networks
from hub.kernel.errors import Category, HubError


@pytest.mark.parametrize(
    ("address", "peers", "expected"),
    [
        ("127.0.0.1", (), True),
        ("127.9.9.9", (), True),
        ("::1", (), True),
        ("::ffff:127.0.0.1", (), True),
        ("10.1.2.3", (), False),
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("10.1.2.3", ("10.1.2.9/16",), True),
        ("10.2.2.3", ("10.1.0.0/16", "10.2.2.3"), True),
        ("127.0.0.1", ("10.1.0.0/16",), False),
        ("fe80::1%eth0", ("fe80::/10",), True),
        ("", (), False),
        ("nonsense", (), False),
    ],
)
def test_an_address_is_judged_by_the_networks_of_the_feed(address: str, peers: tuple[str, ...], expected: bool) -> None:
    assert allowed(address, networks(peers)) is expected


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(HubError) as refusal:
        networks(["hospital"])
    assert (refusal.value.category, refusal.value.where) == (Category.INVALID, "peers")
