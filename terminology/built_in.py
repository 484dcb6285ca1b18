"""What comes with the hub: national value domains and data elements, a few terms of LOINC and of the nomenclature of
devices, and data elements as LOINC; each with its source.

They are facts as public implementations show them, for the texts of the standards were not at hand: what is not known
to be whole says so (`content`: fragment). Whoever has the standard itself loads that as a newer version.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from hub.kernel.types import Json
from terminology.model import CODE_SYSTEM, CONCEPT_MAP

_DATA: Final = Path(__file__).parent / "data"
#: When the tables were put together.
VERSION: Final = "2026.11"
DATA_ELEMENTS: Final = "urn:oid:2.16.156.10011.2.2.1"
LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
#: Data elements of WS/T 363 as LOINC.
TO_LOINC: Final = "urn:yilian:map:data-elements-to-loinc"


def built_in() -> Iterator[Json]:
    """CodeSystem and ConceptMap resources."""
    yield from _value_domains()
    yield _data_elements()
    yield _loinc()
    yield _devices()
    yield _to_loinc()


def _value_domains() -> Iterator[Json]:
    _, rows = _table("value-domains.csv")
    for system, group in groupby(rows, key=lambda row: row["system"]):
        members = list(group)
        first = members[0]
        concepts = [{"code": row["code"], "display": row["display"]} for row in members]
        yield _head(system, first["title"], first["content"], f"Seen in {first['source']}") | {"concept": concepts}


def _data_elements() -> Json:
    source, rows = _table("data-elements.csv")
    concepts = [_concept(row, {}, "unit", "type") for row in rows]
    return _head(DATA_ELEMENTS, "WS/T 363 卫生信息数据元目录", "fragment", source) | {"concept": concepts}


def _loinc() -> Json:
    source, rows = _table("loinc.csv")
    concepts = [
        _concept(row, {"designation": [{"language": "zh-CN", "value": row["zh"]}]}, "unit", "source") for row in rows
    ]
    head = _head(LOINC, "LOINC", "fragment", source) | {"language": "en", "caseSensitive": False}
    return head | {"concept": concepts}


def _devices() -> Json:
    source, rows = _table("mdc.csv")
    head = _head(MDC, "ISO/IEEE 11073-10101 (MDC)", "fragment", source) | {"language": "en"}
    return head | {"concept": [_concept(row, {}, "unit") for row in rows]}


def _concept(row: Mapping[str, str], more: Json, *facts: str) -> Json:
    told = [{"code": name, "valueString": row[name]} for name in facts if row[name]]
    return {"code": row["code"], "display": row["display"], **more, **({"property": told} if told else {})}


def _to_loinc() -> Json:
    source, rows = _table("data-elements-to-loinc.csv")
    elements = [
        {"code": row["code"], "target": [{"code": row["target"], "equivalence": row["equivalence"]}]} for row in rows
    ]
    return {
        **{"resourceType": CONCEPT_MAP, "url": TO_LOINC, "version": VERSION, "status": "active", "copyright": source},
        "group": [{"source": DATA_ELEMENTS, "target": LOINC, "element": elements}],
    }


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
