"""Expectation maximisation by Splink over pairs that are whole-number levels already (extra `train`).

Splink compares records; ours are compared. So each distinct combination of levels becomes one row of a table which is
linked to itself row by row, and a comparison is the test of a number. https://moj-analytical-services.github.io/splink/
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from math import exp2
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.mpi.features import Features
from hub.mpi.levels import COMPARISONS, Levels
from hub.mpi.score import Score, Scorer
from hub.mpi.training import Patterns, Probabilities

_ROW: Final = "row_number"
#: The share of pairs of one person that estimation begins with.
_PRIOR: Final = 0.2


def estimate(patterns: Patterns, comparisons: Sequence[str], u: Probabilities) -> dict[str, dict[str, float]]:
    """m of the levels of `comparisons` over these pairs, u held; levels nobody met are left out.

    Raises HubError UNSUPPORTED without Splink.
    """
    rows = [_row(number, levels) for number, levels in enumerate(patterns.elements())]
    linker = _linker(rows, _settings(comparisons, u, {}, _PRIOR))
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker.training.estimate_parameters_using_expectation_maximisation(
        f"l.{_ROW} = r.{_ROW}", estimate_without_term_frequencies=True
    )
    return _learned(linker.misc.save_model_to_json(), comparisons)


def weights(scorer: Scorer, pairs: Sequence[tuple[Features, Features]]) -> list[float]:
    """The match weight Splink gives each pair under the scorer's model and frequencies: a second opinion on the sums.

    A name weighs by its frequency and a telephone by its sharers; to Splink both are term frequencies.
    """
    scores = [scorer.score(first, second) for first, second in pairs]
    rows = [_row(number, score.levels) | _terms(scorer, score) for number, score in enumerate(scores)]
    model = scorer.model
    prior = 1 / (1 + exp2(-model.prior(scorer.frequencies.records)))
    told = _settings(list(COMPARISONS), model.u, model.m, prior, terms=True) | {"link_type": "dedupe_only"}
    found = _splink().compare_records(
        _table(rows, "l"), _table(rows, "r"), told, _api(), join_condition=f"l.{_ROW} = r.{_ROW}"
    )
    by_row = {row[f"{_ROW}_l"]: row["match_weight"] for row in found.as_record_list()}
    return [by_row[number] for number in range(len(pairs))]


def _terms(scorer: Scorer, score: Score) -> dict[str, float | str | None]:
    name, household = score.levels.name, score.levels.household
    told: dict[str, float | str | None] = {"name_term": "", "phone_term": ""}
    plain = scorer.model.weights
    told["tf_name_term"] = scorer.model.m_name[name] / exp2(score.bits[0]) if name else None
    at = list(COMPARISONS).index("household")
    lost = plain[at][household] - score.bits[at]
    told["tf_phone_term"] = scorer.model.u["household"][household.name] * exp2(lost) if household else None
    return told


def _settings(
    comparisons: Sequence[str], u: Probabilities, m: Probabilities, prior: float, *, terms: bool = False
) -> dict[str, Any]:
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": prior,
        "blocking_rules_to_generate_predictions": [f"l.{_ROW} = r.{_ROW}"],
        "comparisons": [_comparison(name, u[name], m.get(name, {}), terms=terms) for name in comparisons],
    }


_TERMS: Final = {"name": "name_term", "household": "phone_term"}


def _comparison(name: str, u: Mapping[str, float], m: Mapping[str, float], *, terms: bool) -> dict[str, Any]:
    null = {"sql_condition": f"{name}_l = 0", "label_for_charts": "missing", "is_null_level": True}
    levels = [
        {
            "sql_condition": f"{name}_l = {level.value} AND {name}_r = {level.value}",
            "label_for_charts": level.name,
            "u_probability": u[level.name],
            **({"m_probability": m[level.name]} if level.name in m else {}),
            **_term(name if terms else ""),
        }
        for level in COMPARISONS[name]
        if level
    ]
    return {"output_column_name": name, "comparison_levels": [null, *levels]}


def _term(name: str) -> dict[str, Any]:
    if name not in _TERMS:
        return {}
    return {"tf_adjustment_column": _TERMS[name], "disable_tf_exact_match_detection": True}


def _row(number: int, levels: Levels) -> dict[str, Any]:
    return {_ROW: number} | {name: int(level) for name, level in zip(COMPARISONS, levels, strict=True)}


def _table(rows: Sequence[Mapping[str, Any]], side: str) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist([{"unique_id": f"{side}{row[_ROW]}", **row} for row in rows])


def _splink() -> Any:
    try:
        import splink.internals.realtime
    except ImportError:
        todo = "install the extra: pip install 'yilian-hub[train]'"
        raise HubError(Category.UNSUPPORTED, "training needs Splink", where="mpi train", todo=todo) from None
    return splink.internals.realtime


def _api() -> Any:
    from splink import DuckDBAPI

    return DuckDBAPI()


def _linker(rows: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> Any:
    _splink()
    from splink import Linker

    api = _api()
    return Linker([api.register(_table(rows, side), dataset_display_name=side) for side in ("l", "r")], dict(told))


def _learned(saved: Mapping[str, Any], comparisons: Sequence[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, told in zip(comparisons, saved["comparisons"], strict=True):
        found[name] = {
            level["label_for_charts"]: level["m_probability"]
            for level in told["comparison_levels"]
            if isinstance(level.get("m_probability"), float)
        }
    return found
