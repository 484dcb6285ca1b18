"""Fields that come again together are placed at once, and nothing is said otherwise than row by row."""

from __future__ import annotations

import pytest

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Draft, Json, Translation
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import compile_rules
from mappings.hl7v2.habits import CANONICAL_BASE, Habits
from mappings.hl7v2.parser import Segment, parse
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.program import reads_of
from mappings.hl7v2.rowfile import row_of
from mappings.hl7v2.trace import Mapped
from mappings.hl7v2.translator import translate_message, translator
from tests.mappings.messages import ADT, oru


@pytest.fixture
def took(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The fields that rows are placed for one by one."""
    took: list[tuple[str, int]] = []
    real = Context.took

    def noting(context: Context, segment: Segment, n: int, way: Mapped, rep: int = 0) -> None:
        took.append((segment.name, n))
        real(context, segment, n, way, rep)

    monkeypatch.setattr(Context, "took", noting)
    return took


def test_a_stretch_that_came_before_is_not_placed_row_by_row(took: list[tuple[str, int]]) -> None:
    translate = translator(DEFAULT, "F03", keyed_ids(PUBLIC_KEY))
    first = translate(oru(2).encode())
    stretch = {("PID", 5), ("PID", 7), ("PID", 8), ("OBX", 3), ("OBX", 8), ("OBX", 11)}
    assert stretch <= set(took)
    took.clear()
    assert translate(oru(2).encode()) == first
    assert stretch.isdisjoint(took)
    assert ("OBX", 5) in took


def test_what_stands_beside_a_number_is_not_placed_row_by_row_for_another_number(took: list[tuple[str, int]]) -> None:
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    translate(ADT.encode())
    took.clear()
    other = ADT.replace("00012345", "00012346").replace("ZY20260001", "ZY20260002").encode()
    said, placed = translate(other), set(took)
    assert {("PID", 3), ("PV1", 19)} <= placed
    assert placed.isdisjoint({("PID", 5), ("PID", 11), ("PV1", 3), ("PV1", 7), ("NK1", 2), ("AL1", 3)})
    assert said == translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))(other)


@pytest.mark.parametrize("with_report", [True, False])
def test_an_element_that_rows_of_a_segment_share_is_made_at_once_for_each_segment(
    took: list[tuple[str, int]], *, with_report: bool
) -> None:
    text = ADT.replace("NK1|1|沈^小兰|DAU^女儿", "NK1|1|沈^小兰|DAU^女儿\rNK1|2|林^国栋|SPO^配偶")
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY), with_report=with_report)
    first = translate(text.encode())
    assert [each["name"]["text"] for each in _resource(first, "Patient")["contact"]] == ["沈小兰", "林国栋"]
    took.clear()
    again = translate(text.replace("ZY20260001", "ZY20260002").encode())
    assert _resource(again, "Patient") == _resource(first, "Patient")
    assert not [n for name, n in took if name == "NK1"]


def test_rows_that_share_an_element_with_one_that_is_read_each_time_are_placed_one_by_one(
    took: list[tuple[str, int]],
) -> None:
    text = ADT.replace("NK1|1|沈^小兰|DAU^女儿", "NK1|1|沈^小兰|DAU^女儿|||||20200101")
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    for number in ("ZY20260001", "ZY20260002"):
        took.clear()
        contact = _resource(translate(text.replace("ZY20260001", number).encode()), "Patient")["contact"]
        assert [(each["name"]["text"], each["period"]) for each in contact] == [("沈小兰", {"start": "2020-01-01"})]
    assert ("NK1", 2) in took


def test_an_element_is_cleared_by_a_segment_behind_another_that_clears_it() -> None:
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    twice = ADT.replace("NK1|1|沈^小兰|DAU^女儿", 'NK1|1|沈^小兰|""\rNK1|2|林^国栋|""')
    once = ADT.replace("NK1|1|沈^小兰|DAU^女儿", 'NK1|1|林^国栋|""')
    for text in (twice, once, twice):
        assert translate(text.encode()) == translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))(text.encode())


def test_the_event_decides_as_it_does_of_the_first_message() -> None:
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    for event, status in (("A01", "active"), ("A05", "planned"), ("A01", "active"), ("A05", "planned")):
        said = translate(ADT.replace("A01", event).encode())
        assert [place["status"] for place in _resource(said, "Encounter")["location"]] == [status]


def test_an_element_is_cleared_by_each_message_that_says_so() -> None:
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    clearing = ADT.replace("||沈^桂兰||19580412|2|", '||沈^桂兰||""|2|')
    for text, clears in (
        (clearing, ("birthDate",)),
        (ADT, ()),
        (clearing.replace("5550101", "5550109"), ("birthDate",)),
    ):
        assert _draft(translate(text.encode()), "Patient").clears == clears


def test_where_the_profile_blocks_codes_every_stretch_is_placed_row_by_row() -> None:
    habits = Habits(facility="F03", ids=keyed_ids(PUBLIC_KEY), profile=Profile(unmapped={"OBX-3": "block"}))
    rules = compile_rules(CANONICAL_BASE, {})
    assert [translate_message(parse(oru(2)), habits, rules).refusal is not None for _ in range(2)] == [True, True]
    assert not habits.repeated.stretches


@pytest.mark.parametrize(
    ("at", "row", "reads"),
    [
        (3, {"to": "location[].location", "as": "PL", "when": "event = A01 or PV1-2 = P"}, {2, 3}),
        (7, {"to": "participant[].individual", "as": "XCN"}, {7}),
        (7, {"to": "participant[self].individual", "as": "XCN"}, {7}),
        (7, {"to": "participant[0].individual", "as": "XCN"}, None),
        (7, {"to": "participant[].actor[self].display", "as": "XCN"}, None),
        (7, {"to": "participant[].individual", "as": "XCN", "when": "not ROL-1"}, None),
    ],
)
def test_a_row_depends_on_fields_of_its_segment_unless_it_asks_for_others(
    at: int, row: Json, reads: set[int] | None
) -> None:
    assert reads_of(row_of("PV1", "Encounter", {"at": at, **row}, {}), repeated=True) == reads
    assert reads_of(row_of("PV1", "Encounter", {"at": at, **row}, {}), repeated=False) is None


def _draft(said: Translation, rtype: str) -> Draft:
    return next(draft for draft in said.drafts if draft.resource["resourceType"] == rtype)


def _resource(said: Translation, rtype: str) -> Json:
    return _draft(said, rtype).resource


def test_a_long_message_leaves_few_stretches_behind() -> None:
    habits = Habits(facility="F03", ids=keyed_ids(PUBLIC_KEY))
    translate_message(parse(oru(400)), habits, compile_rules(CANONICAL_BASE, {}))
    assert 200 < len(habits.repeated.stretches) < 300
