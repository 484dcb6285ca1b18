from datetime import date

from tests.mpi.people import WU, bare, citizen_id, side

PARENT = citizen_id("1984-05-17", 126)


def test_a_missing_birth_date_is_taken_from_a_valid_id() -> None:
    assert side(birth_date="").born == date(1984, 5, 17)


def test_a_guessed_year_gives_way_to_a_valid_id() -> None:
    assert side(birth_date="1985-01-01").born == date(1984, 5, 17)
    assert side(birth_date="1985-01-02").born == date(1985, 1, 2)


def test_an_id_a_generation_older_is_borrowed() -> None:
    child = bare("吴小雨", birth_date="2019-06-01", id_no=PARENT)
    assert child.borrowed
    assert child.own_id is None
    assert child.id is not None
    assert child.born == date(2019, 6, 1)


def test_an_id_a_few_years_off_is_not_borrowed() -> None:
    assert side(birth_date="1989-05-17").own_id is not None


def test_a_newborn_has_the_parents_name_sex_and_order_of_the_temporary_one() -> None:
    child = bare("吴晓岚之女2", birth_date="2026-02-01", id_no=PARENT)
    assert child.newborn is not None
    assert (child.name.full, child.sex, child.birth_order, child.borrowed) == ("吴晓岚", "F", "2", True)


def test_a_person_is_no_contact_of_their_own() -> None:
    assert side(contact_relation="本人").contact.full == ""
    assert side().contact.full == "吴大海"


def test_unknown_sex_counts_as_not_said() -> None:
    assert side(sex="U").sex == ""
    assert side(sex=" f ").sex == "F"


def test_the_record_itself_is_not_changed() -> None:
    before = WU
    side()
    assert before is WU
