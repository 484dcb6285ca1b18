"""Full text read naively: character by character, without hashes. Nothing here is shared with hub.fhir.grams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hub.fhir.fold import fold
from hub.kernel.types import Json


def _is_dense(char: str) -> bool:
    return "一" <= char <= "鿿" or "ぁ" <= char <= "ヿ" or "가" <= char <= "힣"


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """Stretches of letters and digits, and whether they are written without blanks between words."""
    run, dense = "", False
    for char in fold(text) + " ":
        kind = _is_dense(char)
        if run and (kind != dense or not (char.isalnum() or char == "_")):
            yield run, dense
            run = ""
        if char.isalnum() or char == "_":
            run, dense = run + char, kind


def fits(texts: list[str], value: str) -> bool:
    """Every word stands among the words of the texts, every pair of characters beside each other somewhere."""
    there = [run for text in texts for run in runs(text)]
    for run, dense in runs(value):
        if not dense:
            found = (run, False) in there
        else:
            pieces = [run[at : at + 2] for at in range(len(run) - 1)] or [run]
            found = all(any(other_dense and piece in other for other, other_dense in there) for piece in pieces)
        if not found:
            return False
    return True


def narrative(resource: Json) -> list[str]:
    return [re.sub("<.*?>", " ", resource["text"]["div"])] if "text" in resource else []


def content(value: Any, key: str = "") -> list[str]:
    """Every text but addresses, ids, references, dates and meta."""
    if isinstance(value, dict):
        skipped = {"id", "meta", "reference", "resourceType", "system", "url"}
        return [text for name, item in value.items() if name not in skipped for text in content(item, name)]
    if isinstance(value, list):
        return [text for item in value for text in content(item, key)]
    if not isinstance(value, str) or re.match(r"\d{4}-", value):
        return []
    return [re.sub("<.*?>", " ", value) if key == "div" else value]
