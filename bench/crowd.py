"""Fictional persons of three registrations each, and an index of theirs as it would stand.

Citizen ids bear the division code 990122, which no place has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from bench.patients import as_patient
from hub.db.database import Database
from hub.kernel.citizen_id import check_digit
from hub.kernel.ids import random_id, reference_key
from hub.mpi.blocking import keys
from hub.mpi.features import features
from hub.mpi.hashes import block_key, counted, hash64
from hub.mpi.packed import digest, pack
from hub.mpi.record import Record
from hub.mpi.record_of import record_of
from hub.mpi.registration import Source

_SEED: Final = 20260302
_CHUNK: Final = 20_000
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华兰国建文玉红春梅海云波宁飞雪峰晓东志鹏宇浩欣怡梓涵雨泽"
_EACH: Final = 3
_AT: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
_EVIDENCE: Final = (
    "name EXACT +10.1, birth EXACT +9.0, insurance EXACT +15.3, household PHONE_AND_DOOR +11.2, sex EXACT +1.0"
)
_COLUMNS: Final = {
    "mpi_source": ("pkey", "number", "patient", "facility", "person", "digest", "features", "since"),
    "mpi_key": ("key", "source"),
    "member": ("pkey", "person", "patient", "number"),
    "mpi_decision": (
        *("number", "kind", "actor", "who", "first", "second", "score", "evidence", "model", "note", "at", "standing"),
    ),
    "mpi_edge": ("first", "second", "decision", "actor", "kind", "closed"),
    "mpi_move": ("decision", "pkey", "origin", "target"),
}
_PLACES: Final = [f"{a}{b}村" for a in "青白红石柳河桥山云泉" for b in "石云溪东西南北山湾口"]


def known(count: int) -> Iterator[Record]:
    """The persons an index of `count` holds, the same at every call."""
    return persons(count, Random(_SEED), range(count))


def persons(crowd: int, random: Random, numbers: Iterable[int]) -> Iterator[Record]:
    """Fictional persons of a crowd of this size, each as one facility wrote it down whole."""
    weights = range(len(_SURNAMES), 0, -1)
    for number in numbers:
        born = f"{random.randint(1935, 2020)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        body = f"990122{born.replace('-', '')}{random.randint(1, 999):03}"
        given = "".join(random.choices(_GIVEN, k=random.choice((1, 2, 2, 2))))
        yield Record(
            record_id=f"p{number}",
            facility="F01",
            mrn=f"M{number}",
            name=random.choices(_SURNAMES, weights)[0] + given,
            sex="M" if int(body[16]) % 2 else "F",
            birth_date=born,
            id_no=body + check_digit(body),
            insurance_no=f"9901{number:08}",
            phone=f"139{random.randint(0, crowd):08}",
            address=f"{random.choice(_PLACES)}{random.randint(1, 20)}组{random.randint(1, 99)}号",
        )


def again(record: Record, turn: int, random: Random) -> Record:
    """The same person at another facility, which asked for less."""
    left_out = random.sample(("id_no", "insurance_no", "phone", "address"), k=random.choice((1, 2, 2)))
    return replace(
        record, record_id=f"{record.record_id}-{turn}", facility=f"F{turn + 2:02}", **dict.fromkeys(left_out, "")
    )


def source(record: Record) -> Source:
    """A registration as a door tells the index of it."""
    return Source(record.record_id, record.facility, as_patient(record), created=True)


async def copy(database: Database, count: int) -> None:
    """The sources of known persons as they would stand, three of each, linked in order of their numbers.

    Written 20,000 persons at a time, so that a million of them need no memory; the keys are indexed at the end. Every
    row and index is there that registering them one by one leaves. Only the evidence of the links is that of another.
    """
    random, counts, people, number = Random(_SEED), Counter[int](), known(count), 1
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE mpi_key DROP CONSTRAINT pk_mpi_key", timeout=600)
    while some := list(islice(people, _CHUNK)):
        records = [one for record in some for one in (record, *(again(record, turn, random) for turn in (0, 1)))]
        rows = _rows(records, number, counts)
        async with database.transaction() as tx:
            for table, columns in _COLUMNS.items():
                await tx.copy_records_to_table(table, records=rows[table], columns=columns, timeout=600)
        number += len(records)
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE mpi_key ADD CONSTRAINT pk_mpi_key PRIMARY KEY (key, source)", timeout=1800)
        await tx.copy_records_to_table("mpi_count", records=list(counts.items()))
        for table in ("mpi_source", "mpi_decision"):
            await tx.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), $1)", number)
    async with database.connection() as tx:
        await tx.execute("VACUUM ANALYZE mpi_count", timeout=1800)
        for table in _COLUMNS:
            await tx.execute(f"VACUUM ANALYZE {table}", timeout=1800)


def _rows(records: Sequence[Record], number: int, counts: Counter[int]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of whole persons, whose first source has this number; names are added to the counts."""
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
    for first in range(0, len(records), _EACH):
        _person(rows, records[first : first + _EACH], number + first, counts)
    return rows


def _person(
    rows: dict[str, list[tuple[Any, ...]]], records: Sequence[Record], number: int, counts: Counter[int]
) -> None:
    own = [random_id() for _ in records]
    pkeys = [reference_key("Patient", record.record_id) for record in records]
    for turn, (record, pkey) in enumerate(zip(records, pkeys, strict=True)):
        here = number + turn
        told = record_of(as_patient(record), record.facility)
        side = features(told)
        rows["mpi_source"].append(
            (pkey, here, record.record_id, record.facility, own[turn], digest(told), pack(side), _AT)
        )
        rows["mpi_key"] += [(block_key(key), here) for key in keys(side)]
        rows["member"].append((pkey, own[0], record.record_id, here))
        counts.update(map(hash64, counted(side)))
        if turn:
            rows["mpi_decision"].append(
                (here, "link", "matcher", "", pkeys[0], pkey, 24.7, _EVIDENCE, "1", "", _AT, True)
            )
            rows["mpi_edge"] += [(other, here, here, "matcher", "link", 0) for other in range(number, here)]
            rows["mpi_move"].append((here, pkey, own[turn], own[0]))
