"""What may stand in a narrative (R4 narrative.html, txt-1): basic formatting, nothing that acts.

Where every tag is as XML has it, readers of XML and of HTML agree where each attribute begins and ends, so these are
judged by their names and values, and what texts say is no matter. Where one is not, a reader might take a text for an
attribute, so the markup is searched as text: whatever looks like an event or a script is refused.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

#: No script, forms, frames or objects.
_ELEMENTS: Final = re.compile(
    r"a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]|hr|i|img|li|ol|p|pre|q"
    r"|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(r"<\s*/?\s*([^\s/>]*)")

#: One that ends at the same place for readers of HTML, to whom `<!-->` is whole and `--!>` an end.
_COMMENT: Final = r"<!--(?!-?>)(?:(?!--)[\s\S])*+-->"
_NAME: Final = r"[A-Za-z_:][\w.:-]*+"
_ATTRIBUTE: Final = rf"[ \t\r\n]++({_NAME})[ \t\r\n]*+=[ \t\r\n]*+(\"[^\"<]*+\"|'[^'<]*+')"
_ATTRIBUTES: Final = re.compile(_ATTRIBUTE, re.ASCII)
#: A comment or a tag as XML has it (XML 1.0 section 3.1).
_PIECE: Final = re.compile(rf"{_COMMENT}|</{_NAME}[ \t\r\n]*+>|<{_NAME}(?:{_ATTRIBUTE})*+[ \t\r\n]*+/?>", re.ASCII)
_OF_COMMENT: Final = "!--"
_EVENT: Final = re.compile(r"on[a-z]", re.IGNORECASE)
_LEADS: Final = re.compile(r"\b(?:href|src)\Z", re.IGNORECASE)
#: An address that is a script; readers leave out blanks before it, and breaks within.
_BREAKS: Final = re.compile(r"[\t\n\r]")
_SCRIPT: Final = re.compile(r"[\x00-\x20]*(?:javascript|vbscript)\s*:", re.IGNORECASE)

#: Some readers end a name at whatever is none of its characters.
_EVENT_IN_TEXT: Final = re.compile(r"[\s/\"'>]on[a-z]+(?:[^\w\s>=][^>=]*+)?\s*=", re.IGNORECASE)
_SCRIPT_IN_TEXT: Final = re.compile(r"\b(?:href|src)\s*=\s*[\"']?" + _SCRIPT.pattern, re.IGNORECASE)


def is_plain(div: str) -> bool:
    """Whether the XHTML of a narrative has the elements that may be, no event's attribute, no script's address."""
    if "<" in _PIECE.sub("", div):
        return _looks_plain(div)
    pieces = (piece[0] for piece in _PIECE.finditer(div))
    return all(_may_stand(piece) for piece in pieces if not piece.startswith("<!"))


def _may_stand(tag: str) -> bool:
    attributes = _ATTRIBUTES.findall(tag)
    return _are_known(tag) and not any(_acts(name, quoted[1:-1]) for name, quoted in attributes)


def _acts(name: str, value: str) -> bool:
    """Whether an attribute is an event's, or leads to a script."""
    if _EVENT.match(name):
        return True
    return bool(_LEADS.search(name) and _SCRIPT.match(_BREAKS.sub("", unescape(value))))


def _looks_plain(markup: str) -> bool:
    """The same by the text, in which comments are looked at like all else: one within a tag is none to a browser."""
    if not _are_known(markup):
        return False
    return not (_EVENT_IN_TEXT.search(markup) or _SCRIPT_IN_TEXT.search(_BREAKS.sub("", unescape(markup))))


def _are_known(markup: str) -> bool:
    return all(_ELEMENTS.fullmatch(name) or name.startswith(_OF_COMMENT) for name in _NAMED.findall(markup))
