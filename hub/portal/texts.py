"""The words of the pages in the language of the reader, from the files of `data/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

import yaml

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
#: `lang` attributes (BCP 47).
TAGS: Final[Mapping[Language, str]] = {"zh": "zh-CN", "en": "en"}

_DATA: Final = resources.files("hub.portal") / "data"


#: Texts and codes; those about consents and about local codes stand apart.
TEXT_FILES: Final = ("texts.yaml", "consent-texts.yaml", "code-texts.yaml")
CODE_FILES: Final = ("codes.yaml", "consent-codes.yaml")


def load(name: str) -> Any:
    """A data file of the pages."""
    return yaml.safe_load((_DATA / name).read_text(encoding="utf-8"))


def merged(names: Sequence[str]) -> dict[str, Any]:
    """Several data files as one."""
    return {key: value for name in names for key, value in load(name).items()}


class Texts:
    """The words of one language. Calling it gives a text by its key; a key that is not there raises KeyError."""

    def __init__(self, language: Language, texts: Mapping[str, list[str]], codes: Mapping[str, Any]) -> None:
        column = LANGUAGES.index(language)
        self.language: Final = language
        self.tag: Final = TAGS[language]
        self.other: Final = LANGUAGES[1 - column]
        self.other_tag: Final = TAGS[self.other]
        self._texts: Final = {key: pair[column] for key, pair in texts.items()}
        self._codes: Final[Mapping[str, Mapping[str, str]]] = {
            name: {str(code): pair[column] for code, pair in table.items()} for name, table in codes.items()
        }
        self.column: Final = column

    def __call__(self, key: str, **values: object) -> str:
        text = self._texts[key]
        return text.format(**values) if values else text

    def code(self, table: str, code: str | None, otherwise: str = "") -> str:
        """How a code of a table of `codes.yaml` reads; `otherwise` when it is not there."""
        return self._codes[table].get(code or "", otherwise)


@lru_cache(maxsize=len(LANGUAGES))
def texts_of(language: Language) -> Texts:
    """The words of a language, loaded once."""
    return Texts(language, merged(TEXT_FILES), merged(CODE_FILES))
