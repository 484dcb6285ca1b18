"""Forms for tests. Persons are those of the demo consortium: fictional, division 990122."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook

from hub.kernel.types import Json
from mappings.forms.convert import convert
from mappings.forms.profile import DEFAULT, Profile

WHO: Mapping[str, str] = {"姓名": "沈桂兰", "身份证号": "990122195804120960", "随访日期": "2026-03-05"}
OTHER: Mapping[str, str] = {"姓名": "陆建国", "身份证号": "990122194909231419", "随访日期": "2026-03-06"}

HYPERTENSION: Mapping[str, str] = {**WHO, "收缩压(mmHg)": "158", "舒张压(mmHg)": "96", "摄盐情况": "2"}
DIABETES: Mapping[str, str] = {**WHO, "空腹血糖": "7.4", "足背动脉搏动": "1", "低血糖反应": "1"}


def csv_of(*rows: Mapping[str, str], delimiter: str = ",") -> str:
    """Rows as delimited text; columns are those of the first."""
    columns = list(rows[0])
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    return "".join(
        delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) + "\r\n" for line in lines
    )


def workbook_of(lines: list[list[Any]], title: str = "Sheet1") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for line in lines:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def converted(raw: bytes | str, profile: Profile = DEFAULT) -> list[Json]:
    return list(convert("form", raw.encode() if isinstance(raw, str) else raw, profile))


def one(row: Mapping[str, str], profile: Profile = DEFAULT) -> Json:
    """The line of `yilian convert` for one row."""
    (line,) = converted(csv_of(row, delimiter="\t"), profile)
    return line


def resources(line: Json, rtype: str) -> list[Json]:
    assert line["bundle"] is not None, line["issues"]
    return [entry["resource"] for entry in line["bundle"]["entry"] if entry["resource"]["resourceType"] == rtype]


def resource(line: Json, rtype: str) -> Json:
    (only,) = resources(line, rtype)
    return only


def observation(line: Json, link: str) -> Json:
    """The Observation of a question."""
    found = [each for each in resources(line, "Observation") if link in item_codes(each)]
    assert len(found) == 1, (link, [item_codes(each) for each in resources(line, "Observation")])
    return found[0]


def has_observation(line: Json, link: str) -> bool:
    return any(link in item_codes(each) for each in resources(line, "Observation"))


def item_codes(observed: Json) -> set[str]:
    return {coding["code"] for coding in observed["code"]["coding"] if coding["system"].endswith("form-item")}


def codes(line: Json) -> list[tuple[str, str, str]]:
    """Severity, code and column of every issue, without those of columns no form knows."""
    return [(each["severity"], each["code"], each["where"].partition(", ")[2]) for each in line["issues"]]
