"""The delimiters of one message, as MSH-1 and MSH-2 declare them (HL7 v2.5.1 chapter 2, section 2.5.4)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hub.kernel.errors import Category, HubError

#: Segments whose second field holds the encoding characters and whose first is the field separator itself.
HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})


@dataclass(frozen=True, slots=True)
class Separators:
    r"""Delimiters of a message; one that MSH-2 does not declare is the empty string and separates nothing.

    `charset` is the Python codec of the bytes an escape `\X..\` stands for.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    charset: str = "utf-8"
    _hash: int = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash once: the same few delimiters are looked up for every escaped leaf."""
        object.__setattr__(self, "_hash", hash((self.field, self.encoding_characters, self.charset)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as these delimiters are declared."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation


@lru_cache(maxsize=256)
def declared(field: str, encoding_characters: str, charset: str = "utf-8") -> Separators:
    """The delimiters declared by MSH-1 and MSH-2.

    Two to five encoding characters are usual: component, repetition, escape, subcomponent, truncation (2.7). A third
    and last one that is `&` is the subcomponent separator of a sender that has no escape character.
    Raises HubError UNREADABLE for delimiters that are letters, digits, blanks, controls, outside ASCII or repeated.
    """
    characters = list(encoding_characters)
    if encoding_characters[2:] == "&":
        characters.insert(2, "")
    used = [field, *filter(None, characters)]
    if len(used) < 2 or len(characters) > 5:
        raise _refused("must hold one to five encoding characters")
    if len(set(used)) != len(used) or not all(map(_delimits, used)):
        raise _refused("must hold different punctuation characters of ASCII, none of them MSH-1")
    component, repetition, escape, subcomponent, truncation = characters + [""] * (5 - len(characters))
    return Separators(field, component, repetition, escape, subcomponent, truncation, charset)


@lru_cache(maxsize=256)
def standard(field: str, charset: str = "utf-8") -> Separators:
    """The delimiters the standard suggests, for a message whose own cannot be used; MSH-1 stays what it is."""
    component, repetition, escape, subcomponent = [each if each != field else "" for each in "^~\\&"]
    return Separators(field, component, repetition, escape, subcomponent, charset=charset)


def _delimits(character: str) -> bool:
    return "!" <= character <= "~" and not character.isalnum()


def _refused(what: str) -> HubError:
    return HubError(
        Category.UNREADABLE, what, where="MSH-2", todo="send ^~\\& as the standard has it", code="delimiters"
    )
