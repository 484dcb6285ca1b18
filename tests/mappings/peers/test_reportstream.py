"""The bundles CDCgov/prime-reportstream expects of its 221 messages, fact by fact.

The peer takes times without a zone for UTC; the messages are converted so here.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from hub.fhir.json import dumps, loads
from mappings.hl7v2.convert import convert
from mappings.hl7v2.profile import DEFAULT
from tests.mappings.peers.compare import Explanation, Move, Verdict, compare, explanations, moves
from tests.mappings.peers.facts import told

MOVED: Final = moves("reportstream-moved.csv")
EXPLAINED: Final = explanations("reportstream-explained.csv")
#: The least share of the peer's facts that must be found among ours; it only rises.
LEAST: Final = 0.83

_IN_UTC: Final = dataclasses.replace(DEFAULT, zone="+00:00")


@cache
def compared(shared: Path) -> Verdict:
    """All messages of the peer held against what it expects of them."""
    verdict = Verdict()
    for path in sorted((shared / "hl7v2-samples" / "reportstream").glob("*.hl7")):
        expected = shared / "hl7v2-samples" / "reportstream-expected-fhir" / f"{path.stem}.fhir.json"
        line = next(convert(path.name, path.read_bytes(), _IN_UTC))
        ours = told(loads(dumps(line["bundle"])), "none:")
        peers = told(loads(expected.read_bytes()), "https://reportstream.cdc.gov")
        compare(path.stem, peers, ours, (MOVED, EXPLAINED), verdict)
    return verdict


@pytest.fixture
def verdict(shared: Path) -> Verdict:
    return compared(shared)


def test_every_fact_of_the_peer_is_one_of_ours_or_explained(verdict: Verdict) -> None:
    listed = [f"{source}: {fact.path} = {fact.value[:60]}" for source, fact in verdict.differing]
    listed.append("mend the mapping, or say in reportstream-moved.csv or reportstream-explained.csv why it is so")
    assert len(listed) == 1, "\n".join(listed[:60])


def test_every_rule_is_needed(verdict: Verdict) -> None:
    rules: list[Move | Explanation] = [*MOVED, *EXPLAINED]
    superfluous = [rule for rule in rules if not verdict.used[rule]]
    assert not superfluous, "delete these lines of the two tables"


def test_most_facts_of_the_peer_are_ours(verdict: Verdict) -> None:
    share = (verdict.same + verdict.moved) / verdict.total
    assert verdict.total > 10_000
    assert share >= LEAST, f"{share:.1%} of {verdict.total} facts"
