"""What can stand in a cell whatever its question: full-width characters, words for nothing, ticks."""

from __future__ import annotations

import re
from typing import Final

from mappings.forms.formmap import words
from mappings.forms.text import squeezed

_EMPTY_BOXES: Final = "□☐○"
_BOX: Final = re.compile(rf"([√✓✔☑■●{_EMPTY_BOXES}])")


def absent(text: str) -> str | None:
    """The code of data-absent-reason that a word such as 未测 or 拒测 stands for; None if the text says something."""
    return words("absent").get(squeezed(text))


def truth(text: str) -> bool | None:
    """True or False for a tick or a word that means so; None for anything else, a bare digit too."""
    found = words("truth").get(squeezed(text))
    return None if found is None else found == "true"


def ticked(text: str) -> list[str] | None:
    """The options that are ticked in a text such as `☑门诊 □家庭`; None if it holds no boxes."""
    parts = _BOX.split(text)
    if len(parts) < 3:
        return None
    options = list(zip(parts[1::2], parts[2::2], strict=True))
    if not any(option.strip() for _, option in options):
        return None
    return [option.strip(" \t,;.") for mark, option in options if mark not in _EMPTY_BOXES and option.strip()]
