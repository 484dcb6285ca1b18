"""Expectation maximisation by Splink over pairs that are whole-number levels already (extra `train`).

Splink compares records; ours are compared. So each pair becomes one row of a table which is linked to itself row by
row, and a comparison is the test of a number. https://moj-analytical-services.github.io/splink/
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from math import exp2
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.mpi.compare import compare, shared_phones
from hub.mpi.features import Features
from hub.mpi.levels import COMPARISONS, HouseholdLevel, Levels, NameLevel
from hub.mpi.names import Name
from hub.mpi.score import Scorer
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
    rows = [_compared(scorer, number, first, second) for number, (first, second) in enumerate(pairs)]
    model = scorer.model
    prior = 1 / (1 + exp2(-model.prior(scorer.frequencies.records)))
    told = _settings(list(COMPARISONS), model.u, model.m, prior, terms=True) | {"link_type": "dedupe_only"}
    found = _splink().compare_records(
        _table(rows, "l"), _table(rows, "r"), told, _api(), join_condition=f"l.{_ROW} = r.{_ROW}"
    )
    by_row = {row[f"{_ROW}_l"]: row["match_weight"] for row in found.as_record_list()}
    return [by_row[number] for number in range(len(pairs))]


def _compared(scorer: Scorer, number: int, first: Features, second: Features) -> dict[str, Any]:
    levels = compare(first, second)
    return _row(number, levels) | _terms(scorer, levels, first, second)


def _terms(scorer: Scorer, levels: Levels, first: Features, second: Features) -> dict[str, float | str | None]:
    """Term frequencies, from the counts alone: nothing here is taken from the scorer's sums."""
    return {
        "name_term": "",
        "phone_term": "",
        "tf_name_term": _name_frequency(scorer, levels.name, first.name, second.name),
        "tf_phone_term": _phone_frequency(scorer, levels.household, shared_phones(first, second)),
    }


def _name_frequency(scorer: Scorer, level: NameLevel, first: Name, second: Name) -> float | None:
    counts, model = scorer.frequencies, scorer.model
    if level not in {NameLevel.EXACT, NameLevel.HOMOPHONE, NameLevel.SPELLED}:
        return None
    if level is NameLevel.EXACT and first.script == "han":
        seen = counts.names.get(first.full, 0)
    else:
        shared = set(first.spellings) & set(second.spellings)
        seen = max((counts.spellings.get(spelling, 0) for spelling in shared), default=0)
    written = [len(name.full) for name in (first, second) if name.script == "han"]
    average = model.long_name_u if max(written, default=0) > 2 else model.name_u
    return (seen + average * model.prior_records) / (counts.records + model.prior_records)


def _phone_frequency(scorer: Scorer, level: HouseholdLevel, phones: Iterable[str]) -> float | None:
    if level not in {HouseholdLevel.PHONE, HouseholdLevel.PHONE_AND_DOOR}:
        return None
    model = scorer.model
    m, u = model.m["household"], model.u["household"]
    sharers = min(scorer.frequencies.phones.get(phone, 1) for phone in phones)
    # One that too many share says no more than none: what a telephone alone would weigh is taken away.
    return u[level.name] * (sharers if sharers <= model.sharers else max(1.0, m["PHONE"] / u["PHONE"]))


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
