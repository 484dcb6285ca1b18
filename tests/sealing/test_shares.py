"""Shares: enough of them make the key, fewer or others do not, and what was wrong is said without a word of them."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from hub.kernel.errors import Category, HubError
from hub.sealing.ceremony import Ceremony, attempt
from hub.sealing.shares import check_of, combined, read, split
from tests.sealing.support import MASTER

CHECK = check_of(MASTER)
SHARES = split(MASTER)


def test_any_two_of_three_make_the_key_in_any_order() -> None:
    for pair in permutations(SHARES, 2):
        assert combined([read(words) for words in pair], CHECK) == MASTER


def test_another_count_of_shares_does_not() -> None:
    for some in (SHARES[:1], SHARES, [SHARES[0], SHARES[0]]):
        with pytest.raises(HubError, match="do not make the master key"):
            combined([read(words) for words in some], CHECK)


def test_shares_of_another_key_are_told_from_those_of_this_one() -> None:
    others = split(b"x" * 32)
    with pytest.raises(HubError, match="do not make the master key"):
        combined([read(words) for words in others[:2]], CHECK)
    ceremony = Ceremony(CHECK, 2)
    assert attempt(ceremony, others[0]) == ""
    assert attempt(ceremony, SHARES[0]) == ""
    assert (ceremony.have, ceremony.master) == (1, None)


def test_a_word_that_was_misread_is_found_and_not_repeated() -> None:
    words, told = SHARES[0].split(), set[str]()
    for wrong in ([*words[:7], "academic" if words[7] != "academic" else "acid", *words[8:]], words[:-1], ["hospital"]):
        with pytest.raises(HubError) as caught:
            read(" ".join(wrong))
        assert caught.value.category is Category.INVALID
        told.add(str(caught.value))
    assert len(told) == 1  # whatever was typed


def test_words_may_be_typed_with_any_blanks_and_capitals() -> None:
    assert read("  " + SHARES[0].upper().replace(" ", "\n ")) == read(SHARES[0])


@pytest.mark.parametrize(("needed", "shares"), [(1, 3), (4, 3), (2, 17), (0, 0)])
def test_a_key_is_not_split_in_a_way_that_gives_it_away_or_loses_it(needed: int, shares: int) -> None:
    with pytest.raises(HubError, match="at least 2 are needed"):
        split(MASTER, needed=needed, shares=shares)


def test_three_of_five_work_as_well() -> None:
    five = split(MASTER, needed=3, shares=5)
    for some in list(combinations(five, 3))[::4]:
        ceremony = Ceremony(CHECK, 3)
        assert [attempt(ceremony, words) for words in some] == ["", "", ""]
        assert ceremony.master == MASTER


def test_the_same_share_given_twice_counts_once() -> None:
    ceremony = Ceremony(CHECK, 2)
    assert [attempt(ceremony, SHARES[1]), attempt(ceremony, SHARES[1])] == ["", ""]
    assert (ceremony.have, ceremony.master) == (1, None)
    assert attempt(ceremony, SHARES[2]) == ""
    assert (ceremony.have, ceremony.master) == (2, MASTER)


def test_shares_that_do_not_fit_are_forgotten_and_the_keepers_begin_again() -> None:
    ceremony, others = Ceremony(CHECK, 2), split(b"x" * 32)
    assert attempt(ceremony, others[0]) == ""
    assert "do not make the master key" in attempt(ceremony, others[1])
    assert ceremony.have == 0
    assert [attempt(ceremony, words) for words in SHARES[:2]] == ["", ""]
    assert ceremony.master == MASTER
