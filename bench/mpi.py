"""Quality and speed of the master patient index on a file of records whose persons are known.

`python -m bench.mpi [--in records.csv --truth truth.csv] [--json FILE]` links the records with the bundled model and
prints pair and B-cubed precision, recall and F1, the clusters that mix persons, the pairs for review (and how many of
them are right), and the time. Without options it reads the development set of the shared folder (YILIAN_SHARED).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.mpi.features import Features, features
from hub.mpi.link import Linked, Pair, link
from hub.mpi.model import bundled_model
from hub.mpi.records_file import read_records

SHARED = Path(os.environ.get("YILIAN_SHARED", Path(__file__).parents[1] / "../shared")).resolve()
DEVELOPMENT = SHARED / "mpi-dev"


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a clustering is; `mixed` counts clusters of more than one person."""

    pairs: Rates
    b_cubed: Rates
    mixed: int
    reviews: int
    right_reviews: int


def measure(persons: Iterable[Sequence[str]], truth: Mapping[str, str], reviews: Sequence[Pair] = ()) -> Quality:
    """Compare clusters of record ids with the truth (record id -> person)."""
    sizes = Counter(truth.values())
    made = right = mixed = 0
    precision = recall = 0.0
    for cluster in persons:
        inside = Counter(truth[record] for record in cluster)
        made += _pairs(len(cluster))
        right += sum(map(_pairs, inside.values()))
        mixed += len(inside) > 1
        precision += sum(n * n for n in inside.values()) / len(cluster)
        recall += sum(n * n / sizes[person] for person, n in inside.items())
    pairs = Rates(right / made if made else 1.0, right / max(1, sum(map(_pairs, sizes.values()))))
    b_cubed = Rates(precision / len(truth), recall / len(truth))
    good = sum(truth[pair.record_id] == truth[pair.candidate_id] for pair in reviews)
    return Quality(pairs, b_cubed, mixed, len(reviews), good)


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def read_truth(path: Path) -> dict[str, str]:
    """Record id -> person."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["record_id"]: row["person_id"] for row in csv.DictReader(file)}


def load(path: Path) -> list[Features]:
    """The normalised records of a file."""
    with path.open("rb") as file:
        return [features(record) for record in read_records(file, str(path))]


def _timed(path: Path) -> tuple[Linked, dict[str, float]]:
    begin = time.perf_counter()
    sides = load(path)
    read = time.perf_counter()
    linked = link(sides, bundled_model())
    end = time.perf_counter()
    return linked, {"records": len(sides), "read_seconds": read - begin, "link_seconds": end - read}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--in", dest="source", type=Path, default=DEVELOPMENT / "records.csv")
    options.add_argument("--truth", type=Path, default=DEVELOPMENT / "truth.csv")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    linked, times = _timed(given.source)
    quality = measure(linked.persons, read_truth(given.truth), linked.reviews)
    for name, rates in (("pairs", quality.pairs), ("B-cubed", quality.b_cubed)):
        print(f"{name:<10}precision {rates.precision:.4f}   recall {rates.recall:.4f}   F1 {rates.f1:.4f}")
    print(f"mixed clusters {quality.mixed}; {quality.reviews} pairs to review, {quality.right_reviews} of them right")
    print(f"{times['records']} records: read {times['read_seconds']:.1f} s, link {times['link_seconds']:.1f} s")
    if given.json:
        given.json.write_text(json.dumps(asdict(quality) | times, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
