"""What the gate adds to a read: CPU of each step, the wait for the audit row, and whole reads with and without it.

`python -m bench.gate [--json FILE] [--rounds R] [--clients N ...]` runs on a durable (fsync) PostgreSQL of its own in a
temporary folder. Steps are microseconds of CPU in this process. Of whole reads by id, N readers at once, by turns:

    store     straight from the store
    wait      nothing but the wait for the audit row
    author    the base: through the gate, by the organisation that wrote it
    silent    by another one in charge of a patient who gave no consent
    labels    the same of a patient with four consents, which speak of labels, types and organisations
    codes     one more, which denies four codes
    times     one more, which denies a span of years
    refused   denied, by an organisation without a relationship
    absent    of what is not there, by the same

`least` is the least median of a round: other work disturbed that least. The columns `x` are multiples of the base: p50,
p95, and CPU of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from bench.consented import PATIENTS, house, value_id
from bench.turns import Figures, Way, as_worker, by_turns, ratios, show
from consent.configuration import DEFAULT
from consent.person import Person
from hub.audit.entry import Entry, Interaction
from hub.audit.tables import row_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.gate.asking import request_of
from hub.gate.cases import Rules
from hub.gate.pages import Seal, binding_of
from hub.gate.recorder import Asked, Basis, Recorder
from hub.gate.release import decide, short_way
from hub.gate.released import released
from hub.gate.visible import admit, of_patients
from hub.kernel.clock import system_clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from tests.auth.consortium import NOW
from tests.gate.house import CLINICIAN, DIRECTORY, SECRET, STRANGER, House, stored
from tests.gate.test_release import looked_up

RESOURCES: Final = 500
BASE: Final = "author"
BASIS = Basis(grounds=frozenset({"author-organisation"}))
RULES = Rules(DIRECTORY, DEFAULT)
ANYBODY = Person(frozenset({"Patient/a"}), None, (), (), ())


def cpu(step: Callable[[], object], repeats: int) -> float:
    """Microseconds of CPU for one call, the median of five rounds."""
    rounds = []
    for _ in range(5):
        begin = time.process_time()
        for _ in range(repeats):
            step()
        rounds.append((time.process_time() - begin) / repeats * 1e6)
    return statistics.median(rounds)


def steps(folder: Path, repeats: int = 5000) -> dict[str, float]:
    """CPU of each step of one read that does no I/O."""
    issuer = Issuer(KeyStore(folder), DIRECTORY, system_clock)
    token = issuer.issue(role="clinician", organization="F01", practitioner="fang")
    row, asked = stored("Observation"), Asked(actor=CLINICIAN, interaction=Interaction.READ, type="Observation", id="x")
    deaf = Deaf()
    recorder = Recorder(deaf, system_clock, Log("bench"), uuid4)
    finished(recorder.released(asked, [row], BASIS))
    cases = looked_up(CLINICIAN)
    entry = deaf.last[0]
    seal, binding = Seal(SECRET), binding_of(CLINICIAN, "Observation", [("code", "4548-4")])
    cursor = seal.close(b"a keyset of forty bytes or thereabouts..", binding)
    work: dict[str, Callable[[], object]] = {
        "token, first time": lambda: issuer._decode(token),
        "token, remembered": lambda: issuer.verify(token),
        "admit": lambda: admit(CLINICIAN, "Observation", "r"),
        "short way": lambda: short_way(CLINICIAN, DIRECTORY, row),
        "inquiry": lambda: RULES.inquiry(request_of(CLINICIAN, DIRECTORY, NOW), ANYBODY, ()),
        "predicate": lambda: of_patients(cases),
        "decide": lambda: decide(cases, row),
        "release": lambda: released(row),
        "audit entry": lambda: finished(recorder.released(asked, [row], BASIS)),
        "audit row": lambda: row_of(entry),
        "seal a page": lambda: seal.close(b"a keyset of forty bytes or thereabouts..", binding),
        "open a page": lambda: seal.open(cursor, binding),
    }
    return {name: cpu(step, repeats) for name, step in work.items()}


class Deaf(Trail):
    """A trail that forgets at once: what is left is making the entry."""

    def __init__(self) -> None:
        self.last: list[Entry] = []

    async def record(self, entry: Entry) -> None:
        self.last = [entry]


def finished(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


def ways(made: House, count: int) -> dict[str, Way]:
    """What is compared, by name."""
    asked = Asked(actor=CLINICIAN, interaction=Interaction.READ, type="Observation", id="x")
    recorder, row = Recorder(made.trail, system_clock, Log("bench"), uuid4), stored("Observation")
    outsider = replace(STRANGER, organization="F05")

    async def store(number: int) -> None:
        async with made.database.connection() as tx:
            await made.store.load(tx, [("Observation", value_id("silent", number % count))])

    async def wait(_: int) -> None:
        await recorder.released(asked, [row], BASIS)

    def read(actor: Actor, patient: str) -> Way:
        async def way(number: int) -> None:
            # One in twenty is restricted and not for everybody.
            rid = value_id(patient, number % count // 20 * 20 + 1 + number % 19)
            with suppress(HubError):
                await made.gate.read(actor, "Observation", rid)

        return way

    return {
        "store": store,
        "wait": wait,
        BASE: read(CLINICIAN, "silent"),
        **{patient: read(STRANGER, patient) for patient in PATIENTS},
        "refused": read(outsider, "silent"),
        "absent": read(outsider, "nobody"),
    }


async def measure(url: str, clients: list[int], rounds: int, count: int = RESOURCES) -> dict[int, dict[str, Figures]]:
    """Figures of every way by number of readers, on a database that has its tables and no rows."""
    async with house(url, count) as made:
        return {number: await by_turns(ways(made, count - 20), rounds, clients=number, calls=10) for number in clients}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", type=Path)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
        small = steps(folder / "keys")
        with EmbeddedPostgres(folder / "db") as server:
            asyncio.run(upgrade(server.url))
            whole = as_worker(measure(server.url, given.clients, given.rounds))
    print(f"{'step':<24}{'cpu us':>10}")
    for step, value in small.items():
        print(f"{step:<24}{value:>10.1f}")
    for number, found in whole.items():
        print(f"\n{number} readers")
        show(found, BASE)
    if given.json:
        compared = {number: ratios(found, BASE) for number, found in whole.items()}
        text = json.dumps({"steps": small, "reads": whole, "ratios": compared}, indent=1)
        given.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
