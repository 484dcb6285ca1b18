import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth.passwords import LONGEST, NOBODY, SHORTEST, generated, hashed, matches
from hub.kernel.errors import Category, HubError


def test_a_password_opens_what_it_was_kept_as_and_no_other_does() -> None:
    kept = hashed("correct horse battery")
    assert matches("correct horse battery", kept)
    assert not matches("correct horse batterz", kept)
    assert "horse" not in kept


def test_the_same_password_is_kept_differently_each_time() -> None:
    assert hashed("correct horse battery") != hashed("correct horse battery")


def test_it_does_not_matter_how_an_accent_was_typed() -> None:
    assert matches("cafe\u0301 de Bruxelles", hashed("caf\u00e9 de Bruxelles"))


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST - 1), "x" * (LONGEST + 1)])
def test_a_password_of_the_wrong_length_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(HubError) as caught:
        hashed(password)
    assert caught.value.category is Category.INVALID
    assert not password or password not in str(caught.value)


def test_an_endless_password_costs_nothing_and_opens_nothing() -> None:
    assert not matches("x" * 1_000_000, NOBODY)


@settings(max_examples=5, deadline=None)
@given(st.text(max_size=LONGEST))
def test_nobody_has_no_password(password: str) -> None:
    assert not matches(password, NOBODY)


def test_made_up_passwords_are_long_and_different() -> None:
    made = {generated() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) == 16 and not set(one) & set("il1o0") for one in made)
