import random

from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.decide import Reason, contradicts
from hub.mpi.frequencies import Frequencies
from hub.mpi.lent_cards import without_lent_cards
from hub.mpi.link import Linked, link
from hub.mpi.model import bundled_model
from hub.mpi.score import Scorer
from tests.mpi.people import WU, citizen_id, side
from tests.mpi.population import files

SILENT = dict.fromkeys(("id_no", "insurance_no", "phone", "address", "contact_name", "contact_phone"), "")


def linked(*rows: dict[str, str]) -> Linked:
    return link([side(WU, **row) for row in rows], bundled_model())


def test_every_record_is_in_exactly_one_person() -> None:
    found = linked(
        {"record_id": "b", "facility": "F02", "name": "WU XIAOLAN"},
        {"record_id": "a"},
        {"record_id": "c", "name": "赵平", "birth_date": "1950-02-03", **SILENT},
    )
    assert found.persons == (("a", "b"), ("c",))
    assert [(pair.record_id, pair.candidate_id) for pair in found.links] == [("a", "b")]
    assert found.reviews == ()


def test_no_record_is_no_person() -> None:
    assert linked() == Linked((), (), ())


def test_a_sparse_record_between_two_namesakes_is_reviewed_not_linked() -> None:
    day = "1984-05-17"
    found = linked(
        {**SILENT, "record_id": "a", "id_no": citizen_id(day, 126)},
        {**SILENT, "record_id": "b", "id_no": citizen_id(day, 128)},
        {**SILENT, "record_id": "c", "facility": "F02", "name": "WU XIAOLAN"},
    )
    assert found.persons == (("a",), ("b",), ("c",))
    assert {(pair.record_id, pair.candidate_id) for pair in found.reviews} == {("a", "c"), ("b", "c")}
    assert {pair.reason for pair in found.reviews} == {Reason.TWO_PERSONS}


def test_review_shows_each_pair_of_persons_once_the_strongest_first() -> None:
    newborn = {"name": "吴晓岚之女", "birth_date": "2026-02-01", "id_no": "", "insurance_no": ""}
    child = {"name": "赵小雨", "birth_date": "2026-02-01", "id_no": citizen_id("2026-02-01", 122)}
    found = linked(
        {"record_id": "a", **newborn},
        {"record_id": "b", "facility": "F02", **newborn},
        {"record_id": "c", **child},
        {"record_id": "d", "facility": "F02", **child},
    )
    assert found.persons == (("a", "b"), ("c", "d"))
    assert [pair.reason for pair in found.reviews] == [Reason.NEWBORN]


def test_progress_never_goes_back_and_ends_at_the_number_of_records() -> None:
    told: list[int] = []
    link([side(WU, record_id=str(n)) for n in range(5)], bundled_model(), told.append)
    assert told == sorted(told)
    assert told[-1] == 5


@given(files(), st.integers())
def test_persons_do_not_depend_on_the_order_of_records_and_hold_no_contradiction(
    rows: list[dict[str, str]], seed: int
) -> None:
    found = linked(*rows)
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert linked(*shuffled) == found
    assert sorted(record for person in found.persons for record in person) == sorted(row["record_id"] for row in rows)
    sides = {int(row["record_id"]): side(WU, **row) for row in rows}
    sides |= without_lent_cards(sides)
    scorer = Scorer(bundled_model(), Frequencies())
    for person in found.persons:
        for one in person:
            for other in person:
                first, second = sides[int(one)], sides[int(other)]
                assert one == other or not contradicts(scorer.score(first, second).levels, first, second)
