"""The report of a long message: complete, in order, and small while nobody looks."""

from __future__ import annotations

import pytest

from hub.fhir.packed import Packed
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.hl7v2 import report
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.report import PORTION
from mappings.hl7v2.translator import translator
from tests.mappings.messages import oru


def test_a_message_is_told_of_in_the_same_words_however_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = oru(400).encode()
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    at_once = translate(raw).report
    assert isinstance(at_once, Packed) is (len(at_once) > PORTION)
    monkeypatch.setattr(report, "PORTION", 10)
    in_portions = translate(raw).report
    assert isinstance(in_portions, Packed)
    monkeypatch.setattr(report, "PORTION", 1_000_000)
    assert tuple(in_portions) == translate(raw).report == tuple(at_once)
