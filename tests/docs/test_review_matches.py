"""The page on reviewing matches, followed word for word: its commands as two stewards, its paths against the doors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final
from unittest.mock import Mock

import pytest
import yaml
from typer.testing import CliRunner

from hub.api.reviews import review_doors
from hub.audit.entry import Entry, Outcome
from hub.audit.queries import newest
from hub.bootstrap.foundation import Foundation
from hub.cli.main import app
from hub.kernel.consortium_schema import SCHEMA
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.installation import remember
from tests.mpi.registry import Registry, patient, with_registry
from tests.mpi.test_index import mingyuan

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs/how-to/review-matches.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
REVIEW: Final = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
#: What the numbers on the page stand for.
STANDS_FOR: Final = {"17": "pair", "31": "decision", "5": "refused", "6": "proposal", "9": "opinion"}


@pytest.fixture
def county(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A hub in which one pair waits, and two persons that nobody put before a steward; the URL of its database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YILIAN_DATA_DIR", str(tmp_path))
    configure("review:\n")
    settings = Settings.load({}, data_dir=tmp_path, config=tmp_path / "consortium.yaml", database_url=database_url)
    assert Foundation(settings, Log("test", level="ERROR")).keys.id_secret
    remember(tmp_path, tmp_path / "consortium.yaml", database_url)

    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", phone="09905550001"), patient("F01-0017", "赵平", born="1950-02-11"))
        await registry.register(
            patient("b", "DU MINGYUAN", born="1962-01-01", gender="male", phone="09905550009"), facility="F05"
        )
        await registry.register(patient("F05-0031", "钱立", born="1944-03-12"), facility="F05")

    with_registry(database_url, story)
    return database_url


def configure(review: str) -> None:
    """Let the consortium ask for this, and for a second opinion on every decision of a steward."""
    text = "name: test\nfacilities: [{code: F01, name: F01}, {code: F05, name: F05}]\n" + review
    sampled = "  second_linked: 0\n  second_decided: 1\n"
    Path("consortium.yaml").write_text(text + sampled, encoding="utf-8")


def run(command: str, numbers: Mapping[str, str], who: str = "shao") -> str:
    """Run a command of the page as a steward, with the numbers things have here."""
    words = [numbers.get(STANDS_FOR.get(word, ""), word) for word in shlex.split(command)]
    done = CliRunner().invoke(app, words[1:], env={"COLUMNS": "200", "LOGNAME": who})
    assert done.exit_code == 0, (command, done.output, done.exception)
    return done.stdout


def trail(url: str) -> list[Entry]:
    async def read(registry: Registry) -> list[Entry]:
        async with registry.database.connection() as tx:
            return list(reversed(await newest(tx)))

    found: Callable[[Registry], Awaitable[list[Entry]]] = read
    return with_registry(url, found)


def number_in(text: str, before: str) -> str:
    found = re.search(rf"{before} (\d+)", text)
    assert found is not None, text
    return found[1]


def test_the_page_leads_through_a_morning_two_stewards_and_a_second_opinion(county: str) -> None:
    numbers = {"pair": "1"}
    listed, *morning = BLOCKS[0].strip().splitlines()
    told = run(listed, numbers)
    assert "证据不足以自动合并" in told
    numbers["pair"] = re.findall(r"^ *(\d+) ", told, re.MULTILINE)[0]
    said = {}
    for command in morning:
        said[command] = run(command, numbers)
        if " link " in command:
            numbers["decision"] = number_in(said[command], "decision")
    assert "one is a Latin spelling of the other" in said[morning[1]]
    assert said[morning[0]].startswith(f"pair {numbers['pair']}: yours until")
    assert "left to others" in said[morning[-1]]
    assert numbers["pair"] not in re.findall(r"^ *(\d+) ", run(listed, numbers), re.MULTILINE)

    assert REVIEW is not None
    configure(REVIEW[1])
    merge, proposals, refuse, confirm = BLOCKS[1].strip().splitlines()
    numbers["refused"] = number_in(run(merge, numbers), "proposal")
    assert "F01-0017 F05-0031" in run(proposals, numbers, "tan")
    run(refuse, numbers, "tan")
    numbers["proposal"] = number_in(run(merge, numbers), "proposal")
    assert "confirmed" in run(confirm, numbers, "tan")

    opinions, opinion, measures = BLOCKS[2].strip().splitlines()
    numbers["opinion"] = re.findall(r"^ *(\d+) ", run(opinions, numbers, "wu"), re.MULTILINE)[0]
    run(opinion, numbers, "wu")
    assert re.search(r"agreement +1\.000 of 1", run(measures, numbers))
    _holds(county)


def _holds(url: str) -> None:
    """All of it is in the trail under the right names, and no value of anybody is."""
    entries = trail(url)
    deeds = [(entry.query or "").split("&")[0].removeprefix("mpi=") for entry in entries]
    for named in ("review-claim", "review-skip", "review-comment", "merge", "proposal-refuse", "opinion-give"):
        assert named in deeds, deeds
    assert {entry.outcome for entry in entries} == {Outcome.RELEASED}
    (past,) = with_registry(url, lambda registry: registry.history("F01-0017"))
    assert (past.kind, past.who) == ("link", "shao, tan")
    assert not any(name in (entry.query or "") for entry in entries for name in ("杜明远", "赵平", "1962"))


def test_every_path_on_the_page_is_a_door_and_every_word_of_its_yaml_is_one() -> None:
    doors = {(door.method, door.path) for door in review_doors(Mock(), Mock())}
    named = re.findall(r"`(GET|POST) (/[^`\s]*)`((?:, `/\w+`)*)", PAGE)
    assert len(named) > 10
    for method, path, more in named:
        shape = re.sub(r"/\d+", "/{id}", path)
        others = [shape.rpartition("/")[0] + other for other in re.findall(r"`(/\w+)`", more)]
        for one in (shape, *others):
            assert (method, f"/api/mpi{one}") in doors, one
    assert REVIEW is not None
    words = yaml.safe_load(REVIEW[1])["review"]["four_eyes"]
    assert set(words) <= set(SCHEMA["properties"]["review"]["properties"]["four_eyes"]["items"]["enum"])


def test_judging_again_is_in_the_trail_before_and_after(county: str) -> None:
    assert "4 sources judged" in run("yilian mpi rejudge", {})
    before, after = ((entry.query or "") for entry in trail(county))
    assert before == "mpi=rejudge&model=model-2&after=0"
    assert after.startswith("mpi=rejudged&sources=4&")
