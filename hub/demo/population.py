"""Invented persons for volume: reproducible from a seed, with citizen ids of the unassigned division 990122."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

#: GB 11643-1999 section 4.2.2: weights and check characters (ISO 7064:1983 MOD 11-2).
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN: Final = "安柏承春德芳刚桂海红华佳建静军兰丽亮林玲梅明宁平秋荣瑞山淑松涛文武霞祥晓欣秀雅艳燕英永玉云志"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One fictional person; `sex` by GB/T 2261.1 (1 male, 2 female), `born` as YYYYMMDD.

    `record` numbers the health record, where one was opened; `home` is the town and village, where one is told.
    """

    key: str
    name: str
    sex: str
    born: str
    citizen: str
    card: str
    phone: str
    record: str = ""
    home: str = ""


def citizen_id(born: str, sequence: int) -> str:
    """A citizen id of division 990122 for a birth date (YYYYMMDD) and a sequence of three digits (odd: male)."""
    body = f"990122{born}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + _CHECK[total % 11]


def population(count: int, seed: int) -> Iterator[Person]:
    """`count` different persons."""
    source = random.Random(seed)  # noqa: S311 - invented data, reproducible on purpose
    for number in range(count):
        sex = source.choice("12")
        born = (date(1935, 1, 1) + timedelta(days=source.randrange(30_000))).strftime("%Y%m%d")
        sequence = source.randrange(500) * 2 + (1 if sex == "1" else 0)
        given = "".join(source.sample(_GIVEN, source.choice((1, 2, 2))))
        yield Person(
            key=f"B{number:05d}",
            name=source.choice(_SURNAMES) + given,
            sex=sex,
            born=born,
            citizen=citizen_id(born, sequence),
            card=f"99020000{number:08d}",
            phone=f"0990-556{number:04d}",
        )
