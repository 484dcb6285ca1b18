"""`yilian mpi` on the database, as a steward uses it."""

from __future__ import annotations

import json

import pytest

from hub.audit.entry import Entry, Outcome
from tests.commands import yilian
from tests.mpi.registry import Registry, with_registry
from tests.mpi.test_stewardship import doubtful as in_doubt
from tests.records.door import entries


@pytest.fixture
def doubtful(database_url: str) -> str:
    """URL of a database in which one pair waits."""

    async def story(registry: Registry) -> None:
        await in_doubt(registry)

    with_registry(database_url, story)
    return database_url


def audited(url: str) -> list[Entry]:
    """The audit trail, oldest entry first."""

    async def read(registry: Registry) -> list[Entry]:
        return await entries(registry.database)

    return with_registry(url, read)


def test_a_steward_lists_decides_looks_back_and_takes_back_and_all_of_it_is_audited(doubtful: str) -> None:
    url = ("--url", doubtful)
    (pair,) = json.loads(yilian("mpi", "review", "list", "--json", *url).stdout)
    number = str(pair["number"])
    seen = yilian("mpi", "review", "show", number, *url).stdout
    assert "一方是拼音，与另一方相符" in seen
    assert "杜" not in seen
    preview = json.loads(yilian("mpi", "review", "preview", number, "--json", *url).stdout)
    assert len(preview["moves"]) == 1
    linked = yilian("mpi", "review", "link", str(pair["number"]), "--reason", "asked the ward", *url)
    assert linked.returncode == 0
    assert linked.stdout.startswith("decision ")
    (past,) = json.loads(yilian("mpi", "history", "a", "--json", *url).stdout)
    assert (past["kind"], past["note"], past["standing"]) == ("link", "asked the ward", True)
    then = json.loads(yilian("mpi", "as-of", "b", past["at"], "--json", *url).stdout)
    assert then[0]["patients"] == ["a", "b"]
    assert yilian("mpi", "review", "undo", str(past["number"]), "--reason", "the ward erred", *url).returncode == 0
    shown = yilian("mpi", "history", "b", *url)
    assert "reversal" in shown.stdout
    assert yilian("mpi", "review", "apart", str(pair["number"]), "--reason", "two cards", *url).returncode == 0
    assert json.loads(yilian("mpi", "review", "list", "--json", *url).stdout) == []
    trail = audited(doubtful)
    figures = json.loads(yilian("mpi", "review", "measures", "--json", *url).stdout)
    assert (figures["queue"], [one["kind"] for one in figures["decisions"]]) == ([], ["apart", "link", "reversal"])
    names = [(entry.query or "").partition("&")[0].removeprefix("mpi=") for entry in trail]
    assert names == [
        "review-list",
        "review-show",
        "review-preview",
        "review-link",
        "history",
        "as-of",
        "reverse",
        "history",
        "review-apart",
        "review-list",
    ]
    assert trail[3].patients == ("a", "b")
    assert "reason=asked+the+ward" in (trail[3].query or "")


def test_what_cannot_be_decided_is_told_and_recorded_as_refused(doubtful: str) -> None:
    refused = yilian("mpi", "unlink", "a", "--reason", "x", "--url", doubtful)
    assert refused.returncode == 2
    assert "is a person of its own" in refused.stderr
    (entry,) = audited(doubtful)
    assert (entry.outcome, entry.reason) == (Outcome.REFUSED, "alone")


def test_patients_the_index_does_not_know_are_registered_on_demand(doubtful: str) -> None:
    done = yilian("mpi", "register", "--url", doubtful)
    assert (done.returncode, done.stdout) == (0, "0 patients registered\n")
