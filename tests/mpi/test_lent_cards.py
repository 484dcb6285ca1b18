"""A child registered with a parent's card and birth date is told by the child's other records."""

import pytest
from msgspec.structs import replace

from hub.cli.mpi import explained
from hub.mpi import lent_cards
from hub.mpi.decide import Reason
from hub.mpi.features import Features
from hub.mpi.lent_cards import without_lent_cards
from hub.mpi.link import link
from hub.mpi.model import bundled_model
from hub.mpi.record import Record
from tests.mpi.crowd import Crowd
from tests.mpi.people import citizen_id, side

CARD = citizen_id("1994-04-15", 512)
CHILD = Record(
    record_id="a",
    facility="F01",
    name="吴昊航",
    sex="M",
    birth_date="2020-03-13",
    id_no=citizen_id("2020-03-13", 111),
    phone="13800990001",
    contact_name="石小桃",
    contact_relation="母亲",
    contact_phone="13800990002",
    registered_on="2023-07-09",
)
#: The same child at another desk, under the mother's card.
LENT = replace(CHILD, record_id="b", facility="F02", birth_date="1994-04-15", id_no=CARD, registered_on="2024-04-25")
MOTHER = replace(LENT, record_id="c", facility="F03", name="石小桃", sex="F", contact_name="", contact_phone="")


def read(*records: Record) -> set[int]:
    return set(without_lent_cards(dict(enumerate(map(side, records)))))


def test_a_card_a_generation_older_than_the_namesake_child_of_the_household_is_lent() -> None:
    found = without_lent_cards({1: side(CHILD), 2: side(LENT), 3: side(MOTHER)})
    assert found.keys() == {2}
    assert found[2].born is None
    assert found[2].own_id is None


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        ("another household", {"phone": "13800990009", "contact_phone": ""}),
        ("a name that only sounds alike", {"name": "吴浩航"}),
        ("shown before the child was born", {"registered_on": "2019-04-25"}),
        ("shown when the child was grown", {"registered_on": "2037-04-25"}),
        ("shown nobody knows when", {"registered_on": ""}),
        ("no card", {"id_no": ""}),
        ("an elder brother", {"birth_date": "2012-04-15", "id_no": citizen_id("2012-04-15", 511)}),
    ],
)
def test_a_card_is_its_bearers_own_where_less_is_told(told: str, changes: dict[str, str]) -> None:
    assert read(CHILD, replace(LENT, **changes)) == set(), told


@pytest.mark.parametrize("card", ["", CARD, citizen_id("1994-04-15", 518), "990122202003131118"])
def test_a_birth_date_without_a_card_of_its_own_may_be_a_slip(card: str) -> None:
    assert read(replace(CHILD, id_no=card), LENT) == set()


def test_an_insurance_number_stands_in_for_the_household() -> None:
    alone = {"phone": "", "contact_phone": "", "insurance_no": "990155501234"}
    assert read(replace(CHILD, **alone), replace(LENT, **alone)) == {1}


def test_the_child_is_one_person_and_the_mother_another() -> None:
    silent = replace(CHILD, record_id="d", facility="F03", phone="", contact_phone="", contact_name="")
    found = link([side(one) for one in (CHILD, LENT, MOTHER, silent)], bundled_model())
    assert found.persons == (("a", "b", "d"), ("c",))
    assert Reason.CONTRADICTION not in {pair.reason for pair in found.reviews}


def test_the_explanation_is_of_the_records_as_they_were_read() -> None:
    sides = [side(CHILD), side(LENT)]
    ((_, _, bits, decision, _, evidence),) = explained(link(sides, bundled_model()), sides, bundled_model())
    told = sum(float(part.rsplit(" ", 1)[1]) for part in evidence.split(", "))
    assert (decision, "id " in evidence, "birth " in evidence) == ("link", False, False)
    assert told + bundled_model().prior(2) == pytest.approx(float(bits), abs=0.3)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_whatever_comes_first_the_index_sees_it_too(order: tuple[int, ...]) -> None:
    silent = replace(CHILD, record_id="d", facility="F03", phone="", contact_phone="", contact_name="")
    crowd = Crowd(side(CHILD), side(LENT), side(silent))
    for place, number in enumerate(order[1:], 1):
        crowd.matcher.join((number, other) for other in order[:place])
    assert len(set(crowd.people.persons.values())) == 1


def test_namesakes_of_other_households_are_not_held_against_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A county has five thousand of one name: each against each is minutes."""
    compared: list[tuple[Features, Features]] = []
    plain = lent_cards._was_child

    def counted(bearer: Features, other: Features) -> bool:
        compared.append((bearer, other))
        return plain(bearer, other)

    monkeypatch.setattr(lent_cards, "_was_child", counted)
    strangers = [replace(LENT, record_id=f"s{n}", phone=f"138009901{n:02d}", contact_phone="") for n in range(40)]
    assert read(CHILD, LENT, *strangers) == {1}
    assert len(compared) <= 4, "two records, at two numbers"
