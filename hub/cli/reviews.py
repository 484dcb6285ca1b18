"""`yilian mpi review`: pairs that wait, what speaks for and against, decisions of one steward or two. No values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from hub.cli.stewards import AsJson, Data, Reason, Url, at_desk

review = typer.Typer(no_args_is_help=True, help="Pairs that wait for a decision: look, decide, confirm, undo.")

Number = Annotated[int, typer.Argument(help="Number of the pair.")]
Proposal = Annotated[int, typer.Argument(help="Number of the proposal.")]
Words = Annotated[Literal["zh", "en"], typer.Option("--language", help="Language of the words.")]


@review.command("list")
def list_(
    limit: Annotated[int, typer.Option(help="At most so many, the most urgent first.")] = 100,
    language: Words = "zh",
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the pairs that wait, the most urgent first. Scores are bits for (above 0) or against one person."""
    found = at_desk(data, url, lambda hands: hands.review.worklist.listed(hands.by, limit, language))
    rows = [
        (pair["number"], pair["priority"]["points"], _bits(pair["score"]), _claimant(pair), pair["reason"]["text"])
        for pair in found
    ]
    _tell(found, ("number", "points", "score", "claimed by", "reason"), rows, as_json=as_json)


@review.command()
def show(number: Number, language: Words = "zh", data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """Show what each comparison of a pair found; both values are shown by the API alone."""
    pair = at_desk(data, url, lambda hands: hands.review.worklist.pair(hands.by, number, language))
    rows = [(one["text"], one["level_text"], _bits(one["bits"])) for one in pair["evidence"]]
    rows += [(note["kind"], note["text"], note["who"]) for note in pair["notes"]]
    rows += [(why["text"], "", f"{why['points']} points") for why in pair["priority"]["why"]]
    _tell(pair, (pair["reason"]["text"], "", _bits(pair["score"])), rows, as_json=as_json)


@review.command()
def preview(
    number: Number,
    apart: Annotated[bool, typer.Option("--apart", help="Of keeping the two apart, not of linking them.")] = False,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what a decision would move, and how many consents and proxies the persons have."""
    found = at_desk(data, url, lambda hands: hands.review.worklist.preview(hands.by, number, same=not apart))
    rows = [(move["patient"], move["from"], move["to"]) for move in found["moves"]]
    rows += [(one["person"], f"{one['consents']} consents", f"{one['proxies']} proxies") for one in found["persons"]]
    _tell(found, ("source or person", "from", "to"), rows, as_json=as_json)


@review.command()
def link(number: Number, reason: Reason, data: Data = None, url: Url = None) -> None:
    """Decide that a pair is one person; all of both persons come together."""
    _decide(number, reason, data, url, same=True)


@review.command()
def apart(number: Number, reason: Reason, data: Data = None, url: Url = None) -> None:
    """Decide that a pair is two persons; the matcher will not link them."""
    _decide(number, reason, data, url, same=False)


@review.command()
def proposals(data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """List decisions of one steward that a second one has to confirm."""
    found = at_desk(data, url, lambda hands: hands.review.decisions.proposed(hands.by))
    rows = [
        (one["number"], one["pair"], "link" if one["same"] else "apart", one["who"], "stale" if one["stale"] else "")
        for one in found
    ]
    _tell(found, ("number", "pair", "decision", "by", ""), rows, as_json=as_json)


@review.command()
def confirm(proposal: Proposal, data: Data = None, url: Url = None) -> None:
    """Confirm another steward's proposal; it becomes a decision of both."""
    done = at_desk(data, url, lambda hands: hands.review.decisions.confirm(hands.by, proposal))
    typer.echo(f"decision {done['decision']}: confirmed")


@review.command()
def undo(
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    reason: Reason,
    data: Data = None,
    url: Url = None,
) -> None:
    """Take a decision back; its pair waits again."""
    done = at_desk(data, url, lambda hands: hands.review.decisions.undo(hands.by, decision, reason))
    typer.echo(f"decision {done['decision']}: decision {decision} is taken back")


@review.command()
def measures(data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """Show how much waits, how far reviewers agree, and whether scores drift."""
    found = at_desk(data, url, lambda hands: hands.review.measures(hands.by))
    rows = [
        (f"waits: {one['reason']}", one["pairs"], f"oldest {one['oldest'] / 86400:.1f} d") for one in found["queue"]
    ]
    rows += [(name, *_share(found[name])) for name in ("agreement", "precision")]
    rows += [(f"scores of {week['week']}", week["model"], _psi(week)) for week in found["scores"]["weeks"]]
    _tell(found, ("figure", "value", ""), rows, as_json=as_json)


def _decide(number: int, reason: str, data: Any, url: str | None, *, same: bool) -> None:
    done = at_desk(data, url, lambda hands: hands.review.decisions.decide(hands.by, number, same=same, reason=reason))
    if "proposal" in done:
        typer.echo(f"proposal {done['proposal']}: a second steward has to confirm it")
    else:
        typer.echo(f"decision {done['decision']}: {'one person' if same else 'two persons'}")


def _tell(found: Any, header: Iterable[str], rows: Iterable[Iterable[object]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table(*header, box=None)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


def _claimant(pair: Mapping[str, Any]) -> str:
    return pair["claim"]["who"] if pair["claim"] else ""


def _bits(bits: float) -> str:
    return f"{bits:+.1f}"


def _share(share: Mapping[str, Any]) -> tuple[str, str]:
    if share["share"] is None:
        return "", "no opinion yet"
    return f"{share['share']:.3f} of {share['of']}", f"95 %: {share['low']:.3f} to {share['high']:.3f}"


def _psi(week: Mapping[str, Any]) -> str:
    return "" if week["psi"] is None else f"PSI {week['psi']:.3f}"
