import pytest
from hypothesis import given

from hub.mpi.decide import Band, Decision, Reason, clearly_apart, contradicts, decide
from hub.mpi.features import Features, features
from hub.mpi.frequencies import Frequencies
from hub.mpi.model import bundled_model
from hub.mpi.record import Record
from hub.mpi.score import Scorer
from tests.mpi.people import WU, citizen_id, side
from tests.mpi.population import records

SCORER = Scorer(bundled_model(), Frequencies())
LINK = Decision(Band.LINK)
APART = Decision(Band.APART)
NO_NUMBERS = {"id_no": "", "insurance_no": ""}


def judge(first: Features, second: Features) -> Decision:
    return decide(SCORER.score(first, second), first, second, SCORER.model)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "Xiaolan Wu", "id_no": "", "insurance_no": "", "phone": "", "address": "", "contact_name": ""},
        {"name": "吴小兰", "insurance_no": "", "phone": ""},
        {"birth_date": "1984-01-01", "phone": "13900990009"},
        {"birth_date": "1948-05-17", "insurance_no": ""},
        {"id_no": "", "phone": "13900990009"},
        {"sex": "M"},
        {"name": "昊晓岚"},
    ],
)
def test_one_person_written_down_twice_is_linked(changes: dict[str, str]) -> None:
    assert judge(side(), side(facility="F02", **changes)) == LINK


@pytest.mark.parametrize(
    "changes",
    [
        {"id_no": citizen_id("1984-05-17", 128)},
        {"id_no": "", "insurance_no": "", "name": "赵平", "birth_date": "1950-02-03"},
        {"id_no": citizen_id("1990-03-04", 128), "birth_date": "1990-03-04", "insurance_no": ""},
    ],
    ids=["two valid ids", "name and birth differ in one household", "a namesake in one household"],
)
def test_what_contradicts_is_kept_apart_however_much_agrees(changes: dict[str, str]) -> None:
    assert judge(side(), side(facility="F02", **changes)) == APART


def test_namesakes_without_more_in_common_are_not_linked() -> None:
    alone = dict.fromkeys(("id_no", "insurance_no", "phone", "address", "contact_name", "contact_phone"), "")
    assert judge(side(WU, **alone), side(WU, **alone | {"birth_date": "1971-11-30"})).band is not Band.LINK
    assert judge(side(WU, **alone), side(WU, **alone | {"birth_date": ""})).band is not Band.LINK


@pytest.mark.parametrize("filler", ["000000", "9999999999", "123456789"])
def test_namesakes_whose_insurance_number_only_fills_the_field_are_not_linked(filler: str) -> None:
    alone = dict.fromkeys(("id_no", "phone", "address", "contact_name", "contact_phone"), "")
    filled = alone | {"insurance_no": filler, "health_card": filler}
    assert judge(side(WU, **filled), side(WU, **filled | {"birth_date": "1971-11-30"})).band is not Band.LINK
    assert judge(side(WU, **filled), side(WU, **filled | {"birth_date": ""})).band is not Band.LINK


def test_a_parents_id_at_a_child_is_always_reviewed() -> None:
    child = side(name="赵小雨", birth_date="2019-06-01", sex="M", insurance_no="")
    assert judge(side(), child) == Decision(Band.REVIEW, Reason.BORROWED_ID)


def test_a_newborn_and_a_named_child_are_always_reviewed() -> None:
    child = side(**NO_NUMBERS, name="赵小雨", birth_date="2026-02-01", contact_name="吴晓岚")
    newborn = side(**NO_NUMBERS, name="吴晓岚之女", birth_date="2026-02-01", contact_name="吴晓岚")
    assert judge(newborn, child) == Decision(Band.REVIEW, Reason.NEWBORN)
    assert judge(newborn, newborn) == LINK


def test_twins_of_one_sex_are_always_reviewed() -> None:
    one, other = side(**NO_NUMBERS), side(**NO_NUMBERS, name="吴晓静", facility="F02")
    assert judge(one, other) == Decision(Band.REVIEW, Reason.TWINS)


def test_children_born_on_one_day_in_one_household_may_be_a_boy_and_a_girl() -> None:
    boy = side(**NO_NUMBERS, name="吴晓明", sex="M")
    assert judge(boy, side(**NO_NUMBERS, name="吴晓静", facility="F02")) == Decision(Band.REVIEW, Reason.TWINS)
    unnamed = side(**NO_NUMBERS, name="吴晓岚之子", birth_date="2026-02-01", sex="")
    sister = side(**NO_NUMBERS, name="吴晓岚之女", birth_date="2026-02-01", sex="", facility="F02")
    assert judge(unnamed, sister) == Decision(Band.REVIEW, Reason.TWINS)


def test_newborns_of_one_day_whose_parents_have_other_names_are_one_only_in_one_household() -> None:
    day = {**NO_NUMBERS, "birth_date": "2026-02-01", "sex": "M"}
    newborn, silent = (
        side(name="吴晓岚之子", **day),
        dict.fromkeys(("phone", "address", "contact_name", "contact_phone"), ""),
    )
    assert judge(newborn, side(name="吴丽之子", facility="F02", **day)) == LINK
    other = side(name="吴丽之子", facility="F02", **day | silent)
    assert judge(newborn, other) == Decision(Band.REVIEW, Reason.WEAK_NAME)


@pytest.mark.parametrize("shown", [(6, 4), (3, 1)])
def test_what_a_masked_id_shows_makes_nobody_one_beside_another_birth_date(shown: tuple[int, int]) -> None:
    front, end = shown
    masked = WU.id_no[:front] + "*" * (18 - front - end) + WU.id_no[18 - end :]
    silent = {"insurance_no": "", "phone": "", "address": "", "contact_name": "", "contact_phone": ""}
    one, other = side(**silent), side(facility="F02", id_no=masked, birth_date="1995-11-30", **silent)
    assert judge(one, other).band is not Band.LINK
    assert judge(one, side(facility="F02", id_no=masked, **silent)) == LINK


@pytest.mark.parametrize("number", ["1" * 18, "123456789012345678", "990122000000000000"])
def test_a_number_that_fills_the_field_makes_nobody_one_of_two_namesakes(number: str) -> None:
    told = {"id_no": number, "insurance_no": "", "phone": "", "address": "", "contact_name": "", "contact_phone": ""}
    one, other = side(**told), side(facility="F02", birth_date="1995-11-30", **told)
    assert judge(one, other).band is not Band.LINK


def test_two_whose_names_nobody_knows_are_not_one_person_for_having_come_to_one_hospital() -> None:
    told = {**NO_NUMBERS, "birth_date": "1980-01-01", "contact_name": "", "contact_phone": ""}
    for name, other in (
        ("无名氏", "无名氏"),
        ("无名氏1", "无名氏2"),
        ("无名氏 男", "无名氏男"),
        ("Unknown", "UNKNOWN"),
    ):
        assert judge(side(name=name, **told), side(name=other, **told)).band is not Band.LINK


def test_a_name_alone_is_nobody_however_rare_it_is() -> None:
    alone = dict.fromkeys(("birth_date", *NO_NUMBERS, "phone", "address", "contact_name", "contact_phone"), "")
    rare = Scorer(bundled_model(), Frequencies(records=60_000))
    whole, bare = side(), side(facility="F02", **alone)
    score = rare.score(whole, bare)
    assert score.weight > rare.model.link
    assert decide(score, whole, bare, rare.model) == Decision(Band.REVIEW, Reason.UNCERTAIN)
    village = side(facility="F02", **alone | {"address": "白云村"})
    assert decide(rare.score(whole, village), whole, village, rare.model) == LINK


def test_grown_twins_who_share_half_a_name_are_reviewed_wherever_they_live() -> None:
    away = {"phone": "13900990009", "address": "红石村9号", "contact_name": "", "contact_phone": ""}
    one, other = side(**NO_NUMBERS), side(**NO_NUMBERS, **away, name="吴晓静", facility="F02")
    assert judge(one, other) == Decision(Band.REVIEW, Reason.TWINS)


@pytest.mark.parametrize(("born", "apart"), [("2024-06-20", True), ("2026-01-02", False), ("2026-02-11", False)])
def test_children_of_one_parent_born_months_apart_are_two(born: str, apart: bool) -> None:
    first = side(**NO_NUMBERS, name="吴晓岚之子", birth_date="2026-02-01", sex="M")
    second = side(**NO_NUMBERS, name="吴晓岚宝宝", birth_date=born, sex="M", facility="F02")
    assert contradicts(SCORER.score(first, second).levels, first, second) is apart


def test_two_places_in_one_birth_are_two_children() -> None:
    one, other = side(**NO_NUMBERS, birth_order="1"), side(**NO_NUMBERS, birth_order="2")
    assert contradicts(SCORER.score(one, other).levels, one, other)
    assert judge(one, other) == APART


def test_two_names_at_one_facility_on_one_day_are_two_persons() -> None:
    day = {**NO_NUMBERS, "registered_on": "2024-03-02"}
    assert judge(side(**day), side(**day, name="吴晓静")) == APART
    assert judge(side(**day), side(**day)) == LINK
    assert judge(side(**day), side(**day, name="吴晓静", facility="F02")).band is Band.REVIEW


def test_an_adults_own_insurance_stands_in_for_another_name_and_a_childs_does_not() -> None:
    renamed = {"name": "吴建英", "id_no": ""}
    assert judge(side(id_no=""), side(facility="F02", **renamed)) == LINK
    child = {"birth_date": "2019-06-01", "id_no": ""}
    assert judge(side(**child), side(facility="F02", **renamed | child)).band is Band.REVIEW


def test_a_wrong_surname_beside_ones_own_id_is_linked_and_a_parents_is_not() -> None:
    assert judge(side(name="周岚"), side(facility="F02", name="固岚", insurance_no="")) == LINK
    assert judge(side(name="周岚"), side(facility="F02", name="周静", insurance_no="")).band is Band.REVIEW


def test_an_id_alone_does_not_outweigh_another_name() -> None:
    assert judge(side(), side(name="赵平", insurance_no="", facility="F02")) == Decision(Band.REVIEW, Reason.WEAK_NAME)
    assert judge(side(), side(name="赵平", facility="F02")) == LINK


@given(records(), records())
def test_the_order_of_a_pair_does_not_matter_and_no_contradiction_is_linked(
    one: dict[str, str], other: dict[str, str]
) -> None:
    first, second = side(WU, **one), side(WU, **other)
    decision = judge(first, second)
    assert decision == judge(second, first)
    if contradicts(SCORER.score(first, second).levels, first, second):
        assert decision.band is not Band.LINK


@given(records(), records())
def test_who_is_clearly_apart_is_never_linked_nor_reviewed(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = (features(Record(record_id="1", **row)) for row in (one, other))
    if clearly_apart(first, second):
        assert judge(first, second) == APART
        assert contradicts(SCORER.score(first, second).levels, first, second)


def test_one_card_of_two_persons_is_not_clearly_apart_and_two_cards_of_namesakes_are() -> None:
    assert not clearly_apart(side(), side(name="赵平", birth_date="1950-02-03", insurance_no=""))
    assert clearly_apart(side(), side(id_no=citizen_id("1984-05-17", 128)))
    assert clearly_apart(side(**NO_NUMBERS), side(name="赵平", birth_date="1950-02-03"))
    assert not clearly_apart(side(id_no=""), side(name="赵平", birth_date="1950-02-03"))
