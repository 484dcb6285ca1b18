"""What a patient may name in a consent, and the words for it: `data/consent-templates.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import yaml

from hub.kernel.types import Json

_FILE: Final = resources.files("hub.records") / "data" / "consent-templates.yaml"
VOCABULARY: Final[Mapping[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))

#: Chinese, then English, as in the data.
ANYBODY: Final = ("其他任何机构", "everybody else")
JOINT: Final = ("、", ", ")

#: Sensitivity labels a patient may name (consent rules, section 2), with their words.
LABELS: Final[Mapping[str, list[str]]] = VOCABULARY["labels"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A category of records in a patient's words, and what stands for it; one of `codes`, `types`, `labels` is said."""

    words: tuple[str, str]
    system: str
    codes: tuple[str, ...]
    types: tuple[str, ...]
    labels: tuple[str, ...]


def _kind(row: Json) -> Kind:
    parts = (tuple(row.get(name, ())) for name in ("codes", "types", "labels"))
    return Kind(tuple(row["words"]), row.get("system", ""), *parts)


CATEGORIES: Final[Mapping[str, Kind]] = {name: _kind(row) for name, row in VOCABULARY["categories"].items()}


def words_of(values: Mapping[str, Any], column: int) -> Iterator[str]:
    """The words for all that is named; a code has the words it came with."""
    for name in values.get("categories", ()):
        yield CATEGORIES[name].words[column]
    for label in values.get("labels", ()):
        yield LABELS[label][column]
    yield from values.get("types", ())
    for code in values.get("codes", ()):
        yield code.get("display") or code["code"]
