import copy
import math
from typing import Any

import pytest
from hypothesis import given

from hub.kernel.errors import Category, HubError
from hub.mpi.data_file import read_data
from hub.mpi.frequencies import Frequencies, count
from hub.mpi.levels import COMPARISONS
from hub.mpi.model import BUNDLED, bundled_model, read_model
from hub.mpi.score import Scorer, evidence
from tests.mpi.people import WU, side
from tests.mpi.population import records

MODEL = bundled_model()


def test_a_level_weighs_the_logarithm_of_m_over_u() -> None:
    m, u = read_data(BUNDLED)["comparisons"]["sex"]["DIFFERENT"]
    assert MODEL.weights[list(COMPARISONS).index("sex")][2] == math.log2(m / u)


def test_silence_weighs_nothing() -> None:
    assert all(weights[0] == 0 for weights in MODEL.weights)


def test_the_probabilities_of_the_bundled_model_leave_none_over() -> None:
    for rows in read_data(BUNDLED)["comparisons"].values():
        assert sum(m for m, _ in rows.values()) == pytest.approx(1, abs=0.05)
        assert sum(u for _, u in rows.values()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("change", ["missing", "order", "zero"])
def test_a_model_that_does_not_fit_the_levels_is_refused_by_name(change: str) -> None:
    content: dict[str, Any] = copy.deepcopy(read_data(BUNDLED))
    rows = content["comparisons"]["sex"]
    if change == "missing":
        del rows["EXACT"]
    elif change == "order":
        content["comparisons"]["sex"] = dict(reversed(rows.items()))
    else:
        rows["EXACT"] = [0, 0.5]
    with pytest.raises(HubError, match="model: sex") as refused:
        read_model(content)
    assert refused.value.category is Category.INVALID


def test_the_weight_is_the_prior_and_the_bits() -> None:
    score = Scorer(MODEL, Frequencies()).score(side(), side(facility="F02"))
    assert score.weight == pytest.approx(MODEL.prior(0) + sum(score.bits))


def test_more_records_make_a_chance_agreement_likelier() -> None:
    assert MODEL.prior(1_000_000) < MODEL.prior(100_000) < MODEL.prior(0)


def test_agreeing_on_a_rare_name_says_more_than_on_a_common_one() -> None:
    rare = Scorer(MODEL, Frequencies(records=10_000, names={"吴晓岚": 2}))
    common = Scorer(MODEL, Frequencies(records=10_000, names={"吴晓岚": 200}))
    assert rare.score(side(), side()).weight > common.score(side(), side()).weight + 3


def test_a_name_of_three_characters_is_rarer_than_one_of_two_until_counted() -> None:
    long, short = (Scorer(MODEL, Frequencies()).score(one, one).weight for one in (side(), side(name="吴岚")))
    latin = side(name="WU LAN")
    assert long > short + 2
    assert Scorer(MODEL, Frequencies()).score(side(name="吴岚"), latin).weight < short
    counted = Scorer(MODEL, Frequencies(records=1_000_000, names={"吴晓岚": 300, "吴岚": 300}))
    assert abs(counted.score(side(), side()).weight - counted.score(side(name="吴岚"), side(name="吴岚")).weight) < 0.1


def test_a_model_that_knows_one_average_of_names_is_read() -> None:
    content: dict[str, Any] = copy.deepcopy(read_data(BUNDLED))
    del content["long_name_u"]
    assert read_model(content).long_name_u == content["name_u"]


def test_a_spelling_is_as_common_as_all_the_names_it_stands_for() -> None:
    latin = side(name="WU XIAOLAN")
    rare = Scorer(MODEL, Frequencies(records=10_000, spellings={"WUXIAOLAN": 2}))
    common = Scorer(MODEL, Frequencies(records=10_000, spellings={"WUXIAOLAN": 200}))
    assert rare.score(side(), latin).weight > common.score(side(), latin).weight + 3


def test_a_telephone_says_less_the_more_persons_share_it_and_in_the_end_nothing() -> None:
    weights = [
        Scorer(MODEL, Frequencies(phones={"13800990001": sharers})).score(side(), side()).weight
        for sharers in (1, 2, MODEL.sharers, MODEL.sharers + 1, 1000)
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights[:4])) == 4
    assert weights[3] == weights[4]


def test_of_several_telephones_in_common_the_one_that_fewest_share_counts() -> None:
    scorer = Scorer(MODEL, Frequencies(phones={"13800990001": 1000, "13800990009": 2}))
    both = side(phone="13800990001/13800990009")
    assert scorer.score(both, both).weight == scorer.score(both, side(phone="13800990009")).weight
    assert scorer.score(both, both).weight > scorer.score(both, side()).weight


def test_persons_on_a_telephone_are_counted_by_their_chinese_names() -> None:
    found = count([side(), side(name="Wu Xiaolan"), side(name="赵平"), side(name="吴?岚", phone="")])
    assert found.records == 4
    assert found.names["吴晓岚"] == 1
    assert found.phones == {"13800990001": 2}


def test_evidence_names_comparisons_and_levels_and_no_value_of_a_record() -> None:
    told = evidence(Scorer(MODEL, Frequencies()).score(side(), side(sex="M")))
    assert "sex DIFFERENT -" in told
    assert told.startswith("id EXACT +")
    assert not any(value in told for value in (WU.name, WU.id_no, WU.phone, WU.birth_date))


@given(records(), records())
def test_scores_are_symmetric_and_finite(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = side(WU, **one), side(WU, **other)
    scorer = Scorer(MODEL, count([first, second]))
    score = scorer.score(first, second)
    assert score == scorer.score(second, first)
    assert -100 < score.weight < 100
