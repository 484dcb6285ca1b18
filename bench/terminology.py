"""The terminology service: loading, look-ups, expansions with a filter.

`python -m bench.terminology [--concepts 100000] [--json FILE]` loads a code system of made-up Chinese and English names
with two parents a concept, and asks it. Look-ups are told in CPU of this process; expansions in time with the database,
and in CPU of both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.cpu import children, cpu_of, parent
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.clock import system_clock
from hub.kernel.types import Json
from terminology.expansion import Wish
from terminology.loading import Loader
from terminology.model import Coding, Concept
from terminology.service import Terminology

SYSTEM: Final = "urn:bench:system"
_SITES: Final = "心肝脾肺肾胃肠脑骨皮眼耳鼻喉舌牙颈胸腹背腰臀膝踝腕肘肩指趾髋"
_KINDS: Final = ("炎", "结石", "出血", "梗死", "溃疡", "高压", "衰竭", "肿瘤", "畸形", "水肿", "纤维化", "功能障碍")
_WORDS: Final = ("acute", "chronic", "primary", "secondary", "infarction", "ulcer", "failure", "oedema", "fibrosis")


class Made:
    """A code system as a source: the same each time it is read."""

    head: Final[Json] = {"resourceType": "CodeSystem", "url": SYSTEM, "version": "1", "content": "complete"}
    digest: Final = b"bench"

    def __init__(self, count: int) -> None:
        self._count: Final = count

    def links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """A tree of ten branches a node, and a second parent."""
        for n in range(self._count):
            yield f"C{n}", tuple({f"C{n // 10}", f"C{n // 7}"} - {f"C{n}"}) if n else ()

    def concepts(self) -> Iterator[Concept]:
        """Names of four parts."""
        random = Random(1)
        for n in range(self._count):
            chinese = (
                "".join(random.choices(_SITES, k=3)) + random.choice(_KINDS) + random.choice(_KINDS) + f"{n % 97}型"
            )
            english = " ".join(random.choices(_WORDS, k=4))
            yield Concept(
                code=f"C{n}", display=chinese, details={"designation": [{"language": "en", "value": english}]}
            )


async def _time(way: Callable[[], Awaitable[Any]], repeats: int, postmaster: int) -> tuple[float, float, float]:
    """Milliseconds of the median; of CPU of this process, and of PostgreSQL."""
    took, spent, beside = [], time.process_time(), sum(map(cpu_of, children(postmaster)))
    for _ in range(repeats):
        started = time.perf_counter()
        await way()
        took.append((time.perf_counter() - started) * 1000)
    asked = sum(map(cpu_of, children(postmaster))) - beside
    return sorted(took)[repeats // 2], (time.process_time() - spent) * 1000 / repeats, asked / 1000 / repeats


async def measure(url: str, count: int, repeats: int = 15) -> dict[str, float]:
    """What loading and each kind of question costs."""
    database = await Database.connect(url, size=4, statement_seconds=3600)
    try:
        started, spent = time.perf_counter(), time.process_time()
        await Loader(database, system_clock).code_system(Made(count))
        found = {"load s": time.perf_counter() - started, "load cpu s of this process": time.process_time() - spent}
        terms = Terminology(database)
        async with database.connection() as connection:
            postmaster = parent(await connection.fetchval("SELECT pg_backend_pid()"))
        coding = Coding(SYSTEM, f"C{count // 2}")
        await terms.lookup(coding)
        spent = time.process_time()
        for _ in range(20_000):
            await terms.lookup(coding)
        found["look-up again, cpu us"] = (time.process_time() - spent) / 20_000 * 1e6
        await terms.subsumes(SYSTEM, "C1", coding.code)
        spent = time.process_time()
        for _ in range(20_000):
            await terms.subsumes(SYSTEM, "C1", coding.code)
        found["subsumes again, cpu us"] = (time.process_time() - spent) / 20_000 * 1e6
        everything: Json = {"resourceType": "ValueSet", "compose": {"include": [{"system": SYSTEM}]}}
        for name, text in (("Chinese", "结石"), ("initials", "cx"), ("pinyin", "jieshi"), ("English", "ulcer failure")):
            wish = Wish(value_set=everything, text=text, count=1000)
            took = await _time(lambda wish=wish: terms.expand(wish), repeats, postmaster)  # type: ignore[misc]
            for what, value in zip(("ms", "cpu ms here", "cpu ms PostgreSQL"), took, strict=True):
                found[f"expand 1,000 by {name}, {what}"] = value
        return found
    finally:
        await database.close()


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--concepts", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder, durable=False) as server:
            asyncio.run(upgrade(server.url))
            found = asyncio.run(measure(server.url, given.concepts))
    for what, value in found.items():
        print(f"{what:48} {value:10.2f}")
    if given.json:
        given.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
