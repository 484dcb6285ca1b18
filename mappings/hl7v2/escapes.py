r"""Escape sequences of HL7 v2 text (v2.5.1 section 2.7), resolved in leaves only, after all splitting.

Resolved: delimiters (`\F\ \S\ \R\ \T\ \E\ \P\`), bytes (`\X..\`, in the message's charset), line layout (`\.br\`,
`\.sp2\`, `\.ce\`, `\.sk3\`), highlighting (`\H\ \N\`, which is not text and goes). Left as they stand: local escapes
(`\Z..\`), changes of character set (`\C..\ \M..\`) and whatever else only looks like an escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.separators import Separators

#: Most lines or blanks one layout command may ask for (`\.sp99\`): two digits, so text cannot be blown up.
_LAYOUT: Final = re.compile(r"\.(br|ce|sp|sk|in|ti|fi|nf)\s?([+-]?\d{0,2})\Z", re.IGNORECASE)
_LAYOUT_TEXT: Final = {"br": "\n", "ce": "\n", "sp": "\n", "sk": " "}


def unescape(text: str, separators: Separators) -> str:
    """The text a leaf stands for. Linear in its length; anything that is no escape sequence stays as it is."""
    if not separators.escape or separators.escape not in text:
        return text
    pattern, replacement = _resolver(separators)
    return pattern.sub(replacement, text)


def escape(text: str, separators: Separators) -> str:
    """The leaf that stands for `text`: its delimiters and line ends escaped.

    Raises HubError UNSUPPORTED if that takes an escape character and the message has none.
    """
    table = _escapes(separators)
    if not any(character in text for character in table):
        return text
    if not separators.escape:
        raise HubError(Category.UNSUPPORTED, "the message has no escape character", where="MSH-2")
    return "".join([table.get(character, character) for character in text])


@lru_cache(maxsize=256)
def _escapes(separators: Separators) -> dict[str, str]:
    letters = zip("FSRETP", _delimiters(separators), strict=True)
    table = {character: letter for letter, character in letters if character} | {"\r": "X0D", "\n": "X0A"}
    return {character: f"{separators.escape}{code}{separators.escape}" for character, code in table.items()}


def _delimiters(separators: Separators) -> tuple[str, ...]:
    s = separators
    return (s.field, s.component, s.repetition, s.escape, s.subcomponent, s.truncation)


@lru_cache(maxsize=256)
def _resolver(separators: Separators) -> tuple[re.Pattern[str], Callable[[re.Match[str]], str]]:
    r"""The pattern of all known sequences, and what to put in their place.

    Neighbouring `\X..\` are taken together: senders cut a character's bytes apart. Local sequences are matched, and
    kept, so that their closing character cannot open the next one.
    """
    e = re.escape(separators.escape)
    pattern = re.compile(
        rf"{e}[FSRETPHN]{e}"
        rf"|(?:{e}X(?:[0-9A-Fa-f]{{2}})+{e})+"
        rf"|{e}\.[A-Za-z]{{2}}\s?[+-]?\d{{0,2}}{e}"
        rf"|{e}[ZCM][^{e}]*{e}"
    )
    texts = {code: character for character, code in _escapes(separators).items()}
    texts |= {f"{separators.escape}{letter}{separators.escape}": "" for letter in "HN"}

    def replacement(match: re.Match[str]) -> str:
        whole = match.group()
        text = texts.get(whole)
        return _computed(whole, separators) if text is None else text

    return pattern, replacement


def _computed(sequence: str, separators: Separators) -> str:
    if sequence[1] == "X":
        return _decoded(sequence, separators)
    return _laid_out(sequence) if sequence[1] == "." else sequence


def _decoded(sequences: str, separators: Separators) -> str:
    digits = sequences.replace(separators.escape, "").replace("X", "")
    try:
        return bytes.fromhex(digits).decode(separators.charset)
    except UnicodeDecodeError:
        return sequences


def _laid_out(sequence: str) -> str:
    match = _LAYOUT.match(sequence, 1, len(sequence) - 1)
    if match is None:
        return sequence
    name, number = match[1].lower(), match[2]
    times = int(number) if name in {"sp", "sk"} and number else 1
    return _LAYOUT_TEXT.get(name, "") * max(times, 1)
