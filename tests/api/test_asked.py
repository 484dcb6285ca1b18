"""What doors of the API read from a request."""

from __future__ import annotations

import pytest

from hub.api.asked import text
from hub.api.json_doors import Asking
from hub.audit.entry import UNKNOWN_ORIGIN
from hub.kernel.errors import HubError
from tests.records.door import DOCTOR


@pytest.mark.parametrize(("value", "what"), [("a\0b", r"U\+0000"), (" ", "missing"), (7, "is no")])
def test_a_text_that_says_nothing_or_cannot_be_kept_is_refused_by_its_name(value: object, what: str) -> None:
    ask = Asking(actor=DOCTOR, origin=UNKNOWN_ORIGIN, id="", body={"name": value}, query={}, if_match="")
    with pytest.raises(HubError, match=what) as refusal:
        text(ask, "name")
    assert refusal.value.where == "body.name"
