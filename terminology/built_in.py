"""The code systems that come with the hub: national value domains and data elements, each with its source.

They are facts as public implementations show them, for the texts of the standards were not at hand: what is not known
to be whole says so (`content`: fragment). Whoever has the standard itself loads that as a newer version.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from hub.kernel.types import Json
from terminology.model import CODE_SYSTEM

_DATA: Final = Path(__file__).parent / "data"
#: When the tables were put together.
VERSION: Final = "2026.11"
DATA_ELEMENTS: Final = "urn:oid:2.16.156.10011.2.2.1"


def built_in() -> Iterator[Json]:
    """CodeSystem resources."""
    yield from _value_domains()
    yield _data_elements()


def _value_domains() -> Iterator[Json]:
    _, rows = _table("value-domains.csv")
    for system, group in groupby(rows, key=lambda row: row["system"]):
        members = list(group)
        first = members[0]
        concepts = [{"code": row["code"], "display": row["display"]} for row in members]
        yield _head(system, first["title"], first["content"], f"Seen in {first['source']}") | {"concept": concepts}


def _data_elements() -> Json:
    source, rows = _table("data-elements.csv")
    concepts = []
    for row in rows:
        facts = [{"code": name, "valueString": row[name]} for name in ("unit", "type") if row[name]]
        concept = {"code": row["code"], "display": row["display"]}
        concepts.append(concept | ({"property": facts} if facts else {}))
    return _head(DATA_ELEMENTS, "WS/T 363 卫生信息数据元目录", "fragment", source) | {"concept": concepts}


def _head(url: str, title: str, content: str, source: str) -> Json:
    return {
        **{"resourceType": CODE_SYSTEM, "url": url, "version": VERSION, "title": title, "status": "active"},
        **{"language": "zh-CN", "content": content, "caseSensitive": True, "copyright": source},
    }


def _table(name: str) -> tuple[str, list[dict[str, str]]]:
    """The source in the first line of a table, and its rows."""
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        source = file.readline().removeprefix("#").strip()
        return source, list(csv.DictReader(file))
