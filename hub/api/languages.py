"""In which of the two languages of the hub a request is answered."""

from __future__ import annotations

import re
from typing import Final, Literal

Language = Literal["zh", "en"]

_QUALITY: Final = re.compile(r"\s*q=([01](?:\.\d{0,3})?)\s*")


def language_of(accepted: str) -> Language:
    """The language of an Accept-Language (RFC 9110, 12.5.4): English where it is preferred, else Chinese."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        tag, _, rest = part.strip().partition(";")
        quality = _QUALITY.fullmatch(rest)
        language = tag.strip().partition("-")[0]
        weights[language] = max(weights.get(language, 0.0), float(quality[1]) if quality else 1.0)
    return "en" if weights.get("en", 0.0) > weights.get("zh", 0.0) else "zh"
