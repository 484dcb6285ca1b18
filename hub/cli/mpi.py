"""`yilian mpi`: the master patient index on files; hub/cli/stewards.py has the commands on the database."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from hub.cli import mpi_train, reviews, stewards
from hub.cli.mpi_files import read_sides, refuse_unwritable
from hub.mpi.features import Features
from hub.mpi.frequencies import count
from hub.mpi.lent_cards import as_read
from hub.mpi.link import Linked, Pair, link
from hub.mpi.model import Model, bundled_model, read_model_file
from hub.mpi.score import Scorer, evidence

app = typer.Typer(no_args_is_help=True, help="The master patient index: on files (link), and on the database.")
app.add_typer(reviews.review, name="review")
app.command()(mpi_train.train)
app.command()(stewards.merge)
app.command("apart")(stewards.keep_apart)
app.command()(stewards.split)
app.command()(stewards.move)
app.command()(stewards.unlink)
app.command()(stewards.reverse)
app.command()(stewards.history)
app.command("as-of")(stewards.as_of)
app.command()(stewards.register)
app.command()(stewards.rejudge)

_EXPLAINED: Final = ("record_id", "candidate_id", "score", "decision", "reason", "evidence")


@app.command("link")
def link_file(
    source: Annotated[Path, typer.Option("--in", help="Records, CSV in UTF-8 with a header.")],
    out: Annotated[Path, typer.Option("--out", help="Written: record_id,cluster_id; automatic links only.")],
    review: Annotated[
        Path | None, typer.Option(help="Written: pairs a human must decide; record_id,candidate_id,score,reason.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print, as CSV, why each pair was linked or sent to review.")
    ] = False,
    model: Annotated[Path | None, typer.Option(help="A model of `train` instead of the bundled one.")] = None,
) -> None:
    """Find which records are one person. Scores are bits for (above 0) or against one person."""
    chosen = read_model_file(model) if model else bundled_model()
    with Progress(console=Console(stderr=True)) as progress:
        sides = read_sides(source, progress)
        matching = progress.add_task("matching", total=len(sides))
        linked = link(sides, chosen, lambda done: progress.update(matching, completed=done))
    _write(out, ("record_id", "cluster_id"), _clusters(linked))
    if review:
        _write(review, ("record_id", "candidate_id", "score", "reason"), map(_review_row, linked.reviews))
    if explain:
        _rows(sys.stdout, _EXPLAINED, explained(linked, sides, chosen))
    told = f"{len(sides)} records, {len(linked.persons)} persons, {len(linked.reviews)} pairs to review"
    typer.echo(f"yilian: {told}", err=True)


def _clusters(linked: Linked) -> Iterator[tuple[str, str]]:
    """A person bears the smallest of its record ids."""
    return ((record, person[0]) for person in linked.persons for record in person)


def _review_row(pair: Pair) -> tuple[str, str, str, str]:
    return (pair.record_id, pair.candidate_id, f"{pair.score:.2f}", str(pair.reason or ""))


def explained(linked: Linked, sides: Sequence[Features], model: Model) -> Iterator[tuple[str, ...]]:
    """The rows of `--explain`: what spoke for and against each pair, read as `link` read it."""
    by_id = {side.record_id: side for side in as_read(sides)}
    scorer = Scorer(model, count(sides))
    for decision, pairs in (("link", linked.links), ("review", linked.reviews)):
        for pair in pairs:
            score = scorer.score(by_id[pair.record_id], by_id[pair.candidate_id])
            record, candidate, bits, reason = _review_row(pair)
            yield (record, candidate, bits, decision, reason, evidence(score))


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with refuse_unwritable(path), path.open("w", encoding="utf-8", newline="") as file:
        _rows(file, header, rows)


def _rows(file: Any, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
