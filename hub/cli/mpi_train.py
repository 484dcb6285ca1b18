"""`yilian mpi train`: estimate a model of the patient index from records, without knowing who is who."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from hub.cli import stewards
from hub.cli.mpi_files import read_sides, refuse_unwritable
from hub.kernel.errors import Category, HubError
from hub.mpi.blocking import candidate_pairs
from hub.mpi.data_file import read_data
from hub.mpi.features import Features
from hub.mpi.frequencies import count
from hub.mpi.model import BUNDLED, read_model
from hub.mpi.score import Scorer
from hub.mpi.splink_estimates import estimate, weights
from hub.mpi.training import learn, sample

#: The largest difference between the hub's sum and Splink's that is not an error.
_TOLERANCE: Final = 1e-9
_CHECKED: Final = 30_000


def train(
    out: Annotated[Path, typer.Option("--out", help="Written: the model, JSON.")],
    version: Annotated[str, typer.Option(help="The name decisions will bear, such as county-2026-11.")],
    source: Annotated[
        Path | None, typer.Option("--in", help="Records, CSV as for `link`; without it those of the hub's database.")
    ] = None,
    pairs: Annotated[int, typer.Option(min=1000, help="Pairs to compare at random, and at most in each session.")] = (
        300_000
    ),
    seed: Annotated[int, typer.Option(help="Of the random choice of pairs.")] = 1,
    data: stewards.Data = None,
    url: stewards.Url = None,
) -> None:
    """Estimate how often each agreement is found among records of one person and of two (needs the extra `train`).

    Thresholds stay those of the bundled model. Nothing of a record is written. The model is checked against Splink
    before it is written.
    """
    base = read_data(BUNDLED)
    with Progress(console=Console(stderr=True)) as progress:
        sides = read_sides(source, progress) if source else stewards.sides(data, url)
        comparing = progress.add_task("comparing", total=3 * pairs)
        samples = sample(sides, pairs, Random(seed), lambda done: progress.update(comparing, completed=done))  # noqa: S311
        progress.update(comparing, completed=3 * pairs)
        estimating = progress.add_task("estimating", total=2)
        content = learn(samples, base, estimate) | {"version": version, "source": _told(sides, samples.told)}
        progress.advance(estimating)
        checked, difference = _check(sides, Scorer(read_model(content), count(sides)), Random(seed))  # noqa: S311
        progress.advance(estimating)
    if difference > _TOLERANCE:
        todo = "report it; the model was not written"
        raise HubError(Category.FAULT, f"differs from Splink by {difference:.2g} bits", where="model", todo=todo)
    with refuse_unwritable(out):
        out.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"yilian: {out}: {checked} pairs weigh what Splink gives them, within {difference:.1g} bits", err=True)


def _check(sides: list[Features], scorer: Scorer, random: Random) -> tuple[int, float]:
    """How many candidate pairs were weighed by both, and the largest difference in bits."""
    found = list(candidate_pairs(sides))
    chosen = random.sample(found, min(_CHECKED, len(found)))
    pairs = [(sides[one], sides[other]) for one, other in chosen]
    ours = [scorer.score(first, second).weight for first, second in pairs]
    return len(pairs), max((abs(a - b) for a, b in zip(ours, weights(scorer, pairs), strict=True)), default=0.0)


def _told(sides: list[Features], pairs: str) -> str:
    return f"estimated by Splink from {len(sides)} records without labels: {pairs}"
