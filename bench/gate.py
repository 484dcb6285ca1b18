"""What the gate adds to a read: CPU of each step, the wait for the audit row, and whole reads with and without it.

`python -m bench.gate [--json FILE] [--seconds S] [--clients N ...]` runs on a durable (fsync) PostgreSQL of its own in
a temporary folder. Steps are microseconds of CPU in this process. `wait` is the time one reader waits for its audit row
while N readers do nothing else; `store` and `gate` are reads by id by N readers straight from the store and through
the gate by the organisation that wrote them; `looked up` the same reads by another one, which is in charge of the
patient, so that her relations and three consents decide.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

from consent.configuration import DEFAULT
from consent.person import Person
from hub.audit.entry import Entry, Interaction
from hub.audit.tables import row_of
from hub.audit.trail import Trail
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.gate.asking import request_of
from hub.gate.cases import Rules
from hub.gate.gate import Gate
from hub.gate.pages import Seal, binding_of
from hub.gate.recorder import Asked, Basis, Recorder
from hub.gate.release import decide, short_way
from hub.gate.released import released
from hub.gate.visible import admit, of_patients
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.store.store import Store
from tests.auth.consortium import NOW
from tests.consent import cases as consents
from tests.gate.house import CLINICIAN, DIRECTORY, SECRET, STRANGER, House, observation, stored, write
from tests.gate.test_release import looked_up

RESOURCES = 500
BASIS = Basis(grounds=frozenset({"author-organisation"}))
RULES = Rules(DIRECTORY, DEFAULT)
ANYBODY = Person(frozenset({"Patient/a"}), None, (), (), ())


def cpu(step: Callable[[], object], repeats: int = 5000) -> float:
    """Microseconds of CPU for one call, the median of five rounds."""
    rounds = []
    for _ in range(5):
        begin = time.process_time()
        for _ in range(repeats):
            step()
        rounds.append((time.process_time() - begin) / repeats * 1e6)
    return statistics.median(rounds)


def steps(folder: Path) -> dict[str, float]:
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
    return {
        "token, first time": cpu(lambda: issuer._decode(token), 500),
        "token, remembered": cpu(lambda: issuer.verify(token)),
        "admit": cpu(lambda: admit(CLINICIAN, "Observation", "r")),
        "short way": cpu(lambda: short_way(CLINICIAN, DIRECTORY, row)),
        "inquiry": cpu(lambda: RULES.inquiry(request_of(CLINICIAN, DIRECTORY, NOW), ANYBODY, ()), 1000),
        "predicate": cpu(lambda: of_patients(cases), 1000),
        "decide": cpu(lambda: decide(cases, row)),
        "release": cpu(lambda: released(row)),
        "audit entry": cpu(lambda: finished(recorder.released(asked, [row], BASIS))),
        "audit row": cpu(lambda: row_of(entry)),
        "seal a page": cpu(lambda: seal.close(b"a keyset of forty bytes or thereabouts..", binding)),
        "open a page": cpu(lambda: seal.open(cursor, binding)),
    }


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


async def load(work: Callable[[int], Awaitable[object]], clients: int, seconds: float) -> dict[str, float]:
    """`clients` tasks calling `work(n)` for `seconds`: calls per second, p50 and p99 in ms, CPU per call in us."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        while (begin := time.perf_counter()) < end:
            await work(number + len(times))
            times.append((time.perf_counter() - begin) * 1000)

    before = time.process_time()
    await asyncio.gather(*(client(number) for number in range(clients)))
    spent = time.process_time() - before
    cuts = statistics.quantiles(times, n=100)
    return {"per s": len(times) / seconds, "p50 ms": cuts[49], "p99 ms": cuts[98], "cpu us": spent / len(times) * 1e6}


async def prepared(url: str) -> tuple[Database, Store, Trail, Gate]:
    """Tables, `RESOURCES` Observations, and a gate before them."""
    await upgrade(url)
    database, store, log = await Database.connect(url, size=8), Store(system_clock), Log("bench")
    async with database.transaction() as tx:
        await store.save(tx, [observation(f"o{number}") for number in range(RESOURCES)])
    trail = Trail(database, log)
    gate = Gate(database, store, trail, DIRECTORY, SECRET, system_clock, log)
    house = House(database=database, store=store, trail=trail, gate=gate, stream=io.StringIO())
    await house.save(write("Patient", "a", birthDate="1970-03-01"))
    await house.relate("a", "F03")
    for number, labels in enumerate((["HIV"], ["PSY"], ["R"])):
        provision = consents.provision(
            "permit", actor=consents.actor("Organization/F03"), securityLabel=consents.label(*labels)
        )
        await house.consent("a", provision, f"c{number}")
    return database, store, trail, gate


async def reads(url: str, clients: list[int], seconds: float) -> dict[str, dict[str, float]]:
    """Figures of audit rows alone, reads from the store, reads through the gate; by number of readers."""
    database, store, trail, gate = await prepared(url)
    asked = Asked(actor=CLINICIAN, interaction=Interaction.READ, type="Observation", id="x")
    recorder, row = Recorder(trail, system_clock, Log("bench"), uuid4), stored("Observation")

    async def wait(_: int) -> None:
        await recorder.released(asked, [row], BASIS)

    async def bare(number: int) -> None:
        async with database.connection() as tx:
            await store.load(tx, [("Observation", f"o{number % RESOURCES}")])

    async def guarded(number: int) -> None:
        await gate.read(CLINICIAN, "Observation", f"o{number % RESOURCES}")

    async def looked(number: int) -> None:
        await gate.read(STRANGER, "Observation", f"o{number % RESOURCES}")

    figures = {}
    for count in clients:
        for name, work in (("store", bare), ("wait", wait), ("gate", guarded), ("looked up", looked)):
            await load(work, count, 0.5)
            figures[f"{name}, {count} readers"] = await load(work, count, seconds)
    await trail.close()
    await database.close()
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", type=Path)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="yilian-bench-"))
    folder.chmod(0o711)  # PostgreSQL's own account passes through it
    try:
        small = steps(folder / "keys")
        with EmbeddedPostgres(folder / "db") as server:
            whole = asyncio.run(reads(server.url, given.clients, given.seconds))
    finally:
        shutil.rmtree(folder)
    show(small, whole)
    if given.json:
        given.json.write_text(json.dumps({"steps": small, "reads": whole}, indent=1), encoding="utf-8")


def show(small: dict[str, float], whole: dict[str, dict[str, float]]) -> None:
    print(f"{'step':<24}{'cpu us':>10}")
    for name, value in small.items():
        print(f"{name:<24}{value:>10.1f}")
    columns = ("per s", "p50 ms", "p99 ms", "cpu us")
    print(f"\n{'':<24}" + "".join(f"{column:>10}" for column in columns))
    for name, figures in whole.items():
        print(f"{name:<24}" + "".join(f"{figures[column]:>10,.2f}" for column in columns))


if __name__ == "__main__":
    main()
