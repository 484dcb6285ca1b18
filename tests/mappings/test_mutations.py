"""Bytes of whole messages changed at random: one line of JSON for each message, with its keys, and never a defect."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.fhir.json import dumps, loads
from mappings.hl7v2.convert import convert
from mappings.hl7v2.envelope import read_envelope
from tests.mappings import feeds
from tests.mappings.checker import invalid
from tests.mappings.messages import ADT, oru

SOURCES = [
    ADT.encode(),
    oru(3).encode(),
    ADT.encode("gb18030"),
    *[feed.raw for feed in list(feeds.events())[::9]],
    *[feed.raw for feed in feeds.countries()],
]
PIECES = [
    b"|",
    b"^",
    b"~",
    b"&",
    b"\\",
    b"\r",
    b"\n",
    b'""',
    b"\0",
    b"\x0b",
    b"\x1c",
    b"\xff",
    b"\xe6\x9d",
    b"\x1b$B",
    b"\rMSH|",
    b"\rOBX|1|NM|a||",
    b"\rPID|1||",
    b"\rSPM|1|",
    b"\\X",
    b"\\.sp99\\",
    b"9" * 40,
    b"20261399",
    b"\xef\xbb\xbf",
    b" ",
]

#: Where (in thousandths of the message), how many bytes go, and what comes there instead.
changes = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 12), st.sampled_from(PIECES) | st.binary(max_size=6)),
    min_size=1,
    max_size=8,
)


def changed(raw: bytes, some: list[tuple[int, int, bytes]]) -> bytes:
    for place, gone, instead in some:
        at = place * len(raw) // 1000
        raw = raw[:at] + instead + raw[at + gone :]
    return raw


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SOURCES), changes)
def test_a_damaged_message_gives_valid_resources_or_says_why_not(
    raw: bytes, some: list[tuple[int, int, bytes]]
) -> None:
    damaged = changed(raw, some)
    read_envelope(damaged)
    for index, line in enumerate(convert("x", damaged)):
        assert set(loads(dumps(line))) == {"source", "index", "bundle", "report", "issues"}
        assert line["index"] == index
        assert not [issue for issue in line["issues"] if issue["code"] == "fault"]
        assert not invalid(line["bundle"])
