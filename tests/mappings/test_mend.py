"""Pre-processors on the bytes of one message: in its own character set, or not at all."""

from __future__ import annotations

import pytest

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.mend import mender
from mappings.hl7v2.profile import DEFAULT
from mappings.mend import mend

MEND = mender(DEFAULT)
TEXT = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||ADT^A08|7|P|2.4\rPID|1||123^^^^MR||沈桂兰\r"
AUTHORITY = {"step": "set-default", "at": "PID-3.4", "value": "HIS"}


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_step_changes_what_it_names_and_nothing_else(charset: str) -> None:
    mended = MEND(TEXT.encode(charset), [AUTHORITY])
    assert mended == TEXT.replace("123^^^^MR", "123^^^HIS^MR").encode(charset)


def test_steps_that_change_nothing_give_the_same_bytes() -> None:
    raw = TEXT.replace("\r", "\n").encode()
    assert MEND(raw, [{"step": "strip", "at": "PID-3"}]) == raw
    assert MEND(raw, [{**AUTHORITY, "events": ["ADT^A01"]}]) == raw


@pytest.mark.parametrize("step", [{"step": "burn", "at": "PID-3"}, {"step": "strip"}, {"step": "strip", "at": "PID"}])
def test_what_no_profile_may_say_is_no_step(step: dict[str, str]) -> None:
    with pytest.raises(HubError) as refusal:
        MEND(TEXT.encode(), [step])
    assert refusal.value.category is Category.INVALID


def test_bytes_that_cannot_be_written_back_alike_are_left_alone() -> None:
    damaged = TEXT.encode() + b"NTE|1||\xe6\xb2\r"
    with pytest.raises(HubError) as refusal:
        MEND(damaged, [AUTHORITY])
    assert (refusal.value.category, refusal.value.code) == (Category.UNREADABLE, "charset-bytes")


def test_a_format_without_pre_processors_takes_messages_as_they_came() -> None:
    assert mend(b"x", []) == b"x"
    with pytest.raises(HubError, match="no pre-processors"):
        mend(b"x", [AUTHORITY])
