"""The Fellegi-Sunter model: a data file of probabilities per comparison level, and the thresholds.

`m` is how often a level is found among pairs of one person, `u` among pairs of two persons (both of the pairs where the
comparison says anything). A level weighs log2(m/u) bits. Fellegi and Sunter, A Theory for Record Linkage, JASA 1969.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.mpi.data_file import read_data
from hub.mpi.levels import COMPARISONS

#: The model that comes with the hub.
BUNDLED: Final = "model-2"
#: Characters of a short name, surname included: there are far fewer such names, so each is more common.
_SHORT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model, ready to score.

    `m`, `u`: comparison -> level -> probability. `weights[comparison][level]`: bits, 0 for level 0. `m_name`: m of each
    name level, for the adjustment by frequency.
    `name_u`, `long_name_u`: the frequency of an average name, of one of three characters and more; `prior_records`:
    how many records that knowledge is worth against counts. `records_per_person`, `least_persons`: the prior is one
    over the persons there may be.
    `link`, `review`: bits at and above which a pair is linked, or shown to a human. `certain`: bits at and above which
    an answer may be called certain. `margin`: bits by which the best person must lead the second. `sharers`: a
    telephone shared by more names than this says nothing.
    """

    version: str
    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    weights: tuple[tuple[float, ...], ...]
    m_name: tuple[float, ...]
    name_u: float
    long_name_u: float
    prior_records: int
    records_per_person: float
    least_persons: int
    link: float
    review: float
    certain: float
    margin: float
    sharers: int

    def prior(self, records: int) -> float:
        """Bits before any evidence, among so many records."""
        return -log2(max(records / self.records_per_person, self.least_persons))

    def frequency(self, count: int, records: int, characters: int) -> float:
        """Frequency of a name counted so often among so many records, drawn towards an average name of so many
        characters (0: not known).
        """
        return (count + self.average(characters) * self.prior_records) / (records + self.prior_records)

    def average(self, characters: int) -> float:
        """Frequency of an average name of so many characters (0: not known)."""
        return self.long_name_u if characters > _SHORT else self.name_u


def read_model(content: Mapping[str, Any]) -> Model:
    """A model from its JSON content. Raises HubError INVALID naming the comparison whose levels are not ours."""
    constants = {name: content[name] for name in ("name_u", "prior_records", "records_per_person", "least_persons")}
    constants["long_name_u"] = content.get("long_name_u", content["name_u"])
    thresholds = {name: content[name] for name in ("link", "review", "certain", "margin", "sharers")}
    return Model(
        version=content["version"],
        m=_side(content["comparisons"], 0),
        u=_side(content["comparisons"], 1),
        weights=tuple(_weights(name, content["comparisons"]) for name in COMPARISONS),
        m_name=(1.0, *(m for m, _ in content["comparisons"]["name"].values())),
        **constants,
        **thresholds,
    )


def read_model_file(path: Path) -> Model:
    """The model of a JSON file. Raises HubError NOT_FOUND or INVALID naming the file and what is wrong."""
    try:
        return read_model(json.loads(path.read_bytes()))
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
    except (ValueError, KeyError, TypeError):
        todo = "write it with: yilian mpi train"
        raise HubError(Category.INVALID, "is no model", where=str(path), todo=todo) from None


def _weights(name: str, comparisons: Mapping[str, Mapping[str, tuple[float, float]]]) -> tuple[float, ...]:
    wanted = [level.name for level in COMPARISONS[name] if level]
    rows = comparisons.get(name, {})
    if list(rows) != wanted or not all(0 < m <= 1 and 0 < u <= 1 for m, u in rows.values()):
        todo = f"give m and u, above 0 and at most 1, for: {', '.join(wanted)}"
        raise HubError(Category.INVALID, "does not fit the comparison levels", where=f"model: {name}", todo=todo)
    return (0.0, *(log2(m / u) for m, u in rows.values()))


def _side(comparisons: Mapping[str, Mapping[str, tuple[float, float]]], which: int) -> dict[str, dict[str, float]]:
    return {name: {level: row[which] for level, row in rows.items()} for name, rows in comparisons.items()}


def chosen_model(path: str) -> Model:
    """The model of a file, the bundled one if none is named (setting `mpi_model`). Raises as `read_model_file`."""
    return read_model_file(Path(path)) if path else bundled_model()


@cache
def bundled_model() -> Model:
    """The model that comes with the hub."""
    return read_model(read_data(BUNDLED))
