"""The engine says what a literal reading of all sections says: decision, reason and obligations."""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.decide import decide
from consent.decision import Reason
from hub.kernel.types import Json
from tests.consent.literal.answering import answer
from tests.consent.literal.ordinary import Answer
from tests.consent.wide.whole import wide_case

RUNS: Final = [pytest.param(5_000, id="short"), pytest.param(200_000, id="soak", marks=pytest.mark.soak)]


def _engine(case: Json) -> Answer:
    found = decide(case)
    return f"{found.decision} {found.reason}", frozenset(found.obligations)


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_engine_says_what_a_literal_reading_says_and_a_case_where_it_does_not_is_made_small(random: Random) -> None:
    case = wide_case(random)
    assert _engine(case) == answer(case)


@pytest.mark.parametrize("cases", RUNS)
def test_of_many_cases_the_engine_says_what_a_literal_reading_says_and_every_reason_occurs(cases: int) -> None:
    if cases > 10_000 and not os.environ.get("YILIAN_SOAK"):
        pytest.skip("long run: make soak")
    reasons: Counter[str] = Counter()
    for seed in range(cases):
        case = wide_case(Random(seed))
        expected = answer(case)
        assert _engine(case) == expected, f"seed {seed}"
        reasons[expected[0].split()[1]] += 1
    assert set(reasons) == set(Reason) - {Reason.SCOPE_NOT_ALLOWED}  # that one is the gate's own
