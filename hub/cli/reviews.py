"""`yilian mpi review`: pairs that wait, what speaks for and against, decisions of one steward or two. No values."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Annotated, Any, Literal

import typer

from hub.cli.listing import AsJson, print_json, print_table
from hub.cli.stewards import Data, Reason, Url, at_desk, tell_done
from hub.kernel.types import Json
from hub.run.stewards import Desk

review = typer.Typer(no_args_is_help=True, help="Pairs that wait for a decision: look, decide, confirm, undo.")

Number = Annotated[int, typer.Argument(help="Number of the pair.")]
Proposal = Annotated[int, typer.Argument(help="Number of the proposal.")]
Text = Annotated[str, typer.Argument(help="What you found, without patient data.")]
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
def claim(
    number: Number,
    release: Annotated[bool, typer.Option("--release", help="Give it back, so that others may decide it.")] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Work on a pair: nobody else can decide it for half an hour."""

    def work(hands: Desk) -> Awaitable[Json]:
        worklist = hands.review.worklist
        return (worklist.release if release else worklist.claim)(hands.by, number)

    held = at_desk(data, url, work)["claim"]
    typer.echo(f"pair {number}: " + (f"yours until {held['until']}" if held else "free for others"))


@review.command()
def comment(number: Number, text: Text, data: Data = None, url: Url = None) -> None:
    """Say something of a pair to colleagues, without names, numbers and dates of patients."""
    told = at_desk(data, url, lambda hands: hands.review.worklist.comment(hands.by, number, text))
    typer.echo(f"pair {number}: {len(told['notes'])} notes")


@review.command()
def skip(number: Number, reason: Reason, data: Data = None, url: Url = None) -> None:
    """Leave a pair to others: it is out of your list for a week."""
    at_desk(data, url, lambda hands: hands.review.worklist.skip(hands.by, number, reason))
    typer.echo(f"pair {number}: left to others")


@review.command()
def proposals(data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """List deeds of one steward that a second one has to confirm."""
    found = at_desk(data, url, lambda hands: hands.review.decisions.proposed(hands.by))
    rows = [
        (one["number"], one["pair"] or "", one["deed"], _about(one), one["who"], "stale" if one["stale"] else "")
        for one in found
    ]
    _tell(found, ("number", "pair", "deed", "about", "by", ""), rows, as_json=as_json)


@review.command()
def confirm(proposal: Proposal, data: Data = None, url: Url = None) -> None:
    """Confirm another steward's proposal; it becomes a decision of both."""
    done = at_desk(data, url, lambda hands: hands.review.decisions.confirm(hands.by, proposal))
    typer.echo(f"decision {done['decision']}: confirmed")


@review.command()
def refuse(proposal: Proposal, data: Data = None, url: Url = None) -> None:
    """Refuse a proposal, or take your own back: all stays as it is. Say why in a comment on the pair."""
    at_desk(data, url, lambda hands: hands.review.decisions.refuse(hands.by, proposal))
    typer.echo(f"proposal {proposal}: refused")


@review.command()
def undo(
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    reason: Reason,
    data: Data = None,
    url: Url = None,
) -> None:
    """Take a decision back; its pair waits again."""
    done = at_desk(data, url, lambda hands: hands.review.decisions.undo(hands.by, decision, reason))
    tell_done(done, f"decision {decision} is taken back")


@review.command()
def opinions(language: Words = "zh", data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """List pairs put to you for a second opinion; you are not told what was decided."""
    found = at_desk(data, url, lambda hands: hands.review.decisions.opinions(hands.by, language))
    rows = [
        (one["number"], evidence["text"], evidence["level_text"], _bits(evidence["bits"]))
        for one in found
        for evidence in one["evidence"]
    ]
    _tell(found, ("opinion", "", "", "bits"), rows, as_json=as_json)


@review.command()
def opinion(
    number: Annotated[int, typer.Argument(help="Number of the opinion you were asked for.")],
    same: Annotated[bool, typer.Option("--same/--two", help="One person, or two.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Give a second opinion; it changes nothing."""
    at_desk(data, url, lambda hands: hands.review.decisions.give(hands.by, number, same=same))
    typer.echo(f"opinion {number}: given")


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
    tell_done(done, "one person" if same else "two persons")


def _tell(found: Any, header: Iterable[str], rows: Iterable[Iterable[object]], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print_table(header, rows)


def _about(proposal: Mapping[str, Any]) -> str:
    taken_back = [] if proposal["decision"] is None else [f"decision {proposal['decision']}"]
    return " ".join([*taken_back, *proposal["patients"]])


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
