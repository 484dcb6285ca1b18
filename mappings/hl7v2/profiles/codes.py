"""Code maps of a profile, from the YAML or from CSV files beside it: local code to the standard codings it means."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.yamlfile import Complaint, YamlFile
from mappings.hl7v2.datatypes.base import CODE
from mappings.hl7v2.profile import CodeMap, Coding

_COLUMNS: Final = ("local", "system", "code", "display")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")
#: Largest file that is read; a catalogue of a hospital has some ten thousand lines.
_LARGEST: Final = 64 * 1024 * 1024


def maps(stated: Mapping[str, Any], folder: Path) -> dict[str, CodeMap]:
    """The maps of `codes` or `code_systems` by key; a key that lists several fields gives each of them its map.

    Raises HubError as `read_codes` does.
    """
    found: dict[str, dict[str, tuple[Coding, ...]]] = {}
    for keys, parts in stated.items():
        for part in parts if isinstance(parts, list) else [parts]:
            codes = read_codes(folder / part) if isinstance(part, str) else _inline(part)
            for key in map(str.strip, keys.split(",")):
                found.setdefault(key, {}).update(codes)
    return dict(found)


def map_files(data: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """The CSV files a profile names."""
    for section in ("codes", "code_systems"):
        for parts in data.get(section, {}).values():
            listed = parts if isinstance(parts, list) else [parts]
            yield from (folder / part for part in listed if isinstance(part, str))


def _inline(part: Mapping[str, Any]) -> CodeMap:
    return {
        local: tuple(Coding(**row) for row in (rows if isinstance(rows, list) else [rows]))
        for local, rows in part.items()
    }


def read_codes(path: Path) -> CodeMap:
    """Read a CSV of `local,system,code,display`; several lines of one local code are its codings, in order.

    Lines that begin with # are comments.

    Raises HubError NOT_FOUND, UNREADABLE, or INVALID with one line per complaint (`file:line: ...`).
    """
    found: dict[str, tuple[Coding, ...]] = {}
    complaints: list[str] = []
    for line, row in _rows(path):
        wrong = _wrong(row)
        if wrong:
            complaints.append(f"{path}:{line}: {wrong}")
            continue
        coding = Coding(system=row[1], code=row[2], display=row[3] if len(row) > 3 else "")
        found[row[0]] = (*found.get(row[0], ()), coding)
    if complaints:
        raise HubError(Category.INVALID, "\n".join(complaints), todo="mend these lines")
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and trimmed cells of every row that is not blank, after the header and the comments before it."""
    reader = csv.reader(StringIO(_text(path)), strict=True)
    try:
        rows = (row for row in reader if not (row and row[0].startswith("#")))
        header = [cell.strip() for cell in next(rows, [])]
        if tuple(header) not in {_COLUMNS, _COLUMNS[:3]}:
            what = "the first line must be local,system,code,display"
            raise HubError(Category.INVALID, what, where=f"{path}:{max(reader.line_num, 1)}", code="header")
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise HubError(Category.UNREADABLE, f"is no CSV: {error}", where=f"{path}:{reader.line_num}") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise HubError(Category.TOO_LARGE, "is larger than any code map", where=str(path))
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
    except UnicodeDecodeError:
        raise HubError(Category.UNREADABLE, "is not UTF-8", where=str(path), todo="save it as UTF-8") from None


def _wrong(row: Sequence[str]) -> str:
    if not 3 <= len(row) <= 4:
        return f"has {len(row)} cells, not local,system,code,display"
    if not row[0]:
        return "local: is empty"
    if not _URI.match(row[1]):
        return "system: is no URI"
    return "" if CODE.match(row[2]) else "code: is no code"


def complaints_of(file: YamlFile, section: str) -> Iterator[Complaint]:
    """What is wrong with the CSV files a section names, at the line that names them."""
    for keys, parts in file.data.get(section, {}).items():
        for i, part in enumerate(parts if isinstance(parts, list) else [parts]):
            if not isinstance(part, str):
                continue
            at = (section, keys, i) if isinstance(parts, list) else (section, keys)
            if Path(part).is_absolute():
                yield file.complaint("name a file beside the profile, not an absolute path", *at)
                continue
            try:
                read_codes(Path(file.name).parent / part)
            except HubError as error:
                yield file.complaint(str(error), *at)
