from collections import Counter
from math import log2
from random import Random

import pytest

from bench.population import County, Mistakes
from hub.kernel.errors import HubError
from hub.mpi.blocking import candidate_pairs
from hub.mpi.data_file import read_data
from hub.mpi.features import Features, features
from hub.mpi.frequencies import count
from hub.mpi.levels import COMPARISONS, BirthLevel, IdLevel, NameLevel
from hub.mpi.model import BUNDLED, bundled_model, read_model
from hub.mpi.score import Scorer
from hub.mpi.training import JUDGED, SESSIONS, Samples, learn, sample, u_of

BASE = read_data(BUNDLED)


@pytest.fixture(scope="module")
def county() -> list[Features]:
    """The registrations of 2,000 fictional persons."""
    made = County(3, Mistakes())
    return [features(record) for record, _ in made.records(made.persons(2000))]


@pytest.fixture(scope="module")
def samples(county: list[Features]) -> Samples:
    return sample(county, 10_000, Random(1))


def test_sessions_are_of_pairs_that_share_what_they_say(samples: Samples) -> None:
    numbers, names = samples.sessions
    at = list(COMPARISONS)
    assert all(IdLevel.EXACT in levels or levels[at.index("insurance")] == 1 for levels in numbers)
    assert all(levels.birth in {BirthLevel.EXACT, BirthLevel.PLACEHOLDER} for levels in names)
    assert sum(times for levels, times in names.items() if levels.name is NameLevel.DIFFERENT) == 0


def test_the_same_seed_draws_the_same_pairs(county: list[Features], samples: Samples) -> None:
    assert sample(county, 10_000, Random(1)) == samples
    assert sample(county, 10_000, Random(2)).random != samples.random


def test_too_few_records_are_refused_with_how_many_are_needed(county: list[Features]) -> None:
    with pytest.raises(HubError, match="only 9 records") as refused:
        sample([side for side in county if not side.newborn][:9], 100, Random(1))
    assert "1000" in refused.value.todo


def test_u_is_the_share_among_strangers_drawn_towards_the_base(samples: Samples) -> None:
    u = u_of(samples.random, BASE)
    assert all(sum(levels.values()) == pytest.approx(1) for levels in u.values())
    sexes = Counter[int]()
    for levels, times in samples.random.items():
        sexes[levels.sex] += times
    assert u["sex"]["EXACT"] == pytest.approx(sexes[1] / (sexes[1] + sexes[2]), abs=0.01)
    assert 0 < u["id"]["EXACT"] < 1e-4


def test_a_model_is_learned_without_labels_and_keeps_its_judgements(samples: Samples) -> None:
    pytest.importorskip("splink", reason="Splink is not installed")
    from hub.mpi.splink_estimates import estimate

    told = learn(samples, BASE, estimate)
    model = read_model(told)
    assert (model.link, model.margin) == (bundled_model().link, bundled_model().margin)
    assert all(told["comparisons"][name] == BASE["comparisons"][name] for name in JUDGED)
    weight = {
        name: {level: log2(m / u) for level, (m, u) in rows.items()} for name, rows in told["comparisons"].items()
    }
    # What the mistakes of the county are, and nobody told: a sex is wrong in .6 % of registrations.
    assert 0.97 < told["comparisons"]["sex"]["EXACT"][0] < 0.998
    assert weight["name"]["EXACT"] > weight["name"]["LEFT_OUT"] > 0 > weight["name"]["DIFFERENT"]
    assert weight["birth"]["EXACT"] > weight["birth"]["LUNAR"] > 0 > weight["birth"]["DIFFERENT"]
    assert {name for session in SESSIONS for name in session.comparisons} == set(COMPARISONS) - JUDGED


def test_the_hub_and_splink_weigh_thirty_thousand_pairs_alike(county: list[Features]) -> None:
    pytest.importorskip("splink", reason="Splink is not installed")
    from hub.mpi.splink_estimates import weights

    scorer = Scorer(bundled_model(), count(county))
    near = list(candidate_pairs(county))
    random = Random(5)
    far = [(random.randrange(len(county)), random.randrange(len(county))) for _ in range(30_000 - len(near) // 2)]
    pairs = [(county[one], county[other]) for one, other in [*near, *far]][-30_000:]
    ours = [scorer.score(first, second) for first, second in pairs]
    assert max(abs(a.weight - b) for a, b in zip(ours, weights(scorer, pairs), strict=True)) < 1e-9
    assert {NameLevel.EXACT, NameLevel.SPELLED, NameLevel.DIFFERENT} <= {score.levels.name for score in ours}
