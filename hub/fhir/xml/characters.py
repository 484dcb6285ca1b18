"""Characters that XML 1.0 cannot carry (section 2.2: controls but tab, line feed and carriage return; U+FFFE, U+FFFF).

JSON carries them, as escapes. A value that has one is written with U+FFFD in its place, so that a reader sees that
something stood there, and beside it, as an extension, the whole text in base64 of UTF-8. `read_xml` puts it back:
nothing is lost and nothing is silent. In ids, urls and narratives, where no extension can stand, U+FFFD alone tells.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from typing import Any, Final

from hub.kernel.types import Json

#: Url of the extension; its valueBase64Binary is the text.
ORIGINAL: Final = "https://yilian-hub.example/fhir/StructureDefinition/text-beyond-xml"

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def carried(text: str) -> str:
    """`text` with U+FFFD for each character XML cannot carry; the same object where there is none."""
    return text if text.isascii() and text.isprintable() else _FORBIDDEN.sub("\ufffd", text)


def kept(text: str) -> Json:
    """The extension that keeps a text XML cannot carry."""
    return {"url": ORIGINAL, "valueBase64Binary": b64encode(text.encode(errors="surrogatepass")).decode()}


def restored(text: str, beside: Json | None) -> tuple[str, Json | None]:
    """A value and what stands beside it, with the text an extension keeps put back and the extension taken away.

    Only a text that would be written as this value is believed.
    """
    if not beside or "\ufffd" not in text:
        return text, beside
    extensions = beside.get("extension", [])
    for extension in extensions:
        original = _original(extension)
        if original is not None and "\x00" not in original and carried(original) == text:
            others = [other for other in extensions if other is not extension]
            rest = {key: value for key, value in beside.items() if key != "extension"}
            return original, (rest | ({"extension": others} if others else {})) or None
    return text, beside


def _original(extension: Any) -> str | None:
    if extension.get("url") != ORIGINAL:
        return None
    try:
        return b64decode(extension.get("valueBase64Binary", ""), validate=True).decode()
    except (Error, ValueError, TypeError):
        return None
