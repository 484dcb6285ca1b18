from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth import passwords
from hub.auth.passwords import LONGEST, NOBODY, SHORTEST, generated, hashed, is_outdated, matches
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


#: "correct horse battery", as earlier versions kept it (RFC 7914), at a small cost.
SCRYPT = "scrypt$4$8$3$AAAAAAAAAAAAAAAAAAAAAA==$yox4jBVVUUeJDlOm7r1SYg2ACGi31XKIdlJcWOIinG8="


def test_a_password_is_kept_by_argon2id_at_the_cost_of_rfc_9106() -> None:
    kept = hashed("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert not is_outdated(kept)
    assert not is_outdated(NOBODY)


def test_what_an_earlier_version_kept_still_opens_and_is_outdated() -> None:
    assert matches("correct horse battery", SCRYPT)
    assert not matches("correct horse batterz", SCRYPT)
    assert is_outdated(SCRYPT)
    assert is_outdated(hashed("correct horse battery").replace("t=3", "t=2"))


def test_while_some_passwords_are_kept_by_scrypt_every_attempt_costs_both(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def counted(name: str, work: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
        def run(text: str, kept: str) -> bool:
            done.append(name)
            return work(text, kept)

        return run

    monkeypatch.setattr(passwords, "_matches_scrypt", counted("scrypt", passwords._matches_scrypt))
    monkeypatch.setattr(passwords, "_matches_argon", counted("argon2", passwords._matches_argon))
    for kept in (SCRYPT, NOBODY, hashed("correct horse battery")):
        done.clear()
        matches("correct horse battery", kept, SCRYPT)
        assert sorted(done) == ["argon2", "scrypt"]
    done.clear()
    matches("correct horse battery", NOBODY)
    assert done == ["argon2"]


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
