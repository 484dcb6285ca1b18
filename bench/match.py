"""Registering source patients online, beside many that are known: latency with the commit, and rate.

`python -m bench.match [--persons 100000] [--probes 500] [--json FILE]` fills an index with fictional persons of three
registrations each by COPY, then registers new ones, half of known and half of new persons: one by one, each in a
transaction of its own that is on disk when it ends; the same again unchanged; and in transactions of 64. Between any
two of the first a transaction of one bare row is timed, so that what the disk costs is known. Citizen ids bear the
division code 990122, which no place has.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.patients import as_patient
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.citizen_id import check_digit
from hub.kernel.clock import system_clock
from hub.kernel.ids import random_id, reference_key
from hub.mpi.blocking import keys
from hub.mpi.features import features
from hub.mpi.hashes import counted, hash64
from hub.mpi.index import PatientIndex
from hub.mpi.packed import digest, pack
from hub.mpi.record import Record
from hub.mpi.record_of import record_of
from hub.mpi.registration import Source

_CHUNK: Final = 20_000
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华兰国建文玉红春梅海云波宁飞雪峰晓东志鹏宇浩欣怡梓涵雨泽"
_PLACES: Final = [f"{a}{b}村" for a in "青白红石柳河桥山云泉" for b in "石云溪东西南北山湾口"]


def persons(count: int, random: Random) -> Iterator[Record]:
    """Fictional persons, each as one facility wrote it down whole."""
    surnames = random.choices(_SURNAMES, weights=range(len(_SURNAMES), 0, -1), k=count)
    for number, surname in enumerate(surnames):
        born = f"{random.randint(1935, 2020)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        body = f"990122{born.replace('-', '')}{random.randint(1, 999):03}"
        yield Record(
            record_id=f"p{number}",
            facility="F01",
            mrn=f"M{number}",
            name=surname + "".join(random.choices(_GIVEN, k=random.choice((1, 2, 2, 2)))),
            sex="M" if int(body[16]) % 2 else "F",
            birth_date=born,
            id_no=body + check_digit(body),
            insurance_no=f"9901{number:08}",
            phone=f"139{random.randint(0, count):08}",
            address=f"{random.choice(_PLACES)}{random.randint(1, 20)}组{random.randint(1, 99)}号",
        )


def again(record: Record, turn: int, random: Random) -> Record:
    """The same person at another facility, which asked for less."""
    left_out = random.sample(("id_no", "insurance_no", "phone", "address"), k=random.choice((1, 2, 2)))
    return replace(
        record, record_id=f"{record.record_id}-{turn}", facility=f"F0{turn + 2}", **dict.fromkeys(left_out, "")
    )


def source(record: Record) -> Source:
    return Source(record.record_id, record.facility, as_patient(record))


async def copy(database: Database, people: Sequence[Record], random: Random) -> int:
    """Known sources as they would stand, three of each person, each with the person of the first; returns how many.

    Written 20,000 persons at a time, so that a million of them need no memory; the keys are indexed at the end.
    """
    counts: Counter[int] = Counter()
    number = 0
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE mpi_key DROP CONSTRAINT pk_mpi_key", timeout=600)
    for start in range(0, len(people), _CHUNK):
        known = people[start : start + _CHUNK]
        records = [one for record in known for one in (record, *(again(record, turn, random) for turn in (0, 1)))]
        number = await _copy_some(database, records, number, counts)
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE mpi_key ADD CONSTRAINT pk_mpi_key PRIMARY KEY (key, source)", timeout=1800)
        await tx.copy_records_to_table("mpi_count", records=list(counts.items()))
        await tx.execute("SELECT setval(pg_get_serial_sequence('mpi_source', 'number'), $1)", number)
    async with database.connection() as tx:
        await tx.execute("VACUUM ANALYZE mpi_source, mpi_key, mpi_count, member", timeout=1800)
    return number


async def _copy_some(database: Database, records: Sequence[Record], number: int, counts: Counter[int]) -> int:
    own = {record.record_id: random_id() for record in records}
    sources, members, blocks = [], [], []
    for record in records:
        number += 1
        told = record_of(as_patient(record), record.facility)
        side, pkey = features(told), reference_key("Patient", record.record_id)
        person = own[record.record_id.partition("-")[0]]
        mine = (pkey, number, record.record_id, record.facility, own[record.record_id], digest(told), pack(side))
        sources.append(mine)
        members.append((pkey, person, record.record_id))
        blocks += [(hash64(key), number) for key in keys(side)]
        counts.update(map(hash64, counted(side)))
    columns = ("pkey", "number", "patient", "facility", "person", "digest", "features")
    async with database.transaction() as tx:
        await tx.copy_records_to_table("mpi_source", records=sources, columns=columns, timeout=600)
        for table, rows in (("member", members), ("mpi_key", blocks)):
            await tx.copy_records_to_table(table, records=rows, timeout=600)
    return number


async def one_by_one(
    database: Database, index: PatientIndex, sources: Sequence[Source], bare: list[float] | None = None
) -> list[float]:
    """Milliseconds of each registration, its commit included; into `bare` go those of a bare row beside each."""
    took = []
    for one in sources:
        if bare is not None:
            bare.append(await _bare(database))
        begin = time.perf_counter()
        async with database.transaction() as tx:
            await index.register(tx, [one])
        took.append(1000 * (time.perf_counter() - begin))
    return took


async def _bare(database: Database) -> float:
    """Milliseconds until one row without an index is on disk."""
    begin = time.perf_counter()
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO bare SELECT decode(repeat('ab', 400), 'hex')")
    return 1000 * (time.perf_counter() - begin)


async def bulk(database: Database, index: PatientIndex, sources: Sequence[Source]) -> float:
    """Registrations a second in transactions of 64."""
    begin = time.perf_counter()
    for start in range(0, len(sources), 64):
        async with database.transaction() as tx:
            await index.register(tx, sources[start : start + 64])
    return len(sources) / (time.perf_counter() - begin)


async def run(url: str, count: int, probes: int) -> dict[str, Any]:
    """All figures, over an index of `count` persons."""
    random = Random(20260302)
    await upgrade(url)
    database = await Database.connect(url, statement_seconds=600)
    index = PatientIndex(system_clock)
    people = list(persons(count + 3 * probes, random))
    known, new = people[:count], people[count:]
    await copy(database, known, random)
    seen = [again(record, 2, random) for record in random.sample(known, 3 * probes)]
    mixed = [source(record) for pair in zip(seen, new, strict=True) for record in pair]
    warm, single, many = mixed[: 2 * probes], mixed[2 * probes : 4 * probes], mixed[4 * probes :]
    await one_by_one(database, index, warm[:200])
    figures: dict[str, Any] = {"persons": count, "registrations": 3 * count}
    async with database.connection() as tx:
        await tx.execute("CREATE TABLE bare (content bytea)")
    bare: list[float] = []
    figures["new"] = quantiles(await one_by_one(database, index, single, bare))
    figures["unchanged"] = quantiles(await one_by_one(database, index, single))
    figures["bare row"] = quantiles(bare)
    figures["new / bare row"] = {part: value / figures["bare row"][part] for part, value in figures["new"].items()}
    figures["bulk_per_second"] = await bulk(database, index, many)
    async with database.connection() as tx:
        figures["megabytes"] = await tx.fetchval(
            "SELECT sum(pg_total_relation_size(oid)) / 1000000 FROM pg_class"
            " WHERE relkind = 'r' AND (relname LIKE 'mpi%' OR relname = 'member')"
        )
    await database.close()
    return figures


def quantiles(took: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 95, 99)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, default=100_000)
    options.add_argument("--probes", type=int, default=500)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account must pass when we are root
        with EmbeddedPostgres(folder) as server:
            figures = asyncio.run(run(server.url, given.persons, given.probes))
    print(f"{figures['persons']} persons, {figures['registrations']} registrations, {figures['megabytes']:.0f} MB")
    for name in ("new", "unchanged", "bare row"):
        print(f"one {name:<10} " + "   ".join(f"{part} {value:6.2f} ms" for part, value in figures[name].items()))
    print("new / bare row " + "   ".join(f"{part} {value:6.2f}" for part, value in figures["new / bare row"].items()))
    print(f"in transactions of 64: {figures['bulk_per_second']:.0f} new registrations/s")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, default=float), encoding="utf-8")


if __name__ == "__main__":
    main()
