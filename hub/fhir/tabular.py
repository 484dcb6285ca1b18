"""Resources as rows of a table in a narrative (R4 narrative.html): what, status, when, value. Pure.

Every text is escaped: it may come from anywhere, and a narrative is shown as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from hub.kernel.types import Json

_XHTML: Final = "http://www.w3.org/1999/xhtml"
_HEADS: Final = ("内容", "状态", "日期", "结果")
#: Elements that say what it is, best first.
_WHAT: Final = ("code", "vaccineCode", "medicationCodeableConcept", "medicationReference", "device", "type")
#: Elements that say when, best first: of a Period its start.
_WHEN: Final = (
    *("onsetDateTime", "onsetPeriod", "effectiveDateTime", "effectivePeriod", "performedDateTime", "performedPeriod"),
    *("occurrenceDateTime", "timingDateTime", "timingPeriod", "authoredOn", "dateAsserted", "recordedDate", "issued"),
)
#: What XML cannot hold.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def table(resources: Iterable[Json]) -> Json:
    """A generated narrative with one row for each resource."""
    rows = "".join(_row("td", _cells(resource)) for resource in resources)
    return _narrative(f"<table><thead>{_row('th', _HEADS)}</thead><tbody>{rows}</tbody></table>")


def line(text: str) -> Json:
    """A generated narrative of one line."""
    return _narrative(f"<p>{_plain(text)}</p>")


def _narrative(content: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="{_XHTML}" lang="zh-CN" xml:lang="zh-CN">{content}</div>'}


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_plain(cell)}</{tag}>' for cell in cells)}</tr>"


def _plain(text: str) -> str:
    return escape(_UNFIT.sub(" ", text))


def _cells(resource: Json) -> tuple[str, str, str, str]:
    what = next((text for name in _WHAT if (text := concept_text(resource.get(name)))), "")
    status = concept_text(resource.get("clinicalStatus")) or str(resource.get("status", ""))
    when = next((_moment(resource[name]) for name in _WHEN if name in resource), "")
    return what, status, when, _value(resource)


def concept_text(value: Any) -> str:
    """A CodeableConcept, or a Reference, in words."""
    if not isinstance(value, dict):
        return ""
    codings = value.get("coding", ())
    named = [one.get("display") for one in codings] + [one.get("code") for one in codings]
    return str(next((text for text in (value.get("text"), value.get("display"), *named) if text), ""))


def _moment(value: Any) -> str:
    return str(value.get("start") or value.get("end") or "") if isinstance(value, dict) else str(value)


def _value(resource: Json) -> str:
    parts = [f"{concept_text(part.get('code'))} {_one_value(part)}" for part in resource.get("component", ())]
    return "; ".join(text for text in (_one_value(resource), *parts) if text.strip())


def _one_value(holder: Json) -> str:
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict):
        told = (quantity.get("comparator"), quantity.get("value"), quantity.get("unit") or quantity.get("code"))
        return " ".join(str(part) for part in told if part is not None)
    for name in ("valueString", "valueInteger", "valueBoolean", "valueDateTime"):
        if name in holder:
            return str(holder[name])
    return concept_text(holder.get("valueCodeableConcept"))
