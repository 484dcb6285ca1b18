"""Hundreds of messages unlike the samples: none fails, nothing is lost, every resource is valid.

What must come out is found by a second, naive reading (`tests.mappings.checker`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from hub.kernel.types import Json
from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.charset import decode
from mappings.hl7v2.convert import convert
from tests.mappings import feeds
from tests.mappings.checker import invalid, lost
from tests.mappings.feeds import Feed


def complaints(some: Iterable[Feed]) -> Iterator[tuple[str, str]]:
    """Name of a feed and what is wrong with its conversion."""
    for feed in some:
        lines = list(convert(feed.name, feed.raw))
        issues = [issue for line in lines for issue in line["issues"]]
        bundle: Json = {"entry": [entry for line in lines for entry in (line["bundle"] or {}).get("entry", ())]}
        yield from ((feed.name, f"{issue['code']}") for issue in issues if issue["severity"] == "fatal")
        yield from ((feed.name, f"{at} is lost") for at, _ in lost(feed.text, bundle))
        yield from ((feed.name, fault) for fault in invalid(bundle))


@pytest.mark.parametrize("kind", ["events", "values", "identifiers", "shapes", "countries"])
def test_every_feed_is_converted_without_loss_to_valid_resources(kind: str) -> None:
    assert not list(complaints(getattr(feeds, kind)()))


def test_the_feeds_are_hundreds() -> None:
    assert len(list(feeds.feeds())) > 600


def test_a_naive_reading_misses_no_value_of_the_samples(shared: Path) -> None:
    files = [path for path in (shared / "hl7v2-samples").glob("*/*.hl7") if "expected" not in path.parent.name]
    samples = [
        Feed(f"{path.name}[{i}]", decode(raw).text, raw)
        for path in sorted(files)
        for i, raw in enumerate(split_messages(path.read_bytes()))
    ]
    assert len(samples) >= 678
    assert not list(complaints(samples))


def test_the_checker_finds_a_value_that_is_not_there() -> None:
    text = "MSH|^~\\&|A\rPID|1||7^^^X~8\\T\\9\rOBX|1|CE|a||x^y&z~w"
    assert {value for _, value in lost(text, {"entry": []})} == {"7", "8&9", "x", "y", "z", "w"}
    assert not lost(text, {"entry": ["7", "8&9", "x y z w"]})
    assert lost(text, {"entry": [{"id": "7", "reference": "8&9 x y z w"}]})
