import pytest

from hub.kernel.errors import Category, HubError
from hub.run.sockets import listen


def test_a_taken_port_is_a_conflict_that_names_it() -> None:
    with listen("127.0.0.1", 0, what="HTTP") as server:
        port = server.getsockname()[1]
        with pytest.raises(HubError) as caught:
            listen("127.0.0.1", port, what="feed his")
    assert caught.value.category is Category.CONFLICT
    assert caught.value.where == f"feed his 127.0.0.1:{port}"


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(HubError) as caught:
        listen("192.0.2.1", 0, what="HTTP")
    assert caught.value.category is Category.INVALID
