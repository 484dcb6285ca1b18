"""The report accounts for every leaf exactly once, whatever a message holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.hl7v2.parser import parse
from tests.mappings.accounting import sources
from tests.mappings.engine import ADT_HEADER, PID, reported, translate

NAMES = ["PID", "PD1", "NK1", "PV1", "PV2", "AL1", "DG1", "MRG", "ORC", "OBR", "OBX", "NTE", "SPM", "SCH", "AIS", "AIP"]
NAMES += ["AIG", "AIL", "EVN", "IN1", "ZZZ"]
TEXT = st.text(alphabet=st.sampled_from('|^~\\&"0129.-男张NMSTCWEF\n ') | st.characters(codec="utf-8"), max_size=24)
WORD = st.sampled_from(
    ["NM", "ST", "CWE", "SN", "ED", "TX", "20260301", "20261399", '""', "0", "<5", "阴性", "A^B^L", "1&2^3", "x~y", "F"]
)
SEGMENT = st.builds(
    lambda name, fields: "|".join([name, *fields]), st.sampled_from(NAMES), st.lists(WORD | TEXT, max_size=26)
)
EVENT = st.sampled_from(
    ["ADT^A01", "ADT^A03", "ADT^A08", "ADT^A13", "ADT^A40", "ORU^R01", "ORM^O01", "OML^O21", "SIU^S12"]
)


@settings(max_examples=150, deadline=None)
@given(EVENT, st.lists(SEGMENT, max_size=9))
def test_every_leaf_occurs_in_the_report_exactly_once_and_nothing_raises(event: str, segments: list[str]) -> None:
    header = ADT_HEADER.replace("ADT^{event}", event).format(event="x")
    found = translate(header, *segments)
    message = parse("\r".join([header, *segments]))
    assert [row.source for row in found.report] == list(sources(message))


@settings(max_examples=60, deadline=None)
@given(st.lists(SEGMENT, max_size=6))
def test_a_refusal_has_a_reason_and_everything_else_a_target(segments: list[str]) -> None:
    for row in translate(PID, *segments).report:
        assert row.reason if row.outcome == "refused" else row.targets


def test_the_same_message_gives_the_same_translation() -> None:
    assert translate(PID, "PV1|1|I|||||||||||||||||ZY1") == translate(PID, "PV1|1|I|||||||||||||||||ZY1")


def test_a_segment_nobody_knows_is_refused_field_by_field() -> None:
    found = translate(PID, "ZY1|职工医保^3")
    assert reported(found, "ZY1-1[1].1") == ("refused", (), "no mapping")
    assert reported(found, "ZY1-1[1].2") == ("refused", (), "no mapping")


def test_one_leaf_may_become_several_elements() -> None:
    found = translate(PID, "AL1|1|DA|PEN^青霉素")
    assert set(reported(found, "AL1-2[1]")[1]) >= {"AllergyIntolerance.category[]", "AllergyIntolerance.type"}


def test_a_time_that_had_to_be_filled_says_with_what() -> None:
    found = translate(PID, "PV1|1|I|||||||||||||||||ZY1" + "|" * 25 + "202603010815")
    assert reported(found, "PV1-44[1]") == (
        "mapped",
        ("Encounter.period.start",),
        "seconds were not stated and are written as zero",
    )


def test_a_second_value_for_an_element_that_has_one_is_refused() -> None:
    found = translate("PID|1||1^^^^MR||||19580412~19600101")
    assert reported(found, "PID-7[2]") == ("refused", (), "the element holds another value already")


def test_segments_of_one_name_are_numbered_only_where_there_are_several() -> None:
    assert reported(translate(PID, "NK1|1|甲"), "NK1-2[1]")[0] == "mapped"
    assert reported(translate(PID, "NK1|1|甲", "NK1|2|乙"), "NK1[2]-2[1]")[0] == "mapped"
