"""Languages (PID-15, NK1-20, MSH-19) as codes of BCP 47, which R4 binds them to."""

from __future__ import annotations

import re
from typing import Any, Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.leaves import clean, component
from mappings.hl7v2.parser import Repetition

_SYSTEM: Final = "urn:ietf:bcp:47"
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2})(?:-([A-Za-z]{2}))?")
#: A code, and no name of a language.
_CODE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{2})?")


def language_tag(code: str) -> str | None:
    """The code of BCP 47 for two or three letters of ISO 639 (two with a country or without) or a name in the table."""
    found = _LANGUAGE.fullmatch(code)
    if found is None:
        entry = table("language").get(code)
        return entry.code if entry else None
    return found[1].lower() + (f"-{found[2].upper()}" if found[2] else "")


def language(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """A language as R4 binds it: a code of BCP 47 and no other (Patient.communication.language, all-languages).

    Two letters of ISO 639-1 are one, three of ISO 639-2 and the names of some stand for one. What else is sent (table
    0296, other words) is the text, as it came beside it.
    """
    code, told = component(rep, 1), clean(rep.plain())
    tag = language_tag(code)
    name = component(rep, 2) or ("" if tag and _CODE.fullmatch(code) else code)
    result: dict[str, Any] = {"text": name} if name else {}
    if tag:
        result["coding"] = [{"system": _SYSTEM, "code": tag}]
        return result if told in (code, tag) else {"extension": [context.original(told)], **result}
    return {"extension": [context.original(told)], **result} if told else None


DATATYPES: Final[dict[str, Datatype]] = {"language": plain(language, {"*": ""})}
