"""What the master patient index costs the door for messages: its share of the time of a batch.

`python -m bench.identity [--messages 4000]` takes the mix of `bench.mllp` through translation, merge, store, index and
commit in transactions of 64, in one process, and prints how much of that time was spent in the index. A share says more
than two rates on a machine that does other work.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from bench.mix import mix
from hub.auth.directory import Directory
from hub.bootstrap.feeds import translators
from hub.db.database import Database, Tx
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.demo.story import DATA
from hub.fhir.validate import validate
from hub.kernel.clock import system_clock
from hub.kernel.consortium import load
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source, Statement
from hub.records.consequences import Consequences
from hub.records.contracts import Contracts
from hub.records.heads import Incoming
from hub.records.ingest import Ingest
from hub.records.relationships import Relationships
from hub.store.store import Store
from terminology.stored import StoredTerminology

_BASE: Final = "https://hub.example"


class Timed(PatientIndex):
    """An index that adds up the seconds spent in it, and counts the Patients it was told of."""

    seconds = 0.0
    told = 0

    async def register(self, tx: Tx, sources: Sequence[Source], statements: Sequence[Statement] = ()) -> None:
        begin = time.perf_counter()
        await super().register(tx, sources, statements)
        self.seconds += time.perf_counter() - begin
        self.told += len(sources)


async def run(url: str, messages: int) -> None:
    await upgrade(url)
    database = await Database.connect(url)
    consortium = load(Path(str(DATA / "consortium.yaml")))
    translate = translators(consortium, PUBLIC_KEY, _BASE, validate)
    index, store = Timed(system_clock), Store(system_clock)
    related = Relationships(facilities=frozenset(consortium.facilities), care=timedelta(days=30), canonical_base=_BASE)
    follows = Consequences(store, index, related, Contracts(Directory(consortium)), StoredTerminology(system_clock))
    ingest = Ingest(store, keyed_ids(PUBLIC_KEY), consortium.facilities, follows)
    sent = list(enumerate(mix(messages, messages // 4, 20260302), 1))
    begin = time.perf_counter()
    for start in range(0, messages, 64):
        batch = [
            Incoming(
                message=number,
                feed=feed,
                facility=consortium.feeds[feed].facility,
                translation=translate[feed](raw),
                received_at=system_clock(),
            )
            for number, (feed, raw) in sent[start : start + 64]
        ]
        async with database.transaction() as tx:
            await ingest.ingest(tx, batch)
    took = time.perf_counter() - begin
    await database.close()
    print(f"{messages} messages in {took:.1f} s: {messages / took:.0f}/s; {index.told} Patients written")
    print(f"in the index {index.seconds:.1f} s, {100 * index.seconds / took:.0f} % of the time")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=4000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account must pass when we are root
        with EmbeddedPostgres(folder) as server:
            asyncio.run(run(server.url, given.messages))


if __name__ == "__main__":
    main()
