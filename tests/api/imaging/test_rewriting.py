"""The archive's addresses in what it sends: none reaches a client, wherever the stream is cut."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.api.imaging.parts import boundary_of, own_parts
from hub.api.imaging.rewriting import NOWHERE, own_address, own_addresses
from hub.kernel.errors import HubError
from tests.api.imaging.pacs import BOUNDARY, INSIDE, metadata
from tests.mappings.dicom import objects

BASE = "https://hub.example/dicom-web/F01-pacs"
AT = "/studies/1.2/series/1.2.3/instances/1.2.3.4"


def streamed(content: bytes, cuts: list[int], read: Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]) -> bytes:
    """What comes out of a reader that is given the content in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
        for first, last in itertools.pairwise(places):
            if first < last:
                yield content[first:last]

    async def gathered() -> bytes:
        return b"".join([piece async for piece in read(pieces())])

    return asyncio.run(gathered())


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (f"{INSIDE}{AT}/bulk/7fe00010", f"{BASE}{AT}/bulk/7fe00010"),
        (f"https://other.example:8443/a/b{AT}/frames/1?quality=80", f"{BASE}{AT}/frames/1?quality=80"),
        (f"/dicom-web{AT}/bulkdata/1", f"{BASE}{AT}/bulkdata/1"),
        ("bulkdata/1", "bulkdata/1"),
        ("http://pacs.inside/wado?objectUID=1.2", NOWHERE),
        (f"{INSIDE}/studies/../admin", NOWHERE),
        (f"{INSIDE}{AT}?PatientID=7", NOWHERE),
        ("file:///var/pacs/1.dcm", NOWHERE),
    ],
)
def test_an_address_is_the_hubs_or_none(theirs: str, ours: str) -> None:
    assert own_address(theirs, BASE) == ours


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=6), st.booleans())
def test_metadata_names_the_hub_however_it_is_cut(cuts: list[int], slashes: bool) -> None:
    made = objects.dataset(StudyDescription='{"BulkDataURI": "http://note.example/studies/1.2"}')
    theirs = [metadata(made), metadata(objects.dataset(2))]
    content = json.dumps(theirs).replace("/", "\\/" if slashes else "/").encode()
    ours = json.loads(streamed(content, cuts, lambda chunks: own_addresses(chunks, BASE)))
    at = f"{BASE}/studies/{made.StudyInstanceUID}/series/{made.SeriesInstanceUID}/instances/{made.SOPInstanceUID}"
    assert ours[0].pop("00081190") == {"vr": "UR", "Value": [at]}
    assert ours[0].pop("7FE00010")["BulkDataURI"] == f"{at}/bulk/7fe00010"
    assert ours[0] == {tag: each for tag, each in theirs[0].items() if tag not in {"00081190", "7FE00010"}}
    assert "pacs.inside" not in json.dumps(ours)


def test_long_values_do_not_wait_for_their_end() -> None:
    content = b'[{"00081190":{"vr":"UR","Value":["' + f"{INSIDE}{AT}".encode() + b'"]},"42000011":{"vr":"OB",'
    content += b'"InlineBinary":"' + b"A" * 500_000 + b'"}}]'
    told = streamed(content, list(range(0, 500_000, 4096)), lambda chunks: own_addresses(chunks, BASE))
    assert json.loads(told)[0]["00081190"]["Value"] == [BASE + AT]
    assert len(json.loads(told)[0]["42000011"]["InlineBinary"]) == 500_000


PIXELS = b"\r\n--0123-mar" + bytes(range(256)) + b"\r\n\r\n--0123-"


def multipart(*bodies: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\nServer: inside\r\nContent-Location: {INSIDE}{AT}\r\n\r\n"
    )
    return b"preamble\r\n" + b"".join(head.encode() + body + b"\r\n" for body in bodies) + f"--{BOUNDARY}--".encode()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=8))
def test_parts_keep_their_bytes_and_lose_the_archives_headers(cuts: list[int]) -> None:
    told = streamed(multipart(PIXELS, b""), cuts, lambda chunks: own_parts(chunks, BOUNDARY.encode(), BASE))
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\nContent-Location: {BASE}{AT}\r\n\r\n".encode()
    assert told == head + PIXELS + b"\r\n" + head + b"\r\n" + f"--{BOUNDARY}--\r\n".encode()


def test_a_multipart_message_cut_short_is_no_whole_one() -> None:
    for content in (multipart(PIXELS)[:-4], b"", b"--" + BOUNDARY.encode() + b"\r\nX: " + b"y" * 20_000):
        with pytest.raises(HubError) as broken:
            streamed(content, [], lambda chunks: own_parts(chunks, BOUNDARY.encode(), BASE))
        assert broken.value.code == "archive-refused"


def test_a_boundary_is_read_as_media_types_write_it() -> None:
    assert boundary_of('multipart/related; type="application/dicom"; boundary="a b=c"') == b"a b=c"
    for media in ("multipart/related", 'multipart/related; boundary="a\\"b"', "multipart/related; boundary="):
        with pytest.raises(HubError):
            boundary_of(media)
