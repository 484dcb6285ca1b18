"""JSON rows: an object, one on each line, an array of them, or `{"form": ..., "rows": [...]}`, as columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError

#: Members in which systems put their rows.
_LISTS: Final = ("rows", "data", "records", "list")
_DEEPEST: Final = 5
_MOST_CELLS: Final = 2000


def objects(raw: bytes) -> tuple[str, list[Any]]:
    """The form a file names ("" if none), and its rows as they stand. Raises HubError UNREADABLE."""
    data = _read(raw.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(data, list):
        return "", data
    if isinstance(data, dict):
        for name in _LISTS:
            if isinstance(data.get(name), list):
                return str(data.get("form") or ""), data[name]
        return str(data.get("form") or ""), [data]
    raise HubError(Category.UNREADABLE, "is no object and no array of objects", todo="send rows", code="json")


def _read(raw: bytes) -> Any:
    """What a file holds; an object on each line is an array of them."""
    lines = [(number, line) for number, line in enumerate(map(bytes.strip, raw.splitlines()), 1) if line]
    if len(lines) > 1 and all(line.startswith(b"{") and line.endswith(b"}") for _, line in lines):
        return [_of_line(number, line) for number, line in lines]
    return loads(raw)


def _of_line(number: int, line: bytes) -> Any:
    try:
        return loads(line)
    except HubError as error:
        where = f"line {number}, {error.where}"
        raise HubError(error.category, error.what, where=where, todo=error.todo, code=error.code) from None


def cells(data: Any) -> dict[str, str]:
    """The columns of one object: members of members joined by `.`, members of lists numbered from 1.

    Raises HubError UNREADABLE for what is no object, TOO_LARGE for one too deep or with too many members.
    """
    if not isinstance(data, Mapping):
        raise HubError(Category.UNREADABLE, "a row is no object", todo="send an object", code="json")
    found: dict[str, str] = {}
    for name, text in _leaves(data, "", 0):
        found[name] = text
        if len(found) > _MOST_CELLS:
            raise HubError(Category.TOO_LARGE, "a row has too many members", todo="split it", code="too-large")
    return found


def _leaves(data: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise HubError(Category.TOO_LARGE, "a row is nested too deep", todo="send it flat", code="too-large")
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(data, list) and any(isinstance(each, (Mapping, list)) for each in data):
        for place, value in enumerate(data, 1):
            yield from _leaves(value, f"{name}[{place}]", depth + 1)
    else:
        yield name, ",".join(map(_text, data)) if isinstance(data, list) else _text(data)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return format(value, "f") if isinstance(value, Decimal) and abs(value.adjusted()) < 30 else str(value)
